"""Writing that stands in no field: strings of their own, so that nothing is lost silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hcr_batch.arrays.box_sides import bounds, marked_counts, shared_areas, sides_of
from hcr_batch.characters.pieces import INSIDE
from hcr_batch.characters.writing import Parts, Writing
from hcr_batch.layout.text_rows import parted, text_rows
from hcr_batch.types import Box, Cell, Field

__all__ = ["UNPLACED", "unplaced_fields"]

UNPLACED = "unplaced"
"""Kind of these fields, and why a person looks at them."""
WORD_GAP_MM = 8.0
"""Writing on one line that is further apart is of two strings."""
FRAME_MM, AROUND = 1.0, 0.9
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
    reach = round(FRAME_MM * pixels_per_mm)
    inner = np.round(frames).astype(int)
    outer = inner + reach * np.array([-1, -1, 1, 1])
    sizes, shared = places[:, 2:] - places[:, :2], shared_areas(places, areas)
    is_loose = (shared < sizes.prod(axis=1)[:, None]).all(axis=1)
    # Specks are too small for a corner, and most parts touch no side of an area.
    is_large, reaches_in = sizes.min(axis=1) > reach, shared.any(axis=1)
    for number in np.flatnonzero(is_loose & (is_large | reaches_in)).tolist():
        ink = _Ink.of(written, int(chosen[number]))
        around = ink.within(outer) - ink.within(inner)
        is_corner = is_large[number] and (around >= AROUND * ink.amount).any()
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


@dataclass(frozen=True)
class _Ink:
    """A part of the writing: its pixels, uint8 (rows, columns), and where on the page they begin.

    It counts by its ink and not by its place: of a signature with a long tail most may stand above
    the line to write on, and its middle below.
    """

    mask: np.ndarray
    corner: np.ndarray

    @classmethod
    def of(cls, written: Writing, part: int) -> _Ink:
        parts, place = written.parts, written.parts.places[part]
        left, top, right, bottom = place.tolist()
        alone = Parts([parts.outlines[part]], place[None]).drawn(left, top, right, bottom)
        return cls(alone & written.mask[top:bottom, left:right], place[:2])

    @property
    def amount(self) -> int:
        return int(np.count_nonzero(self.mask))

    def within(self, boxes: np.ndarray) -> np.ndarray:
        """How many of its pixels each of some boxes, int (N, 4), holds; int (N,)."""
        return marked_counts(self.mask, boxes - np.tile(self.corner, 2))


def _strings(places: np.ndarray, gap: float) -> list[Box]:
    """Boxes around pieces that stand beside each other on a line, top to bottom."""
    boxes = [Box(x, y, right - x, bottom - y) for x, y, right, bottom in places.tolist()]
    strings = []
    for row in text_rows(boxes):
        inside = [box for box in boxes if row.y <= box.y + box.height / 2 <= row.bottom]
        strings += [bounds([inside[n] for n in group]) for group in parted(inside, gap)]
        boxes = [box for box in boxes if box not in inside]
    return strings
