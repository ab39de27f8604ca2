"""What is printed around each field of a form, and whether a page has it there or beside."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.forms.imprint import PER_MM, Imprint
from hcr_batch.forms.likeness import BLUR, HERE_MM, outside_cells, seen_on_form

__all__ = ["FieldPrint", "field_prints"]

CLOSE_MM, AROUND_MM = 2.0, 4.0
"""What is printed this near to a field: its walls alone, and the words at them as well."""
REACH_MM = 13.0
"""How far around its place it is looked for: rows and columns of forms are less far apart."""
LINES = 0.5
"""What a line counts beside print."""
PLAIN = 12.0
"""Standard deviation, of 255, of a place where next to nothing is printed."""
SEEN, SURE = 0.65, 0.85
"""Correlation, of what is around it, from which a field is seen in its place, and for sure: of 826
fields in their places 98 % had more than the one."""
LEAD, LEAD_AROUND = 0.08, 0.1
"""By so much must a page look more like a field elsewhere for it to have moved, its walls alone or
with the words at them: of the fields in their places five in a thousand looked so, at half size."""
CLEAR = 0.15
"""A field that looks less unlike itself elsewhere goes with the others of its row."""
SAME_ROW = 0.5
"""Fields are of one row that have this share of the lower one's height in common."""


@dataclass(frozen=True)
class FieldPrint:
    """Whether a page looks like the form around some fields, bool (N,)."""

    seen: np.ndarray
    """The field lies in its place."""
    moved: np.ndarray
    """It lies elsewhere: the page is another edition's."""


def field_prints(
    transform: np.ndarray, form: Imprint, page: Imprint, fields: np.ndarray, cells: np.ndarray
) -> FieldPrint:
    """Compare what is printed around fields with a page on which their form lies so.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    form, page : Imprint
    fields, cells : ndarray of float64, shape (N, 4) and (M, 4)
        Fields, and all cells of the form, in millimetres: what stands in these
        was perhaps written.
    """
    reach = round(REACH_MM * PER_MM)
    lines, words = seen_on_form(transform, page, form.lines.shape, reach)
    outside = outside_cells(cells, form.lines.shape, reach)
    inner = outside[reach:-reach, reach:-reach]
    wanted, seen = _mixed(form.lines, form.words & inner), _mixed(lines, words & outside)
    (walls, walls_off), (here, elsewhere) = (
        np.array([_compared(wanted, seen, box, reach) for box in _grown(fields, form, by)]).T
        for by in (CLOSE_MM, AROUND_MM)
    )
    sure = (here >= SURE) & (here >= elsewhere)
    moved = (walls_off >= walls + LEAD) & ~sure | (elsewhere >= here + LEAD_AROUND)
    clear = walls >= walls_off + CLEAR
    row = _in_one_row(fields)
    moved |= ~clear & (row @ moved.astype(int) > row @ clear.astype(int))
    return FieldPrint((here >= SEEN) & (here >= elsewhere) & ~moved, moved)


def _grown(fields: np.ndarray, form: Imprint, by: float) -> list[list[int]]:
    """Fields and what is around them, in pixels of the form."""
    rows, columns = form.lines.shape
    sides = np.round((fields + by * np.array([-1, -1, 1, 1])) * PER_MM).astype(int)
    grown: list[list[int]] = np.clip(sides, 0, [columns, rows, columns, rows]).tolist()
    return grown


def _in_one_row(fields: np.ndarray) -> np.ndarray:
    """Which fields stand beside each, itself too; int (N, N)."""
    top, bottom = fields[:, 1], fields[:, 3]
    shared = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    height = np.minimum((bottom - top)[:, None], bottom - top)
    return (shared >= SAME_ROW * height).astype(int)


def _mixed(lines: np.ndarray, words: np.ndarray) -> np.ndarray:
    mixed = np.maximum((LINES * lines).astype(np.uint8), words)
    return cv2.GaussianBlur(mixed, (0, 0), BLUR)


def _compared(
    wanted: np.ndarray, seen: np.ndarray, box: list[int], reach: int
) -> tuple[float, float]:
    """The greatest correlation in place, and elsewhere; 0 where nothing is printed."""
    left, top, right, bottom = box
    part = wanted[top:bottom, left:right]
    if not part.size or part.std() < PLAIN:
        return 0.0, 0.0
    around = seen[top : bottom + 2 * reach, left : right + 2 * reach]
    scores = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
    scores = np.nan_to_num(scores, posinf=0.0, neginf=0.0)
    near = round(HERE_MM * PER_MM)
    inner, outer = (slice(reach - by, reach + by + 1) for by in (near, 2 * near))
    here = float(scores[inner, inner].max())
    scores[outer, outer] = -1.0
    return here, float(scores.max())
