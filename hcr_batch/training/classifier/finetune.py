"""Fitting a network a little further on one's own writing without forgetting the rest.

Only the dense layers are fitted, on features that are computed once: that
takes a minute where fitting all layers takes ten, and as much is gained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import keras
import numpy as np
from keras import ops

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.training.classifier.batches import class_balanced
from hcr_batch.training.classifier.distortions import FULL, MILD, distort, elastic_fields
from hcr_batch.training.classifier.foreign_ink import foreign_ink
from hcr_batch.training.classifier.networks import (
    label_loss,
    outlet_probabilities,
    print_loss,
)
from hcr_batch.training.classifier.targets import FOREIGN, allowed_matrix
from hcr_batch.training.datasets.character_sets import CharacterSet

__all__ = ["Examples", "FineTuning", "allowed_rows", "examples", "finetune"]


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
    user_share : float
        Of each batch: one's own writing; 0 to 1.
    foreign_share : float
        Of the rest: made ink that is no character, on which nothing shall change.
    doubtful_share : float
        Of the old writing: drawn by the old network's doubt, 0 to 1; what
        looks like two characters is lost first, ``0`` to ``O`` above all.
    teaching : float
        Weight of the old network's opinion beside the labels of old writing.
    allowed_loss : float
        Accuracy, 0 to 1, that may be lost on the probes, each set weighed by
        the root of its size.
    seed : int
    """

    steps: int = 200
    batch_size: int = 128
    learning_rate: float = 0.001
    user_share: float = 0.2
    foreign_share: float = 0.1
    doubtful_share: float = 0.7
    teaching: float = 0.75
    allowed_loss: float = 0.002
    seed: int = 20


KEPT_SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.92, 1.0)
"""Shares of the old weights that are tried in the result; with the last nothing is learned."""
KEPT_BLINDLY = 0.6
"""Share where there is no old writing to try them on."""

