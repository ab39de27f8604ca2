"""The one normalizer: training and scanning both make their glyphs here.

The steps are those of EMNIST (Cohen, Afshar, Tapson and van Schaik, "EMNIST:
extending MNIST to handwritten letters", 2017): blur with sigma 1, tight box,
square with the aspect kept, 2-pixel border, bicubic reduction to 28 x 28.
EMNIST's originals are 128 pixels square whatever the scanner, so ink is first
brought to one common size: a glyph then looks the same at 75 and at 600 dpi.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

__all__ = ["GLYPH_SIZE", "NORMALIZER_VERSION", "normalize_ink", "normalize_inks"]

NORMALIZER_VERSION = 1
"""Raise this when any pixel of a glyph may change; model cards carry it."""

GLYPH_SIZE = 28
BORDER = 2
WORKING_SIZE = 72
"""Longer side, in pixels, of the ink when it is blurred: the usual height of
a character in EMNIST's 128-pixel originals."""
MARGIN = 3
"""Pixels of paper around it there: as far as the blur reaches."""
BLURRED_AT_ONCE = 64
"""Inks; so many fit into the processor's cache."""
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
    return normalize_inks([ink])[0]


def normalize_inks(inks: Sequence[np.ndarray]) -> np.ndarray:
    """Bring the ink of N characters to EMNIST's form, as :func:`normalize_ink` does with one.

    Parameters
    ----------
    inks : sequence of ndarray of uint8, each (rows, columns)

    Returns
    -------
    ndarray of uint8, shape (N, 28, 28)
    """
    glyphs = np.zeros((len(inks), GLYPH_SIZE, GLYPH_SIZE), np.uint8)
    for start in range(0, len(inks), BLURRED_AT_ONCE):
        chosen = slice(start, start + BLURRED_AT_ONCE)
        for glyph, blurred in zip(glyphs[chosen], _blurred(inks[chosen]), strict=True):
            if blurred.size:
                _centre(_resized(blurred, GLYPH_SIZE - 2 * BORDER), glyph)
    return glyphs


def _blurred(inks: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Each ink at the working size, blurred and cut tightly; empty where there is none."""
    # Beside each other: few long rows are blurred in a fifth of the time of many short ones.
    side = WORKING_SIZE + 2 * MARGIN
    sheet = np.zeros((side, len(inks) * side), np.uint8)
    slots = _squares(sheet)
    for ink, slot in zip(inks, slots, strict=True):
        tight = _tight(ink, (ink >= INK_LEVEL).view(np.uint8))
        if tight.size:
            working = _resized(tight, WORKING_SIZE)
            rows, columns = working.shape
            slot[MARGIN : MARGIN + rows, MARGIN : MARGIN + columns] = working
    cv2.GaussianBlur(sheet, (2 * MARGIN + 1, 2 * MARGIN + 1), 1.0, dst=sheet)
    dark = (sheet >= INK_LEVEL // 2).view(np.uint8)
    return map(_tight, slots, _squares(dark))


def _squares(sheet: np.ndarray) -> list[np.ndarray]:
    """The squares that lie beside each other on a sheet."""
    side, columns = sheet.shape
    return [sheet[:, left : left + side] for left in range(0, columns, side)]


def _tight(ink: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """The part of `ink` that holds all that is marked in `dark`; perhaps empty."""
    left, top, width, height = cv2.boundingRect(dark)
    return ink[top : top + height, left : left + width]


def _resized(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Scale so that the longer side has `longer_side` pixels; the aspect stays."""
    rows, columns = image.shape
    scale = longer_side / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    # Bicubic reduction by more than about 1.5 would skip pixels; area averaging does not.
    method = cv2.INTER_AREA if scale < 0.67 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=method)


def _centre(image: np.ndarray, square: np.ndarray) -> None:
    """Place `image` in the middle of a black square."""
    rows, columns = image.shape
    top, left = (len(square) - rows) // 2, (len(square) - columns) // 2
    square[top : top + rows, left : left + columns] = image
