"""A page as the network saw it, beside its layers: paper, and how much darker the ink is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

__all__ = ["SeenPage", "of_squares", "seen_page"]

PAPER_MM = 4.0
"""The paper's light is that of the lightest so near."""


@dataclass(frozen=True)
class SeenPage:
    """What the network saw; each pixel of the layers is a square of four of the page.

    Attributes
    ----------
    gray : ndarray of uint8, shape (2 * rows, 2 * columns)
        The page, dark ink on light paper.
    paper : ndarray of uint8, shape (rows, columns)
        Light of the paper around each square.
    darkness : ndarray of uint8, shape (rows, columns)
        By how many levels the darkest pixel of each square is darker.
    """

    gray: np.ndarray
    paper: np.ndarray
    darkness: np.ndarray

    @cached_property
    def darkest_near(self) -> np.ndarray:
        """The largest darkness of each square and those beside it, uint8 (rows, columns)."""
        return cv2.dilate(self.darkness, np.ones((3, 3), np.uint8))


def seen_page(gray: np.ndarray, shape: tuple[int, ...], pixels_per_mm: float) -> SeenPage:
    """Measure the paper of a page.

    Parameters
    ----------
    gray : ndarray of uint8
        As the network took it: twice as fine as the layers, give or take a pixel.
    shape : tuple of int
        Rows and columns of the layers.
    pixels_per_mm : float
        Of the layers.
    """
    rows, columns = shape
    missing = [(0, max(0, 2 * side - old)) for side, old in zip(shape, gray.shape)]
    page = np.pad(gray, missing, mode="edge")[: 2 * rows, : 2 * columns]
    side = round(PAPER_MM * pixels_per_mm) // 2 * 2 + 1
    small = cv2.resize(page, (columns, rows), interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((side, side), np.uint8)), (side, side))
    return SeenPage(page, paper, cv2.subtract(paper, of_squares(np.minimum, page)))


def of_squares(which: np.ufunc, page: np.ndarray) -> np.ndarray:
    """The least or the largest of each 2 x 2 pixels."""
    # Rows first: whole rows are compared at once, in a fiftieth of a reduction's time.
    rows = which(page[::2], page[1::2])
    return which(rows[:, ::2], rows[:, 1::2])
