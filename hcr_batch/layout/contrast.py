"""Tell the boxes of this page from those that shine through from its back."""

from __future__ import annotations

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.binarize import Ink
from hcr_batch.types import Box

__all__ = ["front_rows"]

REACH_MM = 0.8
"""How far outside a cell its wall is looked for."""


def front_rows(
    rows: list[list[Box]], ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> list[list[Box]]:
    """Leave out rows whose lines are much lighter than those of the page's other rows.

    Parameters
    ----------
    rows : list of list of Box
    ink : Ink
    pixels_per_mm : float
    settings : LayoutSettings
        `min_line_contrast`.
    """
    reach = max(2, round(REACH_MM * pixels_per_mm))
    darkness = [float(np.median([_wall_darkness(b, ink.darkness, reach) for b in r])) for r in rows]
    if not darkness:
        return rows
    # The page's own lines are the darker ones; print over the back's is not a line.
    usual = min(float(np.percentile(darkness, 75)), 2.0 * ink.threshold)
    return [
        row
        for row, value in zip(rows, darkness, strict=True)
        if value >= settings.min_line_contrast * usual
    ]


def _wall_darkness(box: Box, darkness: np.ndarray, reach: int) -> float:
    """Median darkness of the left, right and lower wall, each where it is darkest; 0 to 255."""
    left, top, right, bottom = (round(v) for v in (box.x, box.y, box.right, box.bottom))
    left_wall = darkness[top:bottom, max(0, left - reach) : left + 2]
    right_wall = darkness[top:bottom, right - 2 : right + reach]
    floor = darkness[bottom - 2 : bottom + reach, left:right]
    sides = [_darkest(left_wall.T), _darkest(right_wall.T), _darkest(floor)]
    return float(np.median(sides))


def _darkest(strip: np.ndarray) -> float:
    """The darkest row of a strip by its lower quartile: a stroke across it does not count."""
    if not strip.size:
        return 0.0
    return float(np.percentile(strip, 40, axis=1).max())
