"""Writing that stands in no field: strings of their own, so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import bounds, sides_of
from hcr_batch.characters.pieces import INSIDE
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
    areas = np.round(sides_of([field.box for field in free]).T).astype(int)
    outside = np.flatnonzero(stray).tolist()
    loose = [part for part in outside if not _is_in_one(written, part, areas)]
    places = written.parts.places[loose]
    strings = _strings(places.astype(float), WORD_GAP_MM * pixels_per_mm)
    least = LEAST_MM * pixels_per_mm
    return [
        Field(f"{UNPLACED}{number:02d}", UNPLACED, box, (Cell(box),))
        for number, box in enumerate(strings, start=1)
        if max(box.width, box.height) >= least
    ]


def _is_in_one(written: Writing, part: int, areas: np.ndarray) -> bool:
    """Whether a part is read in one of some areas, int (N, 4): most of its ink is in it.

    By its ink and not by its place: of a signature with a long tail most may stand above the line
    to write on, and its middle below.
    """
    left, top, right, bottom = place = written.parts.places[part]
    near = areas[(areas[:, :2] < place[2:]).all(axis=1) & (areas[:, 2:] > place[:2]).all(axis=1)]
    if ((near[:, :2] <= place[:2]) & (near[:, 2:] >= place[2:])).all(axis=1).any():
        return True
    if not len(near):
        return False
    ink = np.zeros((bottom - top, right - left), np.uint8)
    cv2.drawContours(ink, written.parts.outlines, part, 1, cv2.FILLED, offset=(-left, -top))
    ink &= written.mask[top:bottom, left:right]
    inner = np.clip(near - [left, top, left, top], 0, None)
    within = max(np.count_nonzero(ink[y:below, x:beyond]) for x, y, beyond, below in inner)
    return bool(within >= INSIDE * np.count_nonzero(ink))


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
