"""The one normalizer: training and scanning both make their glyphs here.

The steps are those of EMNIST (Cohen, Afshar, Tapson and van Schaik, "EMNIST:
extending MNIST to handwritten letters", 2017): blur with sigma 1, tight box,
square with the aspect kept, 2-pixel border, bicubic reduction to 28 x 28.
EMNIST's originals are 128 pixels square whatever the scanner, so ink is first
brought to one common size: a glyph then looks the same at 75 and at 600 dpi.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

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
    inner = GLYPH_SIZE - 2 * BORDER
    for start in range(0, len(inks), BLURRED_AT_ONCE):
        chosen = slice(start, start + BLURRED_AT_ONCE)
        for glyph, blurred in zip(glyphs[chosen], _blurred(inks[chosen]), strict=True):
            if blurred.size:
                rows, columns = _scaled(blurred.shape, inner)
                top, left = (GLYPH_SIZE - rows) // 2, (GLYPH_SIZE - columns) // 2
                _resize(blurred, glyph[top : top + rows, left : left + columns])
    return glyphs


def _blurred(inks: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Each ink at the working size, blurred and cut tightly; empty where there is none."""
    tight = [_tight(ink, _marked(ink, INK_LEVEL)) for ink in inks]
    sizes = [_scaled(ink.shape, WORKING_SIZE) for ink in tight]
    # Beside each other: few long rows are blurred in a fifth of the time of many short ones.
    ends = [0, *accumulate(columns + 2 * MARGIN for _, columns in sizes)]
    sheet = np.zeros((WORKING_SIZE + 2 * MARGIN, ends[-1]), np.uint8)
    for ink, (rows, columns), left in zip(tight, sizes, ends, strict=False):
        if ink.size:
            left += MARGIN
            _resize(ink, sheet[MARGIN : MARGIN + rows, left : left + columns])
    cv2.GaussianBlur(sheet, (2 * MARGIN + 1, 2 * MARGIN + 1), 1.0, dst=sheet)
    dark = _marked(sheet, INK_LEVEL // 2)
    for left, right in pairwise(ends):
        yield _tight(sheet[:, left:right], dark[:, left:right])


def _marked(ink: np.ndarray, level: int) -> np.ndarray:
    """1 where the ink has at least that level, else 0."""
    return cv2.threshold(ink, level - 1, 1, cv2.THRESH_BINARY)[1]


def _tight(ink: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """The part of `ink` that holds all that is marked in `dark`; perhaps empty."""
    left, top, width, height = cv2.boundingRect(dark)
    return ink[top : top + height, left : left + width]


def _scaled(shape: tuple[int, ...], longer_side: int) -> tuple[int, int]:
    """Rows and columns of a picture when its longer side has `longer_side` pixels."""
    rows, columns = shape
    scale = longer_side / max(rows, columns, 1)
    return max(1, round(rows * scale)), max(1, round(columns * scale))


def _resize(image: np.ndarray, scaled: np.ndarray) -> None:
    """Fill `scaled` with the image."""
    # Bicubic reduction by more than about 1.5 would skip pixels; area averaging does not.
    is_small = max(scaled.shape) < 0.67 * max(image.shape)
    method = cv2.INTER_AREA if is_small else cv2.INTER_CUBIC
    cv2.resize(image, scaled.shape[::-1], dst=scaled, interpolation=method)
