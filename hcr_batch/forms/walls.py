"""The lines around cells, where they are printed on a form, and where a page shows them."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.forms.evidence import middles
from hcr_batch.forms.imprint import Imprint
from hcr_batch.forms.likeness import seen_on_form
from hcr_batch.geometry import projected

__all__ = ["are_written", "drawn_alike", "overlie", "walls_seen"]

SAMPLES = 9
"""Points along a wall that are looked at: its corners, which other walls share, are left out."""
PRINTED, SEEN = 0.7, 0.5
"""Share of a side along which there are lines, for it to be a wall; and for a form's wall to be
seen on a page, where writing may lie over it."""
SIDES_SEEN = 0.5
"""Share of the upright walls of a field that a page must show for any of its cells to be seen."""
NEAR_MM, MOST_NEW = 1.0, 0.2
"""Lines of a page are the form's where its own are this near, and a box is drawn on the form
where no more than this share of the lines around it are not."""
LINE = 100
"""Of 255: a pixel of a page laid on the form is line from here on."""
SAME_WIDTH, SAME_HEIGHT = 0.25, 0.5
"""Boxes overlie each other whose left and right sides differ by less than this share of their
width, and that have more than this share of the lower one's height in common."""
REACH_MM = 0.6
"""A wall is seen where a line is this near: lines are a little askew, and boxes measured so."""


def drawn_alike(
    boxes: np.ndarray, form: Imprint, page: Imprint, transform: np.ndarray
) -> np.ndarray:
    """Where boxes were found on a page, but it has no lines that the form has not.

    Parameters
    ----------
    boxes : ndarray of float64, shape (N, 4)
        Left, top, right and bottom in millimetres on the form.
    form, page : Imprint
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    rows, columns = form.lines.shape
    seen = seen_on_form(transform, page, (rows, columns))[0] > LINE
    reach = round(NEAR_MM * form.scale)
    near = cv2.dilate(form.lines, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    sums = [cv2.integral(mask.astype(np.uint8)) for mask in (seen, seen & ~near)]
    sides = np.round((boxes + REACH_MM * np.array([-1, -1, 1, 1])) * form.scale).astype(int)
    left, top, right, bottom = np.clip(sides, 0, [columns, rows, columns, rows]).T
    lines, new = (
        total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
        for total in sums
    )
    alike: np.ndarray = (lines > 0) & (new <= MOST_NEW * lines)
    return alike


def overlie(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which boxes, (N, 4), lie on one of the others, (M, 4), as wide, if higher or lower."""
    (left, top, right, bottom), (x, y, far, low) = boxes.T[:, :, None], others.T[:, None]
    width = SAME_WIDTH * (right - left)
    shared = np.minimum(bottom, low) - np.maximum(top, y)
    found: np.ndarray = (
        (np.abs(left - x) <= width)
        & (np.abs(right - far) <= width)
        & (shared >= SAME_HEIGHT * np.minimum(bottom - top, low - y))
    ).any(axis=1)
    return found


def are_written(
    boxes: np.ndarray, areas: np.ndarray, page: Imprint, transform: np.ndarray, per_mm: float
) -> np.ndarray:
    """Which boxes found on a page are strokes of what was written in areas of its form.

    Their middles lie in one, and a line is missing on one of their upright sides.

    Parameters
    ----------
    boxes, areas : ndarray of float64, shape (N, 4) and (M, 4)
        Left, top, right and bottom in millimetres on the form.
    page, transform, per_mm
        As for `walls_seen`.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    x, y = middles(boxes).T[:, :, None]
    left, top, right, bottom = areas.T[:, None]
    inside = ((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any(axis=1)
    upright = _shares(boxes, page, per_mm, transform)[:, ::2]
    written: np.ndarray = inside & (upright < SEEN).any(axis=1)
    return written


def walls_seen(
    boxes: np.ndarray, form: Imprint, page: Imprint, transform: np.ndarray, per_mm: float
) -> np.ndarray:
    """Share of a form's walls around the cells of a field that a page shows.

    Rows of low teeth have walls above and below alone, and these look the
    same a cell further: they count where the field's ends are seen as well.

    Parameters
    ----------
    boxes : ndarray of float64, shape (N, 4)
        In millimetres on the form.
    form, page : Imprint
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    per_mm : float
        Pixels of the page a millimetre.

    Returns
    -------
    ndarray of float64, shape (N,)
        0 to 1; NaN where the form has no walls.
    """
    walls = _shares(boxes, form, 1.0, np.eye(3)) >= PRINTED
    seen = _shares(boxes, page, per_mm, transform) >= SEEN
    upright = walls[:, ::2]
    if upright.any() and (upright & seen[:, ::2]).sum() < SIDES_SEEN * upright.sum():
        return np.zeros(len(boxes))
    count = walls.sum(axis=1)
    return np.where(count > 0, (walls & seen).sum(axis=1) / np.maximum(count, 1), np.nan)


def _shares(
    boxes: np.ndarray, imprint: Imprint, per_mm: float, transform: np.ndarray
) -> np.ndarray:
    """Share of the left, upper, right and lower sides of boxes that is line; (N, 4), 0 to 1."""
    reach = max(1, round(REACH_MM * per_mm * imprint.scale))
    lines = cv2.dilate(imprint.lines, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    along = np.linspace(0.1, 0.9, SAMPLES)[:, None]
    left, top, right, bottom = boxes.T
    x, y = left + along * (right - left), top + along * (bottom - top)
    points = np.stack(
        [
            np.stack(np.broadcast_arrays(*side), axis=-1)
            for side in ((left, y), (x, top), (right, y), (x, bottom))
        ]
    )
    placed = projected(transform, points.reshape(-1, 2)) * imprint.scale
    column, row = np.floor(placed).astype(int).T
    rows, columns = lines.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = inside & lines[row.clip(0, rows - 1), column.clip(0, columns - 1)]
    shares: np.ndarray = found.reshape(4, SAMPLES, len(boxes)).mean(axis=1).T
    return shares
