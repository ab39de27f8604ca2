"""Drawn parts of forms: rows of cells, tables, lines to write on, check boxes, pictures, text."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.printing import Printer, print_words, set_text
from hcr_batch.types import Box

__all__ = ["draw_layout"]

LEADING = 1.4
"""From one line of text to the next, by the size of its letters."""


def draw_layout(
    sheet: FormSheet, printer: Printer, rng: np.random.Generator, cell_rows: float = 4.0
) -> None:
    """Fill a blank sheet with parts of forms from top to bottom.

    `cell_rows` is how often rows of character cells come, beside 13 for all else.
    """
    drawing = _Drawing(sheet, printer, rng)
    rows, _ = sheet.shape
    weights = np.array([cell_rows, *(weight for _, weight in _PARTS[1:])])
    y = rng.uniform(-6, 6) * MM
    while y < rows:
        part = _PARTS[int(rng.choice(len(_PARTS), p=weights / weights.sum()))][0]
        y += part(drawing, y) + rng.uniform(0.6, 6) * MM


class _Drawing:
    """The sheet, its fonts, and what one form keeps: line width and darkness, darkness of print."""

    def __init__(self, sheet: FormSheet, printer: Printer, rng: np.random.Generator) -> None:
        self.sheet, self.printer, self.rng = sheet, printer, rng
        self.width = sheet.shape[1]
        self.line_width = rng.choice([rng.uniform(0.1, 0.3), rng.uniform(0.25, 0.7)]) * MM
        self.line_dark = rng.choice([rng.uniform(0.12, 0.6), rng.uniform(0.6, 1.0)])
        self.print_dark = rng.choice([rng.uniform(0.35, 0.8), rng.uniform(0.75, 1.0)])
        self.margin = rng.uniform(-10, 15) * MM

    def text(self, x: float, y: float, size: float, count: int, dark: float = 0) -> float:
        return print_words(
            self.sheet.print, self.printer, self.rng, (x, y, size), count, dark or self.print_dark
        )

    def pen(self) -> tuple[float, float]:
        """Line width and darkness of the next part: mostly the form's own."""
        if self.rng.random() < 0.7:
            return self.line_width, self.line_dark
        return self.rng.uniform(0.1, 0.6) * MM, self.rng.uniform(0.1, 1.0)

    def ground(self, box: Box) -> None:
        """Tint a box: lightly, with or without a screen of dots."""
        rows, columns = self.sheet.shape
        where = np.s_[
            max(round(box.y), 0) : min(max(round(box.bottom), 0), rows),
            max(round(box.x), 0) : min(max(round(box.right), 0), columns),
        ]
        part = self.sheet.tint[where]
        if part.size == 0:
            return
        if self.rng.random() < 0.25:
            part *= 1 - self.rng.uniform(0.3, 0.9) * _screen(part.shape, self.rng)
            self.sheet.picture[where] = 255
        else:
            part *= self.rng.uniform(0.55, 0.96)


