"""Glyphs as a scan sees them: made pages of cells, filled and read back by the program's own path.

Walls, hints, tails of neighbours, pale pencil, coarse scans and JPEG leave on
them what they leave on the glyphs of real forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import sides_of
from hcr_batch.characters.field_ink import field_inks
from hcr_batch.characters.normalize import normalize_inks
from hcr_batch.config import load_settings
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.segmentation.network import Segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.training.classifier.batches import Handwriting
from hcr_batch.training.datasets.character_sets import read_arrays
from hcr_batch.training.synthesis.blanks import BlankForm, blank_to_fill
from hcr_batch.training.synthesis.canvas import MM, FormSheet, fit_cell
from hcr_batch.training.synthesis.form_hands import random_hand
from hcr_batch.training.synthesis.handwriting import draw_strokes_on
from hcr_batch.training.synthesis.layouts import draw_layout
from hcr_batch.training.synthesis.printing import Printer
from hcr_batch.training.synthesis.scanned_pages import overlaps, scanned_page, upright_around
from hcr_batch.types import Box, Page

__all__ = ["NOTHING", "PageGlyphs", "PageMaker", "make_page_glyphs"]

NOTHING = -1
"""Row of a glyph that is no character: what was left of walls, hints and neighbours."""
DRAWN_SIZE = (1000, 1400)
"""Rows and columns of a drawn sheet at 200 dpi, half an A4 page."""
DRAWN_SHARE = 0.5
"""Of the sheets that are drawn; the others are real blank forms with cells."""
CELL_ROWS = 40.0
"""How often rows of cells come on a drawn sheet, beside 13 for all else."""
FEWEST_CELLS = 50
"""Of a real blank form that is worth filling."""
FILLED = 0.93
"""Share of the cells that are written in."""
SAME_INK = 0.45
"""Ink found in a cell is the character written there where the boxes of the two share so much of
what both cover together..."""
OTHER_INK = 0.02
"""...and none of it where they share less. In between, the glyph is left out."""
SAME_SHAPE = 0.6
"""Correlation of a glyph with the ink that was written, from which a reader can still see it."""
PRINTED = 0.01
"""Share of a place that is print, from which ink found there is no rest of other things."""
PAGES_A_FILE = 20
"""Pages whose glyphs are written at once."""


@dataclass(frozen=True)
class PageGlyphs:
    """Glyphs cut from made pages.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
    sources, rows : ndarray of int32, shape (N,)
        Number of the source of each, and its row in that; :data:`NOTHING` for
        ink that is no character.
    """

    images: np.ndarray
    sources: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, source: int) -> PageGlyphs:
        """Those of one source; all that is no character for :data:`NOTHING`."""
        mine = self.rows == NOTHING
        if source != NOTHING:
            mine = ~mine & (self.sources == source)
        return PageGlyphs(self.images[mine], self.sources[mine], self.rows[mine])


@dataclass(frozen=True)
class _Written:
    """A character on a sheet: its cell, the box of its ink, and whose it is."""

    cell: Box
    ink: Box
    source: int
    row: int


def make_page_glyphs(maker: PageMaker, count: int, folder: Path) -> PageGlyphs:
    """At least `count` glyphs; those that lie in `folder` from a run before are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[PageGlyphs] = []
    while sum(map(len, parts)) < count:
        path = folder / f"{len(parts):04d}.npz"
        if not path.exists():
            first = len(parts) * PAGES_A_FILE
            _save(path, joined([maker.page(first + i) for i in range(PAGES_A_FILE)]))
        parts.append(PageGlyphs(**read_arrays(path)))
    return joined(parts)


def _save(path: Path, glyphs: PageGlyphs) -> None:
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez_compressed(file, **vars(glyphs))
    temporary.replace(path)


def joined(parts: Sequence[PageGlyphs]) -> PageGlyphs:
    """Glyphs of several pages, one after the other."""
    return PageGlyphs(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.sources for part in parts]),
        np.concatenate([part.rows for part in parts]),
    )


