"""Boxes measured, divided, and taken from one frame to another; points under a homography."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hcr_batch.types import AnyBox, Box, MillimetreBox, Rectangle

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "area",
    "enlargement",
    "evenly_divided",
    "in_millimetres",
    "in_pixels",
    "projected",
    "scaled",
    "shared_area",
    "shrunk",
]


def area(box: Rectangle) -> float:
    """Of a box, in square units of its sides."""
    return box.width * box.height


def shared_area(one: AnyBox, other: AnyBox) -> float:
    """What two boxes have in common; 0 where they do not meet."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(width, 0.0) * max(height, 0.0)


def enlargement(matrix: np.ndarray) -> float:
    """How many times as long lengths become by an affine map, (2, 3) or (3, 3), on the average."""
    (a, b), (c, d) = matrix[:2, :2].tolist()
    return math.sqrt(abs(a * d - b * c))


def scaled(box: AnyBox, across: float, down: float) -> AnyBox:
    """A box of a picture in another resolution of it: so many new pixels to one of the old."""
    return type(box)(box.x * across, box.y * down, box.width * across, box.height * down)


def in_millimetres(box: Box, pixels_per_mm: float) -> MillimetreBox:
    """A box of a page from the page's edges."""
    scale = 1 / pixels_per_mm
    return MillimetreBox(box.x * scale, box.y * scale, box.width * scale, box.height * scale)


def in_pixels(box: MillimetreBox, pixels_per_mm: float) -> Box:
    """A box measured from a page's edges, on the page."""
    scale = pixels_per_mm
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)


def shrunk(box: AnyBox, share: float) -> AnyBox:
    """The middle of a box, `share` (0 to 1) of each side."""
    return type(box)(
        box.x + (1 - share) / 2 * box.width,
        box.y + (1 - share) / 2 * box.height,
        share * box.width,
        share * box.height,
    )


def evenly_divided(box: AnyBox, count: int, gap: float = 0.0) -> tuple[AnyBox, ...]:
    """Boxes of equal width side by side from one edge of a box to the other, so far apart."""
    width = (box.width - gap * (count - 1)) / count
    return tuple(
        type(box)(box.x + n * (width + gap), box.y, width, box.height) for n in range(count)
    )


def projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a homography (3, 3); float64 (N, 2)."""
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]
