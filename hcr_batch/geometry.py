"""Boxes measured, scaled and divided, and points under a homography."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hcr_batch.types import Box

if TYPE_CHECKING:
    import numpy as np

__all__ = ["area", "evenly_divided", "projected", "scaled", "shared_area", "shrunk"]


def area(box: Box) -> float:
    """Of a box, in square units of its sides."""
    return box.width * box.height


def shared_area(one: Box, other: Box) -> float:
    """What two boxes have in common; 0 where they do not meet."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(width, 0.0) * max(height, 0.0)


def scaled(box: Box, across: float, down: float | None = None) -> Box:
    """A box in other units.

    Parameters
    ----------
    box : Box
    across : float
        New units to one of the old: `1 / page.pixels_per_mm` gives millimetres of pixels.
    down : float, optional
        The same from top to bottom; `across` where left out.
    """
    down = across if down is None else down
    return Box(box.x * across, box.y * down, box.width * across, box.height * down)


def shrunk(box: Box, share: float) -> Box:
    """The middle of a box, `share` (0 to 1) of each side."""
    return Box(
        box.x + (1 - share) / 2 * box.width,
        box.y + (1 - share) / 2 * box.height,
        share * box.width,
        share * box.height,
    )


def evenly_divided(box: Box, count: int, gap: float = 0.0) -> tuple[Box, ...]:
    """Boxes of equal width side by side from one edge of a box to the other, so far apart."""
    width = (box.width - gap * (count - 1)) / count
    return tuple(Box(box.x + n * (width + gap), box.y, width, box.height) for n in range(count))


def projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a homography (3, 3); float64 (N, 2)."""
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]
