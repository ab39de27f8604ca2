"""Fitting the line reader: connectionist temporal classification on strips of like width."""

from __future__ import annotations

import csv
import math
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.characters.line_strip import STRIP_HEIGHT
from hcr_batch.errors import ConfigError
from hcr_batch.recognition.line_card import LINE_CARD, read_line_card
from hcr_batch.training.fused_normalization import fused_copy
from hcr_batch.training.line_reader.line_metrics import edit_distance
from hcr_batch.training.line_reader.line_network import learned_weights, line_network
from hcr_batch.training.line_reader.line_recipe import LineRecipe
from hcr_batch.training.line_reader.line_samples import COLUMN, LineSample
from hcr_batch.training.line_reader.line_shards import take_shards
from hcr_batch.training.mixed_weights import mixed_weights

__all__ = ["LineHeld", "fit_lines"]

CHECKPOINT = "line_checkpoint.npz"
HISTORY = "line_history.csv"
COLUMNS = ("step", "loss", "held_words", "held_errors", "learning_rate", "minutes")
WIDTH_STEP = 32
"""Strips of a batch are padded to a multiple of so many columns."""
SHOWN = 100
"""Steps of which the mean loss is told."""
REMEMBERED = 6000
"""Words whose losses tell which fit their text worst."""
TRUST_AFTER = 1500
"""Steps after which a bad fit says more of the text than of the network."""
CLIP = 5.0
"""Greatest norm of a gradient."""

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]

LineHeld = Sequence[LineSample]
"""Strips of writers that are not learned from."""


