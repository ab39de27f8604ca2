"""Separate boxes with round or square corners, whatever is written in them."""

from __future__ import annotations

from itertools import takewhile

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.excerpt import AROUND_MM, Excerpt, without
from hcr_batch.layout.rulings import Rulings, odd, outlines
from hcr_batch.layout.runs import Runs, closed_both_ways
from hcr_batch.types import Box

__all__ = ["find_frames"]

CORNER_SHARE = 0.12
"""Share of a side, at each end, that a round corner may take."""
BRIDGE_MM = 0.8
"""A shorter break in a line is closed."""
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
    walls = without(rulings.upright, taken, per_mm)
    excerpt = Excerpt.near(walls, round(AROUND_MM * per_mm))
    if not len(excerpt.rows):
        return []
    faint = rulings.faint[excerpt.rows]
    # Coarse scans break thin lines.
    ink = Runs.of(faint, horizontal=False)
    bridged = closed_both_ways(ink, odd(BRIDGE_MM * per_mm + 1)).mask()
    whole = _frames(faint, per_mm, settings, [])
    mended = _frames(bridged, per_mm, settings, whole)
    mended = [box for box in mended if not any(_overlap(box, known) for known in whole)]
    return [excerpt.on_page(box) for box in whole + mended]


def _frames(
    lines: np.ndarray, per_mm: float, settings: LayoutSettings, known: list[Box]
) -> list[Box]:
    least = settings.min_comb_cell_mm * per_mm
    most = settings.max_cell_mm * per_mm
    rim = max(2, round(RIM_MM * per_mm))
    inner = (
        _inside(lines[y : y + height, x : x + width], x, y, rim)
        for x, y, width, height in outlines(lines)
        if least <= min(width, height) and height <= most and width <= MAX_ASPECT * height
        and not any(_overlap(_core(x, y, width, height), box) for box in known)
    )
    return [box for box in inner if box is not None and min(box.width, box.height) >= least]


def _core(x: int, y: int, width: int, height: int) -> Box:
    """The middle half of an outline, which all frames with that outline hold."""
    return Box(x + width / 4, y + height / 4, width / 2, height / 2)


def _overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def _inside(part: np.ndarray, x: int, y: int, rim: int) -> Box | None:
    """The area within the lines of a frame; None where it has not all four."""
    views = (part, part[::-1], part.T, part.T[::-1])
    walls = list(takewhile(bool, (_wall(view, rim) for view in views)))
    if len(walls) < len(views) or _is_ring(part):
        return None
    top, bottom, left, right = walls
    inner = part[top : len(part) - bottom, left : part.shape[1] - right]
    if not inner.size or inner[:, rim:-rim].mean(axis=0).max(initial=0.0) > INNER_SHARE:
        return None
    return Box(x + left, y + top, inner.shape[1], inner.shape[0])


def _is_ring(part: np.ndarray) -> bool:
    """Whether the outline is so round that it leaves the corners free."""
    side = max(1, round(RING_CORNER * min(part.shape)))
    corners = (part[:side, :side], part[:side, -side:], part[-side:, :side], part[-side:, -side:])
    return sum(bool(corner.any()) for corner in corners) <= 2


def _wall(part: np.ndarray, rim: int) -> int:
    """Pixel rows that the line at the upper edge takes; 0 without a line."""
    corner = int(CORNER_SHARE * part.shape[1])
    edge = part[: 2 * rim, corner : part.shape[1] - corner]
    share = np.maximum(edge[1:], edge[:-1]).mean(axis=1)
    seen = np.flatnonzero(share[:rim] >= SEEN_SHARE)
    if not len(seen):
        return 0
    below = np.flatnonzero(share[seen[0] :] < SEEN_SHARE)
    return int(seen[0] + below[0]) if len(below) else 0
