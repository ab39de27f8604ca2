"""Batches: handwriting in fixed shares, print and foreign ink, made anew each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.characters.normalize import GLYPH_SIZE, normalize_ink
from hcr_batch.training.classifier.distortions import (
    FULL,
    MILD,
    bilevel,
    distort,
    elastic_fields,
    scanned,
)
from hcr_batch.training.classifier.font_glyphs import PrintedSet
from hcr_batch.training.classifier.foreign_ink import foreign_ink
from hcr_batch.training.classifier.pen_strokes import StrokeSet, draw_strokes
from hcr_batch.training.classifier.targets import FOREIGN, TARGET_SIZE, allowed_matrix
from hcr_batch.training.recipe import Recipe

__all__ = ["CutGlyphs", "GlyphBatch", "Handwriting", "Mixture", "class_balanced"]

Scan = Callable[[np.ndarray, np.random.Generator], np.ndarray]

GlyphBatch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Glyphs uint8 (B, 28, 28, 1), their targets float32 (B, T) and weights float32 (B,)."""

RAW = 0.5
"""Share of glyphs with a raw cell that are taken through the program's own normalizer."""
RESTS = 0.2
"""Share of foreign ink that a scan left in blank cells of made pages, where there is some."""
RESCANNED = 0.25
"""Share of handwriting that passes the simulated scanner, as all print does."""
REGULAR_PRINT = 0.7
"""Share of print that is only mildly distorted."""


@dataclass(frozen=True)
class _Phase:
    """How near handwriting stays to ink as people leave it.

    Attributes
    ----------
    regular : float
        Share of handwriting that is only mildly distorted. Never none: regular
        shape must tell print from writing, not the amount of distortion.
    redrawn : float
        Share of glyphs with known strokes that are drawn anew instead of
        taken as they are.
    """

    regular: float
    redrawn: float


VARIED = _Phase(regular=0.3, redrawn=0.85)
CALM = _Phase(regular=0.7, redrawn=0.5)