def fit_lines(
    recipe: LineRecipe, shards: Path, held: LineHeld, folder: Path, resume: bool, verbose: bool
) -> keras.Model:
    """Train the network, or go on with a run that was broken off.

    Parameters
    ----------
    recipe : LineRecipe
    shards : Path
        Folder where another process puts samples; see :mod:`line_shards`.
    held : sequence of LineSample
        Measured at each checkpoint.
    folder : Path
        Receives the checkpoint and the history.
    resume : bool
        Go on from the checkpoint in `folder` where there is one; the recipe
        may meanwhile ask for more or fewer steps.
    verbose : bool
        Tell the loss while it runs.

    Returns
    -------
    keras.Model
        In float32, with the averaged weights.

    Raises
    ------
    ConfigError
        The recipe's `start_from` is no line reader.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        fitting = _Fitting(recipe, folder, verbose)
        if resume:
            fitting.load()
        fitting.run(_batches(shards, recipe), held)
    finally:
        keras.config.set_dtype_policy(policy)
    return fitting.averaged()


class _Fitting:
    """Network, optimizer, averaged weights and where the run stands."""

    def __init__(self, recipe: LineRecipe, folder: Path, verbose: bool) -> None:
        self.recipe = recipe
        self.folder = folder
        self.verbose = verbose
        network = line_network()
        if recipe.start_from:
            network.set_weights(_learned(network, Path(recipe.start_from)))
        self.start = network.get_weights()
        self.model = fused_copy(network)
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=recipe.weight_decay, global_clipnorm=CLIP
        )
        self.optimizer.build(self.model.trainable_variables)
        self.means = [np.array(weight) for weight in self.model.get_weights()]
        self.step = 0
        self.minutes = 0.0
        self.history: list[dict[str, str]] = []
        self.word_losses: deque[float] = deque(maxlen=REMEMBERED)
        self.limit = math.inf
        self._compiled = tf.function(
            self._gradient_step,
            input_signature=[
                tf.TensorSpec((None, STRIP_HEIGHT, None), tf.uint8),
                tf.TensorSpec((None,), tf.int32),
                tf.TensorSpec((None, None), tf.int32),
                tf.TensorSpec((None,), tf.int32),
                tf.TensorSpec((None,), tf.bool),
                tf.TensorSpec((), tf.float32),
            ],
        )

    def _gradient_step(
        self,
        strips: tf.Tensor,
        columns: tf.Tensor,
        labels: tf.Tensor,
        lengths: tf.Tensor,
        real: tf.Tensor,
        limit: tf.Tensor,
    ) -> tf.Tensor:
        """One step; returns each sample's loss a character."""
        with tf.GradientTape() as tape:
            logits = self.model(tf.cast(strips, tf.float32)[..., None], training=True)
            losses = tf.nn.ctc_loss(
                labels, tf.transpose(logits, [1, 0, 2]), lengths, columns, blank_index=GAP
            )
            each = losses / tf.cast(lengths, tf.float32)
            trusted = tf.cast(~(real & (each > limit)), tf.float32)
            # A share by characters and a share by strings: long ones do not drown short ones.
            weights = trusted / tf.sqrt(tf.cast(lengths, tf.float32))
            loss = tf.reduce_mean(losses * weights)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return each

    def run(self, batches: Iterator[Batch], held: LineHeld) -> None:
        """Fit until the recipe's last step, with a checkpoint every few minutes."""
        recent: deque[float] = deque(maxlen=SHOWN)
        started, saved = time.monotonic(), time.monotonic()
        while self.step < self.recipe.steps:
            strips, columns, labels, lengths, real = next(batches)
            self.optimizer.learning_rate = self._rate()
            losses = self._compiled(
                strips, columns, labels, lengths, real, np.float32(self.limit)
            ).numpy()
            self.step += 1
            self._follow()
            self._judge(losses, real)
            recent.append(float(np.mean(np.minimum(losses, 20))))
            now = time.monotonic()
            if self.verbose and self.step % SHOWN == 0:
                minutes = self.minutes + (now - started) / 60
                print(f"step {self.step} loss {np.mean(recent):.3f} {minutes:.1f} min", flush=True)
            last = self.step >= self.recipe.steps
            if last or now - saved > 60 * self.recipe.checkpoint_minutes:
                self.minutes += (now - started) / 60
                started = saved = now
                self.save(float(np.mean(recent)), held)

    def _rate(self) -> float:
        recipe = self.recipe
        if self.step < recipe.warmup_steps:
            return recipe.learning_rate * (self.step + 1) / recipe.warmup_steps
        way = (self.step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
        wave = (1 + math.cos(math.pi * min(1.0, way))) / 2
        return recipe.learning_rate * (recipe.lowest_rate + (1 - recipe.lowest_rate) * wave)

    def _follow(self, every: int = 5) -> None:
        """Let the averaged weights follow; quicker at first."""
        if self.step % every:
            return
        slow = self.recipe.averaging**every
        keep = min(slow, (self.step / every) / (self.step / every + 10))
        for mean, weight in zip(self.means, self.model.weights, strict=True):
            mean *= keep
            mean += (1 - keep) * weight.numpy()

    def _judge(self, losses: np.ndarray, real: np.ndarray) -> None:
        """Follow how badly real words fit, and from where on their texts are doubted."""
        self.word_losses.extend(losses[real].tolist())
        if self.step >= TRUST_AFTER and self.step % SHOWN == 0:
            self.limit = float(
                np.quantile(np.array(self.word_losses), 1 - self.recipe.doubtful_share)
            )

    def averaged(self) -> keras.Model:
        """A float32 network with the averaged weights, and as much of the first as is kept."""
        model = line_network()
        model.set_weights(mixed_weights(self.means, self.start, self.recipe.keep_start))
        return model

    def save(self, loss: float, held: LineHeld) -> None:
        """Write the checkpoint and measure the averaged weights."""
        arrays = {f"weight_{n}": value for n, value in enumerate(self.model.get_weights())}
        arrays |= {f"mean_{n}": value for n, value in enumerate(self.means)}
        arrays |= {f"state_{n}": np.array(v) for n, v in enumerate(self.optimizer.variables)}
        arrays |= {"step": np.array(self.step), "minutes": np.array(self.minutes)}
        arrays |= {"limit": np.array(self.limit)}
        temporary = self.folder / f"next_{CHECKPOINT}"
        np.savez(temporary, **arrays)
        os.replace(temporary, self.folder / CHECKPOINT)
        words, errors = self._measure(held)
        values = (self.step, loss, words, errors, self._rate(), self.minutes)
        row = {name: f"{value:.5g}" for name, value in zip(COLUMNS, values, strict=True)}
        self.history.append(row)
        with (self.folder / HISTORY).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.history)
        if self.verbose:
            print(row, flush=True)

    def load(self) -> None:
        """Go on from the checkpoint, where there is one."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return
        with np.load(path) as stored:
            count = len(self.means)
            self.model.set_weights([stored[f"weight_{n}"] for n in range(count)])
            self.means = [stored[f"mean_{n}"] for n in range(count)]
            for n, variable in enumerate(self.optimizer.variables):
                variable.assign(stored[f"state_{n}"])
            self.step, self.minutes = int(stored["step"]), float(stored["minutes"])
            self.limit = float(stored["limit"])
        with (self.folder / HISTORY).open(newline="", encoding="utf-8") as file:
            self.history = list(csv.DictReader(file))

    def _measure(self, held: LineHeld) -> tuple[float, float]:
        """Share of strings read right and of characters wrong, greedily, with averaged weights."""
        if not held:
            return 0.0, 0.0
        current = self.model.get_weights()
        self.model.set_weights(self.means)
        right = wrong = characters = 0
        for strips, columns, group in _like_widths(held, 64):
            logits = self.model(strips[..., None].astype(np.float32), training=False).numpy()
            for best, count, sample in zip(logits.argmax(2), columns, group, strict=True):
                text = greedy_text(best[:count])
                right += text == sample.text
                wrong += edit_distance(text, sample.text)
                characters += len(sample.text)
        self.model.set_weights(current)
        return right / len(held), wrong / max(1, characters)


def _learned(network: keras.Model, path: Path) -> list[np.ndarray]:
    """Weights that go on from another line reader's."""
    characters = read_line_card(path.parent / LINE_CARD).characters
    try:
        learned = keras.saving.load_model(path, compile=False)
        return learned_weights(network, learned, characters)
    except ValueError as error:
        raise ConfigError(
            f"{path}: {error}; name a line_reader.keras of this program in start_from"
        ) from error


