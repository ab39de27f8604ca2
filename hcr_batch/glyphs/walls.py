"""Erase the walls of a field and mend the strokes that crossed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.glyphs.wall_rows import COMMON_SHARE, FEW, wall_rows
from hcr_batch.layout.histogram import median, quantile_of_few
from hcr_batch.types import Box, Field

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
FULL_LENGTH = 0.7
"""A wall is dark where this share of its darkest pixel row is; a stroke takes a smaller one."""


@dataclass(frozen=True)
class Erased:
    """A field without its walls.

    Attributes
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        As on the page, 0 where a wall stood.
    walls : ndarray of uint8, same shape
        1 where a wall was erased, else 0.
    inside : ndarray of uint8, same shape
        1 within the field's cells, else 0.
    """

    darkness: np.ndarray
    walls: np.ndarray
    inside: np.ndarray


@dataclass(frozen=True)
class _Sides:
    """M stretches of the sides of cells, all level or, on the transposed field, all upright.

    Attributes
    ----------
    edge : ndarray of int, shape (M, 1)
        Pixel row where the cell begins, or the first one after it.
    direction : ndarray of int, shape (M, 1)
        -1 for an upper side, 1 for a lower one.
    first, last : ndarray of int, shape (M, 1)
        The stretch along the side.
    """

    edge: np.ndarray
    direction: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def rows(self, offsets: np.ndarray) -> np.ndarray:
        """Pixel rows (M, R) at `offsets` from the edge, negative ones outside the cell."""
        return np.where(self.direction < 0, self.edge + offsets, self.edge - 1 - offsets)


def erase_walls(
    darkness: np.ndarray, field: Field, origin: tuple[int, int], pixels_per_mm: float, level: int
) -> Erased:
    """Set the pixels of a field's walls to paper, but not the strokes across them.

    Parameters
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        The field with its surroundings.
    field : Field
    origin : tuple of int
        (x, y) of the top left pixel of `darkness` on the page.
    pixels_per_mm : float
    level : int
        Darkness from which a pixel is ink.

    Returns
    -------
    Erased
    """
    _, dark = cv2.threshold(darkness, level, 1, cv2.THRESH_BINARY)
    _, strong = cv2.threshold(darkness, 255 / DARKER, 1, cv2.THRESH_BINARY)
    sums = cv2.integral(dark), cv2.integral(strong)
    edges = [_edges(cell.box, origin, dark.shape) for cell in field.cells]
    stretch = max(8, round(STRETCH_MM * pixels_per_mm))
    reach = [max(2, round(mm * pixels_per_mm)) for mm in (*REACH_MM, NEAR_MM)]
    upright = [(top, left, bottom, right) for left, top, right, bottom in edges]
    level_walls = _walls(np.ascontiguousarray(darkness), level, sums, _sides(edges, stretch), reach)
    turned = tuple(table.T for table in sums)
    upright_walls = cv2.transpose(
        _walls(cv2.transpose(darkness), level, turned, _sides(upright, stretch), reach)
    )
    thickness = 2 * max(2, round(CROSSED_MM * pixels_per_mm)) + 1
    walls = level_walls | upright_walls
    kept = cv2.subtract(dark, walls)
    # A stroke that crossed a wall is there on both of its sides.
    crossed_level = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thickness, 1), np.uint8))
    crossed_upright = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, thickness), np.uint8))
    mended = (crossed_level & level_walls) | (crossed_upright & upright_walls)
    erased = cv2.subtract(walls, mended)
    return Erased(darkness * (1 - erased), erased, _inside(edges, dark.shape))


def _inside(edges: list[tuple[int, ...]], shape: tuple[int, int]) -> np.ndarray:
    inside = np.zeros(shape, np.uint8)
    for left, top, right, bottom in edges:
        inside[top:bottom, left:right] = 1
    return inside


def _edges(box: Box, origin: tuple[int, int], shape: tuple[int, int]) -> tuple[int, ...]:
    x, y = origin
    left, top = max(0, round(box.x) - x), max(0, round(box.y) - y)
    return left, top, min(shape[1], round(box.right) - x), min(shape[0], round(box.bottom) - y)


def _sides(edges: Sequence[tuple[int, ...]], stretch: int) -> _Sides:
    """The upper and lower sides of areas (left, top, right, bottom).

    In short stretches: a long line that climbs by a pixel is in no one pixel row.
    """
    parts = [
        (edge, direction, start, min(start + stretch, right))
        for left, top, right, bottom in edges
        for start in range(left, right, stretch)
        for edge, direction in ((top, -1), (bottom, 1))
    ]
    return _Sides(*np.array(parts, int).reshape(-1, 4).T[:, :, None])


def _walls(
    darkness: np.ndarray,
    level: int,
    sums: tuple[np.ndarray, ...],
    sides: _Sides,
    reach: list[int],
) -> np.ndarray:
    """The pixel rows near the sides of cells that are mostly dark, uint8 0 or 1.

    Strokes darker than the wall they cross are left: a form's light lines
    take nothing from its writing.

    Parameters
    ----------
    sums : tuple of ndarray
        Integral images of what is dark, and of what is so for a wall that is not light.
    reach : list of int
        Pixel rows inside and outside of a cell's edge, and next to it.
    """
    inner, outer, close = reach
    offsets = np.arange(-outer, inner)
    rows = sides.rows(offsets)
    seen = (rows >= 0) & (rows < len(darkness))
    dark = _dark_pixels(sums[0], rows, sides) * seen
    share = dark / np.maximum(sides.last - sides.first, 1)
    near = slice(outer - close, outer + close)
    is_long = (sides.last - sides.first).ravel() > LONGEST_STROKE * close
    wall = wall_rows(share, sides.direction.ravel(), near, is_long) & seen
    strong = _dark_pixels(sums[1], rows, sides)
    is_dark = (strong * wall).max(axis=1) >= FULL_LENGTH * (dark * wall).max(axis=1)
    numbers, places = np.nonzero(wall)
    begin, end = _zones(darkness > level, wall, rows, share, sides, outer)
    limits = np.full(len(wall), 255, np.uint8)
    for number in np.flatnonzero(wall.any(axis=1) & ~is_dark).tolist():
        side = slice(int(sides.first[number, 0]), int(sides.last[number, 0]))
        limits[number] = _limit(darkness[rows[number][wall[number]], side], level)
    found = rows[numbers, places]
    walls = np.zeros_like(darkness)
    _mark(walls, darkness, found, (begin[numbers], end[numbers]), limits[numbers])
    _mark_rims(walls, darkness, level, rows, wall, (begin, end), limits)
    return walls


def _mark(
    walls: np.ndarray,
    darkness: np.ndarray,
    rows: np.ndarray,
    zones: tuple[np.ndarray, np.ndarray],
    limits: np.ndarray,
    behind: tuple[np.ndarray, int] | None = None,
) -> None:
    """Mark what is not darker than a limit in N stretches of pixel rows, all at once.

    Parameters
    ----------
    rows : ndarray of int, shape (N,)
    zones : tuple of ndarray of int, shape (N,)
        The first column of each stretch, and the one after its last.
    limits : ndarray of int, shape (N,)
    behind : tuple of (ndarray of int, shape (N,)), int, optional
        Pixel rows, and how dark they are at most where anything is marked.
    """
    if not len(rows):
        return
    begin, end = zones
    width = darkness.shape[1]
    columns = begin[:, None] + np.arange((end - begin).max())
    marked = columns < np.minimum(end, width)[:, None]
    columns = np.minimum(columns, width - 1)
    places = rows[:, None] * width + columns
    marked &= darkness.take(places) <= limits[:, None]
    if behind is not None:
        marked &= darkness.take(behind[0][:, None] * width + columns) <= behind[1]
    walls.put(places[marked], 1)


def _zones(
    dark: np.ndarray,
    wall: np.ndarray,
    rows: np.ndarray,
    share: np.ndarray,
    sides: _Sides,
    outer: int,
) -> tuple[np.ndarray, np.ndarray]:
    """From which to which column the wall of each side stands, corners included; int (M,)."""
    first, last = sides.first.ravel(), sides.last.ravel()
    begin, end = np.maximum(first - outer, 0), last + outer
    highest = np.where(wall, share, -1.0).max(axis=1)
    low = np.flatnonzero((highest >= 0) & (highest < WHOLE_SHARE))
    lower, upper = _common_extent([dark[rows[n][wall[n]], first[n] : last[n]] for n in low])
    # A wall may cover only a part of its side; at the ends it reaches further.
    length = last[low] - first[low]
    if lower > 0:
        begin[low] = np.maximum((first[low] + lower * length).astype(int) - 1, 0)
    if upper < 1:
        end[low] = np.ceil(first[low] + upper * length).astype(int) + 1
    return begin, end


def _common_extent(walls: list[np.ndarray]) -> tuple[float, float]:
    """From where to where along their sides most of some walls reach, 0 to 1: teeth are low."""
    if len(walls) < FEW:
        return 0.0, 1.0
    lines = [
        cv2.resize(wall.mean(axis=0, dtype=np.float32)[None], (BINS, 1)).ravel() for wall in walls
    ]
    there = np.flatnonzero(median(np.array(lines)) >= COMMON_SHARE)
    return (there[0] / BINS, (there[-1] + 1) / BINS) if len(there) else (0.0, 1.0)


def _mark_rims(
    walls: np.ndarray,
    darkness: np.ndarray,
    level: int,
    rows: np.ndarray,
    wall: np.ndarray,
    zones: tuple[np.ndarray, np.ndarray],
    limits: np.ndarray,
) -> None:
    """Mark the bumps of walls: dark pixels beside them with paper behind them."""
    first = np.where(wall, rows, len(darkness)).min(axis=1)
    last = np.where(wall, rows, -1).max(axis=1)
    for rim, step in ((first - 1, -1), (last + 1, 1)):
        behind = rim + step
        on_page = (np.minimum(rim, behind) >= 0) & (np.maximum(rim, behind) < len(darkness))
        there = on_page & wall.any(axis=1)
        begin, end = (edge[there] for edge in zones)
        _mark(walls, darkness, rim[there], (begin, end), limits[there], (behind[there], level))


def _dark_pixels(sums: np.ndarray, rows: np.ndarray, sides: _Sides) -> np.ndarray:
    """Dark pixels of each pixel row along the sides, int (M, R), by the integral image."""
    low = np.clip(rows, 0, len(sums) - 2)
    last = sums[low + 1, sides.last] - sums[low, sides.last]
    return last - (sums[low + 1, sides.first] - sums[low, sides.first])


def _limit(wall: np.ndarray, level: int) -> int:
    """Darkness above which a pixel of a light wall, (rows, its length), is a stroke across it."""
    core = wall.max(axis=0)
    seen = core[core > level]
    usual = USUAL if len(seen) >= WHOLE_SHARE * len(core) else DASHED_USUAL
    return min(255, int(DARKER * quantile_of_few(seen, usual))) if len(seen) else 255
