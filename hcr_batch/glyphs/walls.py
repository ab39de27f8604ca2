"""Erase the walls of a field and mend the strokes that crossed them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.glyphs.groups import Groups, counted_out
from hcr_batch.glyphs.sheet import Sheet
from hcr_batch.glyphs.wall_rows import COMMON_SHARE, FEW, wall_rows
from hcr_batch.layout.histogram import quantile_of_few

__all__ = ["Erased", "erase_walls"]

REACH_MM = (0.8, 1.2)
"""How far inside and outside a cell's edge its wall is looked for."""
CROSSED_MM = 0.5
"""Half of the thickness of a wall across which strokes are mended."""
STRETCH_MM = 15.0
"""Walls are looked for in stretches of this length."""
NEAR_MM = 0.5
"""A wall has a pixel row so near to the edge of its cell."""
LONGEST_STROKE = 18
"""No character is longer than so many times that distance."""
WHOLE_SHARE = 0.85
"""A wall takes the whole of its side where so much of it is dark, else as much as most do."""
BINS = 32
"""Parts of a side in which most walls are there or not."""
DARKER = 1.4
"""What is so many times darker than a wall is a stroke across it, where anything can be."""
USUAL = 0.35
DASHED_USUAL = 0.6
"""Quantiles of a wall's darkness along its side that are its own: strokes cross the rest. Dashes
and teeth have soft ends."""
TURNED = [1, 0, 3, 2]
"""Left, top, right and bottom on the transposed sheet."""
FULL_LENGTH = 0.7
"""A wall is dark where this share of its darkest pixel row is; a stroke takes a smaller one."""


@dataclass(frozen=True)
class Erased:
    """Fields without their walls.

    Attributes
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        As on the page, 0 where a wall stood.
    walls : ndarray of uint8, same shape
        1 where a wall was erased, else 0.
    """

    darkness: np.ndarray
    walls: np.ndarray


@dataclass(frozen=True)
class _Sides:
    """M stretches of the sides of cells; upright ones as on the transposed sheet.

    Attributes
    ----------
    field : ndarray of int, shape (M,)
        The number of the field that each is of, another for its upright sides.
    is_upright : ndarray of bool, shape (M,)
    area : ndarray of int, shape (M, 4)
        First column and pixel row of that field with its surroundings, and those after the last.
    edge : ndarray of int, shape (M,)
        Pixel row where the cell begins, or the first one after it.
    direction : ndarray of int, shape (M,)
        -1 for an upper side, 1 for a lower one.
    first, last : ndarray of int, shape (M,)
        The stretch along the side.
    """

    field: np.ndarray
    is_upright: np.ndarray
    area: np.ndarray
    edge: np.ndarray
    direction: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def rows(self, offsets: np.ndarray) -> np.ndarray:
        """Pixel rows (R, M) at `offsets` from the edge, negative ones outside the cell."""
        offsets = offsets[:, None]
        return np.where(self.direction < 0, self.edge + offsets, self.edge - 1 - offsets)

    def are_seen(self, rows: np.ndarray) -> np.ndarray:
        """Whether pixel rows, (R, M), are of the field; bool (R, M)."""
        return (rows >= self.area[:, 1]) & (rows < self.area[:, 3])

    def chosen(self, numbers: np.ndarray) -> _Sides:
        """Some of them, by their numbers."""
        return _Sides(*(values[numbers] for values in vars(self).values()))


def erase_walls(sheet: Sheet, pixels_per_mm: float, level: int) -> Erased:
    """Set the pixels of the fields' walls to paper, but not the strokes across them.

    Parameters
    ----------
    sheet : Sheet
    pixels_per_mm : float
    level : int
        Darkness from which a pixel is ink.

    Returns
    -------
    Erased
        Of the size of the sheet.
    """
    _, dark = cv2.threshold(sheet.darkness, level, 1, cv2.THRESH_BINARY)
    sides = _sides(sheet, max(8, round(STRETCH_MM * pixels_per_mm)))
    reach = [max(2, round(mm * pixels_per_mm)) for mm in (*REACH_MM, NEAR_MM)]
    places, limits = _walls(sheet.darkness, dark, level, sides, reach)
    is_paper = 1 - dark
    level_walls, upright_walls = (
        _marked(turned(sheet.darkness), turned(is_paper), places[which], limits[which])
        for which, turned in ((~sides.is_upright, np.asarray), (sides.is_upright, np.transpose))
    )
    upright_walls = upright_walls.T
    thickness = 2 * max(2, round(CROSSED_MM * pixels_per_mm)) + 1
    walls = level_walls | upright_walls
    kept = cv2.subtract(dark, walls)
    # A stroke that crossed a wall is there on both of its sides.
    crossed_level = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thickness, 1), np.uint8))
    crossed_upright = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, thickness), np.uint8))
    mended = (crossed_level & level_walls) | (crossed_upright & upright_walls)
    erased = cv2.subtract(walls, mended)
    return Erased(sheet.darkness * (1 - erased), erased)


