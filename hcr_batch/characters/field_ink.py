"""The ink of a page shared out: to its cells, its strings, and what stands in neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np

from hcr_batch.characters.isolate import (
    CellInk,
    isolate_fields,
    of_one_pen,
    usual_pen,
    with_all_ink,
)
from hcr_batch.characters.line_strip import Strip
from hcr_batch.characters.marks import BaseLetter, are_several, base_letter
from hcr_batch.characters.string_candidates import TextLine, find_strings, row_strip
from hcr_batch.characters.unplaced import unplaced_fields
from hcr_batch.characters.writing import Writing, strokes_of
from hcr_batch.config import Settings
from hcr_batch.layout.areas import typed_answers
from hcr_batch.layout.fields import are_written, have_print
from hcr_batch.preprocess.binarize import Ink, binarize
from hcr_batch.segmentation.layers import Layers
from hcr_batch.types import Field, Page

__all__ = ["FieldInk", "InkSource", "field_inks"]

FAINT = 0.4
"""Share of the usual darkness of a pen below which writing may shine through from the back. Within
one field it does: nobody changes the pen from cell to cell. In another field of the page it may be
pencil beside ink, and a person is told."""
SEVERAL = 0.35
"""More than this share of the written cells of a page's rows of one size hold several characters:
they are boxes for a day, a month, an hour, in which single digits stand too. On real pages half of
such boxes held two that stood apart, and cells for one character hardly ever looked like it."""
SAME_SIZE = 0.15
"""Cells that differ less than this, of their width and height, are of one size."""
FEWEST_CROSSING, CROSSING = 2, 0.2
"""Characters of a row that cross its walls, and their share, from which it is read whole too."""


class InkSource(Enum):
    """What the page segmentation took the ink of a string for."""

    PEN = "pen"
    PRINT = "print"
    TYPED = "print where an answer belongs"


@dataclass(frozen=True)
class FieldInk:
    """A field with its ink: cells, or lines with candidates and what they are of.

    Attributes
    ----------
    field : Field
    cells : tuple of CellInk
    lines : tuple of TextLine
    source : InkSource
        Of the lines.
    faintest : float
        Darkness of a pen, 0 to 255, below which the cells' ink may shine through.
    faint : bool
        Whether the writing of an unplaced string may.
    row : Strip, optional
        All ink of the cells as one line, where writing crosses their walls.
    """

    field: Field
    cells: tuple[CellInk, ...] = ()
    lines: tuple[TextLine, ...] = ()
    source: InkSource = InkSource.PEN
    faintest: float = 0.0
    faint: bool = False
    row: Strip | None = None

    @property
    def strips(self) -> tuple[Strip, ...]:
        """What the line reader reads of the field."""
        lines = (line.strip for line in self.lines)
        return tuple(strip for strip in (*lines, self.row) if strip is not None)

    @cached_property
    def bases(self) -> dict[int, BaseLetter]:
        """Letters below marks, by their places among the cells with ink."""
        inks = (cell.ink for cell in self.cells if cell.ink is not None)
        found = ((number, base_letter(ink)) for number, ink in enumerate(inks))
        return {number: base for number, base in found if base}

    @cached_property
    def several(self) -> list[bool]:
        """Which of the cells, whose ink is as large as a character's and inside, hold several."""
        inside = (cell for cell in self.cells if not (cell.small or cell.crosses))
        inks = (cell.ink for cell in inside)
        alone = len(self.cells) == 1
        return [are_several(ink, alone) for ink in inks if ink is not None]

    def inks(self) -> Iterator[np.ndarray]:
        """Every ink of the field that may be a character; those of bases stand after the cells'."""
        yield from (cell.ink for cell in self.cells if cell.ink is not None)
        yield from (base.ink for base in self.bases.values())
        yield from (candidate.ink for line in self.lines for candidate in line.candidates)


def field_inks(
    page: Page,
    layers: Layers,
    fields: Sequence[Field],
    settings: Settings,
    one_a_cell: bool = False,
    ink: Ink | None = None,
) -> list[FieldInk]:
    """What is written in each field, and after them what is written in none.

    Parameters
    ----------
    page : Page
    layers : Layers
        Of the page.
    fields : sequence of Field
    settings : Settings
    one_a_cell : bool
        Each cell holds one character, as a template says, whatever it looks like.
    ink : Ink, optional
        Of the page, where it is known.
    """
    inked = _InkedPage(page, layers, ink or binarize(page, settings.layout), settings)
    writing = inked.strokes(layers.written)
    boxed = [field for field in fields if field.kind != "free"]
    free = [field for field in fields if field.kind == "free"]
    in_cells, stray = inked.in_cells(writing, boxed)
    if not one_a_cell:
        in_cells = [
            inked.in_boxes(writing, row) if holds else row
            for row, holds in zip(in_cells, _hold_strings(in_cells), strict=True)
        ]
    by_name = {ink.field.name: ink for ink in (*in_cells, *inked.in_areas(writing, free))}
    placed = [by_name[field.name] for field in fields]
    faintest = max((ink.faintest for ink in in_cells), default=0.0)
    return placed + list(inked.outside_fields(writing, stray, fields, faintest))


