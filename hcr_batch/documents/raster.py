"""From decoded pixels to a page: resolution, square pixels, dark ink on light paper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from hcr_batch.types import Page

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings

__all__ = ["Orientation", "Raster", "estimated_dpi", "has_usual_size", "make_page", "page_dpi"]

A4_INCHES = (8.27, 11.69)
LETTER_INCHES = (8.5, 11.0)
LARGEST_PAGE_INCHES = (13.0, 18.5)
"""A3 and Ledger with a margin; a tag that makes a page larger is nonsense."""
SMALLEST_PAGE_INCHES = (5.4, 7.9)
"""A5 with a margin; a tag that makes a whole page smaller outlived a reduction."""
LONGEST_PAGE_ASPECT = 1.6
"""Longer by shorter side up to which a picture is a whole page, not a strip of one."""
SHORTEST_PAGE_ASPECT = 1.2
"""Wider by higher from which a picture is a page that lies on its side."""
SCREEN_DPI = (72, 96)
"""What programs write that know no resolution."""
LARGEST_PIXEL_ASPECT = 3.0
"""Coarse fax has 204 x 98 dots per inch; a tag less square than this is nonsense."""
SQUARE_TOLERANCE = 0.01
SAMPLE_STEP = 8
"""Pixels between the samples for the question whether a page is mostly dark."""
STROKE_INCHES = 0.12
"""Light areas narrower than this (3 mm) may be ink; a sheet on a dark desk is wider."""
STROKE_DPI = 75.0
"""Resolution at which that is asked; more shows nothing new."""
WIDE_SHARE = 0.5
"""Share of what is light that is wider than strokes, on a page that is not inverted. Inverted
forms have 0.0 to 0.3 (their shaded bars), photographed sheets above 0.9."""


@dataclass(frozen=True)
class Orientation:
    """How stored pixels are turned upright: transposed first, then flipped."""

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def upright(self, stored: np.ndarray) -> np.ndarray:
        """Turn an array (rows, columns) as it lies in the file upright."""
        turned = stored.T if self.transposed else stored
        return turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]

    def to_stored(self, width: float, height: float) -> np.ndarray:
        """Affine map (3, 3) from the upright page, of this size, to the stored pixels."""
        x_row = (-1.0, 0.0, width) if self.flip_x else (1.0, 0.0, 0.0)
        y_row = (0.0, -1.0, height) if self.flip_y else (0.0, 1.0, 0.0)
        rows = (y_row, x_row) if self.transposed else (x_row, y_row)
        return np.array([*rows, (0.0, 0.0, 1.0)])


@dataclass(frozen=True)
class Raster:
    """One decoded image.

    Attributes
    ----------
    gray : ndarray of uint8, shape (rows, columns)
        Already upright; 255 is white as the file means it.
    orientation : Orientation
        How it was turned upright.
    dpi : tuple of float or None
        Horizontal and vertical resolution of the upright image as the file
        has it, not yet believed.
    """

    gray: np.ndarray
    orientation: Orientation = Orientation()
    dpi: tuple[float, float] | None = None


def make_page(raster: Raster, number: int, settings: DocumentSettings) -> Page:
    """Make the page that the rest of the program sees.

    Parameters
    ----------
    raster : Raster
    number : int
        Place in the document, from 1.
    settings : DocumentSettings

    Returns
    -------
    Page
        With square pixels and dark ink; `to_source` maps continuous
        coordinates (a pixel's left edge is its index) to the stored pixels.
    """
    rows, columns = raster.gray.shape
    dpi_x, dpi_y = page_dpi((columns, rows), raster.dpi, settings)
    gray = _square(raster.gray, dpi_x, dpi_y)
    dpi = max(dpi_x, dpi_y)
    if _is_inverted(gray, dpi):
        gray = 255 - gray
    scale = np.diag([columns / gray.shape[1], rows / gray.shape[0], 1.0])
    to_source = raster.orientation.to_stored(columns, rows) @ scale
    size = (rows, columns) if raster.orientation.transposed else (columns, rows)
    return Page(np.ascontiguousarray(gray), dpi, number, to_source, size)


def page_dpi(
    size: tuple[int, int], tag: tuple[float, float] | None, settings: DocumentSettings
) -> tuple[float, float]:
    """Resolution of an upright picture of (width, height) pixels, always plausible.

    Parameters
    ----------
    size : tuple of int
        Width and height in pixels.
    tag : tuple of float or None
        Horizontal and vertical dots per inch as the file has them.
    settings : DocumentSettings

    Returns
    -------
    tuple of float
        The tag where it can be believed; otherwise what makes the picture a
        sheet of A4 or Letter, or a strip as wide as one, of pixels of its shape.
    """
    if tag is not None and _is_sane(tag, settings) and has_usual_size(size, tag):
        return tag
    aspect = tag[1] / tag[0] if tag is not None and _is_shape(tag) else 1.0
    across = estimated_dpi(size[0], size[1] / aspect)
    across = min(max(across, settings.min_dpi), settings.max_dpi)
    return across, across * aspect


def _is_shape(tag: tuple[float, float]) -> bool:
    """Whether a tag that is no resolution still tells the shape of the pixels."""
    low, high = sorted(tag)
    return 0 < low <= high <= LARGEST_PIXEL_ASPECT * low


def _is_sane(tag: tuple[float, float], settings: DocumentSettings) -> bool:
    low, high = min(tag), max(tag)
    highest = min(settings.max_dpi, low * LARGEST_PIXEL_ASPECT)
    unknown = low == high and round(low) in SCREEN_DPI
    return settings.min_dpi <= low <= high <= highest and not unknown


def has_usual_size(size: tuple[float, float], dpi: tuple[float, float]) -> bool:
    """Whether (width, height) pixels at this resolution are a sheet, or part of one, as forms have.

    Whole pages may be A5 to A3; strips of a page may be of any smaller size.
    """
    short, long = sorted((size[0] / dpi[0], size[1] / dpi[1]))
    too_large = short > LARGEST_PAGE_INCHES[0] or long > LARGEST_PAGE_INCHES[1]
    page_shaped = long <= LONGEST_PAGE_ASPECT * short
    too_small = short < SMALLEST_PAGE_INCHES[0] and long < SMALLEST_PAGE_INCHES[1]
    return not too_large and not (page_shaped and too_small)


def estimated_dpi(width: float, height: float) -> float:
    """Least dots per inch with which a picture fits on A4 or Letter, the one nearer in shape."""
    landscape = SHORTEST_PAGE_ASPECT * height < width <= LONGEST_PAGE_ASPECT * height
    across, down = (height, width) if landscape else (width, height)

    def misfit(sheet: tuple[float, float]) -> float:
        return abs(math.log((down / across) / (sheet[1] / sheet[0])))

    sheet = min((A4_INCHES, LETTER_INCHES), key=misfit)
    return max(across / sheet[0], down / sheet[1])


def _square(gray: np.ndarray, dpi_x: float, dpi_y: float) -> np.ndarray:
    """Stretch the coarser direction so that both have the finer resolution."""
    finer = max(dpi_x, dpi_y)
    if finer <= min(dpi_x, dpi_y) * (1 + SQUARE_TOLERANCE):
        return gray
    rows, columns = gray.shape
    size = (round(columns * finer / dpi_x), round(rows * finer / dpi_y))
    return cv2.resize(np.ascontiguousarray(gray), size, interpolation=cv2.INTER_LINEAR)


def _is_inverted(gray: np.ndarray, dpi: float) -> bool:
    """Whether a page has light ink on dark paper.

    A page is mostly dark also with a black scan border or a photograph on it;
    then what is light is paper, and wide. Light ink is thin, and its boxes,
    however dense, are too.
    """
    sample = gray[::SAMPLE_STEP, ::SAMPLE_STEP]
    middle = (int(sample.min()) + int(sample.max())) / 2
    if np.count_nonzero(sample < middle) <= sample.size / 2:
        return False
    scale = min(1.0, STROKE_DPI / dpi)
    small = cv2.resize(
        np.ascontiguousarray(gray), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    light = cv2.threshold(small, middle, 1, cv2.THRESH_BINARY)[1]
    width = max(3, round(STROKE_INCHES * dpi * scale))
    wide = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    return cv2.countNonZero(wide) < WIDE_SHARE * cv2.countNonZero(light)
