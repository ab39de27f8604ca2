"""Rows of character cells as forms print them: boxes, combs, dots, white on tint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hcr_batch.training.synthesis.canvas import MM
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.types import Box

__all__ = ["CELL_STYLES", "draw_apart", "draw_dots", "draw_rounded"]


THICK_COMBS = 0.2
"""Share of the combs whose teeth are as thick as a felt pen's strokes."""


def _closed(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    inner = line * form.rng.uniform(0.4, 1.0)
    inner_dark = dark * form.rng.uniform(0.4, 1.0)
    for cell in cells[1:]:
        form.sheet.line.line((cell.x, cell.y), (cell.x, cell.bottom), inner, inner_dark)
    form.sheet.line.frame(whole, line, dark)


def draw_apart(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """Frames of their own around boxes."""
    for cell in cells:
        form.sheet.line.frame(cell, line, dark)


def draw_rounded(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """Rounded frames around boxes, or rings."""
    turn = np.linspace(0, 2 * np.pi, 41)
    power = 1.0 if form.rng.random() < 0.3 else form.rng.uniform(0.15, 0.6)
    for cell in cells:
        x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        outline = np.stack(
            [cell.x + cell.width * (0.5 + 0.5 * x), cell.y + cell.height * (0.5 + 0.5 * y)], 1
        )
        form.sheet.line.strokes([outline], line, dark)


def _comb(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """Teeth on a base line, from a hair to the full height; with or without sides and top."""
    rng, layer = form.rng, form.sheet.line
    share = rng.choice([rng.uniform(0.15, 0.45), rng.uniform(0.4, 0.75), 1.0])
    if rng.random() < THICK_COMBS:
        line = rng.uniform(0.4, 0.9) * MM
    layer.line((whole.x, whole.bottom), (whole.right, whole.bottom), line, dark)
    if rng.random() < 0.4:
        layer.line((whole.x, whole.y), (whole.right, whole.y), line, dark)
    tall = rng.random() < 0.6
    for x, end in [(c.x, i == 0) for i, c in enumerate(cells)] + [(whole.right, True)]:
        top = whole.y if end and tall else whole.bottom - share * whole.height
        layer.line((x, top), (x, whole.bottom), line, dark)


def _open(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """A comb without a base line: teeth alone, or hanging from a line above them."""
    rng, layer = form.rng, form.sheet.line
    share = rng.choice([rng.uniform(0.4, 0.9), 1.0])
    if rng.random() < 0.5:
        layer.line((whole.x, whole.y), (whole.right, whole.y), line, dark)
    for x in (*(cell.x for cell in cells), whole.right):
        layer.line((x, whole.y), (x, whole.y + share * whole.height), line, dark)


def _hung(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """A box with ticks between the cells at its top and its foot."""
    layer, tick = form.sheet.line, form.rng.uniform(0.12, 0.3) * whole.height
    both = form.rng.random() < 0.5
    layer.frame(whole, line, dark)
    for cell in cells[1:]:
        layer.line((cell.x, cell.bottom - tick), (cell.x, cell.bottom), line, dark)
        if both:
            layer.line((cell.x, cell.y), (cell.x, cell.y + tick), line, dark)


def _dotted(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    form.sheet.line.frame(whole, line, dark)
    for cell in cells[1:]:
        draw_dots(form, (cell.x, cell.y), (cell.x, cell.bottom), line, dark)


def draw_dots(
    form: FormDrawing,
    start: tuple[float, float],
    end: tuple[float, float],
    width: float,
    dark: float,
) -> None:
    """A dotted or dashed straight line."""
    rng = form.rng
    step = rng.uniform(0.5, 1.4) * MM
    dash = step * rng.uniform(0.25, 0.65)
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    way = np.subtract(end, start) / max(length, 1.0)
    for at in np.arange(0, length, step):
        first = np.add(start, way * at)
        last = first + way * min(dash, length - at)
        form.sheet.line.line(tuple(first), tuple(last), width, dark)


def _white(form: FormDrawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """White boxes on a tinted ground, with or without outline."""
    border = form.rng.uniform(1, 4) * MM
    ground = Box(
        whole.x - border, whole.y - border, whole.width + 2 * border, whole.height + 2 * border
    )
    tint = form.sheet.tint
    before = tint.copy()
    form.ground(ground)
    outline = form.rng.random() < 0.4
    for cell in cells:
        where = form.pixels(cell)
        tint[where] = before[where]
        form.sheet.picture[where] = 0
        if outline:
            form.sheet.line.frame(cell, line, dark)


CELL_STYLES: dict[str, Callable[[FormDrawing, list[Box], Box, float, float], None]] = {
    "closed": _closed,
    "apart": draw_apart,
    "rounded": draw_rounded,
    "comb": _comb,
    "open": _open,
    "hung": _hung,
    "dotted": _dotted,
    "white": _white,
}
