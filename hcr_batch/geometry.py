"""Areas of boxes, and points under a homography."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from hcr_batch.types import Box

__all__ = ["area", "projected", "shared_area"]


def area(box: Box) -> float:
    """Of a box, in square units of its sides."""
    return box.width * box.height


def shared_area(one: Box, other: Box) -> float:
    """What two boxes have in common; 0 where they do not meet."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(width, 0.0) * max(height, 0.0)


def projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a homography (3, 3); float64 (N, 2)."""
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]
