"""Tell the boxes of this page from those that shine through from its back."""

from __future__ import annotations

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.binarize import Ink
from hcr_batch.types import Box

__all__ = ["front_boxes", "usual_darkness"]

REACH_MM = 0.8
"""How far outside a box its line is looked for."""
WRITTEN_SHARE = 0.01
"""A box with more of its area inked than this is written in."""
INNER = 0.15
"""Share of a box, at each side, that is left out when ink in it is looked for."""


def front_boxes(
    boxes: list[Box], usual: float, ink: Ink, pixels_per_mm: float, settings: LayoutSettings
) -> tuple[list[Box], list[Box]]:
    """Part boxes into those of the page itself and those that are faint but written in.

    Boxes whose lines are much lighter than the others' and that hold no ink
    are left out: they shine through from the back, and if not, they are blank.

    Parameters
    ----------
    boxes : list of Box
    usual : float
        As :func:`usual_darkness` gives it.
    ink : Ink
    pixels_per_mm : float
    settings : LayoutSettings
        `min_line_contrast`.
    """
    darkness = _line_darkness(boxes, ink, pixels_per_mm)
    strong = darkness >= settings.min_line_contrast * usual
    front = [box for box, is_strong in zip(boxes, strong, strict=True) if is_strong]
    faint = [box for box, is_strong in zip(boxes, strong, strict=True) if not is_strong]
    return front, [box for box in faint if _is_written(box, ink)]


def usual_darkness(boxes: list[Box], ink: Ink, pixels_per_mm: float) -> float:
    """Darkness, 0 to 255, of the lines of a page's own boxes, which are the darker ones."""
    if not boxes:
        return 0.0
    darkness = _line_darkness(boxes, ink, pixels_per_mm)
    return min(float(np.percentile(darkness, 75)), 2.0 * ink.threshold)


def _line_darkness(boxes: list[Box], ink: Ink, pixels_per_mm: float) -> np.ndarray:
    reach = max(2, round(REACH_MM * pixels_per_mm))
    return np.array([_darkness_of_line(box, ink.darkness, reach) for box in boxes])


def _darkness_of_line(box: Box, darkness: np.ndarray, reach: int) -> float:
    """Darkness of the line below a box or above it: combs have only one."""
    left, top, right, bottom = (max(0, round(v)) for v in (box.x, box.y, box.right, box.bottom))
    floor = darkness[max(0, bottom - 2) : bottom + reach, left:right]
    ceiling = darkness[max(0, top - reach) : top + 2, left:right]
    return max(_darkest(floor), _darkest(ceiling))


def _darkest(strip: np.ndarray) -> float:
    """The darkest row of a strip by its lower quantile: a stroke across it does not count."""
    if not strip.size:
        return 0.0
    return float(np.percentile(strip, 40, axis=1).max())


def _is_written(box: Box, ink: Ink) -> bool:
    dx, dy = INNER * box.width, INNER * box.height
    top, bottom = max(0, round(box.y + dy)), round(box.bottom - dy)
    left, right = max(0, round(box.x + dx)), round(box.right - dx)
    area = ink.mask[top:bottom, left:right]
    return area.size > 0 and float(area.mean()) > WRITTEN_SHARE
