"""Fitting: batches in, weights out, with a checkpoint after each epoch."""

from __future__ import annotations

import csv
import math
import os
import time
from pathlib import Path

import keras
import numpy as np

from hcr_batch.errors import ConfigError
from hcr_batch.training.classifier.batches import GlyphBatch, Mixture
from hcr_batch.training.classifier.networks import NETWORKS, GlyphLoss, character_accuracy
from hcr_batch.training.classifier.teachers import TaughtMixture
from hcr_batch.training.classifier.widen import widened
from hcr_batch.training.datasets.character_sets import read_arrays
from hcr_batch.training.fused_normalization import fused_copy
from hcr_batch.training.mixed_weights import mixed_weights
from hcr_batch.training.recipe import Recipe

__all__ = ["fit", "learning_rate", "portable_copy", "read_history"]

CHECKPOINT = "checkpoint.keras"
HISTORY = "history.csv"
AVERAGED = "weights_{}.npz"
"""Weights after an epoch that is averaged into the result."""
COLUMNS = ("epoch", "loss", "accuracy", "held_loss", "held_accuracy", "learning_rate", "seconds")

Logs = dict[str, float]


def fit(
    recipe: Recipe,
    mixture: Mixture | TaughtMixture,
    held: GlyphBatch,
    folder: Path,
    resume: bool,
    verbose: bool,
) -> keras.Model:
    """Train a network, or go on with a run that was broken off.

    Parameters
    ----------
    recipe : Recipe
    mixture : Mixture or TaughtMixture
        Makes the batches.
    held : GlyphBatch
        Held-out characters, measured after each epoch.
    folder : Path
        Receives checkpoint.keras, history.csv and the weights that are averaged.
    resume : bool
        Go on from the checkpoint in `folder` where there is one; the recipe
        may meanwhile ask for more or fewer epochs.
    verbose : bool
        Show a progress bar.

    Returns
    -------
    keras.Model
        In float32, whatever precision it was trained in.

    Raises
    ------
    ConfigError
        The recipe's `start_from` is no file with weights for its network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    checkpoint = folder / CHECKPOINT
    history = read_history(folder / HISTORY) if resume and checkpoint.exists() else []
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        model = keras.saving.load_model(checkpoint) if history else _compiled(recipe)
        batches = _Epochs(mixture, _steps(recipe), first=len(history))
        model.fit(
            batches,
            epochs=recipe.epochs,
            initial_epoch=len(history),
            validation_data=held,
            validation_batch_size=512,
            callbacks=[_Pace(recipe, batches), _Keeper(recipe, folder, history)],
            verbose=1 if verbose else 0,
        )
    finally:
        keras.config.set_dtype_policy(policy)
    fitted = portable_copy(model, recipe.network)
    if recipe.averaged_epochs:
        fitted.set_weights(_mean_weights(recipe, folder))
    if recipe.keep_start:
        start = _started(recipe).get_weights()
        fitted.set_weights(mixed_weights(fitted.get_weights(), start, recipe.keep_start))
    return fitted


def portable_copy(model: keras.Model, network: str) -> keras.Model:
    """The same weights in a float32 network without optimizer or loss."""
    copy = NETWORKS[network]()
    copy.set_weights(model.get_weights())
    return copy


def read_history(path: Path) -> list[dict[str, str]]:
    """Rows of a history CSV, one an epoch; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def learning_rate(recipe: Recipe, epoch: float) -> float:
    """Rate after `epoch` epochs (with its fraction): a short ramp, then half a cosine down."""
    if epoch < recipe.warmup_epochs:
        return recipe.learning_rate * (0.05 + 0.95 * epoch / recipe.warmup_epochs)
    progress = (epoch - recipe.warmup_epochs) / max(recipe.epochs - recipe.warmup_epochs, 1e-9)
    wave = (1 + math.cos(math.pi * min(progress, 1.0))) / 2
    return recipe.learning_rate * (recipe.lowest_rate + (1 - recipe.lowest_rate) * wave)


