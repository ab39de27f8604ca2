"""Tell the boxes of this page from those that shine through from its back."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.histogram import quantile_of_few
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["are_front", "is_written", "line_darkness", "side_darkness", "usual_darkness"]

REACH_MM = 0.8
"""How far outside a box its line is looked for."""
QUANTILE = 0.4
"""Share of a line's pixels that may be lighter than what counts as its darkness."""
USUAL = 0.75
"""Share of a page's boxes whose lines may be lighter than what counts as usual."""
WRITTEN_SHARE = 0.01
"""A box with more of its area inked than this is written in."""
INNER = 0.15
"""Share of a box, at each side, that is left out when ink in it is looked for."""


def side_darkness(boxes: list[Box], ink: Ink, pixels_per_mm: float) -> np.ndarray:
    """Darkness of the lines above and below boxes and of their left and right walls.

    Of each pixel row near a side its lower quantile: a stroke across it does
    not count. Of the rows, the darkest.

    Parameters
    ----------
    boxes : list of Box
    ink : Ink
    pixels_per_mm : float

    Returns
    -------
    ndarray of float, shape (N, 4)
    """
    reach = max(2, round(REACH_MM * pixels_per_mm))
    strips = [
        strip
        for edges in _edges(boxes)
        for strip in (*_lines(edges, ink.darkness, reach), *_walls(edges, ink.darkness, reach))
    ]
    return _darkest(strips).reshape(-1, 4)


def line_darkness(boxes: list[Box], ink: Ink, pixels_per_mm: float) -> np.ndarray:
    """Darkness of the lines above and below boxes alone, float (N, 2)."""
    reach = max(2, round(REACH_MM * pixels_per_mm))
    strips = [strip for edges in _edges(boxes) for strip in _lines(edges, ink.darkness, reach)]
    return _darkest(strips).reshape(-1, 2)


def usual_darkness(sides: np.ndarray, ink: Ink) -> float:
    """Darkness, 0 to 255, of the lines of a page's own boxes, which are the darker ones.

    Parameters
    ----------
    sides : ndarray of float, shape (N, 4)
        As :func:`side_darkness` gives them.
    ink : Ink
    """
    if not len(sides):
        return 0.0
    return min(quantile_of_few(sides[:, :2].max(axis=1), USUAL), 2.0 * ink.threshold)


def are_front(
    sides: np.ndarray, closed: np.ndarray, usual: float, settings: LayoutSettings
) -> np.ndarray:
    """Which boxes are of the page itself and do not shine through from its back.

    Parameters
    ----------
    sides : ndarray of float, shape (N, 4)
        As :func:`side_darkness` gives them.
    closed : ndarray of bool, shape (N,)
        Has a line above and below, or walls on all sides; else only a line below.
    usual : float
        As :func:`usual_darkness` gives it.
    settings : LayoutSettings
        `min_line_contrast`.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    # One line alone may be that of a box of this page, beside which another shines through.
    both = np.maximum(np.sort(sides, axis=1)[:, 1], sides[:, :2].min(axis=1))
    darkness = np.where(closed, both, sides[:, 1])
    return darkness >= settings.min_line_contrast * usual


def is_written(box: Box, ink: Ink) -> bool:
    """Whether there is ink in the inner part of a box."""
    dx, dy = INNER * box.width, INNER * box.height
    top, bottom = max(0, round(box.y + dy)), round(box.bottom - dy)
    left, right = max(0, round(box.x + dx)), round(box.right - dx)
    area = ink.mask[top:bottom, left:right]
    return area.size > 0 and float(area.mean()) > WRITTEN_SHARE


def _edges(boxes: list[Box]) -> list[list[int]]:
    """Left, top, right and bottom of boxes, in whole pixels."""
    return np.maximum(np.rint(sides_of(boxes)), 0).astype(int).T.tolist()


def _lines(edges: list[int], darkness: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    left, top, right, bottom = edges
    return (
        darkness[max(0, top - reach) : top + 2, left:right],
        darkness[max(0, bottom - 2) : bottom + reach, left:right],
    )


def _walls(edges: list[int], darkness: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    left, top, right, bottom = edges
    return (
        darkness[top:bottom, max(0, left - reach) : left + 2].T,
        darkness[top:bottom, max(0, right - 2) : right + reach].T,
    )


def _darkest(strips: list[np.ndarray]) -> np.ndarray:
    """The largest of the rows' quantiles, interpolated, of each of N strips, float (N,)."""
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, strip in enumerate(strips):
        if strip.size:
            alike[strip.shape].append(number)
    darkest = np.zeros(len(strips))
    for (_, length), numbers in alike.items():
        place = QUANTILE * (length - 1)
        low = int(place)
        high = min(low + 1, length - 1)
        # NumPy sorts 16 bits with vector instructions, in less time than it partitions 8.
        ordered = np.sort(np.array([strips[number] for number in numbers], np.uint16), axis=2)
        below, above = ordered[..., low].astype(float), ordered[..., high]
        darkest[numbers] = (below + (place - low) * (above - below)).max(axis=1)
    return darkest
