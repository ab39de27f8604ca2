"""The writing around one field, its walls erased and its dirt left out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.glyphs.walls import erase_walls
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.histogram import quantile
from hcr_batch.types import Field

__all__ = ["FieldInk", "field_ink"]

PEN = 0.9
"""Quantile of the darkness of a field's ink that is the full darkness of its pen."""
REST_MM = 0.3
"""Ink that is nowhere further from an erased wall is a rest of it..."""
LONGEST_REST_MM = 2.0
"""...where it is no longer, or thinner than that distance."""
RIM_LEVEL = 0.3
CORE_LEVEL = 0.9
"""Shares of a pen's darkness at which its stroke begins and is full."""


@dataclass(frozen=True)
class FieldInk:
    """The writing around one field, walls erased.

    Attributes
    ----------
    soft : ndarray of uint8, shape (rows, columns)
        255 is the full darkness of the field's pen, 0 is paper.
    mask : ndarray of uint8, same shape
        1 on the strokes, else 0.
    outlines : tuple of ndarray
        The outer contour of each connected part of `mask`, as OpenCV gives it.
    x, y : int
        Place of the top left pixel on the page.
    pen : float
        Full darkness of the field's pen, 0 to 255.
    """

    soft: np.ndarray
    mask: np.ndarray
    outlines: tuple[np.ndarray, ...]
    x: int
    y: int
    pen: float


def field_ink(
    ink: Ink, field: Field, pixels_per_mm: float, settings: GlyphSettings
) -> FieldInk | None:
    """Cut a field out of the page and erase its walls; None where nothing is written.

    Pencil and faint pens lie below the page's threshold: the field's own pen
    decides, from a lower one, what is a stroke.

    Parameters
    ----------
    ink : Ink
        Of the page.
    field : Field
    pixels_per_mm : float
    settings : GlyphSettings
        `max_overhang`, `faint_ink`, `stroke_level` and `min_speck_mm`.
    """
    x, y, right, bottom = _surroundings(ink, field, settings)
    darkness = ink.darkness[y:bottom, x:right]
    faint = settings.faint_ink * ink.threshold
    walls = erase_walls(darkness, field, (x, y), pixels_per_mm, int(faint))
    speck = settings.min_speck_mm * pixels_per_mm
    low, _ = _without_specks(cv2.threshold(walls.darkness, faint, 1, cv2.THRESH_BINARY)[1], speck)
    pen = quantile(walls.darkness, PEN, low & walls.inside)
    if math.isnan(pen):
        return None
    level = max(faint, settings.stroke_level * pen)
    _, strokes = cv2.threshold(walls.darkness, level, 1, cv2.THRESH_BINARY)
    mask, outlines = _without_specks(strokes & low, speck)
    mask, outlines = _without_rests(mask, outlines, walls.walls, pixels_per_mm)
    return FieldInk(_softened(walls.darkness, pen), mask, outlines, x, y, pen)


def _without_specks(mask: np.ndarray, size: float) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Erase, in place, the connected parts smaller than `size`; the mask and what is left of it."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    kept: list[np.ndarray] = []
    specks: list[np.ndarray] = []
    for contour, (_, _, _, parent) in zip(contours, tree[0] if contours else (), strict=True):
        if parent < 0:
            (kept if max(cv2.boundingRect(contour)[2:]) >= size else specks).append(contour)
    cv2.drawContours(mask, specks, -1, 0, cv2.FILLED)
    return mask, tuple(kept)


def _without_rests(
    mask: np.ndarray, outlines: tuple[np.ndarray, ...], walls: np.ndarray, pixels_per_mm: float
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Erase, in place, what keeps wholly to erased walls: rims, dots, corners."""
    reach = max(1, round(REST_MM * pixels_per_mm))
    longest = LONGEST_REST_MM * pixels_per_mm
    side = 2 * reach + 1
    beyond = cv2.subtract(mask, cv2.dilate(walls, np.ones((side, side), np.uint8)))
    kept: list[np.ndarray] = []
    rests: list[np.ndarray] = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        free = max(width, height) > longest and min(width, height) > reach
        free = free or beyond[y : y + height, x : x + width].any()
        (kept if free else rests).append(outline)
    cv2.drawContours(mask, rests, -1, 0, cv2.FILLED)
    return mask, tuple(kept)


def _softened(darkness: np.ndarray, pen: float) -> np.ndarray:
    """Stretch darkness so that a stroke's blurred rim and the gaps it fills turn to paper."""
    steps = (np.arange(256) / max(pen, 1.0) - RIM_LEVEL) / (CORE_LEVEL - RIM_LEVEL)
    return cv2.LUT(darkness, (np.clip(steps, 0, 1) * 255).astype(np.uint8))


def _surroundings(ink: Ink, field: Field, settings: GlyphSettings) -> tuple[int, int, int, int]:
    margin = settings.max_overhang * field.box.height
    rows, columns = ink.mask.shape
    return (
        max(0, int(field.box.x - margin)),
        max(0, int(field.box.y - margin)),
        min(columns, int(np.ceil(field.box.right + margin))),
        min(rows, int(np.ceil(field.box.bottom + margin))),
    )
