"""From a recipe and a folder of data to what is learned from and what is held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hcr_batch.training.classifier.batches import Handwriting, class_balanced
from hcr_batch.training.classifier.font_glyphs import PrintedSet, render_fonts
from hcr_batch.training.classifier.pen_strokes import load_strokes
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    load_set,
    normalized,
    set_folder,
    split_by_writer,
)
from hcr_batch.training.recipe import Recipe, TrainingSource

__all__ = ["TrainingData", "as_handwriting", "load_data"]

HELD_FONTS = 0.15
"""Share of the fonts kept for evaluation."""


@dataclass(frozen=True)
class TrainingData:
    """`sources` and `printed` to learn from; `held` and `held_printed` to evaluate on.

    `tests` are sets of which nothing is learned, not even the calibration;
    `rests` (K, 28, 28) is ink that a scan found in blank cells of made pages.
    """

    sources: tuple[Handwriting, ...]
    printed: PrintedSet
    held: tuple[CharacterSet, ...]
    held_printed: PrintedSet
    tests: tuple[CharacterSet, ...]
    rests: np.ndarray | None = None


def load_data(folder: Path, recipe: Recipe, limit: int | None = None) -> TrainingData:
    """Read and split every source of a recipe.

    Parameters
    ----------
    folder : Path
        Holds `<name>.npz` for each source, or a folder `characters` with them.
    recipe : Recipe
    limit : int, optional
        At most this many glyphs of each source, for a quick try.

    Raises
    ------
    NoInputError
        A file is missing or damaged.
    """
    folder = set_folder(folder)
    pairs = [_load_source(folder, source, recipe, limit) for source in recipe.sources]
    fonts = recipe.font_limit if limit is None else min(recipe.font_limit, 8)
    printed = render_fonts(Path(recipe.fonts), fonts, recipe.seed)
    names = np.unique(printed.fonts)
    held_fonts = np.isin(printed.fonts, names[: round(HELD_FONTS * len(names))])
    return TrainingData(
        tuple(kept for kept, _ in pairs),
        printed.take(~held_fonts),
        tuple(held for _, held in pairs if len(held)),
        printed.take(held_fonts),
        tuple(_limited(load_set(folder, name), limit, recipe.seed) for name in recipe.test_sets),
    )


def _load_source(
    folder: Path, source: TrainingSource, recipe: Recipe, limit: int | None
) -> tuple[Handwriting, CharacterSet]:
    data = load_set(folder, source.name, low_trust=source.low_trust).with_cases(source.cases)
    data = _limited(data, limit, recipe.seed)
    kept, held = split_by_writer(data, source.held, recipe.seed)
    strokes = index = None
    if source.name == "unipen" and recipe.strokes:
        strokes = load_strokes(folder / f"{recipe.strokes}.npz")
        index = kept.rows
    renormalized = normalized(kept.raw) if kept.raw is not None else None
    written = replace(
        as_handwriting(kept, source),
        renormalized=renormalized,
        strokes=strokes,
        stroke_index=index,
    )
    return written, held


def as_handwriting(data: CharacterSet, source: TrainingSource) -> Handwriting:
    """A part of a source, ready to sample from, without raw cells and pen strokes."""
    return Handwriting(
        images=data.images,
        labels=data.labels,
        weights=data.weights * np.float32(source.weight),
        chances=class_balanced(data.labels, data.weights),
        share=source.share,
        cases=source.cases,
    )


def _limited(data: CharacterSet, limit: int | None, seed: int) -> CharacterSet:
    """A random part of at most `limit` glyphs."""
    if limit is None or limit >= len(data):
        return data
    chosen = np.random.default_rng(seed).choice(len(data), limit, replace=False)
    return data.take(np.sort(chosen))