Draw = Callable[[np.random.Generator, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From a source of chance and elastic fields to a glyph and its allowance."""
OLD = 1
"""Place of old writing among own writing, old writing and foreign ink."""
TEACH_FROM, TEACH_TO = FOREIGN + 1, 2 * FOREIGN + 2
"""Columns of a target: 63 allowances, 63 of the old network, its print, two weights."""


@keras.saving.register_keras_serializable("hcr_batch")
class RehearsalLoss(keras.losses.Loss):
    """Minus log of what is allowed, plus the divergence from the old network, each weighted."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        allowed, taught = y_true[:, :TEACH_FROM], y_true[:, TEACH_FROM:TEACH_TO]
        printed, hard, soft = (y_true[:, TEACH_TO + i] for i in range(3))
        log_p = ops.log_softmax(y_pred[:, : FOREIGN + 1], axis=-1)
        distance = -ops.sum(taught * log_p, axis=-1)
        learned = hard * label_loss(allowed, log_p) + soft * distance
        return learned + 0.2 * print_loss(printed, y_pred)


@dataclass(frozen=True)
class Examples:
    """What the dense layers learn from.

    Attributes
    ----------
    features : ndarray of float16, shape (N, K)
        Input of the first dense layer.
    targets : ndarray of float32, shape (N, 129)
        See :data:`TEACH_FROM`.
    chances : ndarray of float64, shape (N,)
        Probability of each to be drawn; sums to 1.
    """

    features: np.ndarray
    targets: np.ndarray
    chances: np.ndarray


class _Batches(keras.utils.PyDataset):
    """Examples drawn by their chances; the same number and seed give the same batch."""

    def __init__(self, source: Examples, settings: FineTuning) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._source = source
        self._cumulated = np.cumsum(source.chances)
        self._settings = settings

    def __len__(self) -> int:
        return self._settings.steps

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        places = np.random.default_rng((self._settings.seed, number)).random(
            self._settings.batch_size
        )
        drawn = np.searchsorted(self._cumulated[:-1], places)
        return self._source.features[drawn].astype(np.float32), self._source.targets[drawn]


class _Pool:
    """Glyphs of several sets to draw from: sets and their classes by the root of their size."""

    def __init__(self, sets: Sequence[CharacterSet]) -> None:
        self._sets = sets
        roots = np.sqrt([len(one) for one in sets])
        self._among = np.cumsum(roots) / roots.sum()
        self._cumulated = [np.cumsum(class_balanced(s.labels, s.weights)) for s in sets]
        self._allowed = [allowed_matrix(one.cases) for one in sets]

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
        return glyph, self._allowed[number][str(chosen.labels[index])]

    def foreign(
        self, rng: np.random.Generator, fields: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ink that is no character, made of the pool's glyphs, and the same allowance."""
        glyph = normalize_ink(foreign_ink(lambda: self.pick(rng), rng))
        allowed = np.zeros(FOREIGN + 1, np.float32)
        allowed[FOREIGN] = 1.0
        return distort(glyph, rng, fields, FULL), allowed

    def _choose(self, rng: np.random.Generator) -> tuple[int, int]:
        number = int(np.searchsorted(self._among[:-1], rng.random()))
        return number, int(np.searchsorted(self._cumulated[number][:-1], rng.random()))


def allowed_rows(data: CharacterSet) -> np.ndarray:
    """Allowances (N, 63) of a set's labels, float32."""
    rows = allowed_matrix(data.cases)
    return np.stack([rows[str(label)] for label in data.labels])


def finetune(
    model: keras.Model,
    own: CharacterSet,
    old: Sequence[CharacterSet],
    probes: Sequence[CharacterSet],
    settings: FineTuning,
    verbose: bool = False,
) -> keras.Model:
    """A copy of a network, its dense layers fitted further on one's own writing.

    Old writing, where there is some, is rehearsed with its labels and the old
    network's opinion; the statistics of the normalizations stay as they are,
    and the result is averaged with the old weights, so far that the probes
    are read as well as before.

    Parameters
    ----------
    model : keras.Model
        From (N, 28, 28, 1) to logits (N, 64), dense layers last; stays as it is.
    own : CharacterSet
    old : sequence of CharacterSet
        Rehearsed; may be empty.
    probes : sequence of CharacterSet
        Old writing that neither network has learned from; may be empty.
    settings : FineTuning
    verbose : bool
        Show progress bars.
    """
    keras.utils.set_random_seed(settings.seed)
    trunk, head = _parted(model)
    source = examples(trunk, head, own, old, settings, verbose)
    before = head.get_weights()
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    head.compile(keras.optimizers.AdamW(rate), RehearsalLoss(), jit_compile=False)
    batches = _Batches(source, settings)
    head.fit(batches, epochs=1, shuffle=False, verbose=1 if verbose else 0)
    seen = [(_features(trunk, one.images), one) for one in probes]
    _average(head, before, seen, settings.allowed_loss)
    fitted = keras.models.clone_model(model)
    weights = model.get_weights()
    fitted.set_weights([*weights[: len(weights) - len(before)], *head.get_weights()])
    return fitted


def _parted(model: keras.Model) -> tuple[keras.Model, keras.Sequential]:
    """A network up to its first dense layer, and a copy of the rest without dropout."""
    kinds = [isinstance(layer, keras.layers.Dense) for layer in model.layers]
    features = model.layers[kinds.index(True)].input
    rest = model.layers[kinds.index(True) :]
    kept = [layer for layer in rest if not isinstance(layer, keras.layers.Dropout)]
    copies = [type(layer).from_config(layer.get_config()) for layer in kept]
    head = keras.Sequential([keras.layers.Input(features.shape[1:]), *copies])
    head.set_weights([array for layer in kept for array in layer.get_weights()])
    for layer in copies:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return keras.Model(model.input, features), head


def _features(trunk: keras.Model, glyphs: np.ndarray, verbose: bool = False) -> np.ndarray:
    """Input of the first dense layer, float16 (N, K), of glyphs (N, 28, 28)."""
    parts = trunk.predict(glyphs[..., None], batch_size=256, verbose=1 if verbose else 0)
    return parts.astype(np.float16)


def examples(
    trunk: keras.Model,
    head: keras.Model,
    own: CharacterSet,
    old: Sequence[CharacterSet],
    settings: FineTuning,
    verbose: bool = False,
) -> Examples:
    """Distorted glyphs, enough for all batches, and the old network's opinion of them.

    Without old writing, own writing that the old network reads right stands in for it.
    """
    cv2.setNumThreads(1)
    rng = np.random.default_rng(settings.seed)
    fields = elastic_fields(rng)
    own_pool, old_pool = _Pool([own]), _Pool(old or [_agreed(own, trunk, head)])
    shares, weights = _shares(settings), _weights(settings, rehearsed=bool(old))
    draws: tuple[Draw, ...] = (own_pool.draw, old_pool.draw, old_pool.foreign)
    count = settings.steps * settings.batch_size
    counts = [max(1, round(share * count)) for share in shares]
    kind = np.repeat(range(len(draws)), counts)
    drawn = [draws[number](rng, fields) for number in kind]
    features = _features(trunk, np.stack([glyph for glyph, _ in drawn]), verbose)
    opinion = _opinion(head, features)
    allowed = np.stack([row for _, row in drawn])
    doubt = _doubt(opinion[:, : FOREIGN + 1]) * (kind == OLD)
    chances = (shares / counts)[kind] * np.where(kind == OLD, 1 - settings.doubtful_share, 1)
    chances += settings.doubtful_share * shares[OLD] * doubt / doubt.sum()
    return Examples(features, np.concatenate([allowed, opinion, weights[kind]], axis=1), chances)


def _shares(settings: FineTuning) -> np.ndarray:
    """Of each batch: own writing, old writing, foreign ink; (3,), sums to 1."""
    rest, foreign = 1 - settings.user_share, settings.foreign_share
    return np.array([settings.user_share, rest * (1 - foreign), rest * foreign])


def _weights(settings: FineTuning, rehearsed: bool) -> np.ndarray:
    """Weight of the label and of the old network's opinion for each of the three, (3, 2)."""
    taught = settings.teaching if rehearsed else 1.0
    return np.array([[1, 0], [1 - taught, taught], [0, 1]], np.float32)


def _opinion(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """Probabilities of the 63 outlets and of print, float32 (N, 64)."""
    return outlet_probabilities(head.predict(features, batch_size=1024, verbose=0))


def _doubt(opinion: np.ndarray) -> np.ndarray:
    """What is left to 1 beside the likeliest character, look-alike cases as one, (N,)."""
    merged = np.stack(list(allowed_matrix("merged").values()))
    return np.clip(1 - (opinion @ merged.T).max(axis=1), 1e-6, 1)


def _average(
    head: keras.Model,
    before: Sequence[np.ndarray],
    probes: Sequence[tuple[np.ndarray, CharacterSet]],
    allowed_loss: float,
) -> None:
    """Average new weights with the old ones, in place: as much of the new as the probes bear.

    After Wortsman et al., "Robust fine-tuning of zero-shot models" (2022):
    most of what fine-tuning forgot comes back, most of its gain stays.
    """
    after = head.get_weights()
    roots = np.sqrt([len(data) for _, data in probes])

    def mix(kept: float) -> None:
        pairs = zip(before, after, strict=True)
        head.set_weights([kept * one + (1 - kept) * other for one, other in pairs])

    def accuracy(kept: float) -> float:
        mix(kept)
        return float(np.average([_right(head, *one).mean() for one in probes], weights=roots))

    if not probes:
        mix(KEPT_BLINDLY)
        return
    wanted = accuracy(1.0) - allowed_loss
    for kept in KEPT_SHARES:
        if accuracy(kept) >= wanted:
            break


def _right(head: keras.Model, features: np.ndarray, data: CharacterSet) -> np.ndarray:
    """Whether the likeliest character is an allowed one, bool (N,)."""
    best = _opinion(head, features)[:, :FOREIGN].argmax(axis=1)
    return allowed_rows(data)[np.arange(len(data)), best] > 0


def _agreed(own: CharacterSet, trunk: keras.Model, head: keras.Model) -> CharacterSet:
    """The glyphs that the old network reads as labelled; all of them where it reads none so."""
    right = _right(head, _features(trunk, own.images), own)
    return own.take(right) if right.any() else own
