"""The one normalizer: training and scanning both make their glyphs here.

The steps are those of EMNIST (Cohen, Afshar, Tapson and van Schaik, "EMNIST:
extending MNIST to handwritten letters", 2017): blur with sigma 1, tight box,
square with the aspect kept, 2-pixel border, bicubic reduction to 28 x 28.
EMNIST's originals are 128 pixels square whatever the scanner, so ink is first
brought to one common size: a glyph then looks the same at 75 and at 600 dpi.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["GLYPH_SIZE", "NORMALIZER_VERSION", "normalize_ink"]

NORMALIZER_VERSION = 1
"""Raise this when any pixel of a glyph may change; model cards carry it."""

GLYPH_SIZE = 28
BORDER = 2
WORKING_SIZE = 72
"""Longer side, in pixels, of the ink when it is blurred: the usual height of
a character in EMNIST's 128-pixel originals."""
INK_LEVEL = 96
"""Soft ink at or above this value (of 255) counts for the tight box."""


def normalize_ink(ink: np.ndarray) -> np.ndarray:
    """Bring the ink of one character to EMNIST's form.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Light ink (255) on black (0), binary or with soft edges, lines and
        neighbours already removed.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        The glyph, white ink on black; all black where there is no ink.
    """
    left, top, width, height = cv2.boundingRect((ink >= INK_LEVEL).view(np.uint8))
    if not width:
        return np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    tight = ink[top : top + height, left : left + width]
    blurred = cv2.GaussianBlur(_framed(_resized(tight, WORKING_SIZE), margin=3), (7, 7), 1.0)
    inner = GLYPH_SIZE - 2 * BORDER
    left, top, width, height = cv2.boundingRect((blurred >= INK_LEVEL // 2).view(np.uint8))
    if not width:
        return np.zeros((GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    reduced = _resized(blurred[top : top + height, left : left + width], inner)
    return _centred(reduced, GLYPH_SIZE)


def _resized(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Scale so that the longer side has `longer_side` pixels; the aspect stays."""
    rows, columns = image.shape
    scale = longer_side / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    # Bicubic reduction by more than about 1.5 would skip pixels; area averaging does not.
    method = cv2.INTER_AREA if scale < 0.67 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=method)


def _framed(image: np.ndarray, margin: int) -> np.ndarray:
    return cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)


def _centred(image: np.ndarray, size: int) -> np.ndarray:
    """Place `image` in the middle of a black square."""
    rows, columns = image.shape
    top, left = (size - rows) // 2, (size - columns) // 2
    square = np.zeros((size, size), np.uint8)
    square[top : top + rows, left : left + columns] = image
    return square
