"""From the layers of a page to its fields and cells, in the order a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, pairwise

import numpy as np

from hcr_batch.arrays.box_sides import (
    bounds,
    contains,
    marked_shares,
    of_one_size,
    shared_areas,
    sides_of,
)
from hcr_batch.arrays.quantiles import median
from hcr_batch.config import LayoutSettings
from hcr_batch.layout.areas import boxes_like, free_areas
from hcr_batch.layout.cells import (
    LineShares,
    apart,
    evened,
    healed,
    inner_parts,
    set_in_walls,
)
from hcr_batch.layout.rhythm import completed
from hcr_batch.layout.separators import parted
from hcr_batch.layout.sure_cells import ENOUGH_WALLS, sure_cells
from hcr_batch.segmentation.layers import Layers
from hcr_batch.types import Box, Cell, Field, Rectangle

__all__ = ["are_written", "find_fields", "have_print", "printed_boxes", "reading_order"]

SHARED_WALL_MM = 0.9
"""Boxes nearer than this share a wall."""
MAX_SPACING = 0.6
"""Boxes further apart than this share of their width belong to different fields,"""
STANDS_OFF = 0.25
"""as do those that stand so far off boxes that share their walls;"""
SAME_GAP = 1.3
MIN_GAPS = 3
"""unless so many boxes of their row are as far apart."""
SAME_WIDTH = 0.25
"""Spaced boxes of one field differ less than this in width."""
MAX_WIDTH_RATIO = 2.4
"""Cells of one comb differ less than this."""
MAX_CELL_ASPECT = 1.2
"""A box that is wider, for its height, holds a string, unless its neighbours are cells."""
MOST_SHARED = 0.1
"""Share of a cell that may lie in one of another row: walls are not quite straight."""
RIM_MM = 0.5
LETTER = 0.2
"""Share of a box with its rim that is print, from which it may be the inside of a letter,"""
FRAMED = 0.7
"""if less than this share of that is lines,"""
PEER = 0.25
PEER_AWAY = 1.5
"""and no other box has its size and stands in a row or column with it: but for the first share of
its sides, and further away than the second. Of 82 check boxes with marks like print on 80 filled
blanks 76 are kept so, and of 7 letters one; by print alone all 89 were left out."""
PRINT_LEVEL = 128
PRINTED = 0.02
"""Of 255, a pixel is print from here on; and share of a cell that is print where it holds some."""
WALL_MM = 0.3
"""A free area whose sides all lie this near to those of a closed box is that box."""
SAME_ROW = 0.6
"""Boxes of one row share this much of the higher one's height,"""
SAME_HEIGHT = 0.65
"""and the lower is this share of the higher."""
CHECK_MM = (2.0, 4.7)
CHECK_ASPECT = 1.3
"""A single square box of this size is a check box,"""
LARGEST_CHECK_MM = 6.5
"""and one that the network takes for a check box is none if it is higher or wider: a letter or a
number is written in it."""


def find_fields(layers: Layers, settings: LayoutSettings) -> tuple[Field, ...]:
    """Find the fields of a level page.

    Parameters
    ----------
    layers : Layers
    settings : LayoutSettings

    Returns
    -------
    tuple of Field
        In reading order, named f001, f002 and so on; boxes in pixels of the page.
    """
    if settings.mode == "free":
        return ()
    pixels_per_mm = layers.pixels_per_mm
    line = LineShares.of(layers.line)
    (cells, walls), (checks, check_walls) = (
        apart(*set_in_walls(inner_parts(healed(layer, layers), layers), line))
        for layer in (layers.cell, layers.check)
    )
    checks = checks[check_walls >= ENOUGH_WALLS]
    checks = checks[~_are_letters(checks, layers)]
    is_large = (checks[:, 2:] - checks[:, :2]).max(axis=1) > LARGEST_CHECK_MM * pixels_per_mm
    large, checks = checks[is_large], checks[~is_large]
    boxes = layers.closed
    cells = np.concatenate([sure_cells(cells, walls, boxes, line), _elsewhere(large, cells)])
    cells = np.concatenate([cells, boxes_like(cells, _elsewhere(boxes, cells))])
    rows = _not_twice([completed(row, line) for row in _rows(_boxes(cells))])
    cells = sides_of([box for row in rows for box in row]).T
    checks = _elsewhere(checks, cells)
    taken = np.concatenate([cells, checks])
    areas = _elsewhere(free_areas(layers, boxes, cells, line), taken)
    found = [
        field
        for row in rows
        for run in _split_row(row, pixels_per_mm, settings)
        for part in parted(run, layers, line)
        for field in _fields_of_run(evened(part), pixels_per_mm, settings)
    ]
    found += [("check", (box,)) for box in _boxes(checks)]
    found += [("free", (box,)) for box in _boxes(areas)]
    return _named([(kind, tuple(layers.on_page(sides_of(run).T))) for kind, run in found])


