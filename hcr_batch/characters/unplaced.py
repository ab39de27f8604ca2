"""Writing that stands in no field: strings of their own, so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
RIM_MM, ON_RIM = 1.0, 0.9
"""Ink of which this share lies so near around a closed box, and goes around a corner of it, is a
rest of its frame."""
LEAST_MM = 1.4
"""Lower and narrower pieces alone are dots and rests of strokes, no answers."""


def unplaced_fields(
    written: Writing,
    stray: np.ndarray,
    free: Sequence[Field],
    frames: np.ndarray,
    pixels_per_mm: float,
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
    frames : ndarray of float, shape (N, 4)
        Closed boxes of the page.
    pixels_per_mm : float
        Of the page.
    """
    chosen, places = np.flatnonzero(stray), written.parts.places[stray]
    areas = np.round(sides_of([field.box for field in free]).T).astype(int)
    rim = round(RIM_MM * pixels_per_mm)
    inner = np.round(frames).astype(int)
    outer = inner + rim * np.array([-1, -1, 1, 1])
    is_loose = ~_are_in_one(places, areas)
    # Specks are too small for a corner, and most parts touch no side of an area.
    may_be = (places[:, 2:] - places[:, :2]).min(axis=1) > rim
    may_be |= _reach_into_one(places, areas)
    for number in np.flatnonzero(is_loose & may_be).tolist():
        ink = _ink_of(written, int(chosen[number]))
        around = ink.within(outer) - ink.within(inner)
        is_corner = min(ink.mask.shape) > rim and (around >= ON_RIM * ink.amount).any()
        is_placed = (ink.within(areas) >= INSIDE * ink.amount).any()
        is_loose[number] = not (is_corner or is_placed)
    places = places[is_loose]
    strings = _strings(places.astype(float), WORD_GAP_MM * pixels_per_mm)
    least = LEAST_MM * pixels_per_mm
    return [
        Field(f"{UNPLACED}{number:02d}", UNPLACED, box, (Cell(box),))
        for number, box in enumerate(strings, start=1)
        if max(box.width, box.height) >= least
    ]


def _are_in_one(places: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Which places, int (N, 4), lie whole in one of some areas, int (M, 4); bool (N,)."""
    starts, ends = places[:, None, :2] >= areas[:, :2], places[:, None, 2:] <= areas[:, 2:]
    held: np.ndarray = np.all(starts & ends, axis=2)
    return np.asarray(held.any(axis=1))


def _reach_into_one(places: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Which places, int (N, 4), have something in common with one of some areas; bool (N,)."""
    starts, ends = places[:, None, :2] < areas[:, 2:], places[:, None, 2:] > areas[:, :2]
    shared: np.ndarray = np.all(starts & ends, axis=2)
    return np.asarray(shared.any(axis=1))


@dataclass(frozen=True)
class _Ink:
    """A part of the writing: its pixels, bool (rows, columns), and where on the page they begin.

    It counts by its ink and not by its place: of a signature with a long tail most may stand above
    the line to write on, and its middle below.
    """

    mask: np.ndarray
    left: int
    top: int

    @property
    def amount(self) -> int:
        return int(np.count_nonzero(self.mask))

    def within(self, boxes: np.ndarray) -> np.ndarray:
        """How many of its pixels each of some boxes, int (N, 4), holds; int (N,)."""
        rows, columns = self.mask.shape
        limits = np.array([columns, rows] * 2)
        sides = np.clip(boxes - [self.left, self.top] * 2, 0, limits)
        left, top, right, bottom = np.maximum(sides, np.tile(sides[:, :2], 2)).T
        count = cv2.integral(self.mask.view(np.uint8))
        return np.asarray(
            count[bottom, right] - count[top, right] - count[bottom, left] + count[top, left]
        )


def _ink_of(written: Writing, part: int) -> _Ink:
    left, top, right, bottom = written.parts.places[part].tolist()
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.drawContours(mask, written.parts.outlines, part, 1, cv2.FILLED, offset=(-left, -top))
    return _Ink((mask & written.mask[top:bottom, left:right]).view(bool), left, top)


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
