"""Fitting a network a little further on one's own writing without forgetting the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import keras
import numpy as np
from keras import ops

from hcr_batch.glyphs.normalize import GLYPH_SIZE, normalize_ink
from hcr_batch.training.batches import class_balanced
from hcr_batch.training.degrade import FULL, MILD, distort, elastic_fields
from hcr_batch.training.foreign import foreign_ink
from hcr_batch.training.sets import CharacterSet
from hcr_batch.training.targets import FOREIGN, allowed_matrix

__all__ = ["FineTuning", "Rehearsal", "allowed_rows", "finetune"]


@dataclass(frozen=True)
class FineTuning:
    """How far and how fast the network may move.

    Attributes
    ----------
    steps : int
        Batches.
    batch_size : int
    learning_rate : float
        At the start; falls to 0 along a half cosine.
    own_share : float
        Of each batch: one's own writing; 0 to 1.
    foreign_share : float
        Of the rest: made ink that is no character, on which nothing shall change.
    teaching : float
        Weight of the old network's opinion beside the labels of old writing.
    allowed_loss : float
        Accuracy, 0 to 1, that may be lost on the probes.
    seed : int
    """

    steps: int = 200
    batch_size: int = 128
    learning_rate: float = 0.0002
    own_share: float = 0.25
    foreign_share: float = 0.15
    teaching: float = 0.5
    allowed_loss: float = 0.001
    seed: int = 20


KEPT_SHARES = (0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.92)
"""Shares of the old weights that are tried in the result."""
KEPT_BLINDLY = 0.6
"""Share where there is no old writing to try them on."""


TEACH_FROM, TEACH_TO = FOREIGN + 1, 2 * FOREIGN + 2
"""Columns of a target: 63 allowances, 63 of the old network, its print, two weights."""


@keras.saving.register_keras_serializable("hcr_batch")
class RehearsalLoss(keras.losses.Loss):
    """Minus log of what is allowed, plus the divergence from the old network, each weighted."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        allowed, taught = y_true[:, :TEACH_FROM], y_true[:, TEACH_FROM:TEACH_TO]
        printed, hard, soft = (y_true[:, TEACH_TO + i] for i in range(3))
        log_p = ops.log_softmax(y_pred[:, : FOREIGN + 1], axis=-1)
        hit = -ops.logsumexp(log_p + ops.log(allowed + 1e-9), axis=-1)
        distance = -ops.sum(taught * log_p, axis=-1)
        logit = y_pred[:, FOREIGN + 1]
        print_distance = ops.softplus(logit) - printed * logit
        return hard * hit + soft * distance + 0.2 * print_distance


