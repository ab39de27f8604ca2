"""From a page to its fields and cells, in the order a person reads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.bands import divide_bands, find_bands
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.boxes import find_boxes
from hcr_batch.layout.contrast import is_front, is_written, usual_darkness
from hcr_batch.layout.lines import find_lines
from hcr_batch.layout.rows import complete_rows, divide_runs
from hcr_batch.layout.rulings import Rulings, find_rulings
from hcr_batch.types import Box, Cell, Field

__all__ = ["find_fields"]

SHARED_WALL_MM = 0.9
"""Boxes nearer than this share a wall."""
MAX_SPACING = 0.6
"""Boxes further apart than this share of their width belong to different fields."""
SAME_WIDTH = 0.25
"""Spaced boxes of one field differ less than this in width."""
MAX_WIDTH_RATIO = 2.4
"""Cells of one comb differ less than this."""
MAX_CELL_ASPECT = 1.2
"""A box that is wider, for its height, holds a string, unless its neighbours are cells."""
CHECK_MM = (2.0, 4.7)
CHECK_ASPECT = 1.3
"""A single square box of this size is a check box."""


def find_fields(ink: Ink, pixels_per_mm: float, settings: LayoutSettings) -> tuple[Field, ...]:
    """Find the fields of a deskewed page.

    Parameters
    ----------
    ink : Ink
    pixels_per_mm : float
    settings : LayoutSettings

    Returns
    -------
    tuple of Field
        In reading order, named f001, f002 and so on; boxes in pixels of the page.
    """
    groups = [] if settings.mode == "free" else _box_fields(ink, pixels_per_mm, settings)
    if not groups and settings.mode != "boxes":
        groups = [("free", (line,)) for line in find_lines(ink, pixels_per_mm, settings)]
    ordered = _reading_order(groups)
    return tuple(
        Field(f"f{number:03d}", kind, bounds(boxes), tuple(Cell(box) for box in boxes))
        for number, (kind, boxes) in enumerate(ordered, start=1)
    )


def bounds(boxes: tuple[Box, ...]) -> Box:
    """The smallest box around all of `boxes`."""
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.right for b in boxes), max(b.bottom for b in boxes)
    return Box(left, top, right - left, bottom - top)


def _box_fields(
    ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[str, tuple[Box, ...]]]:
    layers = find_rulings(ink, pixels_per_mm, settings)
    front, faint = _candidates(layers, ink, pixels_per_mm, settings)
    cells: list[Box] = []
    for box in front + [box for box in faint if is_written(box, ink)]:
        if not _any_overlap(box, cells):
            cells.append(box)
    rows = [row for row in complete_rows(cells, layers[-1], settings) if row]
    rows = _without_frames(rows)
    return [field for row in rows for field in _fields_of_row(row, pixels_per_mm, settings)]


def _candidates(
    layers: tuple[Rulings, ...], ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> tuple[list[Box], list[Box]]:
    """Cells of all layers, first those of this page, then those too faint to be sure.

    Blank ones among the faint shine through from the back, or it does not matter.
    """
    found = [(find_bands(layer, settings), find_boxes(layer, settings)) for layer in layers]
    last_bands, last_boxes = found[-1]
    usual = usual_darkness([b.box for b in last_bands] + last_boxes, ink, pixels_per_mm)
    front: list[Box] = []
    faint: list[Box] = []
    for rulings, (bands, boxes) in zip(layers, found, strict=True):
        for wanted, cells in ((True, front), (False, faint)):
            chosen_bands = [
                band
                for band in bands
                if is_front(
                    band.box, usual, ink, pixels_per_mm, settings, closed=not band.open_side
                )
                == wanted
            ]
            chosen_boxes = [
                box
                for box in boxes
                if is_front(box, usual, ink, pixels_per_mm, settings, closed=True) == wanted
            ]
            cells += divide_bands(chosen_bands, rulings, settings)
            cells += divide_runs(chosen_boxes, rulings, layers[-1], settings)
    return front, faint


def _fields_of_row(
    row: list[Box], pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[str, tuple[Box, ...]]]:
    fields = []
    for run in _split_row(row, pixels_per_mm, settings):
        aspect = float(np.median([box.width / box.height for box in run]))
        if len(run) == 1 and _is_check_box(run[0], pixels_per_mm):
            fields.append(("check", run))
        elif len(run) > 1 and aspect <= MAX_CELL_ASPECT:
            fields.append((_kind(run, pixels_per_mm), run))
        else:
            fields += [_single(box, pixels_per_mm, settings) for box in run]
    return fields


def _single(
    box: Box, pixels_per_mm: float, settings: LayoutSettings
) -> tuple[str, tuple[Box, ...]]:
    large = box.height > settings.max_cell_mm * pixels_per_mm
    return ("free" if large or box.width > MAX_CELL_ASPECT * box.height else "boxes", (box,))


def _split_row(
    row: list[Box], pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[Box, ...]]:
    """Part a row where a gap, another size or a wide box separates."""
    runs: list[list[Box]] = []
    for before, box in pairwise([None, *row]):
        if before is not None and _together(before, box, pixels_per_mm, settings):
            runs[-1].append(box)
        else:
            runs.append([box])
    return [tuple(run) for run in runs]


def _together(a: Box, b: Box, pixels_per_mm: float, settings: LayoutSettings) -> bool:
    wide = max(a.width / a.height, b.width / b.height) > settings.max_cell_aspect
    tall = max(a.height, b.height) > settings.max_cell_mm * pixels_per_mm
    if wide or tall:
        return False
    gap = b.x - a.right
    narrow, broad = sorted((a.width, b.width))
    if gap <= SHARED_WALL_MM * pixels_per_mm:
        return broad <= MAX_WIDTH_RATIO * narrow
    return gap <= MAX_SPACING * narrow and broad - narrow <= SAME_WIDTH * broad


def _kind(run: tuple[Box, ...], pixels_per_mm: float) -> str:
    gaps = [b.x - a.right for a, b in pairwise(run)]
    return "comb" if np.median(gaps) <= SHARED_WALL_MM * pixels_per_mm else "boxes"


def _is_check_box(box: Box, pixels_per_mm: float) -> bool:
    least, most = (side * pixels_per_mm for side in CHECK_MM)
    narrow, broad = sorted((box.width, box.height))
    return least <= narrow and broad <= most and broad <= CHECK_ASPECT * narrow


def _without_frames(rows: list[list[Box]]) -> list[list[Box]]:
    """Leave out boxes that have another box inside."""
    every = [box for row in rows for box in row]
    kept = ([box for box in row if not _holds_another(box, every)] for row in rows)
    return [row for row in kept if row]


def _holds_another(box: Box, others: list[Box]) -> bool:
    slack = 0.1 * box.height
    return any(
        other is not box
        and other.x >= box.x - slack
        and other.y >= box.y - slack
        and other.right <= box.right + slack
        and other.bottom <= box.bottom + slack
        and other.width * other.height < 0.8 * box.width * box.height
        for other in others
    )


def _any_overlap(box: Box, others: list[Box]) -> bool:
    return any(
        min(box.right, o.right) - max(box.x, o.x) > 0.3 * min(box.width, o.width)
        and min(box.bottom, o.bottom) - max(box.y, o.y) > 0.3 * min(box.height, o.height)
        for o in others
    )


def _reading_order(
    groups: list[tuple[str, tuple[Box, ...]]],
) -> list[tuple[str, tuple[Box, ...]]]:
    """Top to bottom by lines of fields that stand beside each other, each left to right."""
    lines: list[list[tuple[str, tuple[Box, ...]]]] = []
    for group in sorted(groups, key=lambda g: bounds(g[1]).y):
        box = bounds(group[1])
        line = next((line for line in reversed(lines) if _beside(bounds(line[0][1]), box)), None)
        if line is None:
            lines.append([group])
        else:
            line.append(group)
    return [group for line in lines for group in sorted(line, key=lambda g: g[1][0].x)]


def _beside(a: Box, b: Box) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.y, b.y)
    return shared > 0.5 * min(a.height, b.height) and abs(a.y - b.y) < 0.5 * a.height
