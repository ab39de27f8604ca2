"""The even steps of a comb: cells whose walls writing hides, and cells that are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from hcr_batch.arrays.quantiles import median
from hcr_batch.layout.cells import LineShares, robust_line
from hcr_batch.types import Box

__all__ = ["completed"]

FEWEST = 3
"""Cells at even steps that show the rhythm of a comb."""
EVEN = 0.12
"""Share of the pitch by which their steps may differ from it,"""
OFF = 0.3
"""and by which a later cell may stand off its place: strokes hide parts of it."""
NEAR = 1.7
"""Cell widths; cells further apart are of two combs."""
GOES_ON = 0.9
"""Share of a cell's width along which the comb's upper or lower line shows where there is one,"""
SECOND_LINE = 0.5
"""and along which the other does, which strokes may hide, where the comb has both: the line of a
frame, or one that the comb stands on, runs on beyond it."""
TOOTH = 0.3
"""Share of a cell's height that even short teeth have,"""
TOOTH_SHOWS = 0.5
"""and share of this in which a tooth shows."""
SLACK = 2
"""Pixels (0.5 mm) by which lines may lie beside their places."""
MOST_SHARED = 0.3
"""Share of the narrower of two cells' widths that they have in common, from which they are one."""
REACHES = (8, 16, 64)
"""Cells to either side by which the pitch is measured, first near, then all."""
LEAST_WIDTH = 0.75
"""Share of a place's width that a cell has which may take it, though it stands off it;"""
MOST_TAKEN = 1
"""and where more places one after the other are taken, the comb ends: the cells of a table follow
each other in groups on one line. A single one may be a cell that strokes have moved."""
MOST_HIDDEN = 4
"""Neighbouring cells of a comb without a wall or an inside that shows."""


@dataclass(frozen=True)
class _Lattice:
    """Even places: place n is the box of the first, n pitches further right."""

    first: Box
    pitch: float
    fall: float

    def place(self, number: int) -> Box:
        """The box of a place, by number from the first; negative to the left."""
        x, y = self.first.x + number * self.pitch, self.first.y + number * self.fall
        return Box(x, y, self.first.width, self.first.height)


def completed(row: list[Box], line: LineShares) -> list[Box]:
    """The cells of a row, with those that only the rhythm of their comb tells.

    Parameters
    ----------
    row : list of Box
        Like high, from left to right.
    line : LineShares
    """
    cells: list[Box] = []
    left = row
    while seed := _steady(left):
        lattice = _refined(_lattice_of(seed), left)
        comb = _extended(lattice, left, line, _are_closed(seed, line))
        cells += _clear_of(comb, cells)
        left = _clear_of(left, comb)
    return sorted(cells + left, key=lambda box: box.x)


def _refined(lattice: _Lattice, row: list[Box]) -> _Lattice:
    """The lattice with the pitch that cells further and further away tell."""
    middles = _middles(row)
    first = lattice.first.x + lattice.first.width / 2
    for reach in REACHES:
        number = np.round((middles - first) / lattice.pitch)
        off = abs(middles - first - number * lattice.pitch)
        fitting = (off <= OFF * lattice.pitch) & (abs(number) <= reach)
        # Of several at one place the nearest counts.
        numbers, chosen = np.unique(number[fitting], return_index=True)
        if len(numbers) < FEWEST:
            return lattice
        first, pitch = robust_line(numbers, middles[fitting][chosen])
        place = replace(lattice.first, x=first - lattice.first.width / 2)
        lattice = replace(lattice, first=place, pitch=pitch)
    return lattice


def _steady(row: list[Box]) -> list[Box]:
    """The longest run of near cells at even steps; empty without one."""
    best: list[Box] = []
    run = row[:1]
    for a, b, c in zip(row, row[1:], row[2:]):
        first, second = b.x - a.x, c.x - b.x
        near = max(first, second) <= NEAR * sorted((a.width, b.width, c.width))[1]
        if near and abs(first - second) <= EVEN * max(first, second):
            run = [*run, b, c] if run == [a] else [*run, c]
        else:
            run = [b]
        best = max(best, run, key=len)
    return best if len(best) >= FEWEST else []


