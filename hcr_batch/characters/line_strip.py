"""The strip of a string: its ink leveled, upright and of one size, as the line reader takes it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.arrays.quantiles import quantile
from hcr_batch.characters.slant import slant_of
from hcr_batch.types import Box

__all__ = ["FAINT", "STRIP_HEIGHT", "STRIP_VERSION", "Strip", "line_strip"]

STRIP_HEIGHT = 40
"""Rows of a strip."""
STRIP_VERSION = 1
"""Of the way from ink to strip; a network is right only for strips of its version."""
SPREAD = 7.0
"""Rows of a strip that the ink deviates from its middle (standard deviation): capitals come
out some 23 rows high, small letters some 14 to 18."""
ROOM = 36
"""Rows that the ink of a line takes at most."""
MARGIN = 8
"""Columns without ink before and behind the writing."""
LARGEST = 4.0
"""Times that ink is magnified at most: less is not writing."""
FAINT = 48
"""Ink below this (of 255) says nothing about where the writing stands."""
STRAY = 0.004
"""Share of the ink at either end, of rows and of columns, that is taken for dirt."""
LEVEL_FROM, LEVEL_FULLY = 2.5, 6.0
"""Widths, in heights, of lines whose slope is not seen at all, and is wholly taken out."""
STEEPEST = 0.15
"""Slope of a line, rows a column, that is taken out at most."""
UPRIGHT_BIAS = 0.15
"""A slant must be worth it: upright writing is the rule."""
FULL_INK = 0.9
"""Quantile of the inked pixels that becomes full ink."""


@dataclass(frozen=True)
class Strip:
    """A string as the line reader sees it.

    Attributes
    ----------
    image : ndarray of uint8, shape (STRIP_HEIGHT, columns)
        White ink (255) on black.
    to_page : ndarray of float64, shape (2, 3)
        From a place (column, row) of the strip to (x, y) of the page.
    """

    image: np.ndarray
    to_page: np.ndarray

    def box(self, first: float, last: float) -> Box:
        """Box around the ink between two columns, in pixels of the page."""
        left, right = max(0, int(np.floor(first))), max(int(np.ceil(last)), int(first) + 1)
        rows = np.flatnonzero((self.image[:, left:right] >= FAINT).any(axis=1))
        top, bottom = (rows[0], rows[-1] + 1) if len(rows) else (0, STRIP_HEIGHT)
        corners = np.array([(x, y) for x in (first, last) for y in (top, bottom)])
        placed = corners @ self.to_page[:, :2].T + self.to_page[:, 2]
        (x, y), (right_x, bottom_y) = placed.min(axis=0), placed.max(axis=0)
        return Box(float(x), float(y), float(right_x - x), float(bottom_y - y))


def line_strip(ink: np.ndarray, x: float = 0.0, y: float = 0.0) -> Strip | None:
    """Level, straighten and scale the ink of one line of writing.

    The size follows from how far the ink deviates from its middle, not from
    its ends: one long tail does not make a word small.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink, 255 the full darkness of the pen, 0 paper; one line.
    x, y : float
        Place of its top left pixel on the page.

    Returns
    -------
    Strip or None
        None where there is no ink.
    """
    rows, columns = np.nonzero(ink >= FAINT)
    if not len(rows):
        return None
    weights = ink[rows, columns].astype(float)
    slope = _slope(columns, rows, weights)
    level = rows - slope * (columns - columns.mean())
    middle = _mean(level, weights)
    spread = float(np.sqrt(_mean((level - middle) ** 2, weights)))
    first, last = np.quantile(level, (STRAY, 1 - STRAY)).tolist()
    extent = last - first + 1
    scale = min(SPREAD / max(spread, 0.5), ROOM / extent, LARGEST)
    slant = _slant(ink, scale)
    lean = columns + slant * level
    left, right = np.quantile(lean, (STRAY, 1 - STRAY))
    width = int(np.ceil((right - left) * scale)) + 2 * MARGIN
    top = float(np.clip(middle * scale, *_middles(first * scale, last * scale)))
    # From the page to the strip: level, then shear, then scale.
    leveled = np.array([[1.0, 0, 0], [-slope, 1, slope * columns.mean()], [0, 0, 1]])
    sheared = np.array([[1.0, slant, -left], [0, 1, 0], [0, 0, 1]])
    placed = np.array([[scale, 0, MARGIN], [0, scale, STRIP_HEIGHT / 2 - top], [0, 0, 1]])
    matrix = placed @ sheared @ leveled
    image = _full(_warped(ink, matrix, scale, (width, STRIP_HEIGHT)))
    back = np.linalg.inv(matrix)[:2]
    back[:, 2] += (x, y)
    return Strip(image, back)


def _slope(columns: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> float:
    """Rows that a line falls a column; 0 where it is too short to tell."""
    x, y = columns - _mean(columns, weights), rows - _mean(rows, weights)
    across, along = _mean(x * x, weights), float(np.ptp(columns) + 1)
    aspect = along / max(float(np.ptp(rows)) + 1, 1.0)
    trust = np.clip((aspect - LEVEL_FROM) / (LEVEL_FULLY - LEVEL_FROM), 0, 1)
    found = _mean(x * y, weights) / max(across, 1.0)
    return float(np.clip(trust * found, -STEEPEST, STEEPEST))


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean of numbers, (N,); NumPy's `average` takes twice as long for a line's."""
    return float((values * weights).sum() / weights.sum())


def _middles(top: float, bottom: float) -> tuple[float, float]:
    """Least and greatest scaled row that may stand in the middle of the strip.

    So that the ink's ends, in scaled rows, stay within it where they can.
    """
    inner = STRIP_HEIGHT / 2 - 2
    low, high = bottom - inner, top + inner
    return (low, high) if low <= high else ((low + high) / 2, (low + high) / 2)


def _slant(ink: np.ndarray, scale: float) -> float:
    """Shear, in columns a row, that sets a line upright; seen as large as in the strip at most."""
    if scale < 1:
        ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return slant_of(ink, UPRIGHT_BIAS, cv2.INTER_LINEAR)


def _warped(
    ink: np.ndarray, matrix: np.ndarray, scale: float, size: tuple[int, int]
) -> np.ndarray:
    """The ink under a transform, without aliasing where it gets smaller."""
    if scale < 1:
        shape = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
        small = cv2.resize(ink, shape, interpolation=cv2.INTER_AREA)
        across, along = ink.shape[1] / shape[0], ink.shape[0] / shape[1]
        # The middle of the first pixel moves with the size of pixels.
        grown = np.array(
            [[across, 0, (across - 1) / 2], [0, along, (along - 1) / 2], [0, 0, 1]]
        )
        ink, matrix = small, matrix @ grown
    return cv2.warpAffine(ink, matrix[:2], size, flags=cv2.INTER_LINEAR)


def _full(image: np.ndarray) -> np.ndarray:
    """The strip with its pen at full darkness."""
    inked = image[image >= FAINT]
    if not len(inked):
        return image
    return cv2.convertScaleAbs(image, alpha=255 / max(quantile(inked[None], FULL_INK), 1.0))
