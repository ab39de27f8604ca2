"""Drawn parts of forms that are written in: cells, lines, tables, boxes, check boxes."""

from __future__ import annotations

import numpy as np

from hcr_batch.training.synthesis.canvas import MM
from hcr_batch.training.synthesis.cell_styles import (
    CELL_STYLES,
    draw_apart,
    draw_dots,
    draw_rounded,
)
from hcr_batch.training.synthesis.form_drawing import FormDrawing
from hcr_batch.training.synthesis.printing import set_text
from hcr_batch.types import Box

__all__ = [
    "draw_boxes",
    "draw_cells",
    "draw_check_boxes",
    "draw_ruled_lines",
    "draw_shaded_boxes",
    "draw_squared_paper",
    "draw_table",
    "round_outline",
]


ROUND_SHARE = 0.22
"""Of the rows of boxes that have round corners."""


def draw_cells(form: FormDrawing, y: float) -> float:
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
    style = str(rng.choice(list(CELL_STYLES)))
    for _ in range(int(rng.choice([1, 1, 1, 2, 4]))):
        at = x
        while at < form.width:
            count = int(rng.integers(1, 16))
            at = _cell_run(form, style, Box(at, y + label, width, height), count)
            at += rng.uniform(2, 12) * MM
        y += height * rng.choice([1.0, 1.25, 1.5])
    return label + 1.2 * height


def _cell_run(form: FormDrawing, style: str, first: Box, count: int) -> float:
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
    CELL_STYLES[style](form, cells, whole, line, dark)
    if rng.random() < 0.06:
        _block_beside(form, whole)
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
                ink = set_text(str(rng.choice(list("-/."))), form.latin_font(), 3 * MM)
                form.sheet.print.paste(
                    ink,
                    (before.right + after.x - ink.shape[1]) / 2,
                    before.y + 0.4 * before.height,
                    form.print_dark,
                )
    return whole.right


def _block_beside(form: FormDrawing, whole: Box) -> None:
    """A black or gray block right before or behind a run of cells, its edge their outer wall."""
    rng = form.rng
    width = rng.uniform(5, 60) * MM
    x = whole.right if rng.random() < 0.5 else whole.x - width
    form.block(Box(x, whole.y, width, whole.height), rng.uniform(0.3, 1.0))


def _printed_character(form: FormDrawing, cell: Box, dark: float, character: str) -> None:
    ink = set_text(str(character), form.latin_font(), form.rng.uniform(0.4, 0.8) * cell.height)
    form.sheet.print.paste(
        ink,
        cell.x + (cell.width - ink.shape[1]) / 2,
        cell.y + (cell.height - ink.shape[0]) / 2,
        dark,
    )


def draw_ruled_lines(form: FormDrawing, y: float) -> float:
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


def _base_line(form: FormDrawing, start: float, end: float, base: float) -> None:
    line, dark = form.pen()
    if form.rng.random() < 0.4:
        draw_dots(form, (start, base), (end, base), line, dark)
    else:
        form.sheet.line.line((start, base), (end, base), line, dark)


def draw_table(form: FormDrawing, y: float) -> float:
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
    blocked = rng.random(len(widths)) < rng.choice([0.0, 0.15], p=[0.8, 0.2])
    for row in range(rows):
        for column in range(len(widths)):
            box = Box(edges[column], y + row * height, edges[column + 1] - edges[column], height)
            if blocked[column] and rng.random() < 0.5:
                form.block(box, rng.uniform(0.3, 1.0))
                continue
            heading = row == 0 and rng.random() < 0.5
            if heading or printed[column] or rng.random() < 0.08:
                _printed_in(form, box)
            elif small and 0.5 < box.width / box.height < 1.6:
                form.sheet.places.cells.append([box])
            else:
                _answer_box(form, box)
    return rows * height


def _grid(
    form: FormDrawing,
    edges: np.ndarray,
    y: float,
    rows: tuple[int, float],
    line: tuple[float, float],
) -> None:
    count, height = rows
    rng = form.rng
    sides = rng.random() < 0.9
    if rng.random() < 0.25:
        form.ground(Box(edges[0], y, edges[-1] - edges[0], height))
    for row in range(count + 1):
        base = y + row * height
        if rng.random() < 0.06:
            draw_dots(form, (edges[0], base), (edges[-1], base), *line)
        else:
            form.sheet.line.line((edges[0], base), (edges[-1], base), *line)
    for x in edges if sides else edges[1:-1]:
        form.sheet.line.line((x, y), (x, y + count * height), *line)


def _printed_in(form: FormDrawing, box: Box) -> None:
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


def _answer_box(form: FormDrawing, box: Box) -> None:
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


def _clipped_text(form: FormDrawing, box: Box, size: float) -> None:
    text, path = form.printer.words(form.rng, int(form.rng.integers(1, 4)))
    ink = set_text(text, path, size * MM)[:, : max(3, int(box.width))]
    form.sheet.print.paste(ink, box.x, box.y, form.print_dark)