def _are_letters(boxes: np.ndarray, layers: Layers) -> np.ndarray:
    """Which boxes, (N, 4), are the insides of large print: O, R or g; bool (N,).

    A mark in a check box may look like print too: but there are lines around it, or other boxes
    in one row or column with it.
    """
    whole = boxes + RIM_MM * layers.pixels_per_mm * np.array([-1, -1, 1, 1])
    print_share, line_share = (
        marked_shares(layer, whole, PRINT_LEVEL + 1) for layer in (layers.printed, layers.line)
    )
    are_letters = (print_share >= LETTER) & (line_share < FRAMED * print_share)
    are_letters[are_letters] = ~_have_peers(boxes[are_letters], boxes)
    return are_letters


def _have_peers(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes, (N, 4), have others, (M, 4), of their size apart in a row or column; bool (N,).

    The others may have the same among them.
    """
    size = (boxes[:, 2:] - boxes[:, :2])[:, None]
    away = abs(others[:, :2] - boxes[:, None, :2])
    aligned, are_apart = away < PEER * size, away > PEER_AWAY * size
    are_peers = of_one_size(boxes, others, PEER) & aligned.any(axis=2) & are_apart.any(axis=2)
    return np.asarray(are_peers.any(axis=1))


def have_print(layers: Layers, fields: Sequence[Field]) -> bool:
    """Whether there is machine print in one of the cells of some fields."""
    sides = sides_of(cell.box for field in fields for cell in field.cells).T / layers.scale
    return bool((marked_shares(layers.printed, sides, PRINT_LEVEL + 1) >= PRINTED).any())


def are_written(layers: Layers, fields: Sequence[Field]) -> list[bool]:
    """Whether more of the ink in the cells of each of some fields is handwriting than print."""
    sides = sides_of(cell.box for field in fields for cell in field.cells).T / layers.scale
    pen, press = (
        marked_shares(layer, sides, PRINT_LEVEL + 1) for layer in (layers.written, layers.printed)
    )
    ends = np.cumsum([0, *(len(field.cells) for field in fields)])
    return [
        bool(pen[first:last].sum() > press[first:last].sum())
        for first, last in zip(ends, ends[1:])
    ]


def printed_boxes(layers: Layers, fields: Sequence[Field]) -> list[Box]:
    """The cells of fields that are printed on the form: not the areas without walls.

    Parameters
    ----------
    layers : Layers
    fields : sequence of Field
        As :func:`find_fields` gives them.
    """
    closed = layers.closed * layers.scale
    slack = WALL_MM * layers.pixels_per_mm * layers.scale
    found = []
    for field in fields:
        sides = sides_of([field.box]).T
        if field.kind != "free" or (abs(closed - sides).max(axis=1, initial=0.0) <= slack).any():
            found += [cell.box for cell in field.cells]
    return found


def _named(found: list[tuple[str, tuple[Box, ...]]]) -> tuple[Field, ...]:
    fields = [
        Field("", kind, bounds(boxes), tuple(Cell(box) for box in boxes)) for kind, boxes in found
    ]
    return tuple(
        replace(fields[place], name=f"f{number:03d}")
        for number, place in enumerate(reading_order([f.box for f in fields]), start=1)
    )


def _boxes(sides: np.ndarray) -> list[Box]:
    return [Box(x, y, right - x, bottom - y) for x, y, right, bottom in sides.tolist()]


def _elsewhere(sides: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Those of the boxes, (N, 4), that hold no middle of the taken ones and lie in none."""
    middles = (sides[:, :2] + sides[:, 2:]) / 2
    others = (taken[:, :2] + taken[:, 2:]) / 2
    free = ~contains(sides, others).any(axis=1) & ~contains(taken, middles).any(axis=0)
    return sides[free]


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """Boxes of like height that stand beside each other, each row from left to right."""
    boxes = sorted(boxes, key=lambda box: box.x)
    in_line = _in_line(boxes).tolist()
    rows: list[list[int]] = []
    for number, others in enumerate(in_line):
        for row in rows:
            if others[row[-1]]:
                row.append(number)
                break
        else:
            rows.append([number])
    return [[boxes[number] for number in row] for row in rows]


def _in_line(boxes: list[Box]) -> np.ndarray:
    """Which of the boxes, N of them, stand on one line with which, as high; bool (N, N)."""
    _, top, _, bottom = sides_of(boxes)
    height = np.array([box.height for box in boxes])
    low, high = np.minimum.outer(height, height), np.maximum.outer(height, height)
    shared = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    return np.logical_and(shared > SAME_ROW * high, low > SAME_HEIGHT * high)


def _not_twice(rows: list[list[Box]]) -> list[list[Box]]:
    """Rows without the cells of which a good part lies in one of a longer row."""
    kept: list[list[Box]] = []
    for row in sorted(rows, key=len, reverse=True):
        taken = sides_of([box for other in kept for box in other]).T
        sides = sides_of(row).T
        kept.append(list(compress(row, ~np.any(_shares_of(sides, taken) > MOST_SHARED, axis=1))))
    return kept


def _shares_of(sides: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Share of each box, (N, 4), that lies in each of the others, (M, 4): float (N, M)."""
    size = (sides[:, 2:] - sides[:, :2]).prod(axis=1)
    return shared_areas(sides, others) / np.maximum(size, 1)[:, None]


def _fields_of_run(
    run: tuple[Box, ...], pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[str, tuple[Box, ...]]]:
    if len(run) == 1 and _is_check_box(run[0], pixels_per_mm):
        return [("check", run)]
    if len(run) > 1:
        return [(_kind(run, pixels_per_mm), run)]
    return [_single(box, pixels_per_mm, settings) for box in run]


def _single(
    box: Box, pixels_per_mm: float, settings: LayoutSettings
) -> tuple[str, tuple[Box, ...]]:
    large = box.height > settings.max_cell_mm * pixels_per_mm
    return ("free" if large or box.width > MAX_CELL_ASPECT * box.height else "boxes", (box,))


def _split_row(
    row: list[Box], pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[Box, ...]]:
    """Part a row where a gap, another size or a wide box separates."""
    usual = _usual_gap(row)
    starts = [
        number
        for number, (before, box) in enumerate(pairwise(row), 1)
        if not _together(before, box, usual, pixels_per_mm, settings)
        or _stands_off(row, number, pixels_per_mm)
    ]
    return [tuple(row[first:last]) for first, last in pairwise([0, *starts, len(row)])]


def _stands_off(row: list[Box], number: int, pixels_per_mm: float) -> bool:
    """Whether a box stands off the one before, and one of the two shares a wall with another."""
    wall = SHARED_WALL_MM * pixels_per_mm
    gaps = [b.x - a.right for a, b in pairwise(row[max(0, number - 2) : number + 2])]
    gap = row[number].x - row[number - 1].right
    return gap > max(wall, STANDS_OFF * row[number].width) and min(gaps) <= wall


def _usual_gap(row: list[Box]) -> float:
    """Gap between the boxes of a row that stand next to each other; 0 for few of them."""
    gaps = [b.x - a.right for a, b in pairwise(row) if b.x - a.right < min(a.width, b.width)]
    return float(median(gaps)) if len(gaps) >= MIN_GAPS else 0.0


def _together(
    a: Box, b: Box, usual_gap: float, pixels_per_mm: float, settings: LayoutSettings
) -> bool:
    if max(a.width / a.height, b.width / b.height) > settings.max_cell_aspect:
        return False
    gap = b.x - a.right
    narrow, broad = sorted((a.width, b.width))
    if gap <= SHARED_WALL_MM * pixels_per_mm:
        return broad <= MAX_WIDTH_RATIO * narrow
    near = max(MAX_SPACING * narrow, min(SAME_GAP * usual_gap, narrow))
    return gap <= near and broad - narrow <= SAME_WIDTH * broad


def _kind(run: tuple[Box, ...], pixels_per_mm: float) -> str:
    gaps = [b.x - a.right for a, b in pairwise(run)]
    return "comb" if median(gaps) <= SHARED_WALL_MM * pixels_per_mm else "boxes"


def _is_check_box(box: Box, pixels_per_mm: float) -> bool:
    least, most = (side * pixels_per_mm for side in CHECK_MM)
    narrow, broad = sorted((box.width, box.height))
    return least <= narrow and broad <= most and broad <= CHECK_ASPECT * narrow


def reading_order(boxes: Sequence[Rectangle]) -> list[int]:
    """Numbers of boxes from top to bottom by lines of those beside each other, each left to right.

    Parameters
    ----------
    boxes : sequence of Rectangle
    """
    lines: list[list[int]] = []
    for number in sorted(range(len(boxes)), key=lambda n: boxes[n].y):
        beside = (line for line in reversed(lines) if _beside(boxes[line[0]], boxes[number]))
        line = next(beside, None)
        if line is None:
            lines.append([number])
        else:
            line.append(number)
    return [number for line in lines for number in sorted(line, key=lambda n: boxes[n].x)]


def _beside(a: Rectangle, b: Rectangle) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.y, b.y)
    return shared > 0.5 * min(a.height, b.height) and abs(a.y - b.y) < 0.5 * a.height
