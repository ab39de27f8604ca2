"""Filled forms with their truth, made from real handwriting; seeded.

`python tests/form_maker.py samples/forms` writes the generated samples again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from form_defects import MM_PER_INCH, degrade, random_defects, skew_matrix
from form_glyphs import GlyphSource
from form_questions import random_questions
from form_sheet import STYLES, FormSpec, Question, Sheet

from hcr_batch.types import Box

__all__ = [
    "STYLES",
    "FilledForm",
    "TruthField",
    "make_form",
    "random_form",
]

SMALL_LETTERS = "acegmnopqrsuvwxyz"
PAGE_SIZES = ((210.0, 297.0), (210.0, 148.0), (148.0, 210.0))
"""A4, A5 on its side and A5, in mm."""
LARGEST_UNPADDED = 5.0
"""Degrees; a page that is turned further is scanned on a larger sheet."""
SMALL_SHARE = 0.72
"""Height of letters without ascender by that of capitals."""


@dataclass(frozen=True)
class TruthField:
    """A field as it was filled; boxes in pixels of the finished image.

    `cells` and `text` run in parallel; a `free` field has one cell, with a string.
    """

    name: str
    kind: str
    box: Box
    cells: tuple[Box, ...]
    text: tuple[str, ...]

    @property
    def string(self) -> str:
        """The whole answer, inner blanks kept."""
        return "".join(text or " " for text in self.text).rstrip()


@dataclass(frozen=True)
class FilledForm:
    """A scanned form and everything that is true about it.

    Attributes
    ----------
    gray : ndarray of uint8, shape (rows, columns)
    dpi : float
    style : str
    fields : tuple of TruthField
    skew : float
        Degrees.
    labels : tuple of Box
        Boxes that hold print alone.
    glyphs : tuple of (str, tuple of ndarray)
        The string that was written in each row of cells, blanks left out, and the ink of
        its characters as it was before the scan, float32 from 0 to 1.
    """

    gray: np.ndarray
    dpi: float
    style: str
    fields: tuple[TruthField, ...]
    skew: float = 0.0
    labels: tuple[Box, ...] = ()
    glyphs: tuple[tuple[str, tuple[np.ndarray, ...]], ...] = ()


class Form:
    """A sheet with the fields that were put on it, as they lie before the scan."""

    def __init__(self, spec: FormSpec, glyphs: GlyphSource | None):
        self.spec, self.glyphs = spec, glyphs
        self.rng = np.random.default_rng(spec.seed)
        self.sheet = Sheet(spec.width, spec.height, spec.dpi)
        self.fields: list[TruthField] = []
        self.labels: list[Box] = []
        self.written: list[tuple[str, tuple[np.ndarray, ...]]] = []
        self.margin = 0.08 * spec.width

    def print_and_fill(self) -> None:
        y = self._heading()
        y = self._table(y) if self.spec.style == "table" else self._lines(y)
        for note in self.spec.notes:
            self.sheet.text(self.margin, y, note, 2.4)
            y += 4.2

    def _heading(self) -> float:
        sheet, spec = self.sheet, self.spec
        sheet.text(self.margin, 0.06 * spec.height, spec.title, 6.0)
        y = 0.06 * spec.height + 9
        sheet.text(self.margin, y, spec.hint, 2.6)
        return y + 8

    def _lines(self, y: float) -> float:
        """Questions one after the other, as many on a line as there is room for."""
        spec = self.spec
        x, step = self.margin, spec.cell_height + (9.0 if spec.labels_above else 5.0)
        for question in spec.questions:
            indent = 0.0 if spec.labels_above else 36.0
            width = indent + self._field_width(question)
            if x > self.margin and x + width > spec.width - self.margin:
                x, y = self.margin, y + step
            if y + step > spec.height - 10:
                break
            down = 4.2 if spec.labels_above else 0.0
            label_y = y if spec.labels_above else y + 0.3 * spec.cell_height
            self.sheet.text(x, label_y, question.label, 2.9)
            self._field(question, x + indent, y + down)
            x += width + 8
        return y + step + 3

    def _field_width(self, question: Question) -> float:
        pitch = self.spec.cell_width * (1.25 if self.spec.style in ("spaced", "rounded") else 1.0)
        return question.cells * pitch or question.width

    def _field(self, question: Question, x: float, y: float) -> None:
        spec = self.spec
        if question.cells:
            cells = STYLES[spec.style](self.sheet, spec, x, y, question.cells)
            self._record(question, "cells", cells, question.answer)
            self._write_cells(cells, question.answer)
            return
        box = Box(x, y, question.width, spec.cell_height)
        self.sheet.rectangle(box, spec.line, spec.line_level)
        self._record(question, "free", [box], question.answer)
        self._write_string(box, question.answer)

    def _record(self, question: Question, kind: str, cells: Sequence[Box], answer: str) -> None:
        if cells[-1].right > self.spec.width or cells[-1].bottom > self.spec.height:
            raise ValueError(f"{question.label!r} does not fit on the page")
        padded = [answer] if kind == "free" else [*answer.ljust(len(cells))]
        text = tuple(character.strip() for character in padded)
        name = question.name or question.label.lower().replace(" ", "_")
        self.fields.append(TruthField(name, kind, _around(cells), tuple(cells), text))

    def _table(self, y: float) -> float:
        """A printed number, a free answer and four boxes in each row, all walls shared."""
        spec, sheet = self.spec, self.sheet
        code = 4 * spec.cell_width
        widths = (30.0, spec.width - 2 * self.margin - 30.0 - code, code)
        lefts = self.margin + np.cumsum((0.0, *widths[:-1]))
        height = spec.cell_height
        for left, width, head in zip(lefts, widths, spec.heads, strict=True):
            self.labels.append(Box(left, y, width, height))
            sheet.rectangle(self.labels[-1], spec.line, spec.line_level)
            sheet.text(left + 1.5, y + 0.3 * height, head, 2.9)
        for question in spec.questions:
            y += height
            self.labels.append(Box(lefts[0], y, widths[0], height))
            sheet.rectangle(self.labels[-1], spec.line, spec.line_level)
            sheet.text(lefts[0] + 1.5, y + 0.3 * height, question.label, 2.7)
            entry, number = question.answer.split("|")
            free = replace(question, width=widths[1], cells=0, answer=entry)
            comb = replace(question, cells=4, answer=number, name=f"{question.label} code")
            self._field(free, lefts[1], y)
            self._field(comb, lefts[2], y)
        return y + height + 4

    def _write_cells(self, cells: Sequence[Box], answer: str) -> None:
        written: list[np.ndarray] = []
        for cell, character in zip(cells, answer, strict=False):
            if character.strip():
                ink = self._ink(character, self.spec.glyph_share * cell.height, 1.0 * cell.width)
                shift = self.rng.normal(0, 0.05, 2)
                if self.rng.random() < 0.03:  # over the wall
                    shift[0] += self.rng.choice([-0.25, 0.25])
                x = cell.x + cell.width * (0.5 + shift[0])
                y = cell.y + cell.height * (0.54 + shift[1])
                self.sheet.write(ink, x, y, self._pen_level())
                written.append(ink)
        text = answer[: len(cells)].replace(" ", "")
        self.written.append((text, tuple(written)))

    def _write_string(self, box: Box, answer: str) -> None:
        x = box.x + 1.5
        for character in answer:
            if character == " ":
                x += 2.5
                continue
            ink = self._ink(character, 0.58 * box.height, box.height)
            width = ink.shape[1] / self.sheet.scale
            y = box.y + box.height * (0.54 + self.rng.normal(0, 0.03))
            self.sheet.write(ink, x + width / 2, y, self._pen_level())
            touches = self.spec.touching and self.rng.random() < self.spec.touching
            x += width + (self.rng.uniform(-0.5, 0.0) if touches else self.rng.uniform(0.6, 1.2))
            if x > box.right - box.height:
                return

    def _ink(self, character: str, height: float, widest: float) -> np.ndarray:
        """One character's ink at a size between those of a neat and a careless hand."""
        height *= self.rng.uniform(0.88, 1.12) * (
            SMALL_SHARE if character in SMALL_LETTERS else 1.0
        )
        scale = self.sheet.scale
        ink = self.glyphs.draw(character, height * scale, self.spec.pen * scale)
        excess = ink.shape[1] / (widest * scale)
        if excess > 1:
            size = (round(ink.shape[1] / excess), ink.shape[0])
            ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
        return ink

    def _pen_level(self) -> int:
        return int(np.clip(self.spec.pen_level + self.rng.normal(0, 8), 0, 170))


