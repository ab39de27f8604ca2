"""Paper and ink: flatten the light, then separate ink from paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from hcr_batch.arrays.quantiles import quantile, quantiles
from hcr_batch.config import LayoutSettings
from hcr_batch.types import Page

__all__ = ["Ink", "binarize", "halved", "is_blank", "outlines", "paper_surface", "quartered"]

SURFACE_SCALE = 0.25
"""The paper's brightness changes slowly: a quarter of the resolution shows it all."""
BLANK_SHARE = 0.0005
"""Share of a page with ink below which it is blank paper: a dozen specks, a fold."""
DARK = 100
"""Gray level of a page's paper below which nothing on it could be seen."""


@dataclass(frozen=True)
class Ink:
    """The ink of a page, apart from its paper.

    Attributes
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        0 is the paper around, 255 is black, whatever the light.
    threshold : int
        Darkness from which a pixel counts as written or printed.
    noise : float
        Standard deviation of the darkness of bare paper.
    """

    darkness: np.ndarray
    threshold: int
    noise: float

    @cached_property
    def mask(self) -> np.ndarray:
        """1 where `darkness` is above `threshold`, else 0; uint8 (rows, columns)."""
        return cv2.threshold(self.darkness, self.threshold, 1, cv2.THRESH_BINARY)[1]


def binarize(page: Page, settings: LayoutSettings) -> Ink:
    """Separate ink from paper.

    Where the light is even, Otsu's threshold (1979) on the page as it is; where
    it is not, the page is first divided by its paper surface, which leaves the
    reflectance alone, so that the one threshold holds everywhere.

    Parameters
    ----------
    page : Page
    settings : LayoutSettings
        `uneven_light` and `min_ink_darkness` are used.
    """
    surface = paper_surface(page.gray, page.pixels_per_mm)
    low, paper = quantiles(surface, (0.1, 0.6))
    if paper - low > settings.uneven_light * paper:
        full = cv2.resize(surface, page.gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
        darkness = 255 - cv2.divide(page.gray, np.maximum(full, 1), scale=255)
    elif paper == 255:
        # As the table would have it, in a quarter of the time.
        darkness = cv2.bitwise_not(page.gray)
    else:
        reflectance = np.clip(np.arange(256) * (255 / max(paper, 1)), 0, 255)
        darkness = cv2.LUT(page.gray, (255 - reflectance).astype(np.uint8))
    threshold = _ink_threshold(darkness, settings)
    return Ink(darkness, threshold, _noise(page.gray, float(paper)))


def paper_surface(gray: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Brightness of the paper itself, as if nothing were written on it.

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)
    pixels_per_mm : float

    Returns
    -------
    ndarray of uint8, shape about (rows / 4, columns / 4)
    """
    small = quartered(gray)
    stroke = _odd(2.0 * pixels_per_mm * SURFACE_SCALE)
    closed = cv2.dilate(cv2.medianBlur(small, 3), np.ones((stroke, stroke), np.uint8))
    smooth = _odd(8.0 * pixels_per_mm * SURFACE_SCALE)
    return cv2.blur(closed, (smooth, smooth))


def quartered(picture: np.ndarray) -> np.ndarray:
    """Averages of 4 x 4 pixels; the rest of up to three rows and columns is left out."""
    # OpenCV halves four times as fast as it quarters.
    return halved(halved(picture))


def halved(picture: np.ndarray) -> np.ndarray:
    """Averages of 2 x 2 pixels; an odd row and column are left out."""
    # With an odd row or column the blocks would not be whole, and OpenCV many times slower.
    rows, columns = (side // 2 * 2 or side for side in picture.shape)
    size = (max(1, columns // 2), max(1, rows // 2))
    return cv2.resize(picture[:rows, :columns], size, interpolation=cv2.INTER_AREA)


def _ink_threshold(darkness: np.ndarray, settings: LayoutSettings) -> int:
    """Otsu's threshold, over the pixels that are not plainly paper."""
    sample = darkness[::2, ::2]
    otsu, _ = cv2.threshold(sample, 0, 255, cv2.THRESH_OTSU)
    return int(max(otsu, settings.min_ink_darkness))


def _noise(gray: np.ndarray, paper: float) -> float:
    """Standard deviation of the paper's darkness, by differences: print and shades fall out.

    Of the page as it is, for what is brighter than the paper has no darkness.
    """
    sample = np.ascontiguousarray(gray[::4, ::4])
    if sample.shape[1] < 2:
        return 0.0
    spread = quantile(cv2.absdiff(sample[:, :-1], sample[:, 1:]), 0.5)
    return 1.4826 * spread / 2**0.5 * 255 / max(paper, 1.0)


def _odd(length: float) -> int:
    return max(3, int(length) // 2 * 2 + 1)


def outlines(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Bounding boxes (x, y, width, height) of the connected parts of a mask.

    Also of those inside the hole of another: a black scan border surrounds all.
    """
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist() if contours else []
    outer = (c for c, parent in zip(contours, parents, strict=True) if parent < 0)
    return [cv2.boundingRect(contour) for contour in outer]


def is_blank(page: Page, ink: Ink) -> bool:
    """Whether a page is light paper with nothing on it."""
    inked = cv2.countNonZero(ink.mask) / ink.mask.size
    return inked < BLANK_SHARE and float(page.gray[::8, ::8].mean()) >= DARK
