"""What the segmentation network says about a page, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import sides_of
from hcr_batch.segmentation.closed_boxes import closed_boxes, solid_bars
from hcr_batch.segmentation.network import CHANNELS, Segmenter
from hcr_batch.types import Box, Page

__all__ = [
    "INPUT_DPI",
    "LAYER_DPI",
    "LIKELY",
    "Layers",
    "as_seen",
    "segment",
    "segment_seen",
]

INPUT_DPI = 200.0
"""Dots per inch at which the network sees a page,"""
LAYER_DPI = 100.0
"""and at which it answers."""
LIKELY = 128
"""Of 255: a pixel is of a layer from here on."""
SAME_SCALE = 0.03
"""A page whose resolution differs by less than this share is not resampled."""


@dataclass(frozen=True)
class Layers:
    """Probabilities of a page's pixels, at about 100 dots per inch.

    Attributes
    ----------
    maps : ndarray of uint8, shape (6, rows, columns)
        0 to 255 for 0 to 1, in the order of `CHANNELS`; a pixel may be line and pen at once.
    scale : float
        Pixels of the page that a pixel of the layers is wide.
    """

    maps: np.ndarray
    scale: float

    @property
    def line(self) -> np.ndarray:
        """Rulings and walls of the form."""
        return self.maps[CHANNELS.index("line")]

    @property
    def printed(self) -> np.ndarray:
        """Machine print."""
        return self.maps[CHANNELS.index("print")]

    @property
    def written(self) -> np.ndarray:
        """Handwriting."""
        return self.maps[CHANNELS.index("writing")]

    @property
    def cell(self) -> np.ndarray:
        """The middle of character cells."""
        return self.maps[CHANNELS.index("cell")]

    @property
    def area(self) -> np.ndarray:
        """Free areas to write a string in."""
        return self.maps[CHANNELS.index("area")]

    @property
    def check(self) -> np.ndarray:
        """The middle of check boxes."""
        return self.maps[CHANNELS.index("check")]

    @property
    def pixels_per_mm(self) -> float:
        """Of the layers themselves."""
        return LAYER_DPI / 25.4

    @cached_property
    def closed(self) -> np.ndarray:
        """What lines and solid bars close off: left, top, right and bottom, float (N, 4)."""
        walls = np.maximum(self.line, solid_bars(self.printed, self.pixels_per_mm))
        return closed_boxes(walls, self.pixels_per_mm)

    def with_pens(self, maps: np.ndarray) -> Layers:
        """The layers with maps of other print and writing; what the lines close off stays."""
        found = replace(self, maps=maps)
        vars(found)["closed"] = self.closed
        return found

    def pen_share(self, box: Box) -> float:
        """Share of a pen's in all writing and print in a box of the page; 1 where there is none."""
        sides = np.maximum(sides_of([box])[:, 0] / self.scale, 0)
        left, top, right, bottom = sides.astype(int).tolist()
        place = np.s_[top : bottom + 1, left : right + 1]
        pen, press = (int(part[place].sum()) for part in (self.written, self.printed))
        return pen / (pen + press) if pen + press else 1.0

    def on_page(self, sides: np.ndarray) -> list[Box]:
        """Boxes in pixels of the page; `sides` are left, top, right, bottom here, (N, 4)."""
        corners = np.asarray(sides, float) * self.scale
        return [
            Box(left, top, right - left, bottom - top)
            for left, top, right, bottom in corners.tolist()
        ]

    def full(self, layer: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """A layer at the page's own resolution, uint8 of that shape."""
        rows, columns = shape
        size = (round(layer.shape[1] * self.scale), round(layer.shape[0] * self.scale))
        large = cv2.resize(layer, size, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
        missing = (rows - large.shape[0], columns - large.shape[1])
        if max(missing) <= 0:
            return large
        return np.pad(large, [(0, max(0, rest)) for rest in missing], mode="edge")


def segment(page: Page, segmenter: Segmenter) -> Layers:
    """Label the pixels of a page.

    Parameters
    ----------
    page : Page
        Level, dark ink on light paper.
    segmenter : Segmenter
    """
    return segment_seen(page, as_seen(page), segmenter)


def segment_seen(page: Page, seen: np.ndarray, segmenter: Segmenter) -> Layers:
    """As :func:`segment` does, of a page that is there as the network sees it."""
    return Layers(segmenter(seen), page.gray.shape[1] / seen.shape[1] * INPUT_DPI / LAYER_DPI)


def as_seen(page: Page) -> np.ndarray:
    """The page at the resolution at which the network sees it, gray uint8."""
    scale = INPUT_DPI / page.dpi
    if abs(scale - 1) <= SAME_SCALE:
        return page.gray
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(page.gray, None, fx=scale, fy=scale, interpolation=method)