@dataclass(frozen=True)
class PageMaker:
    """Makes pages and cuts their glyphs; the same seed and number give the same page.

    Attributes
    ----------
    sources : sequence of Handwriting
        What is written; glyphs are pasted, pen strokes drawn with a pen of the page.
    forms : sequence of BlankForm
        May be empty.
    printer : Printer
    segmenter : Segmenter
    seed : int
    """

    sources: Sequence[Handwriting]
    forms: Sequence[BlankForm]
    printer: Printer
    segmenter: Segmenter
    seed: int

    def page(self, number: int) -> PageGlyphs:
        """The glyphs of one page."""
        rng = np.random.default_rng((self.seed, number))
        sheet = self._sheet(number, rng)
        written = _Filling(sheet, self.sources, rng).fill()
        page, to_sheet = scanned_page(sheet, rng)
        return _matched(*self._cells(page, to_sheet), sheet, written)

    def _sheet(self, number: int, rng: np.random.Generator) -> FormSheet:
        forms = [form for form in self.forms if len(form.cells) >= FEWEST_CELLS]
        blank = blank_to_fill(forms, self.seed, number, DRAWN_SHARE)
        if blank and blank.places.cells:
            return blank.rewritable()
        sheet = FormSheet(*DRAWN_SIZE)
        draw_layout(sheet, self.printer, rng, CELL_ROWS)
        return sheet

    def _cells(
        self, page: Page, to_sheet: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """Inks of the cells that a scan finds; cells and inks as boxes (N, 4) on the sheet."""
        settings = load_settings()
        page = flatten(page, settings.layout.max_skew)
        page, layers = segmented(page, self.segmenter)
        fields = [
            field
            for field in find_fields(layers, settings.layout)
            if field.kind in ("comb", "boxes")
        ]
        boxes_alone = replace(settings, layout=replace(settings.layout, mode="boxes"))
        found = [
            (cell.box, ink)
            for inks in field_inks(page, layers, fields, boxes_alone, one_a_cell=True)
            for cell, ink in zip(inks.field.cells, inks.cells, strict=True)
            if ink.ink is not None and not ink.printed
        ]
        back = to_sheet @ page.to_source
        return (
            [ink.ink for _, ink in found if ink.ink is not None],
            upright_around([box for box, _ in found], back),
            upright_around([ink.box for _, ink in found], back),
        )


def _matched(
    inks: Sequence[np.ndarray],
    cells: np.ndarray,
    places: np.ndarray,
    sheet: FormSheet,
    written: Sequence[_Written],
) -> PageGlyphs:
    """The glyphs of inks whose character is known, or of which it is known that they are none."""
    drawn = sides_of([one.ink for one in written]).T
    owners = _owners(cells, sides_of([one.cell for one in written]).T)
    shared = overlaps(places, drawn)
    glyphs = normalize_inks(inks)
    kept, sources, rows = [], [], []
    for index, (owner, place) in enumerate(zip(owners, places)):
        if owner is None and shared[index].max(initial=0.0) < OTHER_INK:
            if _part(sheet.print.cover, place).mean() < 255 * PRINTED:
                kept.append(index)
                sources.append(0)
                rows.append(NOTHING)
        elif owner is not None and shared[index, owner] > SAME_INK:
            true = normalize_inks([_part(sheet.writing.cover, drawn[owner])])[0]
            if _alike(glyphs[index], true) > SAME_SHAPE:
                kept.append(index)
                sources.append(written[owner].source)
                rows.append(written[owner].row)
    return PageGlyphs(glyphs[kept], np.array(sources, np.int32), np.array(rows, np.int32))


def _part(layer: np.ndarray, place: np.ndarray) -> np.ndarray:
    left, top, right, bottom = np.maximum(np.round(place), 0).astype(int)
    return layer[top : bottom + 1, left : right + 1]


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two glyphs, a little blurred, as thick as the thicker of them."""
    a, b = (cv2.GaussianBlur(g.astype(np.float32), (0, 0), 1.2).ravel() for g in (one, other))
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-6))


def _owners(cells: np.ndarray, written: np.ndarray) -> list[int | None]:
    """For each cell that was found the one of the written cells, of its size, it lies in."""
    middle = (cells[:, None, :2] + cells[:, None, 2:]) / 2
    inside = ((middle > written[:, :2]) & (middle < written[:, 2:])).all(axis=2)
    widths = (cells[:, 2] - cells[:, 0])[:, None] / (written[:, 2] - written[:, 0])
    fits = inside & (widths > 0.5) & (widths < 1.6)
    return [int(row.argmax()) if row.sum() == 1 else None for row in fits]


class _Filling:
    """Writes characters in the cells of a sheet, each row of them from one source."""

    def __init__(
        self, sheet: FormSheet, sources: Sequence[Handwriting], rng: np.random.Generator
    ) -> None:
        self.sheet, self.sources, self.rng = sheet, sources, rng
        self.shares = np.array([source.share for source in sources])
        self.shares /= self.shares.sum()
        self.cumulated = [np.cumsum(source.chances) for source in sources]
        self.hand = replace(random_hand(rng), size=rng.uniform(0.55, 1.0))

    def fill(self) -> list[_Written]:
        """What was written."""
        return [
            self._character(source, cell)
            for run in self.sheet.places.cells
            for source in [int(self.rng.choice(len(self.sources), p=self.shares))]
            for cell in run
            if self.rng.random() < FILLED
        ]

    def _character(self, number: int, cell: Box) -> _Written:
        source, rng = self.sources[number], self.rng
        row = int(np.searchsorted(self.cumulated[number][:-1], rng.random()))
        place = self._place(fit_cell(cell), str(source.labels[row]))
        strokes = source.pen_strokes(row)
        if strokes is None:
            ink = self._paste(source.images[row], place)
        else:
            ink = self._draw(strokes, place)
        return _Written(fit_cell(cell), ink, number, row)

    def _place(self, cell: Box, label: str) -> Box:
        rng = self.rng
        size = self.hand.size * rng.uniform(0.85, 1.12)
        height = size * (rng.uniform(0.6, 1.0) if label in "acegmnopqrsuvwxyz" else 1.0)
        aside = rng.normal(0, 0.07, 2)
        return Box(
            cell.x + (0.5 * (1 - size) + aside[0]) * cell.width,
            cell.y + (0.5 * (1 - height) + aside[1]) * cell.height,
            size * cell.width, height * cell.height,
        )  # fmt: skip

    def _draw(self, strokes: list[np.ndarray], place: Box) -> Box:
        rng, pen = self.rng, self.hand.pen
        points = np.concatenate(strokes)
        low, size = points.min(0), np.maximum(np.ptp(points, 0), 1.0)
        scale = min(place.height / size[1], place.width / size[0])
        scale = np.array([scale * rng.uniform(0.88, 1.1), scale])
        corner = (place.x, place.y) + 0.5 * ((place.width, place.height) - scale * size)
        slant = self.hand.slant + rng.normal(0, 0.04)
        placed = [(stroke - low) * scale for stroke in strokes]
        for stroke in placed:
            stroke[:, 0] -= slant * (stroke[:, 1] - scale[1] * size[1] / 2)
        placed = [stroke + corner for stroke in placed]
        width = pen.width * MM * rng.uniform(0.88, 1.12)
        draw_strokes_on(self.sheet.writing, placed, width, pen.dark * rng.uniform(0.85, 1.0))
        inked = np.concatenate(placed)
        low, size = inked.min(0) - width / 2, np.ptp(inked, 0) + width
        return Box(float(low[0]), float(low[1]), float(size[0]), float(size[1]))

    def _paste(self, glyph: np.ndarray, place: Box) -> Box:
        """A given glyph as ink, with a pen somewhat thinner or thicker than it was."""
        left, top, width, height = cv2.boundingRect((glyph >= 96).view(np.uint8))
        tight = glyph[top : top + height, left : left + width]
        scale = min(place.height / max(height, 1), place.width / max(width, 1))
        size = max(2, round(width * scale)), max(2, round(height * scale))
        large = cv2.resize(tight, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        level = self.rng.uniform(60, 170)
        cover = np.clip((large - level) * (2.5 * scale / 2) + 128, 0, 255).astype(np.uint8)
        x = place.x + 0.5 * (place.width - size[0])
        y = place.y + 0.5 * (place.height - size[1])
        dark = self.hand.pen.dark * self.rng.uniform(0.85, 1.0)
        self.sheet.writing.paste(cover, x, y, dark)
        return Box(x, y, float(size[0]), float(size[1]))
