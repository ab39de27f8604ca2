"""Glyphs that the scanning program cuts from made pages: to learn from, and held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.training.classifier.batches import CutGlyphs, Handwriting
from hcr_batch.training.classifier.training_data import TrainingData, as_handwriting
from hcr_batch.training.datasets.character_sets import CharacterSet, new_set
from hcr_batch.training.recipe import Recipe
from hcr_batch.training.synthesis.blanks import forms_to_fill
from hcr_batch.training.synthesis.page_glyphs import (
    NOTHING,
    PageGlyphs,
    PageMaker,
    make_page_glyphs,
)
from hcr_batch.training.synthesis.printing import load_printer

__all__ = ["PAGES", "with_page_glyphs"]

PAGES = "pages"
"""Name of the set of held-out characters cut from made pages."""
HELD_SHARE = 0.1
"""Held-out glyphs of pages, as a share of those that are learned from."""


def with_page_glyphs(
    data: TrainingData, recipe: Recipe, folder: Path, work: Path
) -> TrainingData:
    """Add glyphs that the program cuts from made pages.

    What is learned from was written by writers to learn from; the held-out
    glyphs, the set :data:`PAGES`, by held-out writers of the sources with clean
    labels, on forms of held-out sources.

    Parameters
    ----------
    data : TrainingData
    recipe : Recipe
    folder : Path
        With blank_forms, where there are some: else all forms are drawn.
    work : Path
        Receives the glyphs, which are not made again when it is run anew.
    """
    glyphs = _made(data.sources, recipe, folder, False, work / "learned", recipe.page_glyphs)
    sources = tuple(
        _with_pages(source, glyphs.of(number)) for number, source in enumerate(data.sources)
    )
    written, parts = _clean_held(data, recipe)
    held = data.held
    if written:
        count = max(1, round(HELD_SHARE * recipe.page_glyphs))
        held = (*held, _held_set(_made(written, recipe, folder, True, work / "held", count), parts))
    return replace(data, sources=sources, held=held, rests=glyphs.of(NOTHING).images)


def _made(
    written: Sequence[Handwriting],
    recipe: Recipe,
    folder: Path,
    held: bool,
    work: Path,
    count: int,
) -> PageGlyphs:
    maker = PageMaker(
        written,
        forms_to_fill(folder, held),
        load_printer(Path(recipe.fonts)),
        load_segmenter(),
        recipe.seed + held,
    )
    return make_page_glyphs(maker, count, work)


def _with_pages(source: Handwriting, glyphs: PageGlyphs) -> Handwriting:
    if not len(glyphs):
        return source
    return replace(source, paged=CutGlyphs(glyphs.images, glyphs.rows))


def _clean_held(
    data: TrainingData, recipe: Recipe
) -> tuple[list[Handwriting], list[CharacterSet]]:
    held = {one.name: one for one in data.held}
    sources = [one for one in recipe.sources if one.clean and one.name in held]
    parts = [held[one.name] for one in sources]
    return [as_handwriting(part, one) for part, one in zip(parts, sources)], parts


def _held_set(glyphs: PageGlyphs, parts: Sequence[CharacterSet]) -> CharacterSet:
    true = glyphs.rows != NOTHING
    pairs = zip(glyphs.sources[true], glyphs.rows[true])
    labels = np.array([str(parts[source].labels[row]) for source, row in pairs])
    return new_set(PAGES, glyphs.images[true], labels, cases="merged")
