"""How far a line of writing leans."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["slant_of"]

SLANTS = np.round(np.arange(-0.6, 0.91, 0.1), 2)
"""Shears tried: from 31 degrees to the left to 42 to the right."""


def slant_of(ink: np.ndarray, upright_bias: float, interpolation: int) -> float:
    """Shear, in columns a row, that makes the column profile of a line steepest.

    After Vinciarelli and Luettin, "A new normalization technique for cursive
    handwritten words" (2001), with the profile's edges in place of its runs.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft, or a mask of 0 and 1.
    upright_bias : float
        Share of steepness that a slant of 1 loses: upright writing is the rule.
    interpolation : int
        OpenCV's way to shear it.
    """
    rows, columns = ink.shape
    reach = int(np.ceil(SLANTS.max() * rows / 2))
    size = (columns + 2 * reach, rows)
    profiles = np.empty((len(SLANTS), size[0]), np.float32)
    for slant, profile in zip(SLANTS.tolist(), profiles, strict=True):
        shear = np.array([[1, slant, reach - slant * (rows - 1) / 2], [0, 1, 0]])
        sheared = cv2.warpAffine(ink, shear, size, flags=interpolation)
        cv2.reduce(sheared, 0, cv2.REDUCE_SUM, dst=profile[None], dtype=cv2.CV_32F)
    edges = np.square(np.diff(profiles)).sum(axis=1).astype(float)
    return float(SLANTS[np.argmax(edges * (1 - upright_bias * abs(SLANTS)))])
