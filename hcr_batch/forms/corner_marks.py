"""Corner marks: the squares, discs, angles and crosses that forms carry for machines."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.types import MM_PER_INCH, Page

__all__ = ["corner_marks", "find_marks"]

LOOK_DPI = 100.0
"""Marks are looked for at about this resolution."""
SIDES_MM = (1.5, 25.0)
"""Shortest and longest side of a mark: print is smaller, bars and pictures are larger."""
BARS_MM = 3.0
"""Shortest side of an angle or a cross: capitals like L and T are smaller in most print."""
MAX_ASPECT = 6.0
SOLID = 0.7
"""Share of its box that a square or a disc fills (a disc 0.79); bold capitals fill 0.6."""
WHOLE, REST = 0.8, 0.1
"""Share of a row or column that is ink where a bar of an angle lies, and of the ink beside bars."""
DARK = 0.55
"""Share of the paper's brightness around it below which a pixel is ink."""
PAPER_MM = 30.0
"""Within this distance of a mark there is paper."""
PAPER_DPI = 12.5
SAME_SIZE = 0.15
"""Marks of one form have sides that differ by less than this share."""
CORNERS, SPREAD, NEAR = 3, 0.5, 0.06
"""So many corners at least have one, that lie this share of the page apart and are this near, as a
share of the page, to the corner of them all."""


def find_marks(page: Page) -> np.ndarray:
    """Find what may be a corner mark, wherever on a page it stands.

    Parameters
    ----------
    page : Page
        Level, dark ink on light paper.

    Returns
    -------
    ndarray of float64, shape (N, 4)
        Left, top, right and bottom in pixels of the page.
    """
    step = max(1.0, page.pixels_per_mm * MM_PER_INCH / LOOK_DPI)
    gray = cv2.resize(page.gray, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    per_mm = page.pixels_per_mm / step
    ink = (gray < DARK * _paper(gray, per_mm)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    shape = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    least, most = shape.min(axis=1), shape.max(axis=1)
    shortest, longest = (side * per_mm for side in SIDES_MM)
    usual = (least >= shortest) & (most <= longest) & (most <= MAX_ASPECT * least)
    solid = stats[:, cv2.CC_STAT_AREA] >= SOLID * shape.prod(axis=1)
    large = usual & (least >= BARS_MM * per_mm)
    found = [
        number
        for number in range(1, count)
        if (usual[number] and solid[number])
        or (large[number] and _is_of_bars(_inside(labels, stats[number]) == number))
    ]
    left, top = stats[found, cv2.CC_STAT_LEFT], stats[found, cv2.CC_STAT_TOP]
    width, height = shape[found].T
    scale = np.array(page.gray.shape[1::-1]) / gray.shape[1::-1]
    return np.stack([left, top, left + width, top + height], axis=1) * np.tile(scale, 2)


def corner_marks(page: Page) -> np.ndarray:
    """The marks of one size that stand in the corners of a form; float64 (N, 4), in pixels."""
    marks = find_marks(page)
    sides = marks[:, 2:] - marks[:, :2]
    size = np.array(page.gray.shape[1::-1], float)
    for like in sides:
        alike = marks[(np.abs(sides - like) <= SAME_SIZE * like).all(axis=1)]
        least, most = alike[:, :2].min(axis=0), alike[:, 2:].max(axis=0)
        first = alike[:, :2] - least <= NEAR * size
        last = most - alike[:, 2:] <= NEAR * size
        at_corner = (first | last).all(axis=1)
        corners = np.unique(first[at_corner], axis=0)
        if len(corners) >= CORNERS and (most - least >= SPREAD * size).all():
            return np.asarray(alike[at_corner])
    return marks[:0]


def _paper(gray: np.ndarray, per_mm: float) -> np.ndarray:
    """Brightness of the paper around each pixel."""
    step = per_mm * MM_PER_INCH / PAPER_DPI
    small = cv2.resize(gray, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    side = 2 * round(PAPER_MM * per_mm / step) // 2 + 1
    bright = cv2.blur(cv2.dilate(small, np.ones((side, side), np.uint8)), (side, side))
    return cv2.resize(bright, gray.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _inside(labels: np.ndarray, stats: np.ndarray) -> np.ndarray:
    left, top, width, height = stats[:4]
    return labels[top : top + height, left : left + width]


def _is_of_bars(ink: np.ndarray) -> bool:
    """Whether a shape, bool (rows, columns), is one bar across and one down: an angle, a cross."""
    rows, columns = ink.mean(axis=1) >= WHOLE, ink.mean(axis=0) >= WHOLE
    if not (rows.any() and columns.any()):
        return False
    beside = ink & ~(rows[:, None] | columns[None])
    return bool(beside.sum() <= REST * ink.sum())
