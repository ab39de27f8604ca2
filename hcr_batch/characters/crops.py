"""A picture of one character, whatever took it, becomes a cell: dark ink on even, light paper."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.characters.light import even_light, paper_light, sampled

__all__ = ["character_cells"]

LONGEST_SIDE = 128
"""Pixels; the network sees 28, so more than this shows nothing but noise."""
SMALL_INK = 0.4
"""Ink whose longer side is a smaller share of the picture's is looked at closer..."""
CLOSE_MARGIN = 0.25
"""...with this share of its side around it."""
INK_DARKNESS = 96
"""Of 255: soft ink from here on counts as a stroke."""
THINNEST_STROKE = 1 / 30
"""Share of the ink's longer side; thinner pens would fade away in a glyph of 28 pixels."""
MINORITY_WEIGHT = 3.0
"""Ink covers less than paper: this says so many times more than the picture's rim does."""


def character_cells(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """Make cells of a picture that holds one character.

    A crop, a drawing with a thin mouse line, a photograph in uneven light, or
    light ink on a dark ground: ink is brought to one size, light and width.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns)
        Gray.

    Returns
    -------
    tuple of ndarray of uint8, each (rows, columns)
        Dark ink on light paper. Two, the second with light and dark
        exchanged, where the picture does not tell which is ink: a recognizer
        then does.
    """
    small = _reduced(picture)
    return tuple(
        _cell(picture, small) if dark else _cell(255 - picture, 255 - small)
        for dark in _polarities(small)
    )


def _cell(picture: np.ndarray, small: np.ndarray) -> np.ndarray:
    cell = even_light(small)
    left, top, width, height = _ink_box(cell)
    scale = max(picture.shape) / max(cell.shape)
    if scale > 1 and 0 < max(width, height) < SMALL_INK * max(cell.shape):
        margin = CLOSE_MARGIN * max(width, height)
        rows = _span(top - margin, top + height + margin, scale)
        columns = _span(left - margin, left + width + margin, scale)
        cell = even_light(_reduced(picture[rows, columns]))
    return _widened(cell)


def _span(first: float, last: float, scale: float) -> slice:
    return slice(max(0, int(first * scale)), int(np.ceil(last * scale)))


def _reduced(picture: np.ndarray) -> np.ndarray:
    scale = LONGEST_SIDE / max(picture.shape)
    if scale >= 1:
        return picture
    rows, columns = picture.shape
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _polarities(picture: np.ndarray) -> tuple[bool, ...]:
    """Whether dark is ink; both answers where rim and area contradict each other."""
    level, _ = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    by_rim = _rim(picture <= level).mean() <= 0.5
    by_area = _is_dark_minor(picture)
    return (by_rim,) if by_rim == by_area else (by_rim, by_area)


def _is_dark_minor(picture: np.ndarray) -> bool:
    """Whether what is darker than the smoothed light covers less, above all at the rim."""
    sample = sampled(picture)
    relief = picture - paper_light(sample, np.ones(sample.shape, bool), picture.shape)
    low, high = relief.min(), relief.max()
    if high - low < 1:
        return True
    levels = ((relief - low) * (255 / (high - low))).astype(np.uint8)
    level, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = levels <= level
    return bool(MINORITY_WEIGHT * (dark.mean() - 0.5) + (_rim(dark).mean() - 0.5) <= 0)


def _rim(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def _ink_box(cell: np.ndarray) -> tuple[int, int, int, int]:
    return cv2.boundingRect((isolate_cell(cell) >= INK_DARKNESS).view(np.uint8))


def _widened(cell: np.ndarray) -> np.ndarray:
    """Give thin strokes the width that survives the reduction to a glyph."""
    ink = (isolate_cell(cell) >= INK_DARKNESS).view(np.uint8)
    _, _, width, height = cv2.boundingRect(ink)
    outlines, _ = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(outline, True) for outline in outlines)
    # A stroke's area is its length by its width, its outline twice its length.
    missing = THINNEST_STROKE * max(width, height) - 2 * int(ink.sum()) / max(around, 1.0)
    if missing <= 0:
        return cell
    side = int(np.ceil(missing)) + 1
    return cv2.erode(cell, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