def _screen(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Dots of a halftone, 0 to 1 float32."""
    pitch, turn = rng.uniform(2.2, 6), rng.uniform(0, np.pi / 2)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    u = (np.cos(turn) * x + np.sin(turn) * y) * 2 * np.pi / pitch
    v = (-np.sin(turn) * x + np.cos(turn) * y) * 2 * np.pi / pitch
    return (np.cos(u) + np.cos(v) > rng.uniform(0.2, 1.6)).astype(np.float32)


def _cells(form: _Drawing, y: float) -> float:
    """Rows of character cells in one of many styles, with a label."""
    rng = form.rng
    label = 0.0
    x = form.margin + rng.uniform(0, 15) * MM
    if rng.random() < 0.6:
        size = rng.uniform(1.8, 3.2)
        form.text(x, y, size, int(rng.integers(1, 5)))
        label = size * rng.uniform(1.1, 1.5) * MM
    width = rng.uniform(3.3, 8.5) * MM
    height = min(width * rng.uniform(0.75, 1.7), 12 * MM)
    style = str(rng.choice(list(_CELL_STYLES)))
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        at = x
        while at < form.width:
            count = int(rng.integers(1, 16))
            at = _cell_run(form, style, Box(at, y + label, width, height), count)
            at += rng.uniform(2, 12) * MM
        y += height * rng.choice([1.0, 1.25, 1.5])
    return label + 1.2 * height


def _cell_run(form: _Drawing, style: str, first: Box, count: int) -> float:
    """One run of cells; where it ends."""
    rng, (line, dark) = form.rng, form.pen()
    gap = rng.uniform(0.3, 2.2) * MM if style in ("apart", "rounded", "white") else 0.0
    cells = [
        Box(first.x + i * (first.width + gap), first.y, first.width, first.height)
        for i in range(count)
    ]
    whole = Box(first.x, first.y, cells[-1].right - first.x, first.height)
    if rng.random() < 0.12 and style != "white":
        form.ground(Box(whole.x - MM, whole.y - MM, whole.width + 2 * MM, whole.height + 2 * MM))
    _CELL_STYLES[style](form, cells, whole, line, dark)
    hints = rng.random() < 0.12
    signs = rng.random() < 0.15
    written: list[Box | None] = []
    for index, cell in enumerate(cells):
        if hints:
            _printed_character(form, cell, rng.uniform(0.06, 0.35), rng.choice(list("DMYTJA")))
        elif signs and index in (2, 5):
            _printed_character(form, cell, form.print_dark, rng.choice(list("/-.")))
            written.append(None)
            continue
        elif rng.random() < 0.015:
            _printed_character(form, cell, form.print_dark, rng.choice(list("0123456789ABCX")))
            written.append(None)
            continue
        written.append(cell)
    run: list[Box] = []
    for place in [*written, None]:
        if place is not None:
            run.append(place)
        elif run:
            form.sheet.places.cells.append(run)
            run = []
    if gap and rng.random() < 0.2:  # dashes and dots between the cells
        for before, after in zip(cells, cells[1:]):
            if rng.random() < 0.4:
                ink = set_text(str(rng.choice(list("-/."))), _latin(form), 3 * MM)
                form.sheet.print.paste(
                    ink,
                    (before.right + after.x - ink.shape[1]) / 2,
                    before.y + 0.4 * before.height,
                    form.print_dark,
                )
    return whole.right


def _latin(form: _Drawing) -> str:
    return form.printer.latin[int(form.rng.integers(len(form.printer.latin)))]


def _printed_character(form: _Drawing, cell: Box, dark: float, character: str) -> None:
    ink = set_text(str(character), _latin(form), form.rng.uniform(0.4, 0.8) * cell.height)
    form.sheet.print.paste(
        ink,
        cell.x + (cell.width - ink.shape[1]) / 2,
        cell.y + (cell.height - ink.shape[0]) / 2,
        dark,
    )


def _closed(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    inner = line * form.rng.uniform(0.4, 1.0)
    inner_dark = dark * form.rng.uniform(0.4, 1.0)
    for cell in cells[1:]:
        form.sheet.line.line((cell.x, cell.y), (cell.x, cell.bottom), inner, inner_dark)
    form.sheet.line.frame(whole, line, dark)


def _apart(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    for cell in cells:
        form.sheet.line.frame(cell, line, dark)


def _rounded(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 41)
    power = form.rng.uniform(0.15, 0.6)
    for cell in cells:
        x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
        y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
        outline = np.stack(
            [cell.x + cell.width * (0.5 + 0.5 * x), cell.y + cell.height * (0.5 + 0.5 * y)], 1
        )
        form.sheet.line.strokes([outline], line, dark)


def _comb(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """Teeth on a base line, from a hair to the full height; with or without sides and top."""
    rng, layer = form.rng, form.sheet.line
    share = rng.choice([rng.uniform(0.15, 0.45), rng.uniform(0.4, 0.75), 1.0])
    layer.line((whole.x, whole.bottom), (whole.right, whole.bottom), line, dark)
    if rng.random() < 0.4:
        layer.line((whole.x, whole.y), (whole.right, whole.y), line, dark)
    tall = rng.random() < 0.6
    for x, end in [(c.x, i == 0) for i, c in enumerate(cells)] + [(whole.right, True)]:
        top = whole.y if end and tall else whole.bottom - share * whole.height
        layer.line((x, top), (x, whole.bottom), line, dark)


def _hung(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    """A box with ticks between the cells at its top and its foot."""
    layer, tick = form.sheet.line, form.rng.uniform(0.12, 0.3) * whole.height
    both = form.rng.random() < 0.5
    layer.frame(whole, line, dark)
    for cell in cells[1:]:
        layer.line((cell.x, cell.bottom - tick), (cell.x, cell.bottom), line, dark)
        if both:
            layer.line((cell.x, cell.y), (cell.x, cell.y + tick), line, dark)


def _dotted(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
    form.sheet.line.frame(whole, line, dark)
    for cell in cells[1:]:
        _dots(form, (cell.x, cell.y), (cell.x, cell.bottom), line, dark)


def _dots(
    form: _Drawing, start: tuple[float, float], end: tuple[float, float], width: float, dark: float
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


def _white(form: _Drawing, cells: list[Box], whole: Box, line: float, dark: float) -> None:
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
        where = np.s_[
            max(round(cell.y), 0) : max(round(cell.bottom), 0),
            max(round(cell.x), 0) : max(round(cell.right), 0),
        ]
        tint[where] = before[where]
        form.sheet.picture[where] = 0
        if outline:
            form.sheet.line.frame(cell, line, dark)


_CELL_STYLES: dict[str, Callable[[_Drawing, list[Box], Box, float, float], None]] = {
    "closed": _closed,
    "apart": _apart,
    "rounded": _rounded,
    "comb": _comb,
    "hung": _hung,
    "dotted": _dotted,
    "white": _white,
}


def _ruled_line(form: _Drawing, y: float) -> float:
    """A label and a ruled or dotted line to write on, one or several below each other."""
    rng = form.rng
    pitch = rng.uniform(6.5, 11) * MM
    count = int(rng.choice([1, 1, 2, 4]))
    x = max(form.margin, 0) + rng.uniform(0, 10) * MM
    for row in range(count):
        base = y + (row + 1) * pitch
        at = x
        while at < form.width:
            start = at
            if row == 0 or count < 3:
                size = rng.uniform(2, 3.4)
                start += form.text(at, base - size * MM, size, int(rng.integers(1, 4))) + MM
            end = start + rng.uniform(18, 90) * MM
            _base_line(form, start, end, base)
            height = min(pitch - MM, 6 * MM)
            form.sheet.places.areas.append(
                Box(start + MM, base - height - 0.2 * MM, end - start - 2 * MM, height)
            )
            if rng.random() < 0.15:
                form.text(start + 4 * MM, base + 0.4 * MM, 1.8, 2)
            at = end + rng.uniform(3, 12) * MM
            if rng.random() < 0.5:
                break
    return count * pitch + MM


def _base_line(form: _Drawing, start: float, end: float, base: float) -> None:
    line, dark = form.pen()
    if form.rng.random() < 0.4:
        _dots(form, (start, base), (end, base), line, dark)
    else:
        form.sheet.line.line((start, base), (end, base), line, dark)


def _table(form: _Drawing, y: float) -> float:
    """Rows and columns: some cells printed, some to be written in, some with a row of cells."""
    rng, (line, dark) = form.rng, form.pen()
    rows = int(rng.integers(2, 7))
    height = rng.choice([rng.uniform(4, 6.5), rng.uniform(6, 12)]) * MM
    small = rng.random() < 0.35
    widths = rng.uniform(5, 9, 20) if small else rng.uniform(8, 40, 8)
    if rng.random() < 0.4:
        widths[:] = widths[0]
    edges = form.margin + np.r_[0, np.cumsum(widths)] * MM
    _grid(form, edges, y, (rows, height), (line, dark))
    printed = rng.random(len(widths)) < 0.35
    for row in range(rows):
        for column in range(len(widths)):
            box = Box(edges[column], y + row * height, edges[column + 1] - edges[column], height)
            heading = row == 0 and rng.random() < 0.5
            if heading or printed[column] or rng.random() < 0.08:
                _printed_in(form, box)
            elif small and 0.5 < box.width / box.height < 1.6:
                form.sheet.places.cells.append([box])
            else:
                _answer_box(form, box)
    return rows * height


def _grid(
    form: _Drawing, edges: np.ndarray, y: float, rows: tuple[int, float], line: tuple[float, float]
) -> None:
    count, height = rows
    rng = form.rng
    sides = rng.random() < 0.9
    if rng.random() < 0.25:
        form.ground(Box(edges[0], y, edges[-1] - edges[0], height))
    for row in range(count + 1):
        base = y + row * height
        if rng.random() < 0.06:
            _dots(form, (edges[0], base), (edges[-1], base), *line)
        else:
            form.sheet.line.line((edges[0], base), (edges[-1], base), *line)
    for x in edges if sides else edges[1:-1]:
        form.sheet.line.line((x, y), (x, y + count * height), *line)


def _printed_in(form: _Drawing, box: Box) -> None:
    """Numbers or words set in a cell of a table, so that nothing is to be written there."""
    rng = form.rng
    size = min(rng.uniform(0.3, 0.75) * box.height / MM, 4.5)
    text, path = form.printer.words(rng, 1 if box.width < 14 * MM else int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        text = "".join(rng.choice(list("0123456789"), int(rng.integers(1, 5))))
    if rng.random() < 0.15:
        text = str(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
    ink = set_text(text, path, size * MM)[:, : max(3, int(box.width - 0.6 * MM))]
    room = max(0.0, box.width - ink.shape[1])
    x = box.x + room * rng.choice([0.08, 0.5, 0.92])
    form.sheet.print.paste(ink, x, box.y + 0.5 * (box.height - ink.shape[0]), form.print_dark)


def _answer_box(form: _Drawing, box: Box) -> None:
    """A box for a string: empty, with a small label above or before, or with typed text."""
    rng = form.rng
    kind = rng.choice(["empty", "above", "before", "typed"], p=[0.5, 0.22, 0.2, 0.08])
    free = box
    if kind == "above" and box.height > 6.5 * MM:
        size = rng.uniform(1.5, 2.3)
        _clipped_text(
            form, Box(box.x + 0.5 * MM, box.y + 0.3 * MM, box.width - MM, size * MM), size
        )
        free = Box(box.x, box.y + size * MM, box.width, box.height - size * MM)
    elif kind == "before" and box.width > 22 * MM:
        size = min(rng.uniform(1.8, 3), 0.6 * box.height / MM)
        width = rng.uniform(0.2, 0.45) * box.width
        middle = box.y + 0.5 * (box.height - size * MM)
        _clipped_text(form, Box(box.x + 0.7 * MM, middle, width, size * MM), size)
        free = Box(box.x + width + MM, box.y, box.width - width - MM, box.height)
    elif kind == "typed":
        _printed_in(form, box)
        form.sheet.places.unsure.append(box)
        return
    if free.height > 3 * MM and free.width > 4 * MM:
        form.sheet.places.areas.append(free)


def _clipped_text(form: _Drawing, box: Box, size: float) -> None:
    text, path = form.printer.words(form.rng, int(form.rng.integers(1, 4)))
    ink = set_text(text, path, size * MM)[:, : max(3, int(box.width))]
    form.sheet.print.paste(ink, box.x, box.y, form.print_dark)


def _boxes(form: _Drawing, y: float) -> float:
    """Boxes beside each other, with labels inside."""
    rng, (line, dark) = form.rng, form.pen()
    height = rng.uniform(6, 20) * MM
    x = form.margin
    while x < form.width:
        box = Box(x, y, rng.uniform(15, 80) * MM, height)
        if rng.random() < 0.12:
            form.ground(box)
        thick = rng.uniform(0.6, 2.0) * MM if rng.random() < 0.08 else line
        form.sheet.line.frame(box, thick, dark)
        _answer_box(form, box)
        x = box.right + rng.choice([0.0, 0.0, rng.uniform(1, 8) * MM])
    return height


def _check_boxes(form: _Drawing, y: float) -> float:
    """Check boxes with their texts, beside or below each other."""
    rng, (line, dark) = form.rng, form.pen()
    side = rng.uniform(2.4, 6) * MM
    rounded = rng.random() < 0.1
    size = rng.uniform(2, 3.4)
    bare, bare_gap = rng.random() < 0.2, side * rng.uniform(0.2, 1.6)
    rows = int(rng.choice([2, 5, 9] if bare else [1, 1, 2, 4]))
    pitch = max(side, size * MM) * rng.uniform(1.15, 1.9)
    for row in range(rows):
        x = form.margin + rng.uniform(0, 6) * MM
        before = rng.random() < 0.25
        while x < form.width:
            if before:
                x += form.text(x, y + row * pitch, size, int(rng.integers(1, 3))) + MM
            box = Box(x, y + row * pitch, side, side * rng.uniform(0.92, 1.08))
            (_rounded if rounded else _apart)(form, [box], box, line, dark)
            form.sheet.places.checks.append(box)
            x += side + MM
            if bare:
                x += bare_gap
                continue
            if not before:
                x += form.text(x, y + row * pitch, size, int(rng.integers(1, 4)))
            x += rng.uniform(2, 20) * MM
            if rng.random() < 0.2:
                break
    return rows * pitch


def _bubbles(form: _Drawing, y: float) -> float:
    """Rings or brackets of a mark sheet with their letters, all of it print."""
    rng = form.rng
    pitch, rows = rng.uniform(4, 7) * MM, int(rng.integers(1, 6))
    size = rng.uniform(0.5, 0.7) * pitch
    letters = rng.choice(["0123456789", "ABCDE", "12345"])
    path = _latin(form)
    flat, dark = rng.uniform(0.6, 1.0), rng.uniform(0.25, 1.0)
    filled = rng.choice([0.0, 0.1, 0.2])
    turn = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([0.5 * np.cos(turn), 0.5 * flat * np.sin(turn)], 1) * size
    x0 = form.margin + rng.uniform(0, 20) * MM
    for row in range(rows):
        for column, letter in enumerate(letters):
            middle = np.array([x0 + column * pitch, y + (row + 0.5) * pitch])
            form.sheet.print.strokes([ring + middle], rng.uniform(1, 2), dark)
            ink = set_text(letter, path, 0.62 * size)
            form.sheet.print.paste(
                ink, middle[0] - ink.shape[1] / 2, middle[1] - ink.shape[0] / 2, dark
            )
            if rng.random() < filled:
                disc = rng.uniform(0.8, 1.1) * ring * rng.uniform(0.3, 1.0)
                form.sheet.print.strokes(
                    [disc + middle, 0.4 * disc + middle], 0.35 * size, rng.uniform(0.4, 1.0)
                )
    return rows * pitch


def _text(form: _Drawing, y: float) -> float:
    """Lines of text, large or small."""
    rng = form.rng
    size = rng.choice(
        [rng.uniform(1.5, 3), rng.uniform(2.5, 5), rng.uniform(5, 12)], p=[0.55, 0.37, 0.08]
    )
    rows = int(rng.integers(1, 8)) if size < 3.5 else 1
    x = form.margin + rng.uniform(0, 30) * MM
    for row in range(rows):
        form.text(x, y + row * size * LEADING * MM, size, int(rng.integers(3, 18)))
    return rows * size * LEADING * MM


def _capitals(form: _Drawing, y: float) -> float:
    """Loose printed characters at even steps, as in examples of how to write."""
    rng = form.rng
    pitch, size = rng.uniform(3.5, 8) * MM, rng.uniform(2.2, 5) * MM
    path = _latin(form)
    walls = rng.random() < 0.6
    line, dark = form.pen()
    x = form.margin + rng.uniform(0, 25) * MM
    for index in range(int(rng.integers(3, 20))):
        letter = str(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")))
        ink = set_text(letter, path, size)
        box = Box(x + index * pitch, y, pitch, 1.5 * size)
        form.sheet.print.paste(
            ink,
            box.x + (pitch - ink.shape[1]) / 2,
            box.y + (box.height - ink.shape[0]) / 2,
            form.print_dark,
        )
        if walls:
            form.sheet.line.frame(box, line, dark)
    return 1.6 * size


def _marks(form: _Drawing, y: float) -> float:
    """Marks by which scans are aligned, printed ticks and arrows, bullets: all of it print."""
    rng, layer = form.rng, form.sheet.print
    size = rng.uniform(1.2, 7) * MM
    kind = rng.choice(["disc", "square", "tick", "arrow", "corner", "cross"])
    turn = np.linspace(0, 2 * np.pi, 24)
    shapes = {
        "disc": np.stack([0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)], 1),
        "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
        "tick": [(0, 0.6), (0.2, 0.5), (0.35, 0.75), (0.85, 0), (1, 0.05), (0.4, 1)],
        "arrow": [(0, 0.3), (0.5, 0.3), (0.5, 0), (1, 0.5), (0.5, 1), (0.5, 0.7), (0, 0.7)],
        "corner": [(0, 0), (1, 0), (1, 0.15), (0.15, 0.15), (0.15, 1), (0, 1)],
        "cross": [
            (0, 0.45),
            (0.45, 0.45),
            (0.45, 0),
            (0.55, 0),
            (0.55, 0.45),
            (1, 0.45),
            (1, 0.55),
            (0.55, 0.55),
            (0.55, 1),
            (0.45, 1),
            (0.45, 0.55),
            (0, 0.55),
        ],
    }
    outline = np.array(shapes[str(kind)]) * size
    drawn = np.zeros((int(size) + 2, int(size) + 2), np.uint8)
    cv2.fillPoly(drawn, [np.round(outline * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    for _ in range(int(rng.choice([1, 1, 2, 5]))):
        layer.paste(drawn, rng.uniform(0, form.width), y, form.print_dark)
    return size if rng.random() < 0.5 else 0.0


def _heading(form: _Drawing, y: float) -> float:
    """A large title or number, spaced or not, with or without a swing through it."""
    rng = form.rng
    size = rng.uniform(3.5, 13) * MM
    text, path = form.printer.words(rng, int(rng.integers(1, 4)))
    if rng.random() < 0.4:
        text = "".join(rng.choice(list("0123456789ABCDEFGHIKLMNOPRSTUVWXYZ -/"), 10))
    ink = set_text(text.upper() if rng.random() < 0.5 else text, path, size)
    if rng.random() < 0.3:  # italic
        lean = rng.uniform(0.1, 0.35)
        matrix = np.array([[1, -lean, lean * ink.shape[0]], [0, 1, 0]])
        ink = cv2.warpAffine(ink, matrix, (int(ink.shape[1] + lean * ink.shape[0]), ink.shape[0]))
    if rng.random() < 0.12:  # letters in outline
        ink = cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    x = form.margin + rng.uniform(0, 40) * MM
    form.sheet.print.paste(ink, x, y, form.print_dark)
    if rng.random() < 0.1:
        along = np.linspace(0, 1, 30)
        swing = np.stack([x + along * ink.shape[1], y + size * (1.2 - 1.4 * along**2)], 1)
        form.sheet.print.strokes([swing], rng.uniform(2, 5), form.print_dark)
    return 1.2 * size


def _bar(form: _Drawing, y: float) -> float:
    """A heading on a dark or gray bar, white or black."""
    rng = form.rng
    height = rng.uniform(3.5, 8) * MM
    x, width = form.margin, rng.uniform(25, 120) * MM
    rows, columns = form.sheet.shape
    where = np.s_[
        max(round(y), 0) : min(max(round(y + height), 0), rows),
        max(round(x), 0) : min(max(round(x + width), 0), columns),
    ]
    if form.sheet.tint[where].size == 0:
        return height
    dark = rng.uniform(0.15, 1.0)
    form.sheet.tint[where] *= 1 - dark
    form.sheet.picture[where] = 255
    text, path = form.printer.words(rng, int(rng.integers(1, 6)))
    ink = set_text(text, path, height * rng.uniform(0.45, 0.75))[:, : max(int(width - MM), 3)]
    left, top = x + MM, y + (height - ink.shape[0]) / 2
    if dark > 0.45:
        _reversed(form.sheet, ink, left, top)
    else:
        form.sheet.print.paste(ink, left, top, form.print_dark)
    return height


def _reversed(sheet: FormSheet, ink: np.ndarray, x: float, y: float) -> None:
    """White text on a dark ground: print by its cover, light by its tint."""
    whole = np.zeros(sheet.shape, np.uint8)
    rows, columns = whole.shape
    left, top = round(max(x, 0)), round(max(y, 0))
    part = ink[: max(rows - top, 0), : max(columns - left, 0)]
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    share = whole.astype(np.float32) / 255
    sheet.tint[:] = sheet.tint * (1 - share) + share
    np.maximum(sheet.print.cover, whole, out=sheet.print.cover)


def _picture(form: _Drawing, y: float) -> float:
    """A bar code, QR code, logo, stamp, photograph, watermark or screened ground."""
    rng = form.rng
    kind = _PICTURES[int(rng.integers(len(_PICTURES)))]
    height = rng.uniform(8, 28) * MM
    width = height * rng.uniform(0.7, 2.5)
    x = rng.uniform(-0.2, 0.9) * form.width
    kind(form, Box(x, y, width, height))
    return height if rng.random() < 0.6 else 0.0


def _pasted(form: _Drawing, box: Box, dark: np.ndarray, doubtful: bool) -> None:
    """Darkness (0 to 255) as print, or as a picture of which nobody says what it is."""
    if not doubtful:
        form.sheet.print.paste(dark, box.x, box.y, form.print_dark)
        return
    rows, columns = form.sheet.shape
    left, top = max(round(box.x), 0), max(round(box.y), 0)
    part = dark[: max(rows - top, 0), : max(columns - left, 0)]
    where = np.s_[top : top + part.shape[0], left : left + part.shape[1]]
    form.sheet.tint[where] *= 1 - part.astype(np.float32) / 255
    form.sheet.picture[where] = 255


def _size(box: Box) -> tuple[int, int]:
    return max(4, int(box.height)), max(4, int(box.width))


def _bar_code(form: _Drawing, box: Box) -> None:
    rng, (rows, columns) = form.rng, _size(box)
    module = rng.uniform(1.3, 4)
    bars = np.repeat(rng.random(int(columns / module) + 1) < 0.5, max(1, round(module)))[:columns]
    _pasted(form, box, np.tile(bars[None].astype(np.uint8) * 255, (rows, 1)), False)


def _matrix_code(form: _Drawing, box: Box) -> None:
    rng, (rows, _) = form.rng, _size(box)
    count = int(rng.integers(14, 40))
    code = (rng.random((count, count)) < 0.5).astype(np.uint8) * 255
    if rng.random() < 0.7:
        for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
            code[row : row + 7, column : column + 7] = 255
            code[row + 1 : row + 6, column + 1 : column + 6] = 0
            code[row + 2 : row + 5, column + 2 : column + 5] = 255
    _pasted(form, box, cv2.resize(code, (rows, rows), interpolation=cv2.INTER_NEAREST), False)


def _logo(form: _Drawing, box: Box) -> None:
    """Rings, stars and blots, with or without text."""
    rng, (rows, columns) = form.rng, _size(box)
    drawn = np.zeros((rows, columns), np.uint8)
    for _ in range(int(rng.integers(2, 8))):
        middle = (rng.uniform(0.2, 0.8, 2) * (columns, rows)).astype(int)
        radius = int(rng.uniform(0.08, 0.5) * rows)
        shade, thick = int(rng.choice([0, 160, 255])), int(rng.choice([-1, 1, 2, 4]))
        if rng.random() < 0.5:
            cv2.circle(drawn, tuple(middle.tolist()), radius, shade, thick, cv2.LINE_AA)
        else:
            turn = np.linspace(0, 2 * np.pi, int(rng.integers(3, 14)), endpoint=False)
            corners = radius * rng.uniform(0.3, 1.0, len(turn))
            star = np.stack([np.cos(turn) * corners, np.sin(turn) * corners], 1) + middle
            cv2.polylines(drawn, [star.astype(np.int32)], True, shade, max(thick, 1), cv2.LINE_AA)
            if thick < 0:
                cv2.fillPoly(drawn, [star.astype(np.int32)], shade, cv2.LINE_AA)
    _pasted(form, box, drawn, False)


def _stamp(form: _Drawing, box: Box) -> None:
    """A rubber stamp: a ring or a frame with text, turned, pale, patchy."""
    rng, (rows, columns) = form.rng, _size(box)
    drawn = np.zeros((rows, columns), np.uint8)
    thick = int(rng.integers(2, 6))
    if rng.random() < 0.5:
        cv2.ellipse(
            drawn,
            (columns // 2, rows // 2),
            (columns // 2 - 4, rows // 2 - 4),
            0,
            0,
            360,
            255,
            thick,
            cv2.LINE_AA,
        )
    else:
        cv2.rectangle(drawn, (3, 3), (columns - 4, rows - 4), 255, thick)
    text, path = form.printer.words(rng, 2)
    ink = set_text(text, path, 0.25 * rows)[: rows // 2, : int(0.8 * columns)]
    top, left = (rows - ink.shape[0]) // 2, (columns - ink.shape[1]) // 2
    drawn[top : top + ink.shape[0], left : left + ink.shape[1]] |= ink
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.normal(0, 15), 0.9)
    drawn = cv2.warpAffine(drawn, matrix, (columns, rows))
    patches = cv2.resize(rng.uniform(0.2, 1, (6, 12)).astype(np.float32), (columns, rows))
    cover = (drawn * (patches > 0.3)).astype(np.uint8)
    form.sheet.print.paste(cover, box.x, box.y, rng.uniform(0.3, 0.9))


def _photograph(form: _Drawing, box: Box) -> None:
    """Soft blots as of a face or a landscape, with or without a screen."""
    rng, (rows, columns) = form.rng, _size(box)
    picture = np.zeros((rows, columns), np.float32)
    for cells in (3, 6, 14, 40):
        noise = rng.uniform(0, 1, (cells, cells)).astype(np.float32)
        picture += cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_CUBIC) / cells**0.6
    cv2.ellipse(
        picture,
        (columns // 2, rows // 2),
        (columns // 4, rows // 3),
        0,
        0,
        360,
        float(picture.mean() * rng.uniform(0.5, 1.5)),
        -1,
    )
    picture = np.clip((picture - picture.min()) / np.ptp(picture) * rng.uniform(0.4, 1), 0, 1)
    if rng.random() < 0.35:
        picture = (picture > rng.uniform(0, 1, picture.shape)).astype(np.float32)
    _pasted(form, box, (picture * 255).astype(np.uint8), True)


def _watermark(form: _Drawing, box: Box) -> None:
    """Large pale letters, or waves as on cheques, behind everything."""
    rng = form.rng
    rows, columns = form.sheet.shape
    pale = rng.uniform(0.03, 0.25)
    if rng.random() < 0.5:
        text, path = form.printer.words(rng, 1)
        ink = set_text(text[:12], path, rng.uniform(15, 50) * MM)
        box = Box(box.x - 0.5 * ink.shape[1], box.y, *ink.shape[::-1])
        _pasted(form, box, (ink * pale).astype(np.uint8), True)
        return
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    wave = y + rng.uniform(2, 12) * np.sin(x / rng.uniform(10, 60))
    lines = np.abs(np.mod(wave, rng.uniform(4, 14)) - 2) < rng.uniform(0.5, 1.2)
    where = np.s_[max(round(box.y), 0) : max(round(box.bottom), 0)]
    form.sheet.tint[where] *= 1 - pale * lines[where]


_PICTURES = (_bar_code, _matrix_code, _logo, _stamp, _photograph, _watermark)

_PARTS: tuple[tuple[Callable[[_Drawing, float], float], float], ...] = (
    (_cells, 4.0),  # unless told otherwise
    (_ruled_line, 2.0),
    (_table, 2.2),
    (_boxes, 1.3),
    (_check_boxes, 1.4),
    (_bubbles, 0.5),
    (_text, 1.5),
    (_capitals, 1.0),
    (_marks, 0.5),
    (_heading, 1.0),
    (_bar, 0.8),
    (_picture, 0.8),
)
"""Parts and how often they come."""