class Rehearsal(keras.utils.PyDataset):
    """Batches of own writing, old writing and foreign ink with the old network's opinion.

    Without old writing, own writing that the old network reads right stands in for it.

    Parameters
    ----------
    own : CharacterSet
    old : sequence of CharacterSet
        May be empty.
    teacher : keras.Model
        The old network.
    settings : FineTuning
    """

    def __init__(
        self,
        own: CharacterSet,
        old: Sequence[CharacterSet],
        teacher: keras.Model,
        settings: FineTuning,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._own = _Pool([own])
        self._old = _Pool(old or [_agreed(own, teacher)])
        self._old_weights = (1 - settings.teaching, settings.teaching) if old else (0.0, 1.0)
        self._teacher = teacher
        self._settings = settings
        self._fields = elastic_fields(np.random.default_rng(settings.seed))

    def __len__(self) -> int:
        return self._settings.steps

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        cv2.setNumThreads(1)
        settings = self._settings
        rng = np.random.default_rng((settings.seed, number))
        glyphs = np.zeros((settings.batch_size, GLYPH_SIZE, GLYPH_SIZE, 1), np.uint8)
        allowed = np.zeros((settings.batch_size, FOREIGN + 1), np.float32)
        weights = np.zeros((settings.batch_size, 2), np.float32)
        foreign = settings.own_share + settings.foreign_share * (1 - settings.own_share)
        for i, kind in enumerate(rng.random(settings.batch_size)):
            if kind < settings.own_share:
                glyphs[i, ..., 0], allowed[i] = self._own.draw(rng, self._fields)
                weights[i] = 1.0, 0.0
            elif kind < foreign:
                glyphs[i, ..., 0] = self._foreign(rng)
                weights[i] = 0.0, 1.0
            else:
                glyphs[i, ..., 0], allowed[i] = self._old.draw(rng, self._fields)
                weights[i] = self._old_weights
        return glyphs, self._targets(glyphs, allowed, weights)

    def _targets(self, glyphs: np.ndarray, allowed: np.ndarray, weights: np.ndarray) -> np.ndarray:
        logits = self._teacher(glyphs.astype(np.float32), training=False)
        taught = ops.convert_to_numpy(ops.softmax(logits[:, : FOREIGN + 1], axis=-1))
        printed = ops.convert_to_numpy(ops.sigmoid(logits[:, FOREIGN + 1]))
        return np.concatenate([allowed, taught, printed[:, None], weights], axis=1)

    def _foreign(self, rng: np.random.Generator) -> np.ndarray:
        ink = normalize_ink(foreign_ink(lambda: self._old.pick(rng), rng))
        return distort(ink, rng, self._fields, FULL)


class _Pool:
    """Glyphs of several sets to draw from: sets alike, classes by the root of their size."""

    def __init__(self, sets: Sequence[CharacterSet]) -> None:
        self._sets = sets
        self._cumulated = [np.cumsum(class_balanced(s.labels, s.weights)) for s in sets]
        self._allowed = [allowed_matrix(one.cases == "known") for one in sets]

    def pick(self, rng: np.random.Generator) -> tuple[np.ndarray, str]:
        number, index = self._choose(rng)
        return self._sets[number].images[index], str(self._sets[number].labels[index])

    def draw(
        self, rng: np.random.Generator, fields: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """A distorted glyph and the allowance (63,) of its outlets."""
        number, index = self._choose(rng)
        chosen = self._sets[number]
        glyph = distort(chosen.images[index], rng, fields, MILD)
        return glyph, allowed_of(str(chosen.labels[index]), chosen.cases, self._allowed[number])

    def _choose(self, rng: np.random.Generator) -> tuple[int, int]:
        number = int(rng.integers(len(self._sets)))
        cumulated = self._cumulated[number]
        place = np.searchsorted(cumulated, rng.random())
        return number, min(int(place), len(cumulated) - 1)


def allowed_of(label: str, cases: str, rows: dict[str, np.ndarray]) -> np.ndarray:
    """Allowance (63,) of a label; where any case may be meant, of either."""
    if cases == "folded" and label.isalpha():
        return np.maximum(rows[label], rows[label.swapcase()])
    return rows[label]


def allowed_rows(data: CharacterSet) -> np.ndarray:
    """Allowances (N, 63) of a set's labels, float32."""
    rows = allowed_matrix(data.cases == "known")
    return np.stack([allowed_of(str(label), data.cases, rows) for label in data.labels])


def finetune(
    model: keras.Model,
    own: CharacterSet,
    old: Sequence[CharacterSet],
    probes: Sequence[CharacterSet],
    settings: FineTuning,
    verbose: bool = False,
) -> keras.Model:
    """A copy of a network, fitted further on one's own writing.

    Old writing, where there is some, is rehearsed with its labels and the old
    network's opinion; the statistics of the normalizations stay as they are,
    and the result is averaged with the old weights, so far that the probes
    are read as well as before.

    Parameters
    ----------
    model : keras.Model
        From (N, 28, 28, 1) to logits (N, 64); stays as it is.
    own : CharacterSet
    old : sequence of CharacterSet
        Rehearsed; may be empty.
    probes : sequence of CharacterSet
        Old writing that neither network has learned from; may be empty.
    settings : FineTuning
    verbose : bool
        Show a progress bar.
    """
    keras.utils.set_random_seed(settings.seed)
    student = keras.models.clone_model(model)
    student.set_weights(model.get_weights())
    for layer in student.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    student.compile(keras.optimizers.AdamW(rate), RehearsalLoss(), jit_compile=False)
    batches = Rehearsal(own, old, model, settings)
    student.fit(batches, epochs=1, shuffle=False, verbose=1 if verbose else 0)
    return _averaged(model, student, probes, settings.allowed_loss)


def _averaged(
    model: keras.Model,
    student: keras.Model,
    probes: Sequence[CharacterSet],
    allowed_loss: float,
) -> keras.Model:
    """The old and the new weights averaged: as much of the new as the probes bear.

    After Wortsman et al., "Robust fine-tuning of zero-shot models" (2022):
    most of what fine-tuning forgot comes back, most of its gain stays.
    """
    before, after = model.get_weights(), student.get_weights()
    fitted = keras.models.clone_model(model)

    def mix(kept: float) -> None:
        pairs = zip(before, after, strict=True)
        fitted.set_weights([kept * one + (1 - kept) * other for one, other in pairs])

    if not probes:
        mix(KEPT_BLINDLY)
        return fitted
    wanted = _accuracy(model, probes) - allowed_loss
    for kept in KEPT_SHARES:
        mix(kept)
        if _accuracy(fitted, probes) >= wanted:
            break
    return fitted


def _accuracy(model: keras.Model, sets: Sequence[CharacterSet]) -> float:
    """Mean over sets of the share read as labelled, 0 to 1."""
    return float(np.mean([_right(model, one).mean() for one in sets]))


def _right(model: keras.Model, data: CharacterSet) -> np.ndarray:
    """Whether the likeliest character is an allowed one, bool (N,)."""
    logits = model.predict(data.images[..., None], batch_size=256, verbose=0)
    best = logits[:, :FOREIGN].argmax(axis=1)
    return allowed_rows(data)[np.arange(len(data)), best] > 0


def _agreed(own: CharacterSet, teacher: keras.Model) -> CharacterSet:
    """The glyphs that the old network reads as labelled; all of them where it reads none so."""
    right = _right(teacher, own)
    return own.take(right) if right.any() else own
