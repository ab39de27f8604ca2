"""A form while it is drawn: its sheet and what its parts have in common."""

from __future__ import annotations

import numpy as np

from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.printing import Printer, print_words
from hcr_batch.types import Box

__all__ = ["FormDrawing", "screen"]


class FormDrawing:
    """The sheet, its fonts, and what one form keeps: line width and darkness, darkness of print."""

    def __init__(self, sheet: FormSheet, printer: Printer, rng: np.random.Generator) -> None:
        self.sheet, self.printer, self.rng = sheet, printer, rng
        self.width = sheet.shape[1]
        self.line_width = rng.choice([rng.uniform(0.1, 0.3), rng.uniform(0.25, 0.7)]) * MM
        self.line_dark = rng.choice([rng.uniform(0.12, 0.6), rng.uniform(0.6, 1.0)])
        self.print_dark = rng.choice([rng.uniform(0.35, 0.8), rng.uniform(0.75, 1.0)])
        self.margin = rng.uniform(-10, 15) * MM

    def text(self, x: float, y: float, size: float, count: int, dark: float = 0) -> float:
        """Print `count` words, `size` mm high, at (x, y); their width in pixels."""
        return print_words(
            self.sheet.print, self.printer, self.rng, (x, y, size), count, dark or self.print_dark
        )

    def latin_font(self) -> str:
        """The path of one of the fonts with Latin letters."""
        return self.printer.latin[int(self.rng.integers(len(self.printer.latin)))]

    def pen(self) -> tuple[float, float]:
        """Line width and darkness of the next part: mostly the form's own."""
        if self.rng.random() < 0.7:
            return self.line_width, self.line_dark
        return self.rng.uniform(0.1, 0.6) * MM, self.rng.uniform(0.1, 1.0)

    def block(self, box: Box, dark: float) -> None:
        """Fill a box evenly, 0 not at all to 1 black; nobody says whether that is print."""
        where = self.pixels(box)
        self.sheet.tint[where] *= 1 - dark
        self.sheet.picture[where] = 255

    def pixels(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of the sheet that a box covers."""
        rows, columns = self.sheet.shape
        return np.s_[
            max(round(box.y), 0) : min(max(round(box.bottom), 0), rows),
            max(round(box.x), 0) : min(max(round(box.right), 0), columns),
        ]

    def ground(self, box: Box) -> None:
        """Tint a box: lightly, with or without a screen of dots."""
        where = self.pixels(box)
        part = self.sheet.tint[where]
        if part.size == 0:
            return
        if self.rng.random() < 0.25:
            part *= 1 - self.rng.uniform(0.3, 0.9) * screen(part.shape, self.rng)
            self.sheet.picture[where] = 255
        else:
            part *= self.rng.uniform(0.55, 0.96)


def screen(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Dots of a halftone, 0 to 1 float32."""
    pitch, turn = rng.uniform(2.2, 6), rng.uniform(0, np.pi / 2)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    u = (np.cos(turn) * x + np.sin(turn) * y) * 2 * np.pi / pitch
    v = (-np.sin(turn) * x + np.cos(turn) * y) * 2 * np.pi / pitch
    return (np.cos(u) + np.cos(v) > rng.uniform(0.2, 1.6)).astype(np.float32)
