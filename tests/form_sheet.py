"""The paper of a generated form: what it asks, how its boxes look, print and ink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from form_defects import CLEAN, MM_PER_INCH, Defects
from PIL import Image, ImageDraw, ImageFont

from hcr_batch.types import Box

__all__ = ["STYLES", "FormSpec", "Question", "Sheet"]

DRAWING_DPI = 300
"""Least resolution at which lines and glyphs are drawn before they are reduced."""


@dataclass(frozen=True)
class Question:
    """One thing a form asks; `cells` is 0 for a free box, `width` of it in mm."""

    label: str
    answer: str
    cells: int = 0
    width: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class FormSpec:
    """A form before it is printed and filled; lengths in mm."""

    style: str
    title: str
    questions: tuple[Question, ...]
    seed: int
    dpi: float = 200.0
    width: float = 210.0
    height: float = 297.0
    cell_width: float = 5.5
    cell_height: float = 7.0
    line: float = 0.3
    line_level: int = 40
    labels_above: bool = True
    pen: float = 0.5
    pen_level: int = 40
    glyph_share: float = 0.65
    touching: float = 0.0
    defects: Defects = CLEAN
    hint: str = "Please print clearly in capitals, one character a box."
    heads: tuple[str, str, str] = ("Item", "Entry", "Code")
    notes: tuple[str, ...] = ()


class Sheet:
    """Paper that is printed and written on, in mm, at an integer multiple of the final dpi."""

    def __init__(self, width: float, height: float, dpi: float):
        self.reduction = int(np.ceil(DRAWING_DPI / dpi))
        self.scale = dpi * self.reduction / MM_PER_INCH
        rows, columns = (round(side * dpi / MM_PER_INCH) for side in (height, width))
        self.gray = np.full((rows * self.reduction, columns * self.reduction), 255, np.uint8)

    def line(self, start, end, width: float, level: int, dash: float = 0.0) -> None:
        """Draw a ruling; `dash` is the length of its dashes."""
        start, end = np.array(start), np.array(end)
        length = float(np.hypot(*(end - start)))
        pieces = max(1, round(length / (2 * dash))) if dash else 1
        for index in range(pieces):
            part = (index + 0.5 * np.array([0, 1])) / pieces if dash else np.array([0, 1])
            points = start + part[:, None] * (end - start)
            first, last = (tuple(map(int, np.round(point * self.scale))) for point in points)
            cv2.line(self.gray, first, last, level, max(1, round(width * self.scale)))

    def rectangle(self, box: Box, width: float, level: int, radius: float = 0.0) -> None:
        corners = [(box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)]
        if radius:
            self._rounded(box, radius, width, level)
            return
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            self.line(start, end, width, level)

    def _rounded(self, box: Box, radius: float, width: float, level: int) -> None:
        def outline(draw: ImageDraw.ImageDraw) -> None:
            edges = [edge * self.scale for edge in (box.x, box.y, box.right, box.bottom)]
            thick = max(1, round(width * self.scale))
            draw.rounded_rectangle(edges, radius * self.scale, outline=level, width=thick)

        self._draw(outline)

    def text(self, x: float, y: float, text: str, height: float, level: int = 30) -> float:
        """Print text with its upper edge at `y`; returns its width."""
        font = ImageFont.load_default(height * self.scale)
        self._draw(
            lambda draw: draw.text((x * self.scale, y * self.scale), text, fill=level, font=font)
        )
        return font.getlength(text) / self.scale

    def _draw(self, paint: Callable[[ImageDraw.ImageDraw], None]) -> None:
        image = Image.fromarray(self.gray)
        paint(ImageDraw.Draw(image))
        self.gray = np.array(image)

    def write(self, ink: np.ndarray, x: float, y: float, level: int) -> None:
        """Lay ink on the paper, centred on (x, y)."""
        rows, columns = ink.shape
        top, left = round(y * self.scale - rows / 2), round(x * self.scale - columns / 2)
        top, left = max(0, top), max(0, left)
        area = self.gray[top : top + rows, left : left + columns]
        ink = ink[: area.shape[0], : area.shape[1]]
        area[:] = np.minimum(area, 255 - ink * (255 - level))

    def reduced(self) -> np.ndarray:
        rows, columns = (side // self.reduction for side in self.gray.shape)
        return cv2.resize(self.gray, (columns, rows), interpolation=cv2.INTER_AREA)


Drawer = Callable[[Sheet, FormSpec, float, float, int], "list[Box]"]


def _row(x: float, y: float, count: int, width: float, height: float, gap: float) -> list[Box]:
    return [Box(x + index * (width + gap), y, width, height) for index in range(count)]


def _adjoining(sheet: Sheet, spec: FormSpec, x: float, y: float, count: int) -> list[Box]:
    """Closed boxes that share their walls."""
    cells = _row(x, y, count, spec.cell_width, spec.cell_height, 0)
    for cell in cells:
        sheet.rectangle(cell, spec.line, spec.line_level)
    return cells


def _comb(top: bool, walls: float, tooth: float, dash: float = 0.0) -> Drawer:
    """A comb: baseline, teeth and end walls of some share of the height, perhaps a top line."""

    def draw(sheet: Sheet, spec: FormSpec, x: float, y: float, count: int) -> list[Box]:
        cells = _row(x, y, count, spec.cell_width, spec.cell_height, 0)
        right, bottom = cells[-1].right, cells[-1].bottom
        sheet.line((x, bottom), (right, bottom), spec.line, spec.line_level)
        if top:
            sheet.line((x, y), (right, y), spec.line, spec.line_level)
        for index, edge in enumerate([cell.x for cell in cells] + [right]):
            inner = 0 < index < count
            rise = (tooth if inner else walls) * spec.cell_height
            ends = (edge, bottom), (edge, bottom - rise)
            sheet.line(*ends, spec.line, spec.line_level, dash if inner else 0.0)
        return cells

    return draw


def _spaced(radius: float) -> Drawer:
    def draw(sheet: Sheet, spec: FormSpec, x: float, y: float, count: int) -> list[Box]:
        gap = 0.25 * spec.cell_width
        cells = _row(x, y, count, spec.cell_width, spec.cell_height, gap)
        for cell in cells:
            sheet.rectangle(cell, spec.line, spec.line_level, radius)
        return cells

    return draw


STYLES: dict[str, Drawer] = {
    "boxes": _adjoining,
    "gray": _adjoining,
    "comb": _comb(top=False, walls=1.0, tooth=0.5),
    "low-comb": _comb(top=False, walls=0.5, tooth=0.5),
    "framed-comb": _comb(top=True, walls=1.0, tooth=0.45),
    "dashed": _comb(top=True, walls=1.0, tooth=1.0, dash=0.7),
    "dotted": _comb(top=False, walls=1.0, tooth=0.5, dash=0.35),
    "spaced": _spaced(radius=0.0),
    "rounded": _spaced(radius=1.2),
    "free": _adjoining,
    "table": _adjoining,
}
