"""Lay a page flat: turned back, and seen from straight above where it was photographed."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from hcr_batch.arrays.quantiles import median
from hcr_batch.geometry import projected
from hcr_batch.preprocess.deskew import (
    COARSE_SIZE,
    FINE_SIZE,
    SMALLEST,
    deskew,
    estimate_skew,
    paper_level,
    profile_edges,
    reduced,
    strips_of,
)
from hcr_batch.types import Page

__all__ = ["estimate_perspective", "flatten"]

BANDS = 5
"""Parts of a page, along either side, in which the direction of its lines is measured."""
REACH = 6.0
"""Degrees either way in which the lines of a band may differ from the level."""
SEARCHES = ((COARSE_SIZE, 0.5), (FINE_SIZE, 0.1))
"""Longest side in pixels of the picture searched, and degrees between the directions tried."""
MIN_CONTRAST = 1.5
"""Steepest profile of a band over its median one; a band without lines shows less."""
MIN_FAN = 0.4
"""Degrees that the lines at one rim differ from those in the middle; less is left as it is."""
MIN_GAIN = 1.3
"""How much more its lines stand out on the flat page than on the page as it was."""


def flatten(page: Page, max_skew: float) -> Page:
    """Level a page, and take its perspective away where it has some.

    Parameters
    ----------
    page : Page
    max_skew : float
        Largest turn, in degrees either way, that is looked for.

    Returns
    -------
    Page
        The same object where nothing is worth a resampling; `to_source` follows.
    """
    fine = reduced(page.gray, FINE_SIZE)
    page = deskew(page, estimate_skew(fine, max_skew))
    transform = estimate_perspective(page.gray)
    if transform is None:
        return page
    gray, transform = _warped(page.gray, transform)
    to_source = page.to_source @ np.linalg.inv(transform)
    return dataclasses.replace(page, gray=gray, to_source=to_source)


def estimate_perspective(gray: np.ndarray) -> np.ndarray | None:
    """Homography that makes the level lines of a page parallel, and its upright ones.

    In perspective the slope of lines that were parallel changes evenly across
    the page. It is measured in bands, by the profiles that also tell the skew;
    a robust line through the slopes gives the two vanishing points, and these
    the homography (Hartley and Zisserman, Multiple View Geometry, 2.7).

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)
        A levelled page.

    Returns
    -------
    ndarray of float64, shape (3, 3), or None
        Maps pixels of the page to those of the flat one, the middle staying
        where it is; None where the lines are parallel already.
    """
    fine = reduced(gray, FINE_SIZE)
    for size, step in SEARCHES:
        small = reduced(fine, size)
        if min(small.shape) < BANDS * SMALLEST:
            return None
        angles = np.arange(-REACH, REACH + step / 2, step)
        fans = np.array([_fan(angles, steepness) for steepness in _by_band(small, angles)])
        if np.abs(fans[:, 1]).max() < MIN_FAN:
            return None
    flat, _ = _warped(small, _flattening(fans, small.shape))
    if _levelness(flat) < MIN_GAIN * _levelness(small):
        return None
    return _flattening(fans, gray.shape)


def _levelness(small: np.ndarray) -> float:
    """How steep the profiles are where they should be, over how steep they usually are."""
    angles = np.append(0.0, np.linspace(-REACH, REACH, 13))
    level, upright = _by_band(small, angles).sum(axis=2)
    usual = median(level) * median(upright)
    return float(level[0] * upright[0] / usual) if usual else 0.0


def _by_band(small: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Steepness of the level and the upright lines of each band, float32 (2, angles, BANDS)."""
    steepness = []
    for strips, way in zip(strips_of(small), (-1, 1)):
        edges = profile_edges(strips, way, angles)
        parts = np.array_split(edges, BANDS, axis=1)
        steepness.append(np.stack([part.sum(axis=1) for part in parts], axis=1))
    return np.array(steepness)


def _fan(angles: np.ndarray, steepness: np.ndarray) -> np.ndarray:
    """Degrees of the lines in the middle, and how many more at the rim; zero without lines.

    A line through the directions of the bands, robust after Theil and Sen;
    a band counts by its contrast.
    """
    directions = angles[steepness.argmax(axis=0)]
    usual = np.maximum(median(steepness), 1.0)
    weights = np.log(np.maximum(steepness.max(axis=0) / usual / MIN_CONTRAST, 1.0))
    first, second = np.triu_indices(BANDS, 1)
    both = weights[first] * weights[second]
    if not both.any():
        return np.zeros(2)
    places = (2 * np.arange(BANDS) + 1) / BANDS - 1  # -1 and 1 are the rims
    change = directions[second] - directions[first]
    more = _median(change / (places[second] - places[first]), both)
    return np.array([_median(directions - more * places, weights), more])


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _flattening(fans: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The homography for the fans of lines of a page (rows, columns)."""
    rows, columns = shape
    half = np.array([rows, columns]) / 2
    (level, level_fan), (upright, upright_fan) = np.tan(np.radians(fans)) * [[1], [-1]]
    # From the middle of the page: level lines, y = d + (level + level_fan d / half) x, all
    # meet in one point, and so do upright ones, with x and y changing places.
    vanishing = np.array([[1, level, -level_fan / half[0]], [upright, 1, -upright_fan / half[1]]])
    horizon = np.cross(*vanishing)
    flat = np.array([[1, 0, 0], [0, 1, 0], horizon / horizon[2]])
    axes = (vanishing @ flat.T)[:, :2]
    flat[:2] = np.linalg.inv((axes / np.linalg.norm(axes, axis=1, keepdims=True)).T) @ flat[:2]
    shift = np.array([[1, 0, (columns - 1) / 2], [0, 1, (rows - 1) / 2], [0, 0, 1]])
    return shift @ flat @ np.linalg.inv(shift)


def _warped(gray: np.ndarray, transform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture under a homography, grown so that no corner is lost, and the homography to it."""
    rows, columns = gray.shape
    corners = np.array([(0, 0), (columns - 1, 0), (0, rows - 1), (columns - 1, rows - 1)])
    placed = projected(transform, corners)
    first = placed.min(axis=0)
    size = np.ceil(placed.max(axis=0) - first).astype(int) + 1
    transform = np.array([[1, 0, -first[0]], [0, 1, -first[1]], [0, 0, 1]]) @ transform
    flat = cv2.warpPerspective(
        gray,
        transform,
        size.tolist(),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=paper_level(gray),
    )
    return flat, transform