def draw_boxes(form: FormDrawing, y: float) -> float:
    """Boxes beside each other, with labels inside; or apart, with round corners."""
    rng, (line, dark) = form.rng, form.pen()
    height = rng.uniform(6, 20) * MM
    is_round = rng.random() < ROUND_SHARE
    radius = rng.uniform(0.1, 0.5)
    if is_round:
        height = min(height, 11 * MM)
    x = form.margin
    while x < form.width:
        box = Box(x, y, rng.uniform(15, 80) * MM, height)
        if rng.random() < 0.12:
            form.ground(box)
        if is_round:
            form.sheet.line.strokes([round_outline(box, radius * height)], line, dark)
        else:
            thick = rng.uniform(0.6, 2.0) * MM if rng.random() < 0.08 else line
            form.sheet.line.frame(box, thick, dark)
        _answer_box(form, box)
        gap = rng.uniform(1, 15) if is_round else rng.choice([0.0, 0.0, rng.uniform(1, 8)])
        x = box.right + gap * MM
    return height


def round_outline(box: Box, radius: float) -> np.ndarray:
    """The outline of a box with round corners, float (N, 2)."""
    turn = np.linspace(0, np.pi / 2, 9)
    arc = radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    ends = (box.right, box.bottom), (box.x, box.bottom), (box.x, box.y), (box.right, box.y)
    quarters = []
    for (x, y), (across, down) in zip(ends, ((1, 1), (-1, 1), (-1, -1), (1, -1)), strict=True):
        middle = (x - across * radius, y - down * radius)
        quarter = arc * (across, down) + middle
        quarters.append(quarter if across * down > 0 else quarter[::-1])
    outline = np.concatenate(quarters)
    return np.concatenate([outline, outline[:1]])


def draw_shaded_boxes(form: FormDrawing, y: float) -> float:
    """Rows of boxes told by their ground alone: tinted ones, or white ones on a tint."""
    rng, sheet = form.rng, form.sheet
    rows, height = int(rng.choice([1, 1, 2, 3, 5])), rng.uniform(4.5, 10) * MM
    pitch = height + rng.uniform(0.7, 3.5) * MM
    border, is_white = rng.uniform(1, 4) * MM, rng.random() < 0.4
    grounds = [(sheet.tint.copy(), sheet.picture.copy())]
    form.ground(Box(-MM, y - border, form.width + 2 * MM, rows * pitch + border))
    grounds.append((sheet.tint.copy(), sheet.picture.copy()))
    (tint, picture), around = grounds if is_white else reversed(grounds)
    sheet.tint[:], sheet.picture[:] = around
    gaps = rng.choice([rng.uniform(0.7, 2.5), rng.uniform(8, 30)]) * MM
    widths = rng.uniform(10, 70, 20) * MM
    for row in range(rows):
        x, top = form.margin, y + row * pitch
        for width in widths:
            box = Box(x, top, width, height)
            where = form.pixels(box)
            sheet.tint[where], sheet.picture[where] = tint[where], picture[where]
            _answer_box(form, box)
            if gaps > 4 * MM:
                size = rng.uniform(1.8, 3)
                middle = top + 0.5 * (height - size * MM)
                _clipped_text(form, Box(box.right + MM, middle, gaps - 2 * MM, size * MM), size)
            x = box.right + gaps
            if x > form.width:
                break
    return rows * pitch


def draw_squared_paper(form: FormDrawing, y: float) -> float:
    """An area of squares of 1 to 2 mm, every fifth or tenth line of which may be stronger."""
    rng = form.rng
    pitch, each = rng.uniform(0.9, 2.1) * MM, int(rng.choice([5, 10]))
    columns = int(rng.uniform(25, 110) * MM // pitch)
    rows = int(rng.uniform(12, 45) * MM // pitch)
    line, dark = rng.uniform(0.06, 0.25) * MM, rng.uniform(0.08, 0.6)
    strong = min(1.0, dark * rng.uniform(1.0, 2.2))
    x = form.margin + rng.uniform(0, 25) * MM
    right, bottom = x + columns * pitch, y + rows * pitch
    for number in range(columns + 1):
        at = x + number * pitch
        form.sheet.line.line((at, y), (at, bottom), line, dark if number % each else strong)
    for number in range(rows + 1):
        at = y + number * pitch
        form.sheet.line.line((x, at), (right, at), line, dark if number % each else strong)
    margin = 0.5 * MM
    form.sheet.places.areas.append(
        Box(x + margin, y + margin, right - x - 2 * margin, bottom - y - 2 * margin)
    )
    return rows * pitch


def draw_check_boxes(form: FormDrawing, y: float) -> float:
    """Check boxes with their texts, beside or below each other."""
    rng, (line, dark) = form.rng, form.pen()
    side = rng.uniform(2.4, 6) * MM
    rounded = rng.random() < 0.2
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
            (draw_rounded if rounded else draw_apart)(form, [box], box, line, dark)
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