def _steps(recipe: Recipe) -> int:
    """Batches of an epoch."""
    return max(1, recipe.epoch_glyphs // recipe.batch_size)


def _compiled(recipe: Recipe) -> keras.Model:
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    model = fused_copy(_started(recipe))
    model.compile(
        optimizer=optimizer,
        loss=GlyphLoss(recipe.label_smoothing, recipe.teaching),
        weighted_metrics=[character_accuracy],
        # Compiling with XLA halves the speed on a CPU, measured with TensorFlow 2.21.
        jit_compile=False,
    )
    return model


def _started(recipe: Recipe) -> keras.Model:
    """The network before its first step, the same each time."""
    keras.utils.set_random_seed(recipe.seed)
    model = NETWORKS[recipe.network]()
    if recipe.start_from:
        model.set_weights(_weights(model, Path(recipe.start_from)))
    return model


def _weights(model: keras.Model, path: Path) -> list[np.ndarray]:
    """Weights of another run of the same network as `model`, or of a narrower one."""
    try:
        learned = keras.saving.load_model(path, compile=False).get_weights()
        return widened(model.get_weights(), learned)
    except ValueError as error:
        raise ConfigError(
            f"{path}: {error}; name a model.keras of the same network in start_from"
        ) from error


def _mean_weights(recipe: Recipe, folder: Path) -> list[np.ndarray]:
    """Mean over the last epochs.

    After Izmailov et al., "Averaging weights leads to wider optima and better
    generalization" (2018); the rate must not have fallen to nothing meanwhile.
    The moments of batch normalization are averaged with them: measured anew
    with the mean weights, they read new writers a little worse.
    """
    last = range(max(1, recipe.epochs - recipe.averaged_epochs + 1), recipe.epochs + 1)
    parts = [folder / AVERAGED.format(epoch) for epoch in last]
    epochs = [list(read_arrays(path).values()) for path in parts]
    return [np.mean(one, axis=0) for one in zip(*epochs, strict=True)]


class _Pace(keras.callbacks.Callback):
    """Sets the learning rate before each batch, and which epoch the batches are of.

    Both are kept out of what Keras counts, so that a resumed run follows the
    recipe as it is now: fewer or more epochs than when it began.
    """

    def __init__(self, recipe: Recipe, batches: _Epochs) -> None:
        super().__init__()
        self.recipe = recipe
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.batches.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        rate = learning_rate(self.recipe, self.batches.epoch + batch / self.batches.steps)
        self.model.optimizer.learning_rate = rate


class _Epochs(keras.utils.PyDataset):
    """Batches of one epoch after the other, made in a thread beside the fitting."""

    def __init__(self, mixture: Mixture | TaughtMixture, steps: int, first: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self.mixture = mixture
        self.steps = steps
        self.epoch = first

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> GlyphBatch:
        return self.mixture.batch(self.epoch, index)


class _Keeper(keras.callbacks.Callback):
    """Writes the history and the checkpoint; the checkpoint last, so that it is never ahead."""

    def __init__(self, recipe: Recipe, folder: Path, history: list[dict[str, str]]) -> None:
        super().__init__()
        self.unaveraged = recipe.epochs - recipe.averaged_epochs
        self.folder = folder
        self.history = list(history)
        self.started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        values = (
            epoch + 1,
            logs["loss"],
            logs["character_accuracy"],
            logs["val_loss"],
            logs["val_character_accuracy"],
            float(self.model.optimizer.learning_rate),
            time.perf_counter() - self.started,
        )
        row = {name: f"{value:.6g}" for name, value in zip(COLUMNS, values, strict=True)}
        self.history.append(row)
        temporary = self.folder / f"next_{CHECKPOINT}"
        self.model.save(temporary)
        _write_history(self.folder / HISTORY, self.history)
        if epoch >= self.unaveraged:
            np.savez(self.folder / AVERAGED.format(epoch + 1), *self.model.get_weights())
        os.replace(temporary, self.folder / CHECKPOINT)


def _write_history(path: Path, rows: list[dict[str, str]]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(temporary, path)
