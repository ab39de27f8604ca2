"""The writing around fields, their walls erased and their dirt left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.glyphs.sheet import Sheet, lay_out
from hcr_batch.glyphs.walls import erase_walls
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.histogram import quantile
from hcr_batch.types import Field

__all__ = ["FieldInk", "Parts", "SheetInk", "sheet_inks"]

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
    x, y : int
        Place of the top left pixel on the page.
    """

    soft: np.ndarray
    mask: np.ndarray
    x: int
    y: int


@dataclass(frozen=True)
class Parts:
    """The connected parts of a mask.

    Attributes
    ----------
    outlines : list of ndarray
        The outer contour of each, as OpenCV gives it.
    places : ndarray of int, shape (parts, 4)
        Left, top, right and bottom of each.
    """

    outlines: list[np.ndarray]
    places: np.ndarray

    def divided(self, chosen: np.ndarray) -> tuple[Parts, Parts]:
        """The chosen ones, by bool (parts,), and the others."""
        first, second = (
            Parts(list(compress(self.outlines, which)), self.places[which])
            for which in (chosen, ~chosen)
        )
        return first, second


@dataclass(frozen=True)
class SheetInk:
    """The writing on a sheet of fields, walls erased.

    Attributes
    ----------
    sheet : Sheet
    soft, mask : ndarray of uint8, of the sheet's shape
        As of :class:`FieldInk`.
    parts : Parts
        Of `mask`.
    pens : list of float
        Full darkness of the pen of each field, 0 to 255; NaN where nothing is written.
    """

    sheet: Sheet
    soft: np.ndarray
    mask: np.ndarray
    parts: Parts
    pens: list[float]

    def fields(self) -> list[FieldInk]:
        """The same, field by field."""
        corners = (self.sheet.areas[:, :2] - self.sheet.shifts).tolist()
        return [
            FieldInk(self.soft[cut], self.mask[cut], x, y)
            for cut, (x, y) in zip(self.sheet.cuts(), corners, strict=True)
        ]


def sheet_inks(
    ink: Ink, fields: Sequence[Field], pixels_per_mm: float, settings: GlyphSettings
) -> Iterator[SheetInk]:
    """Cut fields out of the page and erase their walls.

    Pencil and faint pens lie below the page's threshold: the field's own pen
    decides, from a lower one, what is a stroke.

    Parameters
    ----------
    ink : Ink
        Of the page.
    fields : sequence of Field
    pixels_per_mm : float
    settings : GlyphSettings
        `max_overhang`, `faint_ink`, `stroke_level` and `min_speck_mm`.

    Returns
    -------
    iterator of SheetInk
        With all fields, in their order.
    """
    faint = settings.faint_ink * ink.threshold
    for sheet in lay_out(ink.darkness, fields, settings.max_overhang, pixels_per_mm):
        yield _sheet_ink(sheet, faint, pixels_per_mm, settings)


def _sheet_ink(
    sheet: Sheet, faint: float, pixels_per_mm: float, settings: GlyphSettings
) -> SheetInk:
    walls = erase_walls(sheet, pixels_per_mm, int(faint))
    speck = settings.min_speck_mm * pixels_per_mm
    _, low = cv2.threshold(walls.darkness, faint, 1, cv2.THRESH_BINARY)
    low = _without_lone_specks(low, speck)
    inside = low & (sheet.cell_at > 0)
    cuts = sheet.cuts()
    pens = [quantile(walls.darkness[cut], PEN, inside[cut]) for cut in cuts]
    soft, strokes = np.zeros_like(low), np.zeros_like(low)
    for cut, pen, levels in zip(cuts, pens, _softening(pens), strict=True):
        if not math.isnan(pen):
            darkness, level = walls.darkness[cut], max(faint, settings.stroke_level * pen)
            cv2.threshold(darkness, level, 1, cv2.THRESH_BINARY, dst=strokes[cut])
            cv2.LUT(darkness, levels, dst=soft[cut])
    mask = strokes & low
    parts = _without_rests(mask, _without_specks(mask, speck), walls.walls, pixels_per_mm)
    return SheetInk(sheet, soft, mask, parts, pens)


def _softening(pens: list[float]) -> np.ndarray:
    """Levels, uint8 (pens, 256), that stretch darkness: blurred rims and filled gaps turn to paper.

    From what begins to be a stroke of each pen to its full darkness.
    """
    full = np.maximum(np.nan_to_num(pens), 1.0)[:, None]
    steps = (np.arange(256) / full - RIM_LEVEL) / (CORE_LEVEL - RIM_LEVEL)
    return (np.clip(steps, 0, 1) * 255).astype(np.uint8)


def _without_lone_specks(mask: np.ndarray, size: float) -> np.ndarray:
    """The mask without the specks smaller than `size` that have only paper around their square.

    All but a few specks are so, and outlining every stroke to find them all takes much longer.
    """
    side = max(1, math.ceil(size) - 1)
    around = np.ones((side + 2, side + 2), np.uint8)
    around[1:-1, 1:-1] = 0
    has_ink_around = cv2.dilate(mask, around)
    # What lies in any square that has none is gone.
    anchor = ((side - 1) // 2,) * 2
    return mask & cv2.erode(has_ink_around, np.ones((side, side), np.uint8), anchor=anchor)


def _without_specks(mask: np.ndarray, size: float) -> Parts:
    """Erase, in place, the connected parts smaller than `size`; what is left."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    is_outer = tree[0, :, 3] < 0 if contours else ()
    parts = _parts(list(compress(contours, is_outer)))
    kept, specks = parts.divided(_sizes(parts).max(axis=1) >= size)
    cv2.drawContours(mask, specks.outlines, -1, 0, cv2.FILLED)
    return kept


def _parts(outlines: list[np.ndarray]) -> Parts:
    places = np.array([cv2.boundingRect(outline) for outline in outlines], int).reshape(-1, 4)
    places[:, 2:] += places[:, :2]
    return Parts(outlines, places)


def _sizes(parts: Parts) -> np.ndarray:
    """Width and height, int (parts, 2)."""
    return parts.places[:, 2:] - parts.places[:, :2]


def _without_rests(
    mask: np.ndarray, parts: Parts, walls: np.ndarray, pixels_per_mm: float
) -> Parts:
    """Erase, in place, what keeps wholly to erased walls: rims, dots, corners; what is left."""
    reach = max(1, round(REST_MM * pixels_per_mm))
    longest = LONGEST_REST_MM * pixels_per_mm
    side = 2 * reach + 1
    beyond = cv2.subtract(mask, cv2.dilate(walls, np.ones((side, side), np.uint8)))
    sizes = _sizes(parts)
    free = (sizes.max(axis=1) > longest) & (sizes.min(axis=1) > reach)
    for number in np.flatnonzero(~free).tolist():
        left, top, right, bottom = parts.places[number].tolist()
        free[number] = cv2.hasNonZero(beyond[top:bottom, left:right])
    kept, rests = parts.divided(free)
    cv2.drawContours(mask, rests.outlines, -1, 0, cv2.FILLED)
    return kept
