"""Erase the walls of a field and mend the strokes that crossed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.types import Box, Field

__all__ = ["Erased", "erase_walls"]

REACH_MM = (0.5, 1.2)
"""How far inside and outside a cell's edge its wall is looked for."""
STRETCH_MM = 15.0
"""Walls are looked for in stretches of this length."""
WALL_SHARE = 0.55
"""A pixel row is wall where this share of it is dark along the cell's side."""
LIGHT = 2.0
DARKER = 1.4
"""A wall lighter than so many times the least darkness of ink is light: what is this many
times darker is a stroke across it."""
FULL_LENGTH = 0.7
"""A wall is dark where this share of its darkest pixel row is; a stroke takes a smaller one."""
DASHED_SHARE = 0.22
DASHED_MM = 0.3
"""So is one this near to the edge where this share is dark: dashes, dots and teeth."""


@dataclass(frozen=True)
class Erased:
    """A field without its walls.

    Attributes
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        As on the page, 0 where a wall stood.
    inside : ndarray of uint8, same shape
        1 within the field's cells, else 0.
    """

    darkness: np.ndarray
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
    _, strong = cv2.threshold(darkness, LIGHT * level - 1, 1, cv2.THRESH_BINARY)
    sums = cv2.integral(dark), cv2.integral(strong)
    edges = [_edges(cell.box, origin, dark.shape) for cell in field.cells]
    stretch = max(8, round(STRETCH_MM * pixels_per_mm))
    reach = [max(2, round(mm * pixels_per_mm)) for mm in (*REACH_MM, DASHED_MM)]
    level_walls, upright_walls = np.zeros_like(dark), np.zeros_like(dark)
    upright = [(top, left, bottom, right) for left, top, right, bottom in edges]
    _mark_walls(darkness, level, sums, level_walls, _sides(edges, stretch), reach)
    turned = tuple(table.T for table in sums)
    _mark_walls(darkness.T, level, turned, upright_walls.T, _sides(upright, stretch), reach)
    thickness = 2 * reach[0] + 1
    walls = level_walls | upright_walls
    kept = cv2.subtract(dark, walls)
    # A stroke that crossed a wall is there on both of its sides.
    crossed_level = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thickness, 1), np.uint8))
    crossed_upright = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, thickness), np.uint8))
    mended = (crossed_level & level_walls) | (crossed_upright & upright_walls)
    erased = cv2.subtract(walls, mended)
    return Erased(darkness=darkness * (1 - erased), inside=_inside(edges, dark.shape))


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


def _mark_walls(
    darkness: np.ndarray,
    level: int,
    sums: tuple[np.ndarray, ...],
    walls: np.ndarray,
    sides: _Sides,
    reach: list[int],
) -> None:
    """Mark in `walls` the pixel rows near the sides of cells that are mostly dark.

    Strokes darker than the wall they cross are left: a form's light lines
    take nothing from its writing.

    Parameters
    ----------
    sums : tuple of ndarray
        Integral images of what is dark, and of what is so for a wall that is not light.
    reach : list of int
        Pixel rows inside and outside of a cell's edge, and next to it.
    """
    inner, outer, dashed = reach
    offsets = np.arange(-outer, inner)
    rows = sides.rows(offsets)
    seen = (rows >= 0) & (rows < len(darkness))
    dark = _dark_pixels(sums[0], rows, sides) * seen
    share = dark / np.maximum(sides.last - sides.first, 1)
    near = slice(outer - dashed, outer + dashed)
    wall = _rimmed(_touching(share >= WALL_SHARE, near))
    wall[:, near] |= share[:, near] >= DASHED_SHARE
    wall &= seen
    strong = _dark_pixels(sums[1], rows, sides)
    is_dark = (strong * wall).max(axis=1) >= FULL_LENGTH * (dark * wall).max(axis=1)
    for number in np.flatnonzero(wall.any(axis=1)):
        chosen = rows[number][wall[number]]
        first, last = int(sides.first[number, 0]), int(sides.last[number, 0])
        zone = slice(max(0, first - outer), last + outer)
        if is_dark[number]:
            walls[chosen, zone] = 1
        else:
            limit = _darkest_of_wall(darkness[chosen, first:last], level)
            walls[chosen, zone] |= darkness[chosen, zone] <= limit


def _dark_pixels(sums: np.ndarray, rows: np.ndarray, sides: _Sides) -> np.ndarray:
    """Dark pixels of each pixel row along the sides, int (M, R), by the integral image."""
    low = np.clip(rows, 0, len(sums) - 2)
    last = sums[low + 1, sides.last] - sums[low, sides.last]
    return last - (sums[low + 1, sides.first] - sums[low, sides.first])


def _darkest_of_wall(wall: np.ndarray, level: int) -> float:
    """Darkness above which a pixel of a light wall, (rows, its length), is a stroke across it."""
    core = wall.max(axis=0)
    seen = core[core > level]
    return DARKER * float(np.median(seen)) if len(seen) else 255.0


def _rimmed(wall: np.ndarray) -> np.ndarray:
    """A pixel row more on either side: the blurred rim of a wall is wall as well."""
    wider = wall.copy()
    wider[:, 1:] |= wall[:, :-1]
    wider[:, :-1] |= wall[:, 1:]
    return wider


def _touching(flags: np.ndarray, near: slice) -> np.ndarray:
    """In each row, the runs of True that reach into `near`: a stem beside the wall does not."""
    kept = flags.copy()
    kept[:, near.stop - 1 :] = np.logical_and.accumulate(flags[:, near.stop - 1 :], axis=1)
    before = flags[:, near.start :: -1]
    kept[:, near.start :: -1] = np.logical_and.accumulate(before, axis=1)
    return kept
