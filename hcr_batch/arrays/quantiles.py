"""Quantiles and shares: of many whole numbers by their histogram, and of a few quickly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

__all__ = ["median", "quantile", "quantile_of_counts", "quantile_of_few", "quantiles", "shares"]


def quantile(values: np.ndarray, share: float) -> float:
    """Quantile of uint8 values, interpolated as NumPy does it.

    Parameters
    ----------
    values : ndarray of uint8, shape (rows, columns)
    share : float
        0 to 1.

    Returns
    -------
    float
        NaN where there are none.
    """
    return quantiles(values, (share,))[0]


def quantiles(values: np.ndarray, wanted: Sequence[float]) -> list[float]:
    """Several quantiles at once, as :func:`quantile` gives each."""
    ends = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel().cumsum()
    return [_quantile(ends, share) for share in wanted]


def quantile_of_counts(counts: np.ndarray, share: float) -> float:
    """As :func:`quantile` gives it, of values so many of which, int (N,), are 0, 1 and so on."""
    return _quantile(counts.cumsum(), share)


def _quantile(ends: np.ndarray, share: float) -> float:
    """Of numbers so many of which are at most 0, 1 and so on."""
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
    # By the array's own method: half of the time for a few, beside NumPy's function.
    ordered, middle = np.array(values), len(values) // 2
    ordered.sort(axis=0)
    return (ordered[len(values) - 1 - middle] + ordered[middle]) / 2


def shares(mask: np.ndarray, axis: int) -> np.ndarray:
    """Share of a mask that is 1, over its rows (`axis` 0) or columns (1), as its mean.

    NumPy's own mean takes six to ten times as long.

    Parameters
    ----------
    mask : ndarray of uint8, shape (rows, columns)
        0 or 1.
    axis : int

    Returns
    -------
    ndarray of float64, shape (columns,) or (rows,)
        Nothing but zeros where there is nothing to count.
    """
    if not mask.size:
        return np.zeros(mask.shape[1 - axis])
    return cv2.reduce(mask, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / mask.shape[axis]
