"""Erase the walls of a field and mend the strokes that crossed them."""

from __future__ import annotations

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
    inside : ndarray of bool, same shape
        True within the field's cells.
    """

    darkness: np.ndarray
    inside: np.ndarray


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
    dark = (darkness > level).view(np.uint8)
    level_walls = np.zeros_like(dark)
    upright_walls = np.zeros_like(dark)
    inside = np.zeros(dark.shape, bool)
    stretch = max(8, round(STRETCH_MM * pixels_per_mm))
    reach = [max(2, round(mm * pixels_per_mm)) for mm in (*REACH_MM, DASHED_MM)]
    for cell in field.cells:
        left, top, right, bottom = _edges(cell.box, origin, dark.shape)
        inside[top:bottom, left:right] = True
        # In short stretches: a long line that climbs by a pixel is in no one pixel row.
        for start in range(left, right, stretch):
            along = (start, min(start + stretch, right))
            _mark_walls(darkness, level, level_walls, ((top, bottom), along), reach)
        for start in range(top, bottom, stretch):
            along = (start, min(start + stretch, bottom))
            _mark_walls(darkness.T, level, upright_walls.T, ((left, right), along), reach)
    thickness = 2 * reach[0] + 1
    kept = dark & ~(level_walls | upright_walls)
    # A stroke that crossed a wall is there on both of its sides.
    crossed_level = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thickness, 1), np.uint8))
    crossed_upright = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, thickness), np.uint8))
    mended = (crossed_level & level_walls) | (crossed_upright & upright_walls)
    erased = (level_walls | upright_walls) & ~mended & 1
    return Erased(darkness=darkness * (1 - erased), inside=inside)


def _edges(box: Box, origin: tuple[int, int], shape: tuple[int, int]) -> tuple[int, ...]:
    x, y = origin
    left, top = max(0, round(box.x) - x), max(0, round(box.y) - y)
    return left, top, min(shape[1], round(box.right) - x), min(shape[0], round(box.bottom) - y)


def _mark_walls(
    darkness: np.ndarray,
    level: int,
    walls: np.ndarray,
    area: tuple[tuple[int, int], tuple[int, int]],
    reach: list[int],
) -> None:
    """Mark in `walls` the pixel rows near both sides of an area that are mostly dark.

    Strokes darker than the wall they cross are left: a form's light lines
    take nothing from its writing.
    """
    (top, bottom), (first, last) = area
    inner, outer, dashed = reach
    for side, direction in ((top, -1), (bottom, 1)):
        low, high = sorted((side - direction * inner, side + direction * outer))
        low, high = max(0, low), min(len(darkness), high)
        strip = darkness[low:high, first:last]
        if not strip.size:
            continue
        share = (strip > level).mean(axis=1)
        near = abs(np.arange(low, high) + 0.5 - side) <= dashed
        whole = _touching(share >= WALL_SHARE, near)
        # The blurred rim of a wall is wall as well.
        whole = cv2.dilate(whole.astype(np.uint8)[:, None], np.ones((3, 1), np.uint8)).ravel()
        rows = whole | (near & (share >= DASHED_SHARE))
        if rows.any():
            zone = (slice(low, high), slice(max(0, first - outer), last + outer))
            limit = _darkest_of_wall(strip[rows.astype(bool)], level)
            walls[zone] |= (rows[:, None] & (darkness[zone] <= limit)).astype(np.uint8)


def _darkest_of_wall(wall: np.ndarray, level: int) -> float:
    """Darkness above which a pixel of a wall is a stroke across it; 255 for dark walls."""
    seen = wall[wall > level]
    usual = float(np.percentile(seen, 75)) if len(seen) else 255.0
    return DARKER * usual if usual < LIGHT * level else 255.0


def _touching(flags: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The runs of True that reach the edge: a stem beside the wall is not one of them."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    kept = np.zeros(len(flags), bool)
    for first, last in edges:
        kept[first:last] = near[first:last].any()
    return kept