def _lattice_of(run: list[Box]) -> _Lattice:
    steps = len(run) - 1
    middle = [box.x + box.width / 2 for box in run]
    pitch = (middle[-1] - middle[0]) / steps
    width, height = (float(median([getattr(b, side) for b in run])) for side in ("width", "height"))
    _, fall = robust_line(np.arange(len(run)), np.array([box.bottom for box in run]))
    top = float(median([box.y - n * fall for n, box in enumerate(run)]))
    return _Lattice(Box(middle[0] - width / 2, top, width, height), pitch, fall)


def _extended(
    lattice: _Lattice, row: list[Box], line: LineShares, are_closed: bool
) -> list[Box]:
    """The cells of a lattice to either side, as far as cells, or lines with teeth, go on."""
    middles, spans = _middles(row), _spans(row)
    numbers = []
    for way in (1, -1):
        number, sure, taken = way, 0, 0
        while abs(number - sure) <= MOST_HIDDEN:
            place = lattice.place(number)
            off = abs(middles - (place.x + place.width / 2))
            if (off <= OFF * lattice.pitch).any():
                sure, taken = number, 0
            else:
                taken += _is_taken(place, spans)
                if taken > MOST_TAKEN or not _goes_on(place, line, are_closed):
                    break
                if not taken and _has_tooth(place, way, line):
                    sure = number
            number += way
        numbers.append(sure)
    last, first = numbers
    return [lattice.place(number) for number in range(first, last + 1)]


def _are_closed(cells: list[Box], line: LineShares) -> bool:
    """Whether lines run both above and below some cells."""
    shares = np.array([_level_lines(cell, line) for cell in cells])
    return bool(min(median(shares[:, 0]), median(shares[:, 1])) >= GOES_ON)


def _goes_on(place: Box, line: LineShares, are_closed: bool) -> bool:
    """Whether a line runs along the top or the bottom of a place; both where cells have both."""
    low, high = sorted(_level_lines(place, line))
    return high >= GOES_ON and (not are_closed or low >= SECOND_LINE)


def _level_lines(place: Box, line: LineShares) -> tuple[float, float]:
    """Shares of the width of a place along which there is line at its top, and at its bottom."""
    left, right = np.array([round(place.x)]), np.array([round(place.right)])
    rows = np.add.outer([round(place.y), round(place.bottom)], np.arange(-SLACK, SLACK + 1))
    top, bottom = line.level(rows, left, right).max(axis=1).tolist()
    return top, bottom


def _is_taken(place: Box, spans: np.ndarray) -> bool:
    """Whether a cell of the row, as wide or wider, covers a good part of a place."""
    left, right, width = spans
    shared = np.minimum(right, place.right) - np.maximum(left, place.x)
    covers = (width > LEAST_WIDTH * place.width) & (shared > MOST_SHARED * place.width)
    return bool(covers.any())


def _has_tooth(place: Box, way: int, line: LineShares) -> bool:
    """Whether a wall, or a tooth of one, stands at the far side of a place."""
    x = round(place.right if way == 1 else place.x) + np.arange(-SLACK, SLACK + 1)
    top = np.array([round(place.bottom - TOOTH * place.height)])
    shares = line.upright(x, top, np.array([round(place.bottom)]))
    return float(shares.max()) >= TOOTH_SHOWS


def _middles(row: list[Box]) -> np.ndarray:
    """Of each box, across; float (N,)."""
    return np.array([box.x + box.width / 2 for box in row])


def _spans(row: list[Box]) -> np.ndarray:
    """Left, right and width of each box; float (3, N)."""
    return np.array([(box.x, box.right, box.width) for box in row]).reshape(-1, 3).T


def _clear_of(boxes: list[Box], others: list[Box]) -> list[Box]:
    """Those of the boxes of a row that are none of the others."""
    left, right, width = _spans(boxes)[..., None]
    first, last, other_width = _spans(others)
    shared = np.minimum(right, last) - np.maximum(left, first)
    overlaps = shared > MOST_SHARED * np.minimum(width, other_width)
    return list(compress(boxes, ~overlaps.any(axis=1)))