def _sides(sheet: Sheet, stretch: int) -> _Sides:
    """The sides of all cells.

    In short stretches: a long line that climbs by a pixel is in no one pixel row.
    """
    cells, areas = (np.vstack([given, given[:, TURNED]]) for given in (sheet.cells, sheet.areas))
    owners = np.hstack([sheet.owners, sheet.owners + len(sheet.areas)])
    left, top, right, bottom = cells.T
    cell, number = counted_out(np.maximum(-((left - right) // stretch), 0))
    # Every stretch is there twice, above and below.
    cell, number = np.repeat(cell, 2), np.repeat(number, 2)
    first = left[cell] + number * stretch
    direction = np.tile([-1, 1], len(number) // 2)
    return _Sides(
        field=owners[cell],
        is_upright=cell >= len(sheet.cells),
        area=areas[owners[cell]],
        edge=np.where(direction < 0, top[cell], bottom[cell]),
        direction=direction,
        first=first,
        last=np.minimum(first + stretch, right[cell]),
    )


def _walls(
    darkness: np.ndarray, dark: np.ndarray, level: int, sides: _Sides, reach: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The pixel rows near the sides of cells that are mostly dark.

    Strokes darker than the wall they cross are left: a form's light lines
    take nothing from its writing.

    Parameters
    ----------
    dark : ndarray of uint8
        1 where `darkness` is above `level`, else 0.
    reach : list of int
        Pixel rows inside and outside of a cell's edge, and next to it.

    Returns
    -------
    places : ndarray of int, shape (M, 4)
        First column and pixel row of the wall of each side, and those after the last; empty where
        there is none.
    limits : ndarray of int, shape (M,)
        What is darker is a stroke across it.
    """
    inner, outer, close = reach
    rows = sides.rows(np.arange(-outer, inner))
    seen = sides.are_seen(rows)
    counts = _dark_pixels(dark, rows, sides) * seen
    length = sides.last - sides.first
    share = counts / length
    near = slice(outer - close, outer + close)
    is_long = length > LONGEST_STROKE * close
    wall = wall_rows(share, sides.field, sides.direction, near, is_long) & seen
    limits = _limits(darkness, level, wall, rows, counts, sides)
    begin, end = _zones(dark, wall, rows, share, sides, outer)
    top = np.where(wall, rows, darkness.size).min(axis=0)
    bottom = np.where(wall, rows, -1).max(axis=0) + 1
    return np.stack([begin, top, end, bottom], axis=1), limits


def _limits(
    darkness: np.ndarray,
    level: int,
    wall: np.ndarray,
    rows: np.ndarray,
    counts: np.ndarray,
    sides: _Sides,
) -> np.ndarray:
    """Darkness above which a pixel of a wall is a stroke across it, int (M,): 255 for dark ones."""
    _, strong = cv2.threshold(darkness, 255 / DARKER, 1, cv2.THRESH_BINARY)
    places, numbers = np.nonzero(wall)
    strong_counts = np.zeros_like(counts)
    strong_counts[places, numbers] = _dark_pixels(
        strong, rows[places, numbers], sides.chosen(numbers)
    )
    is_dark = strong_counts.max(axis=0) >= FULL_LENGTH * (counts * wall).max(axis=0)
    limits = np.full(len(is_dark), 255)
    for number in np.flatnonzero(wall.any(axis=0) & ~is_dark).tolist():
        turned = darkness.T if sides.is_upright[number] else darkness
        side = slice(int(sides.first[number]), int(sides.last[number]))
        limits[number] = _limit(turned[rows[wall[:, number], number], side], level)
    return limits


def _marked(
    darkness: np.ndarray, is_paper: np.ndarray, places: np.ndarray, limits: np.ndarray
) -> np.ndarray:
    """Walls, uint8 0 or 1, with their bumps: dark pixels beside them with paper behind them.

    Parameters
    ----------
    places : ndarray of int, shape (N, 4)
    limits : ndarray of int, shape (N,)
        As of `_walls`.
    """
    walls = np.zeros_like(darkness)
    is_there, is_dark = places[:, 1] < places[:, 3], limits == 255
    for left, top, right, bottom in places[is_there & is_dark].tolist():
        walls[top:bottom, left:right] = 1
    walls[1:-1] |= (walls[2:] & is_paper[:-2]) | (walls[:-2] & is_paper[2:])
    light = is_there & ~is_dark
    for (left, top, right, bottom), limit in zip(
        places[light].tolist(), limits[light].tolist(), strict=True
    ):
        fits = darkness[top - 1 : bottom + 1, left:right] <= limit
        fits[0] &= is_paper[top - 2, left:right] > 0
        fits[-1] &= is_paper[bottom + 1, left:right] > 0
        walls[top - 1 : bottom + 1, left:right] |= fits
    return walls


def _zones(
    dark: np.ndarray,
    wall: np.ndarray,
    rows: np.ndarray,
    share: np.ndarray,
    sides: _Sides,
    outer: int,
) -> tuple[np.ndarray, np.ndarray]:
    """From which to which column the wall of each side stands, corners included; int (M,)."""
    begin, end = sides.first - outer, sides.last + outer
    highest = np.where(wall, share, -1.0).max(axis=0)
    low = np.flatnonzero((highest >= 0) & (highest < WHOLE_SHARE))
    groups = Groups(sides.field[low])
    low = low[groups.sizes[groups.of] >= FEW]
    if len(low):
        # A wall may cover only a part of its side; at the ends it reaches further.
        some = sides.chosen(low)
        lower, upper = _common_extents(_lines(dark, wall[:, low], rows[:, low], some), some.field)
        length = some.last - some.first
        lower_end = (some.first + lower * length).astype(int) - 1
        upper_end = np.ceil(some.first + upper * length).astype(int) + 1
        begin[low] = np.where(lower > 0, lower_end, begin[low])
        end[low] = np.where(upper < 1, upper_end, end[low])
    return np.maximum(begin, sides.area[:, 0]), np.minimum(end, sides.area[:, 2])


def _lines(dark: np.ndarray, wall: np.ndarray, rows: np.ndarray, sides: _Sides) -> np.ndarray:
    """Share of each wall that is dark along its side, (BINS, M), interpolated linearly."""
    numbers, places = np.nonzero(wall.T)
    length = sides.last - sides.first
    middles = np.clip((np.arange(BINS)[:, None] + 0.5) * length / BINS - 0.5, 0, length - 1)
    before = middles.astype(int)
    after = np.minimum(before + 1, length - 1)
    row, is_upright = rows[places, numbers], sides.is_upright[numbers]
    ends = [
        dark.ravel()[_pixels(dark, row, (sides.first + at)[:, numbers], is_upright)]
        for at in (before, after)
    ]
    part = (middles - before)[:, numbers]
    values = ends[0] * (1 - part) + ends[1] * part
    begins = np.flatnonzero(np.diff(numbers, prepend=-1))
    return np.add.reduceat(values, begins, axis=1) / wall.sum(axis=0)


def _common_extents(lines: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From where to where along their sides most walls of a field reach, 0 to 1: teeth are low."""
    groups = Groups(field)
    there = groups.median(lines) >= COMMON_SHARE
    there[:, ~there.any(axis=0)] = True
    lower = there.argmax(axis=0) / BINS
    upper = 1 - there[::-1].argmax(axis=0) / BINS
    return lower[groups.of], upper[groups.of]


def _dark_pixels(dark: np.ndarray, rows: np.ndarray, sides: _Sides) -> np.ndarray:
    """Dark pixels of pixel rows (..., M) along sides, by the integral image."""
    table = cv2.integral(dark)
    corners = [
        _pixels(table, row, column, sides.is_upright)
        for row in (rows, rows + 1)
        for column in (sides.first, sides.last)
    ]
    sums = table.ravel()
    above, above_last, below, below_last = (sums[corner] for corner in corners)
    return below_last - above_last - (below - above)


def _pixels(
    picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, is_upright: np.ndarray
) -> np.ndarray:
    """Places in the flattened picture of pixels, (..., M), of it or of the transposed one."""
    width = picture.shape[1]
    across, along = np.where(is_upright, [[1], [width]], [[width], [1]])
    return rows * across + columns * along


def _limit(wall: np.ndarray, level: int) -> int:
    """Darkness above which a pixel of a light wall, (rows, its length), is a stroke across it."""
    core = wall.max(axis=0)
    seen = core[core > level]
    usual = USUAL if len(seen) >= WHOLE_SHARE * len(core) else DASHED_USUAL
    return min(255, int(DARKER * quantile_of_few(seen, usual))) if len(seen) else 255
