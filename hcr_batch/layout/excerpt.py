"""The rows of a page in which cells may stand, put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.layout.runs import Runs
from hcr_batch.types import Box

__all__ = ["Excerpt"]

AROUND_MM = 3.0
"""Rows further than this from any wall hold nothing of a box or a frame."""
WALL_MM = 1.0
"""Walls around an area stand, and end, no further from it."""


@dataclass(frozen=True)
class Excerpt:
    """Some rows of a page, put together: there is less to look through.

    What is looked for among them is found where it is on the page, unless it
    reaches from one stretch of rows to the next.

    Attributes
    ----------
    rows : ndarray of int, shape (N,)
        Their numbers, ascending.
    """

    rows: np.ndarray

    @classmethod
    def near(cls, walls: Runs, per_mm: float, taken: Sequence[Box] = ()) -> Excerpt:
        """The rows that upright walls meet, and those around.

        Parameters
        ----------
        walls : Runs
        per_mm : float
            Resolution of the mask.
        taken : sequence of Box
            Areas in its pixels; walls in and at one do not count.
        """
        is_met = _without(walls, taken, per_mm).rows_met()
        return cls.around(is_met, round(AROUND_MM * per_mm))

    @classmethod
    def around(cls, is_met: np.ndarray, distance: int) -> Excerpt:
        """The rows no further than `distance` from one that is marked, bool (rows,)."""
        near = np.ones((2 * distance + 1, 1), np.uint8)
        return cls(np.flatnonzero(cv2.dilate(is_met.astype(np.uint8)[:, None], near)))

    def of(self, runs: Runs) -> Runs:
        """The excerpt of a mask of the whole page, to be worked on in the same direction."""
        if runs.horizontal:
            return self.of(runs.turned()).turned()
        return Runs(runs.packed[self.rows], runs.across, runs.horizontal)

    def on_page(self, box: Box) -> Box:
        """Where a box, in whole pixels, lies on the page."""
        top, last = self.row(box.y), self.row(box.bottom - 1)
        return Box(box.x, top, box.width, last + 1 - top)

    def row(self, place: float) -> int:
        """The row of the page; also of places just before and after the excerpt."""
        within = min(max(int(place), 0), len(self.rows) - 1)
        return int(self.rows[within]) + int(place) - within


def _without(walls: Runs, areas: Sequence[Box], per_mm: float) -> Runs:
    """Upright walls but for those in some areas and around, to whole bytes."""
    packed, rim = walls.packed.copy(), WALL_MM * per_mm
    for area in areas:
        rows = slice(max(0, int(area.y - rim)), math.ceil(area.bottom + rim))
        across = slice(max(0, int(area.x - rim) // 8), math.ceil((area.right + rim) / 8))
        packed[rows, across] = 0
    return Runs(packed, walls.across, walls.horizontal)
