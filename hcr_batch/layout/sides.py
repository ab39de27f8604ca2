"""Boxes as arrays of their sides, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hcr_batch.types import Box

__all__ = ["bounds", "sides_of"]


def sides_of(boxes: Iterable[Box]) -> np.ndarray:
    """Left, top, right and bottom of N boxes, float64, shape (4, N)."""
    return np.array([(b.x, b.y, b.right, b.bottom) for b in boxes], float).reshape(-1, 4).T


def bounds(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of `boxes`, of which there is at least one."""
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.right for b in boxes), max(b.bottom for b in boxes)
    return Box(left, top, right - left, bottom - top)