def make_form(spec: FormSpec, glyphs: GlyphSource) -> FilledForm:
    """Print, fill and scan a form.

    Parameters
    ----------
    spec : FormSpec
    glyphs : GlyphSource

    Returns
    -------
    FilledForm
        The same for the same seed; boxes follow the skew.
    """
    rng = np.random.default_rng([spec.seed, 1])
    form = Form(spec, glyphs.writer(rng))
    form.print_and_fill()
    page = form.sheet.reduced()
    back = np.roll(page, (len(page) // 23, len(page) // 31), axis=(0, 1))
    page, back, margin = _with_room(page, back, spec.defects.skew)
    scale = spec.dpi / MM_PER_INCH
    placed = np.array([[scale, 0, margin[0]], [0, scale, margin[1]], [0, 0, 1]])
    matrix = skew_matrix(page.shape, spec.defects.skew) @ placed
    return FilledForm(
        gray=degrade(page, back, spec.dpi, spec.defects, rng),
        dpi=spec.dpi,
        style=spec.style,
        fields=tuple(_mapped(field, matrix) for field in form.fields),
        skew=spec.defects.skew,
        labels=tuple(_mapped_box(box, matrix) for box in form.labels),
        glyphs=tuple(form.written),
    )


def _with_room(
    page: np.ndarray, back: np.ndarray, skew: float
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Page and back with white around them, so that a large turn cuts nothing off."""
    if abs(skew) <= LARGEST_UNPADDED:
        return page, back, (0, 0)
    rows, columns = page.shape
    sine = abs(np.sin(np.radians(skew)))
    x, y = round(rows * sine / 2), round(columns * sine / 2)
    padded = (
        cv2.copyMakeBorder(side, y, y, x, x, cv2.BORDER_CONSTANT, value=255)
        for side in (page, back)
    )
    return (*padded, (x, y))


def random_form(
    seed: int, glyphs: GlyphSource, style: str = "", largest_skew: float = 3.5
) -> FilledForm:
    """A form of a random kind, in one of `STYLES`.

    Parameters
    ----------
    seed : int
    glyphs : GlyphSource
    style : str
        Empty for any.
    largest_skew : float
        Degrees.
    """
    rng = np.random.default_rng([seed, 2])
    style = style or str(rng.choice(list(STYLES)))
    cell_width = float(rng.uniform(4.5, 7.5))
    width, height = PAGE_SIZES[int(rng.integers(len(PAGE_SIZES)))]
    spec = FormSpec(
        style=style,
        title=str(rng.choice(["Registration", "Membership form", "Change of address", "Claim"])),
        questions=random_questions(rng, style, 0.84 * width, cell_width),
        seed=seed,
        dpi=float(rng.choice([100, 120, 150, 150, 200, 200, 200, 240, 300, 300, 400])),
        width=width,
        height=height,
        cell_width=cell_width,
        cell_height=cell_width * float(rng.uniform(1.0, 1.4)),
        line=float(rng.uniform(0.15, 0.5)),
        line_level=int(rng.integers(120, 180) if style == "gray" else rng.integers(10, 90)),
        labels_above=bool(rng.random() < 0.6),
        pen=float(rng.uniform(0.3, 0.7)),
        pen_level=int(rng.choice([30, 50, 85, 120])),
        glyph_share=float(rng.uniform(0.5, 0.8)),
        touching=0.2,
        defects=random_defects(rng, largest_skew),
    )
    return make_form(spec, glyphs)


def _around(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _mapped(field: TruthField, matrix: np.ndarray) -> TruthField:
    cells = tuple(_mapped_box(cell, matrix) for cell in field.cells)
    return replace(field, box=_around(cells), cells=cells)


def _mapped_box(box: Box, matrix: np.ndarray) -> Box:
    """Upright box around a box that was mapped."""
    corners = [(x, y, 1.0) for x in (box.x, box.right) for y in (box.y, box.bottom)]
    mapped = np.array(corners) @ matrix.T
    (left, top), (right, bottom) = mapped.min(axis=0), mapped.max(axis=0)
    return Box(float(left), float(top), float(right - left), float(bottom - top))


def main() -> None:
    """Write the samples; HCR_DATA names the folder with the handwriting."""
    from form_samples import write_samples

    if len(sys.argv) != 2 or "HCR_DATA" not in os.environ:
        sys.exit("usage: HCR_DATA=folder python tests/form_maker.py samples/forms")
    write_samples(Path(sys.argv[1]), Path(os.environ["HCR_DATA"]))


if __name__ == "__main__":
    main()
