"""The steps by which a form can be mistaken for itself: one cell, one row."""

from __future__ import annotations

import numpy as np

from hcr_batch.forms.evidence import middles, sizes

__all__ = ["grid_shifts"]

SAME_LINE = 0.3
"""Boxes whose middles differ by less than this share of their height stand in one row."""
STEP_MM = 0.5
"""Steps are counted in classes of this width."""
STEPS = 2
"""Steps tried in either direction: the usual distances of neighbours."""


def grid_shifts(anchors: np.ndarray) -> list[tuple[float, float]]:
    """Shifts in millimetres, left and right, up and down, that put most boxes on others.

    Parameters
    ----------
    anchors : ndarray of float64, shape (N, 4)
        In millimetres.
    """
    across = _steps(anchors, axis=0)
    down = _steps(anchors, axis=1)
    return [
        *((sign * step, 0.0) for step in across for sign in (1, -1)),
        *((0.0, sign * step) for step in down for sign in (1, -1)),
    ]


def _steps(anchors: np.ndarray, axis: int) -> list[float]:
    """The usual distances from an anchor to the next one along an axis."""
    places, other = middles(anchors)[:, axis], middles(anchors)[:, 1 - axis]
    reach = SAME_LINE * sizes(anchors)[:, 1 - axis]
    apart = places[None] - places[:, None]
    in_line = np.abs(other[None] - other[:, None]) <= np.maximum(reach, STEP_MM)[:, None]
    apart = np.where(in_line & (apart > STEP_MM), apart, np.inf)
    nearest = apart.min(axis=1)
    classes = np.round(nearest[np.isfinite(nearest)] / STEP_MM)
    values, counts = np.unique(classes, return_counts=True)
    usual = values[np.argsort(-counts, kind="stable")][:STEPS]
    return [float(np.median(nearest[np.round(nearest / STEP_MM) == value])) for value in usual]