def _crosses_walls(cells: Sequence[CellInk]) -> bool:
    """Whether the characters of a row stand as the hand went, and not each in its cell."""
    inked = [cell for cell in cells if cell.ink is not None]
    crossing = sum(cell.crosses for cell in inked)
    return crossing >= max(FEWEST_CROSSING, CROSSING * len(inked))


def _hold_strings(rows: Sequence[FieldInk]) -> list[bool]:
    """Whether the boxes of each row of a page hold several characters, as those of its size do."""
    boxes = [row.field.cells[0].box for row in rows]
    sizes = np.array([(box.width, box.height) for box in boxes]).reshape(-1, 2)
    alike = (abs(sizes / sizes[:, None] - 1) < SAME_SIZE).all(axis=2)
    counts = [
        (sum(row.several), len(row.several)) if row.field.kind != "check" else (0, 0)
        for row in rows
    ]
    several, inked = (alike.astype(int) @ np.array(counts, int).reshape(-1, 2)).T
    return (several > SEVERAL * inked).tolist()


@dataclass(frozen=True)
class _InkedPage:
    """A page with its layers and ink."""

    page: Page
    layers: Layers
    ink: Ink
    settings: Settings

    def strokes(self, layer: np.ndarray) -> Writing:
        """The ink of one of the layers."""
        per_mm = self.page.pixels_per_mm
        return strokes_of(layer, self.ink, self.layers, per_mm, self.settings.glyphs)

    def strings(self, strokes: Writing, fields: Sequence[Field]) -> list[tuple[TextLine, ...]]:
        """The lines of free areas."""
        found = find_strings(strokes, fields, self.page.pixels_per_mm, self.settings.glyphs)
        return [
            tuple(replace(line, pen_share=self.layers.pen_share(line.box)) for line in lines)
            for lines in found
        ]

    def in_cells(
        self, writing: Writing, fields: Sequence[Field]
    ) -> tuple[list[FieldInk], np.ndarray]:
        """What stands in cells, print included; and which parts of the writing do not."""
        settings = self.settings.glyphs
        cells, stray = isolate_fields(writing, fields, settings)
        if have_print(self.layers, fields):
            both = self.strokes(np.maximum(self.layers.written, self.layers.printed))
            inked, _ = isolate_fields(both, fields, settings)
            written = are_written(self.layers, fields)
            cells = [
                with_all_ink(*found) for found in zip(cells, inked, written, strict=True)
            ]
        faintest = FAINT * usual_pen(cells)
        found = [
            FieldInk(
                field,
                cells=of_one_pen(inks, FAINT),
                faintest=faintest,
                row=row_strip(writing, field) if _crosses_walls(inks) else None,
            )
            for field, inks in zip(fields, cells, strict=True)
        ]
        return found, stray

    def in_boxes(self, writing: Writing, row: FieldInk) -> FieldInk:
        """The strings in the boxes of a row."""
        boxes = [Field(row.field.name, "free", c.box, (c,)) for c in row.field.cells]
        lines = tuple(line for found in self.strings(writing, boxes) for line in found)
        return FieldInk(replace(row.field, kind="free"), lines=lines) if lines else row

    def in_areas(self, writing: Writing, fields: Sequence[Field]) -> Iterator[FieldInk]:
        """The strings of free areas; where nothing is written, the print that may be an answer."""
        if not fields:
            return
        written = self.strings(writing, fields)
        unwritten = [f for f, lines in zip(fields, written, strict=True) if not lines]
        others = [f for f, lines in zip(fields, written, strict=True) if lines]
        printed, typed = self._printed(unwritten), typed_answers(self.layers, unwritten, others)
        for field, lines in zip(fields, written, strict=True):
            if lines or not printed.get(field.name):
                yield FieldInk(field, lines=lines)
            else:
                source = InkSource.TYPED if field.name in typed else InkSource.PRINT
                yield FieldInk(field, lines=printed[field.name], source=source)

    def _printed(self, fields: Sequence[Field]) -> dict[str, tuple[TextLine, ...]]:
        """The lines of print in some areas: labels, typed answers, hands as even as print."""
        if not have_print(self.layers, fields):
            return {}
        lines = self.strings(self.strokes(self.layers.printed), fields)
        return {field.name: found for field, found in zip(fields, lines, strict=True)}

    def outside_fields(
        self, writing: Writing, stray: np.ndarray, fields: Sequence[Field], faintest: float
    ) -> Iterator[FieldInk]:
        """What is written in no field; on a page without any, fields like others."""
        if self.settings.layout.mode == "boxes":
            return
        free = [field for field in fields if field.kind == "free"]
        frames = self.layers.closed * self.layers.scale
        unplaced = unplaced_fields(writing, stray, free, frames, self.page.pixels_per_mm)
        if not fields:
            unplaced = [
                replace(field, name=f"f{number:03d}", kind="free")
                for number, field in enumerate(unplaced, start=1)
            ]
        for field, lines in zip(unplaced, self.strings(writing, unplaced), strict=True):
            if lines:
                faint = writing.cut(field.box).pen < faintest
                yield FieldInk(field, lines=lines, faint=faint)
