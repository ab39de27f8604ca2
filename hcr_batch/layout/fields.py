"""From a page to its fields and cells, in the order a person reads."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, compress, pairwise

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.bands import Band, divided, find_bands, is_short, without_strokes
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.boxes import find_boxes
from hcr_batch.layout.contrast import (
    are_front,
    is_written,
    line_darkness,
    side_darkness,
    usual_darkness,
)
from hcr_batch.layout.histogram import median
from hcr_batch.layout.lettering import is_lettering
from hcr_batch.layout.lines import find_lines
from hcr_batch.layout.rows import complete_rows, divide_runs
from hcr_batch.layout.rulings import Rulings, find_rulings
from hcr_batch.layout.sides import bounds, sides_of
from hcr_batch.types import Box, Cell, Field

__all__ = ["find_fields"]

SHARED_WALL_MM = 0.9
"""Boxes nearer than this share a wall."""
MAX_SPACING = 0.6
"""Boxes further apart than this share of their width belong to different fields,"""
SAME_GAP = 1.3
MIN_GAPS = 3
"""unless so many boxes of their row are as far apart."""
SAME_WIDTH = 0.25
"""Spaced boxes of one field differ less than this in width."""
MAX_WIDTH_RATIO = 2.4
"""Cells of one comb differ less than this."""
MAX_CELL_ASPECT = 1.2
"""A box that is wider, for its height, holds a string, unless its neighbours are cells."""
CROSSING = (0.1, 0.8)
"""Boxes that share less of their sides lie apart, those that share more are one or nested."""
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
    fields = [
        Field("", kind, bounds(boxes), tuple(Cell(box) for box in boxes)) for kind, boxes in groups
    ]
    return tuple(
        replace(field, name=f"f{number:03d}")
        for number, field in enumerate(_reading_order(fields), start=1)
    )


def _box_fields(
    ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[str, tuple[Box, ...]]]:
    layers = find_rulings(ink, pixels_per_mm, settings)
    front, faint = _candidates(layers, ink, pixels_per_mm, settings)
    cells = _apart(front + _believed(faint, front, ink))
    rows = [row for row in complete_rows(cells, layers[-1], settings) if row]
    rows = _without_frames(rows)
    found = [field for row in rows for field in _fields_of_row(row, pixels_per_mm, settings)]
    return [(kind, run) for kind, run in found if not is_lettering(run, layers[-1])]


def _believed(faint: list[Box], front: list[Box], ink: Ink) -> list[Box]:
    """The written ones of faint boxes, where they are the form's usual ones and in nobody's way.

    Others shine through from the back, and the writing in them belongs to this page.
    """
    if len(faint) <= len(front) or _meet(faint, front):
        return []
    return [box for box in faint if is_written(box, ink)]


def _meet(boxes: list[Box], others: list[Box]) -> bool:
    """Whether one of the boxes lies across a side of one of the others."""
    left, top, right, bottom = sides_of(others)
    for box in boxes:
        across = np.minimum(box.right, right) - np.maximum(box.x, left)
        down = np.minimum(box.bottom, bottom) - np.maximum(box.y, top)
        share = np.minimum(
            across / np.minimum(box.width, right - left),
            down / np.minimum(box.height, bottom - top),
        )
        if ((share > CROSSING[0]) & (share < CROSSING[1])).any():
            return True
    return False


def _candidates(
    layers: tuple[Rulings, ...], ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> tuple[list[Box], list[Box]]:
    """Cells of all layers, first those of this page, then those too faint to be sure."""
    found = [_bands_and_boxes(layer, settings) for layer in layers]
    sides = [
        side_darkness([band.box for band in bands] + boxes, ink, pixels_per_mm)
        for bands, boxes in found
    ]
    usual = usual_darkness(sides[-1], ink)
    front: list[Box] = []
    faint: list[Box] = []
    for rulings, (bands, boxes), darkness in zip(layers, found, sides, strict=True):
        closed = np.array([not band.open_side for band in bands] + [True] * len(boxes), bool)
        is_front = are_front(darkness, closed, usual, settings)
        for wanted, cells in ((is_front, front), (~is_front, faint)):
            for band in compress(bands, wanted):
                cells += band.cells
            chosen_boxes = list(compress(boxes, wanted[len(bands) :]))
            cells += divide_runs(chosen_boxes, rulings, layers[-1], settings)
    darkness = line_darkness(front, ink, pixels_per_mm)
    # A line of this page may go on as one of the back.
    lined = darkness.max(axis=1, initial=0.0) >= settings.min_line_contrast * usual
    return list(compress(front, lined)), faint


def _bands_and_boxes(layer: Rulings, settings: LayoutSettings) -> tuple[list[Band], list[Box]]:
    """The bands of a layer with their cells, and boxes where no band has any."""
    bands = divided(find_bands(layer, settings), layer, settings)
    taken = [band.cells for band in bands if band.cells and not is_short(band, layer)]
    boxes = find_boxes(layer, [bounds(cells) for cells in taken], settings)
    return without_strokes(bands, [*boxes, *chain.from_iterable(taken)], layer), boxes


def _fields_of_row(
    row: list[Box], pixels_per_mm: float, settings: LayoutSettings
) -> list[tuple[str, tuple[Box, ...]]]:
    fields: list[tuple[str, tuple[Box, ...]]] = []
    for run in _split_row(row, pixels_per_mm, settings):
        aspect = float(median([box.width / box.height for box in run]))
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
    usual = _usual_gap(row)
    for box in row:
        if runs and _together(runs[-1][-1], box, usual, pixels_per_mm, settings):
            runs[-1].append(box)
        else:
            runs.append([box])
    return [tuple(run) for run in runs]


def _usual_gap(row: list[Box]) -> float:
    """Gap between the boxes of a row that stand next to each other; 0 for few of them."""
    gaps = [b.x - a.right for a, b in pairwise(row) if b.x - a.right < min(a.width, b.width)]
    return float(median(gaps)) if len(gaps) >= MIN_GAPS else 0.0


def _together(
    a: Box, b: Box, usual_gap: float, pixels_per_mm: float, settings: LayoutSettings
) -> bool:
    wide = max(a.width / a.height, b.width / b.height) > settings.max_cell_aspect
    tall = max(a.height, b.height) > settings.max_cell_mm * pixels_per_mm
    if wide or tall:
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


def _without_frames(rows: list[list[Box]]) -> list[list[Box]]:
    """Leave out boxes that have another box inside."""
    left, top, right, bottom = sides_of([box for row in rows for box in row])
    slack = 0.1 * (bottom - top)[:, None]
    area = (right - left) * (bottom - top)
    holds = (left >= left[:, None] - slack) & (top >= top[:, None] - slack)
    holds &= (right <= right[:, None] + slack) & (bottom <= bottom[:, None] + slack)
    is_frame = iter((holds & (area < 0.8 * area[:, None])).any(axis=1))
    kept = ([box for box in row if not next(is_frame)] for row in rows)
    return [row for row in kept if row]


def _apart(boxes: list[Box]) -> list[Box]:
    """Leave out boxes that overlap an earlier one."""
    left, top, right, bottom = sides_of(boxes).astype(np.float32)
    shared = _shares(left, right) & _shares(top, bottom)
    kept = np.ones(len(boxes), bool)
    for number in np.flatnonzero(np.tril(shared, -1).any(axis=1)):
        kept[number] = not (shared[number, :number] & kept[:number]).any()
    return list(compress(boxes, kept))


def _shares(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Whether each two of N stretches share much of the shorter one, bool (N, N)."""
    shared = np.minimum(last, last[:, None]) - np.maximum(first, first[:, None])
    length = last - first
    return shared > 0.3 * np.minimum(length, length[:, None])


def _reading_order(fields: list[Field]) -> list[Field]:
    """Top to bottom by lines of fields that stand beside each other, each left to right."""
    lines: list[list[Field]] = []
    for field in sorted(fields, key=lambda field: field.box.y):
        line = next((line for line in reversed(lines) if _beside(line[0].box, field.box)), None)
        if line is None:
            lines.append([field])
        else:
            line.append(field)
    return [field for line in lines for field in sorted(line, key=lambda f: f.cells[0].box.x)]


def _beside(a: Box, b: Box) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.y, b.y)
    return shared > 0.5 * min(a.height, b.height) and abs(a.y - b.y) < 0.5 * a.height
