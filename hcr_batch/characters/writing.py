"""The ink of a page that the segmentation calls handwriting, or print."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.preprocess.binarize import Ink, quartered
from hcr_batch.segmentation.layers import Layers
from hcr_batch.types import Box

__all__ = ["SOFT_EDGE", "Parts", "Writing", "strokes_of"]

LIKELY = 110
"""Of 255: a pixel of the page is written from here on; a little early, for thin strokes are
blurred by the layer's own pixels. Of 3,344 written cells a sharper mask lost 1.6 points."""
PALE, PALE_LIKELY = 64, 70
"""Darkness, of 255, of hard pencil at most, of which the network is less sure: it is written from
here on. Black specks around strokes, so likely too, are none: of 1,405 written cells, most of them
in coarse 1-bit scans, an early mask for all ink lost 3.5 points."""
LINE_SHARE = 0.4
"""By how much of that a pixel is less likely that is rather line: teeth beside strokes would join
characters; where strokes cross walls, both are likely."""
SURE = 150
"""Of 255: connected ink that is nowhere so likely is a rest of a wall or of print."""
UNIT = 128
"""What stands for the darkness of the strokes around, of 255: some are darker."""
PEN_REACH_MM = 3.0
"""The darkness of a pen is that of the strokes this near: pencil may stand beside ink."""
NOISE = 2.5
"""Standard deviations of the paper's noise that ink is darker,"""
LEAST_DARKNESS = 8.0
"""and gray levels, of 255: hard pencil on white paper has 20."""
RIM, CORE = 0.35, 1.05
"""Shares of the darkness of the strokes around at which a stroke begins and is full."""
STROKE = 0.4
"""And from which a pixel belongs to it."""
SOFT_EDGE = np.ones((3, 3), np.uint8)
"""The soft edge around a stroke is one pixel wide."""


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

    def drawn(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """A picture between these sides, uint8: 1 on the parts and in their holes, else 0."""
        picture = np.zeros((bottom - top, right - left), np.uint8)
        cv2.drawContours(picture, self.outlines, -1, 1, cv2.FILLED, offset=(-left, -top))
        return picture


@dataclass(frozen=True)
class Writing:
    """The handwriting (or print) of a page, or of a part of it.

    Attributes
    ----------
    soft : ndarray of uint8, shape (rows, columns)
        255 is the full darkness of the pen, 0 is paper.
    mask : ndarray of uint8, same shape
        1 on the strokes, else 0.
    darkness : ndarray of uint8, same shape
        Of the strokes, 255 is black; 0 elsewhere.
    parts : Parts
        Of `mask`, in its pixels.
    x, y : int
        Place of the top left pixel on the page.
    """

    soft: np.ndarray
    mask: np.ndarray
    darkness: np.ndarray
    parts: Parts
    x: int = 0
    y: int = 0

    @property
    def pen(self) -> float:
        """Mean darkness of the strokes, 0 to 255."""
        return float(cv2.mean(self.darkness, self.mask)[0])

    def cut(self, box: Box) -> Writing:
        """That around a box in pixels of the page, with all parts that reach into it."""
        left, top, right, bottom = _inside(box, self.mask.shape)
        places = self.parts.places
        near = (places[:, 0] < right) & (places[:, 2] > left)
        near &= (places[:, 1] < bottom) & (places[:, 3] > top)
        parts, _ = self.parts.divided(near)
        if near.any():
            left, top = np.minimum((left, top), parts.places[:, :2].min(axis=0)).tolist()
            right, bottom = np.maximum((right, bottom), parts.places[:, 2:].max(axis=0)).tolist()
        cut = (slice(top, bottom), slice(left, right))
        mask = parts.drawn(left, top, right, bottom)
        shifted = Parts(
            [outline - (left, top) for outline in parts.outlines],
            parts.places - [left, top, left, top],
        )
        strokes = mask & self.mask[cut]
        return Writing(self.soft[cut], strokes, self.darkness[cut], shifted, left, top)


def strokes_of(
    layer: np.ndarray, ink: Ink, layers: Layers, pixels_per_mm: float, settings: GlyphSettings
) -> Writing:
    """Take the ink of one layer, handwriting or print, off a page.

    Darkness counts relative to the strokes around, so that faint pens and
    blurred rims are told from each other.

    Parameters
    ----------
    layer : ndarray of uint8, shape (rows, columns)
        One of `layers`.
    ink : Ink
        Of the page.
    layers : Layers
    pixels_per_mm : float
        Of the page.
    settings : GlyphSettings
        `min_speck_mm` is used.
    """
    rather_line = cv2.subtract(layers.line, layer)
    own = cv2.addWeighted(layer, 1, rather_line, -LINE_SHARE, 0)
    full = layers.full(own, ink.darkness.shape)
    darkness = _likely_ink(full, ink)
    relative = cv2.divide(darkness, _pen(darkness, pixels_per_mm), scale=UNIT)
    levels = (np.arange(256) / UNIT - RIM) / (CORE - RIM)
    soft = cv2.LUT(relative, (np.clip(levels, 0, 1) * 255).astype(np.uint8))
    mask = cv2.threshold(relative, UNIT * STROKE, 1, cv2.THRESH_BINARY)[1]
    parts = _cleaned(mask, full, settings.min_speck_mm * pixels_per_mm)
    return Writing(soft, mask, darkness, parts)


def _likely_ink(full: np.ndarray, ink: Ink) -> np.ndarray:
    """Darkness where a layer, uint8 of the page's shape, says that there are strokes; else 0."""
    likely = cv2.threshold(full, LIKELY, 1, cv2.THRESH_BINARY)[1]
    pale = cv2.threshold(ink.darkness, PALE, 1, cv2.THRESH_BINARY_INV)[1]
    likely |= pale & cv2.threshold(full, PALE_LIKELY, 1, cv2.THRESH_BINARY)[1]
    floor = max(LEAST_DARKNESS, NOISE * ink.noise)
    likely &= cv2.threshold(ink.darkness, floor, 1, cv2.THRESH_BINARY)[1]
    return np.asarray(ink.darkness * likely)


def _pen(darkness: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Darkness of the strokes around each pixel, uint8 of the page's shape.

    A mean of darkness weighted by itself: blurred rims count little.
    """
    side = max(3, round(2 * PEN_REACH_MM * pixels_per_mm / 4))
    square = cv2.multiply(darkness, darkness, scale=1 / 255)
    amount, weight = (
        cv2.blur(quartered(picture).astype(np.float32), (side, side))
        for picture in (square, darkness)
    )
    mean = np.clip(255 * amount / np.maximum(weight, 0.1), 1, 255).astype(np.uint8)
    return cv2.resize(mean, darkness.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _cleaned(mask: np.ndarray, likely: np.ndarray, size: float) -> Parts:
    """Erase, in place, the parts smaller than `size` and the unlikely ones; what is left."""
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    is_outer = tree[0, :, 3] < 0 if contours else ()
    outlines = list(compress(contours, is_outer))
    places = np.array([cv2.boundingRect(outline) for outline in outlines], int).reshape(-1, 4)
    is_kept = places[:, 2:].max(axis=1, initial=0) >= size
    places[:, 2:] += places[:, :2]
    # OpenCV finds the largest of a few in a third of NumPy's time.
    is_kept[is_kept] = [
        cv2.minMaxLoc(likely[y:bottom, x:right])[1] >= SURE
        for x, y, right, bottom in places[is_kept].tolist()
    ]
    kept, others = Parts(outlines, places).divided(is_kept)
    cv2.drawContours(mask, others.outlines, -1, 0, cv2.FILLED)
    return kept


def _inside(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box in whole pixels of a page of that shape."""
    rows, columns = shape
    left, top = min(max(0, round(box.x)), columns - 1), min(max(0, round(box.y)), rows - 1)
    right, bottom = min(columns, round(box.right)), min(rows, round(box.bottom))
    return left, top, max(right, left + 1), max(bottom, top + 1)
