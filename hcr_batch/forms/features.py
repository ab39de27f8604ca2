"""What a form has that a page may show: boxes that must be seen, and cells that may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hcr_batch.forms.evidence import corners_of
from hcr_batch.forms.template_files import TemplatePage

__all__ = ["Features", "features_of", "is_anchor"]

SAME_ANCHOR_MM = 0.6
"""A cell whose sides differ less than this from an anchor is one."""


@dataclass(frozen=True)
class Features:
    """The boxes of a form in millimetres.

    Attributes
    ----------
    boxes : ndarray of float64, shape (N, 4)
        Left, top, right and bottom: its anchors, then cells that are none.
    expected : ndarray of bool, shape (N,)
        Which are anchors: they must be seen. The others may be: their walls
        may be printed in a colour that the scanner drops.
    """

    boxes: np.ndarray
    expected: np.ndarray


def features_of(page: TemplatePage) -> Features:
    """The boxes of a form's page."""
    anchors = corners_of(page.anchors)
    cells = corners_of(cell for field in page.fields for cell in field.cells)
    others = cells[~is_anchor(cells, anchors)]
    boxes = np.concatenate([anchors, others])
    return Features(boxes, np.arange(len(boxes)) < len(anchors))


def is_anchor(cells: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Which cells (N, 4) are anchors (M, 4), in millimetres; bool (N,)."""
    if not len(anchors):
        return np.zeros(len(cells), bool)
    return np.abs(cells[:, None] - anchors[None]).max(axis=2).min(axis=1) <= SAME_ANCHOR_MM
