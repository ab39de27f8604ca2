"""Writing that stands in no field: strings of their own, so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.arrays.box_sides import bounds, contains, sides_of
from hcr_batch.characters.writing import Writing
from hcr_batch.layout.text_rows import text_rows
from hcr_batch.types import Box, Cell, Field

__all__ = ["UNPLACED", "unplaced_fields"]

UNPLACED = "unplaced"
"""Kind of these fields, and why a person looks at them."""
WORD_GAP_MM = 8.0
"""Writing on one line that is further apart is of two strings."""
LEAST_MM = 1.4
"""Lower and narrower pieces alone are dots and rests of strokes, no answers."""


def unplaced_fields(
    written: Writing, stray: np.ndarray, free: Sequence[Field], pixels_per_mm: float
) -> list[Field]:
    """Strings of what is written outside all fields.

    Parameters
    ----------
    written : Writing
        Of the page.
    stray : ndarray of bool, shape (parts,)
        Which of its parts are in no cell.
    free : sequence of Field
        Areas whose writing is read as strings.
    pixels_per_mm : float
        Of the page.
    """
    places = written.parts.places[stray]
    if not len(places):
        return []
    middles = (places[:, :2] + places[:, 2:]) / 2
    areas = sides_of([field.box for field in free]).T
    places = places[~contains(areas, middles).any(axis=0)]
    strings = _strings(places.astype(float), WORD_GAP_MM * pixels_per_mm)
    least = LEAST_MM * pixels_per_mm
    return [
        Field(f"{UNPLACED}{number:02d}", UNPLACED, box, (Cell(box),))
        for number, box in enumerate(strings, start=1)
        if max(box.width, box.height) >= least
    ]


def _strings(places: np.ndarray, gap: float) -> list[Box]:
    """Boxes around pieces that stand beside each other on a line, top to bottom."""
    boxes = [Box(x, y, right - x, bottom - y) for x, y, right, bottom in places.tolist()]
    strings = []
    for row in text_rows(boxes):
        inside = [box for box in boxes if row.y <= box.y + box.height / 2 <= row.bottom]
        strings += _parted(sorted(inside, key=lambda box: box.x), gap)
        boxes = [box for box in boxes if box not in inside]
    return strings


def _parted(row: list[Box], gap: float) -> list[Box]:
    groups: list[list[Box]] = []
    for box in row:
        if groups and box.x - max(b.right for b in groups[-1]) <= gap:
            groups[-1].append(box)
        else:
            groups.append([box])
    return [bounds(group) for group in groups]
