"""What a page shows of its form: the boxes found on it, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.arrays.box_sides import sides_of
from hcr_batch.geometry import projected
from hcr_batch.types import Box, Rectangle

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

    from hcr_batch.forms.imprint import Imprint

__all__ = ["Evidence", "box_of", "corners_of", "mapped", "middles", "sizes"]


@dataclass(frozen=True)
class Evidence:
    """What was found on a page, in its pixels.

    Attributes
    ----------
    boxes : ndarray of float64, shape (N, 4)
        Left, top, right and bottom of all cells and boxes.
    size : tuple of int
        (width, height) of the page.
    pixels_per_mm : float
        As the file has it; a wrong one is noticed.
    paper : ndarray of float64, shape (4, 2)
        Corners (x, y) of what was scanned, in order around it; those of the
        page itself where they are left out. A page that was turned level has
        margins that are no paper.
    imprint : Imprint, optional
        Its lines and its print.
    """

    boxes: np.ndarray
    size: tuple[int, int]
    pixels_per_mm: float
    paper: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    imprint: Imprint | None = None

    @cached_property
    def tree(self) -> cKDTree:
        """The middles of the boxes, to be searched."""
        # Imported here: a scan without templates starts sooner.
        from scipy.spatial import cKDTree

        return cKDTree(middles(self.boxes))

    def turned(self, turns: int) -> Evidence:
        """The same after so many quarter turns clockwise."""
        (width, height), boxes, paper = self.size, self.boxes, self.corners()
        for _ in range(turns):
            left, top, right, bottom = boxes.T
            boxes = np.stack([height - bottom, left, height - top, right], axis=1)
            paper = np.stack([height - paper[:, 1], paper[:, 0]], axis=1)
            width, height = height, width
        imprint = self.imprint and self.imprint.turned(turns)
        return replace(self, boxes=boxes, size=(width, height), paper=paper, imprint=imprint)

    def without(self, taken: np.ndarray) -> Evidence:
        """The same without the boxes of these numbers."""
        return replace(self, boxes=np.delete(self.boxes, taken, axis=0))

    def corners(self) -> np.ndarray:
        """Corners of the paper, float64 (4, 2)."""
        if len(self.paper):
            return self.paper
        width, height = self.size
        return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)

    def paper_area(self) -> float:
        """Of the paper, in square pixels."""
        return abs(_signed_area(self.corners())) / 2

    def on_paper(self, boxes: np.ndarray, margin: float) -> np.ndarray:
        """Which boxes lie on the paper, but for a margin in pixels; bool (N,)."""
        corners = np.stack(
            [boxes[:, [0, 1]], boxes[:, [2, 1]], boxes[:, [2, 3]], boxes[:, [0, 3]]], axis=1
        )
        paper = self.corners()
        sides = np.roll(paper, -1, axis=0) - paper
        inward = np.stack([-sides[:, 1], sides[:, 0]], axis=1)
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-9)
        inward *= np.sign(_signed_area(paper))
        depth = np.einsum("bcsk,sk->bcs", corners[:, :, None] - paper, inward)
        return (depth >= -margin).all(axis=(1, 2))


def _signed_area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) or 1.0


def corners_of(boxes: Iterable[Rectangle]) -> np.ndarray:
    """Left, top, right and bottom of boxes; float64 (N, 4)."""
    return sides_of(boxes).T


def box_of(boxes: np.ndarray) -> Box:
    """The bounding box of boxes (N, 4)."""
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return Box(left, top, right - left, bottom - top)


def middles(boxes: np.ndarray) -> np.ndarray:
    """Middles (x, y) of boxes (N, 4); float64 (N, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def sizes(boxes: np.ndarray) -> np.ndarray:
    """Width and height of boxes (N, 4); float64 (N, 2)."""
    return boxes[:, 2:] - boxes[:, :2]


def mapped(transform: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) under a homography; the upright boxes through the middles of their sides."""
    left, top, right, bottom = boxes.T
    x, y = (left + right) / 2, (top + bottom) / 2
    west, north, east, south = (
        projected(transform, np.stack(points, axis=1))
        for points in ((left, y), (x, top), (right, y), (x, bottom))
    )
    return np.stack([west[:, 0], north[:, 1], east[:, 0], south[:, 1]], axis=1)