def greedy_text(best: np.ndarray) -> str:
    """Text of the likeliest outlet of each column (N,)."""
    firsts = np.append(True, best[1:] != best[:-1])
    return "".join(LINE_CHARACTERS[place] for place in best[firsts] if place != GAP)


def _like_widths(
    samples: Sequence[LineSample], size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, list[LineSample]]]:
    """Batches of strips of like width, the columns of answer of each, and the samples."""
    order = sorted(range(len(samples)), key=lambda n: samples[n].strip.shape[1])
    for start in range(0, len(order), size):
        group = [samples[n] for n in order[start : start + size]]
        yield (*_padded(group), group)


def _padded(group: Sequence[LineSample]) -> tuple[np.ndarray, np.ndarray]:
    widest = max(sample.strip.shape[1] for sample in group)
    width = -(-widest // WIDTH_STEP) * WIDTH_STEP
    strips = np.zeros((len(group), STRIP_HEIGHT, width), np.uint8)
    for place, sample in enumerate(group):
        strips[place, :, : sample.strip.shape[1]] = sample.strip
    columns = np.array([-(-s.strip.shape[1] // COLUMN) for s in group], np.int32)
    return strips, columns


def _batches(shards: Path, recipe: LineRecipe) -> Iterator[Batch]:
    """Batches of like widths out of one piece after the other, in random order."""
    rng = np.random.default_rng()
    places = {character: place for place, character in enumerate(LINE_CHARACTERS)}
    for samples in take_shards(shards, recipe.shard_passes):
        groups = [
            made for made in _like_widths(samples, recipe.batch_size)
            if len(made[2]) == recipe.batch_size
        ]
        for number in rng.permutation(len(groups)):
            strips, columns, group = groups[number]
            lengths = np.array([len(sample.text) for sample in group], np.int32)
            labels = np.zeros((len(group), int(lengths.max())), np.int32)
            for row, sample in zip(labels, group, strict=True):
                row[: len(sample.text)] = [places[character] for character in sample.text]
            yield strips, columns, labels, lengths, np.array([s.real for s in group])
