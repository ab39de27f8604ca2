"""A form as it is made: one picture a layer, and the places that are there to write in."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from hcr_batch.types import Box

__all__ = ["DPI", "LEVEL", "MM", "FormSheet", "Layer", "Places", "fit_cell", "shrunk_by"]

DPI = 200
"""Resolution of a sheet: that of the network's input, pixels an inch."""
MM = DPI / 25.4
"""Pixels of a sheet a millimetre."""
LEVEL = 255
"""Full cover of a layer."""
LOW_TEETH = 0.75
"""Cells lower than this share of their width are the teeth of a comb: one writes above them."""
WRITTEN_HEIGHT = 1.15
"""Height that is written in above low teeth, by the width of the cell."""


class Layer:
    """Ink of one kind.

    Attributes
    ----------
    cover : ndarray of uint8, shape (rows, columns)
        How much of a pixel is covered, whatever the darkness of the ink.
    tone : ndarray of uint8, shape (rows, columns)
        The same times the darkness of the ink.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.cover = np.zeros((rows, columns), np.uint8)
        self.tone = np.zeros((rows, columns), np.uint8)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], width: float, dark: float
    ) -> None:
        """A straight line with square ends, `width` in pixels, upright ones to the pixel."""
        (x0, y0), (x1, y1) = start, end
        if abs(x1 - x0) < 1 or abs(y1 - y0) < 1:
            half = max(width, 1.0) / 2
            self.block(
                Box(
                    min(x0, x1) - half,
                    min(y0, y1) - half,
                    abs(x1 - x0) + 2 * half,
                    abs(y1 - y0) + 2 * half,
                ),
                dark,
            )
            return
        self.strokes([np.array([start, end], np.float32)], width, dark)

    def block(self, box: Box, dark: float) -> None:
        """A filled rectangle."""
        left, top = round(box.x), round(box.y)
        right, bottom = max(left + 1, round(box.right)), max(top + 1, round(box.bottom))
        where = np.s_[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        self.cover[where] = LEVEL
        self.tone[where] = np.maximum(self.tone[where], round(LEVEL * dark))

    def frame(self, box: Box, width: float, dark: float) -> None:
        """The outline of a rectangle."""
        left, top, right, bottom = box.x, box.y, box.right, box.bottom
        for start, end in (
            ((left, top), (right, top)),
            ((left, bottom), (right, bottom)),
            ((left, top), (left, bottom)),
            ((right, top), (right, bottom)),
        ):
            self.line(start, end, width, dark)

    def strokes(self, strokes: list[np.ndarray], width: float, dark: float) -> None:
        """Pen strokes, each (n, 2) float; a stroke of one point leaves a dot."""
        ended = [np.vstack([stroke, np.add(stroke[-1:], (0.3, 0))]) for stroke in strokes]
        fixed = [np.round(stroke * 8).astype(np.int32) for stroke in ended]
        pen = max(1, round(width))
        level = round(LEVEL * dark)
        if width < 1.5:  # thinner than OpenCV draws: a paler line
            level = round(level * max(0.5, width / 1.5))
        cv2.polylines(self.cover, fixed, False, LEVEL, pen, cv2.LINE_AA, 3)
        drawn = np.zeros_like(self.tone)
        cv2.polylines(drawn, fixed, False, level, pen, cv2.LINE_AA, 3)
        np.maximum(self.tone, drawn, out=self.tone)

    def paste(self, cover: np.ndarray, x: float, y: float, dark: float) -> None:
        """A picture of ink (uint8) with its top left corner at (x, y)."""
        left, top = round(x), round(y)
        rows, columns = self.cover.shape
        part = cover[max(0, -top) : max(0, rows - top), max(0, -left) : max(0, columns - left)]
        if part.size == 0:
            return
        left, top = max(left, 0), max(top, 0)
        where = np.s_[top : top + part.shape[0], left : left + part.shape[1]]
        self.cover[where] = np.maximum(self.cover[where], part)
        toned = (part.astype(np.float32) * dark).astype(np.uint8)
        self.tone[where] = np.maximum(self.tone[where], toned)


@dataclass
class Places:
    """Where a form is to be filled, boxes in pixels of the sheet.

    `cells` are runs of character cells; `unsure` are boxes of which nobody knows
    whether they are to be written in.
    """

    cells: list[list[Box]] = field(default_factory=list)
    areas: list[Box] = field(default_factory=list)
    checks: list[Box] = field(default_factory=list)
    unsure: list[Box] = field(default_factory=list)


class FormSheet:
    """The layers of a page or of a part of one, and its places.

    Attributes
    ----------
    line, print, writing : Layer
    tint : ndarray of float32, shape (rows, columns)
        Share of light that coloured grounds leave, 1 where there is none.
    picture : ndarray of uint8, shape (rows, columns)
        255 where pictures and grounds may or may not be called print.
    cover_up : ndarray of uint8, shape (rows, columns)
        Correction fluid over print and lines.
    places : Places
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.line, self.print = Layer(rows, columns), Layer(rows, columns)
        self.writing = Layer(rows, columns)
        self.tint = np.ones((rows, columns), np.float32)
        self.picture = np.zeros((rows, columns), np.uint8)
        self.cover_up = np.zeros((rows, columns), np.uint8)
        self.places = Places()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.tint.shape
        return rows, columns

    def rewritable(self) -> FormSheet:
        """The sheet without its writing, to be written on while this one is kept."""
        fresh = FormSheet(*self.shape)
        vars(fresh).update({**vars(self), "writing": fresh.writing})
        return fresh


def fit_cell(cell: Box) -> Box:
    """The part of a cell that is written in: above the teeth of a low comb, else all of it."""
    if cell.height >= LOW_TEETH * cell.width:
        return cell
    height = WRITTEN_HEIGHT * cell.width
    return Box(cell.x, cell.bottom - height, cell.width, height)


def shrunk_by(box: Box, margin: float) -> Box:
    """A box with `margin` taken off each side."""
    return Box(box.x + margin, box.y + margin, box.width - 2 * margin, box.height - 2 * margin)
