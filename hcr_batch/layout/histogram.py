"""Quantiles of many whole numbers by their histogram: no sorting of a page's pixels."""

from __future__ import annotations

import math

import cv2
import numpy as np

__all__ = ["quantile"]


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
    place = share * (ends[-1] - 1)
    low, high = np.searchsorted(ends, (np.floor(place), np.ceil(place)), side="right")
    return float(low + (high - low) * (place - np.floor(place)))
