"""From a recipe and a folder of data to what is learned from and what is held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.training.batches import Handwriting, class_balanced
from hcr_batch.training.printed import PrintedSet, render_fonts
from hcr_batch.training.recipe import Recipe, Source
from hcr_batch.training.sets import (
    CharacterSet,
    load_set,
    normalized_raw,
    split_by_writer,
)
from hcr_batch.training.strokes import load_strokes

__all__ = ["TrainingData", "load_data"]

HELD_FONTS = 0.15
"""Share of the fonts kept for evaluation."""


@dataclass(frozen=True)
class TrainingData:
    """`sources` and `printed` to learn from; `held` and `held_printed` to evaluate on."""

    sources: tuple[Handwriting, ...]
    printed: PrintedSet
    held: tuple[CharacterSet, ...]
    held_printed: PrintedSet


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
    if (folder / "characters").is_dir():
        folder = folder / "characters"
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
    )


def _load_source(
    folder: Path, source: Source, recipe: Recipe, limit: int | None
) -> tuple[Handwriting, CharacterSet]:
    data = load_set(folder, source.name, low_trust=source.low_trust)
    if limit is not None and limit < len(data):
        chosen = np.random.default_rng(recipe.seed).choice(len(data), limit, replace=False)
        data = data.take(np.sort(chosen))
    kept, held = split_by_writer(data, source.held, recipe.seed)
    strokes = index = None
    if source.name == "unipen" and recipe.strokes:
        strokes = load_strokes(folder / f"{recipe.strokes}.npz")
        index = kept.rows
    renormalized = normalized_raw(kept).images if kept.raw is not None else None
    written = Handwriting(
        images=kept.images,
        labels=kept.labels,
        weights=kept.weights * np.float32(source.weight),
        chances=class_balanced(kept.labels, kept.weights),
        share=source.share,
        case_known=source.case_known,
        renormalized=renormalized,
        strokes=strokes,
        stroke_index=index,
    )
    return written, held