@dataclass(frozen=True)
class CutGlyphs:
    """Glyphs (M, 28, 28) cut from made pages; `rows` (M,) says after which each was written."""

    images: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Handwriting:
    """The training part of one source, ready to sample from.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of str, shape (N,)
    weights : ndarray of float32, shape (N,)
        Trust in each label.
    chances : ndarray of float64, shape (N,)
        Probability of each glyph to be drawn; sums to 1.
    share : float
        Of all handwriting.
    cases : str
        What a capital among the labels stands for.
    renormalized : ndarray of uint8, shape (N, 28, 28), optional
        Glyphs made from raw cells by the program's own normalizer.
    strokes : StrokeSet, optional
        Pen strokes, and in `stroke_index` (N,) the place of each glyph in them.
    paged : CutGlyphs, optional
        Characters of the source as a scan cuts them from pages.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    chances: np.ndarray
    share: float
    cases: str
    renormalized: np.ndarray | None = None
    strokes: StrokeSet | None = None
    stroke_index: np.ndarray | None = None
    paged: CutGlyphs | None = None

    def pen_strokes(self, index: int) -> list[np.ndarray] | None:
        """Pen strokes of one glyph, each an array of points (n, 2), where there are some."""
        if self.strokes is None or self.stroke_index is None:
            return None
        return self.strokes[int(self.stroke_index[index])]


def class_balanced(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Chance of each glyph: classes by the square root of their size, glyphs by trust."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    chances = weights / np.sqrt(counts[place])
    return (chances / chances.sum()).astype(np.float64)


class Mixture:
    """Makes the batches of an epoch; the same seed, epoch and number give the same batch.

    Parameters
    ----------
    sources : tuple of Handwriting
    printed : PrintedSet
    recipe : Recipe
    rests : ndarray of uint8, shape (K, 28, 28), optional
        What a scan cut from made pages where nothing is written.
    """

    def __init__(
        self,
        sources: tuple[Handwriting, ...],
        printed: PrintedSet,
        recipe: Recipe,
        rests: np.ndarray | None = None,
    ) -> None:
        self.sources = sources
        self.rests = np.zeros((0, GLYPH_SIZE, GLYPH_SIZE), np.uint8) if rests is None else rests
        self.printed = printed
        self.recipe = recipe
        self.shares = np.array([source.share for source in sources])
        self.shares /= self.shares.sum()
        self.fields = elastic_fields(np.random.default_rng(recipe.seed))
        self.allowed = [allowed_matrix(source.cases) for source in sources]
        self.cumulated = [np.cumsum(source.chances) for source in sources]

    def batch(self, epoch: int, number: int) -> GlyphBatch:
        """One batch, with targets float32 (B, 65)."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.recipe.seed, self.recipe.batch_seed, epoch, number))
        size = self.recipe.batch_size
        calm = epoch >= self.recipe.epochs - self.recipe.calm_epochs
        phase = CALM if calm else VARIED
        glyphs = np.zeros((size, GLYPH_SIZE, GLYPH_SIZE, 1), np.uint8)
        targets = np.zeros((size, TARGET_SIZE), np.float32)
        weights = np.ones(size, np.float32)
        foreign = self.recipe.foreign_share
        printed = foreign + (self.recipe.printed_share if len(self.printed) else 0.0)
        for i, kind in enumerate(rng.random(size)):
            if kind < foreign:
                glyphs[i, ..., 0] = self._foreign(rng)
                targets[i, FOREIGN] = 1.0
            elif kind < printed:
                glyphs[i, ..., 0], targets[i, : FOREIGN + 1] = self._printed(rng)
                targets[i, FOREIGN + 1 :] = 1.0, self.recipe.printed_weight
                weights[i] = 0.5
            else:
                glyphs[i, ..., 0], targets[i, : FOREIGN + 1], weights[i] = self._written(rng, phase)
                targets[i, FOREIGN + 2] = self.recipe.printed_weight
        return glyphs, targets, weights

    def _written(
        self, rng: np.random.Generator, phase: _Phase
    ) -> tuple[np.ndarray, np.ndarray, float]:
        number = int(rng.choice(len(self.sources), p=self.shares))
        source = self.sources[number]
        if source.paged is not None and rng.random() < self.recipe.page_share:
            return self._paged(number, source.paged, rng)
        index = self._index(number, rng)
        strength = MILD if rng.random() < phase.regular else FULL
        pen = source.pen_strokes(index)
        if pen is not None and rng.random() < phase.redrawn:
            glyph = self._normalized(draw_strokes(pen, rng, strength.shape), rng)
        else:
            glyph = self._copied(source, index, rng)
        allowed = self.allowed[number][str(source.labels[index])]
        return distort(glyph, rng, self.fields, strength), allowed, float(source.weights[index])

    def _paged(
        self, number: int, cut: CutGlyphs, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, float]:
        source = self.sources[number]
        place = int(rng.integers(len(cut.rows)))
        index = cut.rows[place]
        allowed = self.allowed[number][str(source.labels[index])]
        glyph = distort(cut.images[place], rng, self.fields, MILD)
        return glyph, allowed, float(source.weights[index])

    def _index(self, number: int, rng: np.random.Generator) -> int:
        place = np.searchsorted(self.cumulated[number], rng.random())
        return min(int(place), len(self.cumulated[number]) - 1)

    def _copied(self, source: Handwriting, index: int, rng: np.random.Generator) -> np.ndarray:
        """A glyph as it is, or scanned once more."""
        glyph = source.images[index]
        if source.renormalized is not None and rng.random() < RAW:
            glyph = source.renormalized[index]
        scan = self._scan(rng, RESCANNED)
        if scan is None:
            return glyph
        return scan(cv2.resize(glyph, (84, 84), interpolation=cv2.INTER_CUBIC), rng)

    def _normalized(self, ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The glyph of drawn ink, as it is or scanned."""
        scan = self._scan(rng, RESCANNED)
        return normalize_ink(ink) if scan is None else scan(ink, rng)

    def _scan(self, rng: np.random.Generator, share: float) -> Scan | None:
        """The simulated scanner for a character; None where it passes none.

        `share` of the characters that pass no 1-bit scan pass the other.
        """
        if rng.random() < self.recipe.bilevel_share:
            return bilevel
        return scanned if rng.random() < share else None

    def _printed(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        index = int(rng.integers(len(self.printed)))
        strength = MILD if rng.random() < REGULAR_PRINT else FULL
        scan = self._scan(rng, 1.0) or scanned
        glyph = scan(self.printed.inks[index], rng)
        glyph = distort(glyph, rng, self.fields, strength)
        return glyph, self.allowed[0][str(self.printed.labels[index])]

    def _foreign(self, rng: np.random.Generator) -> np.ndarray:
        if len(self.rests) and rng.random() < RESTS:
            rest = self.rests[int(rng.integers(len(self.rests)))]
            return distort(rest, rng, self.fields, MILD)

        def pick() -> tuple[np.ndarray, str]:
            number = int(rng.choice(len(self.sources), p=self.shares))
            index = self._index(number, rng)
            return self.sources[number].images[index], str(self.sources[number].labels[index])

        glyph = self._normalized(foreign_ink(pick, rng), rng)
        return distort(glyph, rng, self.fields, FULL)
