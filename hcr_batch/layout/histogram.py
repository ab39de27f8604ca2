"""Quantiles: of many whole numbers by their histogram, and of a few numbers quickly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

__all__ = ["median", "quantile", "quantile_of_few"]


def quantile(values: np.ndarray, share: float, mask: np.ndarray | None = None) -> float:
    """Quantile of uint8 values, interpolated as NumPy does it.

    Parameters
    ----------
    values : ndarray of uint8, shape (rows, columns)
    share : float
        0 to 1.
    mask : ndarray of uint8, same shape, optional
        Values count where it is not 0.

    Returns
    -------
    float
        NaN where no value counts.
    """
    ends = np.cumsum(cv2.calcHist([values], [0], mask, [256], [0, 256]).ravel())
    if not ends[-1]:
        return math.nan
    place = share * (float(ends[-1]) - 1)
    first = math.floor(place)
    low, high = ends.searchsorted(np.array([first, math.ceil(place)]), side="right").tolist()
    return low + (high - low) * (place - first)


def quantile_of_few(values: Sequence[float] | np.ndarray, share: float) -> float:
    """Quantile of at least one number, interpolated as NumPy does it.

    NumPy's own takes ten times as long for a few, and imports its masked arrays.

    Parameters
    ----------
    values : sequence of float, or ndarray of shape (N,)
    share : float
        0 to 1.
    """
    place = share * (len(values) - 1)
    return float(np.interp(place, np.arange(len(values)), np.sort(values)))


def median(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """The median along the first axis, which has at least one number; as quick as the above.

    Parameters
    ----------
    values : sequence of float, or ndarray of int or float, shape (N, ...)
    """
    ordered, middle = np.sort(values, axis=0), len(values) // 2
    return (ordered[len(values) - 1 - middle] + ordered[middle]) / 2
