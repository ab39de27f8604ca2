"""Fitting the page network on crops that another process keeps making."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.config import load_toml
from hcr_batch.errors import ConfigError
from hcr_batch.training.recipe import build_table
from hcr_batch.training.segmenter.segmenter_network import page_network, pixel_loss, space_to_depth
from hcr_batch.training.synthesis.samples import CHANNELS
from hcr_batch.training.synthesis.shards import ShardReader

__all__ = ["PageRecipe", "fit_pages", "load_page_recipe", "rate_at", "settle"]

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
SHOWN_STEPS = 50
"""Steps between two lines of the history."""
SETTLED_BATCHES, SETTLED_CROPS = 40, 8
"""Batches, and crops in each, on which the moments of the averaged network are measured."""
MOMENTUM = 0.99
"""Keras' own, of the running moments while training."""


@dataclass(frozen=True)
class PageRecipe:
    """What a run depends on; see the comments in configs/train/segmenter.toml."""

    network: str
    minutes: float
    batch_size: int
    learning_rate: float
    warmup_minutes: float
    falling_minutes: float
    averaging: float
    checkpoint_minutes: float
    precision: str
    seed: int
    positive: tuple[float, ...]
    fonts: str
    kept_shards: int
    hand_fonts: str = ""


def load_page_recipe(path: Path) -> PageRecipe:
    """Read a recipe of the page segmentation.

    Raises
    ------
    ConfigError
        A key is unknown, missing or of the wrong type.
    """
    values = load_toml(path)
    values["positive"] = tuple(values.get("positive", ()))
    recipe: PageRecipe = build_table(PageRecipe, values, str(path))
    if len(recipe.positive) != len(CHANNELS):
        raise ConfigError(f"{path}: positive needs {len(CHANNELS)} numbers, one a channel")
    return recipe


def rate_at(recipe: PageRecipe, minutes: float) -> float:
    """Learning rate: a ramp, then even, then half a cosine down to nothing."""
    ramp = min(1.0, 0.02 + minutes / max(recipe.warmup_minutes, 1e-6))
    left = (recipe.minutes - minutes) / max(recipe.falling_minutes, 1e-6)
    fall = (1 - math.cos(math.pi * min(max(left, 0.0), 1.0))) / 2
    return recipe.learning_rate * ramp * fall


def fit_pages(
    recipe: PageRecipe,
    folder: Path,
    crops: Path,
    kept: Callable[[keras.Model, int, float], None] = lambda *_: None,
) -> keras.Model:
    """Train until the recipe's minutes are over, or go on with what `folder` holds.

    Parameters
    ----------
    recipe : PageRecipe
    folder : Path
        Receives checkpoint.npz and history.csv.
    crops : Path
        Ring of shards.
    kept : callable
        Called with the averaged network, the step and the loss at each checkpoint.

    Returns
    -------
    keras.Model
        In float32, with averaged weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    fit = _Fit(recipe, folder)
    reader = ShardReader(crops, recipe.seed + fit.step)
    saved = last = time.monotonic()
    losses: list[float] = []
    while fit.minutes < recipe.minutes:
        losses.append(fit.advance(*reader.batch(recipe.batch_size)))
        now = time.monotonic()
        fit.minutes += (now - last) / 60
        last = now
        if fit.step % SHOWN_STEPS == 0:
            fit.note(float(np.mean(losses)))
            losses.clear()
        if now - saved > 60 * recipe.checkpoint_minutes:
            fit.save()
            kept(fit.averaged(reader), fit.step, fit.loss)
            saved = last = time.monotonic()
    if losses:
        fit.note(float(np.mean(losses)))
    fit.save()
    model = fit.averaged(reader)
    kept(model, fit.step, fit.loss)
    return model


def settle(model: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Measure the moments of batch normalization anew, over batches of gray crops.

    Those that were kept while the weights moved do not suit their mean: without this,
    checkpoints swung by a third in the cells that they found.
    """
    normalizations = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    for count, gray in enumerate(batches):
        for layer in normalizations:
            layer.momentum = count / (count + 1)
        model(space_to_depth(gray).astype(np.float32) / 255 - 0.5, training=True)
    for layer in normalizations:
        layer.momentum = MOMENTUM


class _Fit:
    """A network while it is fitted: weights, their running mean, the optimizer's state."""

    def __init__(self, recipe: PageRecipe, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        self.step, self.minutes, self.loss = 0, 0.0, math.nan
        policy = keras.config.dtype_policy()
        keras.config.set_dtype_policy(recipe.precision)
        try:
            self.model = page_network()
        finally:
            keras.config.set_dtype_policy(policy)
        self.optimizer = keras.optimizers.Adam(recipe.learning_rate, clipnorm=1.0)
        self.optimizer.build(self.model.trainable_variables)
        self.mean = [np.array(weight) for weight in self.model.get_weights()]
        self._advance = _compiled(self.model, self.optimizer, recipe.positive)
        if (folder / CHECKPOINT).exists():
            self._load()

    def advance(self, gray: np.ndarray, truth: np.ndarray, known: np.ndarray) -> float:
        """One step; its loss."""
        self.optimizer.learning_rate = rate_at(self.recipe, self.minutes)
        loss = float(self._advance(space_to_depth(gray), truth, known))
        self.step += 1
        if self.step % 5 == 0:
            keep = min(self.recipe.averaging, self.step / (self.step + 500)) ** 5
            for mean, weight in zip(self.mean, self.model.get_weights(), strict=True):
                mean += (1 - keep) * (weight - mean)
        return loss

    def averaged(self, reader: ShardReader) -> keras.Model:
        """A float32 network with the running mean of the weights, settled on some crops."""
        model = page_network()
        model.set_weights(self.mean)
        settle(model, (reader.batch(SETTLED_CROPS)[0] for _ in range(SETTLED_BATCHES)))
        return model

    def note(self, loss: float) -> None:
        """Add a line to the history."""
        self.loss = loss
        path = self.folder / HISTORY
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if new:
                rows.writerow(("step", "minutes", "loss", "learning_rate"))
            rate = float(np.asarray(self.optimizer.learning_rate))
            rows.writerow((self.step, round(self.minutes, 2), round(loss, 5), f"{rate:.6f}"))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = [np.asarray(v.numpy()) for v in self.optimizer.variables]
        arrays = {f"weight_{i:03d}": a for i, a in enumerate(self.model.get_weights())}
        arrays |= {f"mean_{i:03d}": a for i, a in enumerate(self.mean)}
        arrays |= {f"state_{i:03d}": a for i, a in enumerate(state)}
        part = self.folder / f"part_{CHECKPOINT}"
        np.savez(part, step=self.step, minutes=self.minutes, **arrays)
        part.replace(self.folder / CHECKPOINT)

    def _load(self) -> None:
        with np.load(self.folder / CHECKPOINT) as kept:
            names = sorted(kept.files)

            def all_of(start: str) -> list[np.ndarray]:
                return [kept[name] for name in names if name.startswith(start)]

            self.model.set_weights(all_of("weight_"))
            self.mean = all_of("mean_")
            for variable, value in zip(self.optimizer.variables, all_of("state_"), strict=True):
                variable.assign(value)
            self.step, self.minutes = int(kept["step"]), float(kept["minutes"])


def _compiled(model: keras.Model, optimizer: Any, positive: tuple[float, ...]) -> Any:
    import tensorflow as tf

    weights = tf.constant(positive, tf.float32)

    @tf.function
    def advance(page: Any, truth: Any, known: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = model(tf.cast(page, tf.float32) / 255.0 - 0.5, training=True)
            loss = pixel_loss(logits, truth, known, weights)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return advance
