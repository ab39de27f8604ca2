"""Points under a homography."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["projected"]


def projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (N, 2) under a homography (3, 3); float64 (N, 2)."""
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]
