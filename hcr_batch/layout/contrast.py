"""Tell the boxes of this page from those that shine through from its back."""

from __future__ import annotations

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.binarize import Ink
from hcr_batch.types import Box

__all__ = ["is_front", "is_written", "usual_darkness"]

REACH_MM = 0.8
"""How far outside a box its line is looked for."""
WRITTEN_SHARE = 0.01
"""A box with more of its area inked than this is written in."""
INNER = 0.15
"""Share of a box, at each side, that is left out when ink in it is looked for."""


def usual_darkness(boxes: list[Box], ink: Ink, pixels_per_mm: float) -> float:
    """Darkness, 0 to 255, of the lines of a page's own boxes, which are the darker ones."""
    if not boxes:
        return 0.0
    reach = _reach(pixels_per_mm)
    darkness = [max(_sides(box, ink.darkness, reach)[:2]) for box in boxes]
    return min(float(np.percentile(darkness, 75)), 2.0 * ink.threshold)


def is_front(
    box: Box,
    usual: float,
    ink: Ink,
    pixels_per_mm: float,
    settings: LayoutSettings,
    *,
    closed: bool,
) -> bool:
    """Whether a box is of the page itself and does not shine through from its back.

    Parameters
    ----------
    box : Box
    usual : float
        As :func:`usual_darkness` gives it.
    ink : Ink
    pixels_per_mm : float
    settings : LayoutSettings
        `min_line_contrast`.
    closed : bool
        It has a line above and below, or walls on all sides; else one line is enough.
    """
    sides = _sides(box, ink.darkness, _reach(pixels_per_mm))
    # One line alone may be that of a box of this page, beside which another shines through.
    darkness = max(sorted(sides)[1], min(sides[:2])) if closed else max(sides[:2])
    return darkness >= settings.min_line_contrast * usual


def is_written(box: Box, ink: Ink) -> bool:
    """Whether there is ink in the inner part of a box."""
    dx, dy = INNER * box.width, INNER * box.height
    top, bottom = max(0, round(box.y + dy)), round(box.bottom - dy)
    left, right = max(0, round(box.x + dx)), round(box.right - dx)
    area = ink.mask[top:bottom, left:right]
    return area.size > 0 and float(area.mean()) > WRITTEN_SHARE


def _reach(pixels_per_mm: float) -> int:
    return max(2, round(REACH_MM * pixels_per_mm))


def _sides(box: Box, darkness: np.ndarray, reach: int) -> tuple[float, float, float, float]:
    """Darkness of the lines above and below a box and of its left and right wall."""
    left, top, right, bottom = (max(0, round(v)) for v in (box.x, box.y, box.right, box.bottom))
    return (
        _darkest(darkness[max(0, top - reach) : top + 2, left:right]),
        _darkest(darkness[max(0, bottom - 2) : bottom + reach, left:right]),
        _darkest(darkness[top:bottom, max(0, left - reach) : left + 2].T),
        _darkest(darkness[top:bottom, max(0, right - 2) : right + reach].T),
    )


def _darkest(strip: np.ndarray) -> float:
    """The darkest row of a strip by its lower quantile: a stroke across it does not count."""
    if not strip.size:
        return 0.0
    return float(np.percentile(strip, 40, axis=1).max())
