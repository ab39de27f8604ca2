"""Points under a homography, and the sides of boxes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hcr_batch.types import Box

__all__ = ["projected", "sides_of"]


def projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a homography (3, 3); float64 (N, 2)."""
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]


def sides_of(boxes: Iterable[Box]) -> np.ndarray:
    """Left, top, right and bottom of N boxes, float64, shape (4, N)."""
    return np.array([(b.x, b.y, b.right, b.bottom) for b in boxes], float).reshape(-1, 4).T
