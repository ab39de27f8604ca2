"""Room on a picture for what is written beside its marks: nothing printed or drawn is covered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hcr_batch.types import Gray

__all__ = ["Area", "FreeSpace"]

Area = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

PAPER_NOISE = 40
"""Levels of gray (of 255) below the lightest part of the paper that are still paper: the grain of
scans and the noise of JPEG on the sample forms stay within."""


class FreeSpace:
    """Where there is neither ink nor a mark.

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)
        The picture, dark ink on light paper.
    """

    def __init__(self, gray: Gray) -> None:
        import numpy as np

        paper = np.percentile(gray[::4, ::4], 90)
        self._ink = gray < paper - PAPER_NOISE
        self._busy = self._ink.copy()

    def clear(self, areas: Iterable[Area]) -> None:
        """Take ink in areas for what may be covered."""
        self._mark(areas, False)

    def take(self, areas: Iterable[Area]) -> None:
        """Mark areas as taken."""
        self._mark(areas, True)

    def best(self, choices: Sequence[Sequence[Area]], tolerance: float) -> int:
        """Which of several groups of areas covers least; the first of those within a tolerance.

        Parameters
        ----------
        choices : sequence of sequence of Area
            What is liked best stands first.
        tolerance : float
            Share of the areas, 0 to 1, by which one must be better to be taken before another.
        """
        shares = [round(self.covered(areas) / tolerance) for areas in choices]
        return shares.index(min(shares))

    def covered(self, areas: Sequence[Area]) -> float:
        """Share, 0 to 1, of areas that something lies in; what is off the picture counts whole."""
        whole = busy = 0.0
        rows, columns = self._busy.shape
        for left, top, right, bottom in areas:
            size = max(1.0, (right - left) * (bottom - top))
            whole += size
            if left < 0 or top < 0 or right > columns or bottom > rows:
                busy += size
            else:
                inner = self._busy[self._slices((left, top, right, bottom))]
                busy += float(inner.mean()) * size if inner.size else 0.0
        return busy / whole if whole else 0.0

    def is_blank(self, area: Area) -> bool:
        """Whether the picture has all of an area, and no ink there; marks do not count."""
        left, top, right, bottom = area
        rows, columns = self._ink.shape
        inside = left >= 0 and top >= 0 and right <= columns and bottom <= rows
        return inside and not self._ink[self._slices(area)].any()

    def _mark(self, areas: Iterable[Area], busy: bool) -> None:
        for area in areas:
            rows, columns = self._slices(area)
            self._busy[rows, columns] = busy

    def _slices(self, area: Area) -> tuple[slice, slice]:
        left, top, right, bottom = (max(0, round(side)) for side in area)
        return slice(top, bottom), slice(left, right)
