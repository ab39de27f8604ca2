"""Separate boxes with round or square corners, whatever is written in them."""

from __future__ import annotations

from collections import defaultdict
from itertools import compress

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.excerpt import Excerpt
from hcr_batch.layout.rulings import Rulings, odd, outlines
from hcr_batch.layout.runs import Runs, closed_both_ways
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["find_frames"]

CORNER_SHARE = 0.12
"""Share of a side, at each end, that a round corner may take."""
BRIDGE_MM = 0.8
"""A shorter break in a line is closed."""
SHORTEST = 3
"""Pixels along a row or a column that are more than a speck."""
RING_CORNER = 0.13
"""A ring leaves squares of this share of its size free in its corners, a round corner does not."""
SEEN_SHARE = 0.85
"""Share of the rest of a side that is dark in one and the same pixel row."""
RIM_MM = 0.7
"""The lines of a frame lie this near to its outline: a line is not quite level."""
MAX_ASPECT = 1.25
"""Width over height; a wider frame holds a string, or several cells."""
INNER_SHARE = 0.92
"""A pixel column inside that is darker is a wall: two cells, not one."""


def find_frames(rulings: Rulings, taken: list[Box], settings: LayoutSettings) -> list[Box]:
    """Find frames of one cell that touch no other frame.

    A frame is a connected part of the ink with a straight line at all four
    edges of its outline. Strokes that stand on its lines do not disturb: they
    are inside.

    Parameters
    ----------
    rulings : Rulings
    taken : list of Box
        Areas, at the scale of the rulings, in which cells are known: no frame is looked for there.
    settings : LayoutSettings
        `min_comb_cell_mm` (a smaller ring may be a letter) and `max_cell_mm`.

    Returns
    -------
    list of Box
        The inner areas, at the scale of the rulings.
    """
    per_mm = rulings.pixels_per_mm
    found: list[Box] = []
    # Coarse scans break thin lines.
    for bridge_mm in (0.0, BRIDGE_MM):
        excerpt = Excerpt.near(rulings.upright, per_mm, taken + found)
        if not len(excerpt.rows):
            break
        ink = Runs.of(rulings.faint[excerpt.rows], horizontal=False)
        if bridge_mm:
            ink = closed_both_ways(ink, odd(bridge_mm * per_mm + 1))
        lines = _without_specks(ink).mask()
        frames = [excerpt.on_page(box) for box in _frames(lines, per_mm, settings)]
        found += _apart(frames, found)
    return found


def _without_specks(ink: Runs) -> Runs:
    """Leave out specks of a pixel or two: a page may have ten thousand, each with an outline."""
    strokes = ink.opened(SHORTEST) | ink.turned().opened(SHORTEST).turned()
    return strokes.grown(ink, SHORTEST - 1)


def _frames(lines: np.ndarray, per_mm: float, settings: LayoutSettings) -> list[Box]:
    least = settings.min_comb_cell_mm * per_mm
    most = settings.max_cell_mm * per_mm
    alike: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for x, y, width, height in outlines(lines):
        if least <= min(width, height) and height <= most and width <= MAX_ASPECT * height:
            alike[height, width].append((x, y))
    frames: list[Box] = []
    for (height, width), corners in alike.items():
        parts = np.array([lines[y : y + height, x : x + width] for x, y in corners])
        frames += _inner(parts, np.array(corners), max(2, round(RIM_MM * per_mm)))
    frames = [box for box in frames if min(box.width, box.height) >= least]
    return sorted(frames, key=lambda box: (box.y, box.x))


def _apart(boxes: list[Box], others: list[Box]) -> list[Box]:
    """The boxes that overlap none of the others."""
    left, top, right, bottom = sides_of(others)
    x, y, end, last = sides_of(boxes)[:, :, None]
    overlap = (x < right) & (left < end) & (y < bottom) & (top < last)
    return list(compress(boxes, ~overlap.any(axis=1)))


def _inner(parts: np.ndarray, corners: np.ndarray, rim: int) -> list[Box]:
    """The areas within the lines of those of N parts of a mask, (N, rows, columns), with all four.

    Their upper left corners lie at `corners`, x and y, (N, 2).
    """
    turned = parts.transpose(0, 2, 1)
    sides = (parts, parts[:, ::-1], turned, turned[:, ::-1])
    top, bottom, left, right = thickness = np.array([_wall(side, rim) for side in sides])
    _, rows, columns = parts.shape
    boxes = np.column_stack(
        [corners[:, 0] + left, corners[:, 1] + top, columns - left - right, rows - top - bottom]
    )
    framed = thickness.all(axis=0) & (boxes[:, 2:] > 0).all(axis=1) & ~_are_rings(parts)
    framed &= _dark_within(parts, thickness, rim) <= INNER_SHARE
    return [Box(*box) for box in boxes[framed].tolist()]


def _dark_within(parts: np.ndarray, thickness: np.ndarray, rim: int) -> np.ndarray:
    """Darkest pixel column between the lines and further than `rim` from the sides, 0 to 1 (N,)."""
    top, bottom, left, right = thickness[:, :, None]
    y, x = np.arange(parts.shape[1]), np.arange(parts.shape[2])
    within = (y >= top) & (y < len(y) - bottom)
    dark = np.einsum("nyx,ny->nx", parts, within, dtype=np.intp)
    share = dark / np.maximum(within.sum(axis=1, keepdims=True), 1)
    return (share * ((x >= left + rim) & (x < len(x) - right - rim))).max(axis=1)


def _are_rings(parts: np.ndarray) -> np.ndarray:
    """Which outlines are so round that they leave the corners free; bool (N,)."""
    side = max(1, round(RING_CORNER * min(parts.shape[1:])))
    ends = (slice(None, side), slice(-side, None))
    filled = [parts[:, rows, columns].any(axis=(1, 2)) for rows in ends for columns in ends]
    return np.sum(filled, axis=0) <= 2


def _wall(parts: np.ndarray, rim: int) -> np.ndarray:
    """Pixel rows that the line at the upper edge takes, int (N,); 0 without a line."""
    columns = parts.shape[2]
    corner = int(CORNER_SHARE * columns)
    edge = parts[:, : 2 * rim, corner : columns - corner]
    seen = (edge[:, 1:] | edge[:, :-1]).mean(axis=2) >= SEEN_SHARE
    first = seen[:, :rim].argmax(axis=1)
    is_past = ~seen & (np.arange(seen.shape[1]) > first[:, None])
    last = is_past.argmax(axis=1)
    return np.where(seen[:, :rim].any(axis=1) & is_past.any(axis=1), last, 0)
