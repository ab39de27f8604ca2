"""The fields of a template on a page: at boxes that were found, else where the fit puts them."""

from __future__ import annotations

import numpy as np

from hcr_batch.forms.register import Fit, corners_of, mapped
from hcr_batch.forms.schema import TemplateField
from hcr_batch.types import Box, Cell, Field

__all__ = ["place_fields"]

SNAP_MM = 1.8
"""A box whose sides all lie this near to where a cell should be is that cell."""


def place_fields(fit: Fit, boxes: list[Box], pixels_per_mm: float) -> tuple[Field, ...]:
    """The fields of a template's page in pixels of a page.

    Parameters
    ----------
    fit : Fit
        With the page already turned.
    boxes : list of Box
        Found on the page; they know better than the fit where a cell is.
    pixels_per_mm : float
        Of the page.
    """
    found = corners_of(boxes)
    return tuple(_placed(field, fit, found, pixels_per_mm) for field in fit.page.fields)


def _placed(field: TemplateField, fit: Fit, found: np.ndarray, per_mm: float) -> Field:
    cells = _snapped(mapped(fit.transform, corners_of(field.cells)), found, SNAP_MM * per_mm)
    left, top = cells[:, :2].min(axis=0)
    right, bottom = cells[:, 2:].max(axis=0)
    return Field(
        field.name,
        field.kind,
        _box(np.array([left, top, right, bottom])),
        tuple(Cell(_box(cell)) for cell in cells),
    )


def _snapped(cells: np.ndarray, found: np.ndarray, reach: float) -> np.ndarray:
    """Cells moved to the boxes found; those without one go along with their neighbours."""
    if not len(found):
        return cells
    # Imported here: a scan without templates starts sooner.
    from scipy.spatial import cKDTree

    _, nearest = cKDTree(found[:, :2] + found[:, 2:]).query(cells[:, :2] + cells[:, 2:])
    moves = found[nearest] - cells
    sure = np.abs(moves).max(axis=1) <= reach
    if sure.any():
        # Paper is not flat: what is missing moves as the rest of its field does.
        moves[~sure] = np.median(moves[sure], axis=0)
        return cells + moves
    return cells


def _box(corners: np.ndarray) -> Box:
    left, top, right, bottom = (float(value) for value in corners)
    return Box(left, top, right - left, bottom - top)
