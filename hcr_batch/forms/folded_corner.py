"""A corner of a form that is folded over: all that is printed there is gone from a page."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.forms.evidence import middles
from hcr_batch.forms.imprint import PER_MM

__all__ = ["beyond_fold"]

PRINTED = 64
"""Of 255: a pixel of a page laid on the form is printed from here on."""
NEAR_MM = 1.0
"""What is printed on a form is not gone where a page has anything this near."""
DEGREES, CLOSER = np.arange(5.0, 90.0, 5.0), np.arange(-4.0, 5.0)
"""Directions in which a corner may be folded, from that of its upper or lower edge, and around the
best of them: 2 degrees are 2 mm half a form's width from its corner."""
MIN_GONE_MM2 = 25.0
"""Area of print that must be gone beyond a fold, more than is left there: a page number may be too
faint to be seen, and shades on the back of a corner are taken for print, on a darker look for an
eighth of what it covers."""


def beyond_fold(cells: np.ndarray, own: np.ndarray, seen: np.ndarray, margin: int) -> np.ndarray:
    """Which cells lie in a corner of the sheet where next to nothing of the form is left.

    A place where nothing is printed looks the same beneath a fold; it is covered where the print
    around it is.

    Parameters
    ----------
    cells : ndarray of float64, shape (N, 4)
        In millimetres on the form.
    own, seen : ndarray of uint8, shape (rows, columns)
        What is printed on the form, and on a page laid on it, 0 to 255.
    margin : int
        Pixels of both around the form.

    Returns
    -------
    ndarray of bool, shape (N,)
        Those of which a half is beyond a fold.
    """
    reach = 2 * round(NEAR_MM * PER_MM) + 1
    near = cv2.dilate((seen > PRINTED).astype(np.uint8), np.ones((reach, reach), np.uint8))
    printed = np.argwhere(own > 0)
    gone = near[tuple(printed.T)] == 0
    size = np.array(own.shape[::-1]) / PER_MM - 2 * margin / PER_MM
    places = (printed[:, ::-1] - margin) / PER_MM
    beyond = np.zeros(len(cells), bool)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        of_print, of_cells = (np.abs(corner * size - at) for at in (places, middles(cells)))
        direction, depth = _fold(of_print, gone)
        beyond |= of_cells @ direction < depth
    return beyond


def _fold(places: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, float]:
    """Across a fold, and how far it is from its corner, in millimetres as the places; 0 if none."""
    rough = max(DEGREES, key=lambda degrees: _gone_beyond(places, gone, degrees)[0])
    folds = ((*_gone_beyond(places, gone, degrees), degrees) for degrees in rough + CLOSER)
    area, depth, degrees = max(folds)
    # What has gone within this distance of what is left does not count as gone.
    return _across(degrees), depth + NEAR_MM if area >= MIN_GONE_MM2 else 0.0


def _gone_beyond(places: np.ndarray, gone: np.ndarray, degrees: float) -> tuple[float, float]:
    """How much of the print beyond the likeliest fold in a direction is gone, and its depth in mm.

    The first is an area in mm2, less that of the print that is left there.
    """
    bins = (places @ _across(degrees)).astype(int)
    told = np.append(0.0, np.cumsum(np.bincount(bins, np.where(gone, 1.0, -1.0))))
    depth = int(told.argmax())
    return float(told[depth]) / PER_MM**2, float(depth)


def _across(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
