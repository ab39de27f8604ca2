"""What is printed around each field of a form, and whether a page has it there or beside."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.forms.evidence import sizes
from hcr_batch.forms.folded_corner import beyond_fold
from hcr_batch.forms.imprint import PER_MM, Imprint
from hcr_batch.forms.likeness import BLUR, HERE_MM, outside_cells, seen_on_form
from hcr_batch.forms.moved_walls import ends_beside, walls_beside
from hcr_batch.forms.print_strips import FAR_MM, strips_beside, strips_elsewhere

__all__ = ["FieldPrint", "field_prints"]

CLOSE_MM, AROUND_MM = 2.0, 4.0
"""What is printed this near to a field: its walls alone, and the words at them as well."""
REACH_MM = 13.0
"""How far around its place it is looked for: rows and columns of forms are less far apart."""
LINES = 0.5
"""What a line counts beside print."""
PLAIN = 12.0
"""Standard deviation, of 255, of a place where next to nothing is printed."""
SEEN, SURE, SMALL_MM = 0.65, 0.85, 3.0
"""Correlation, of what is around it, from which a field is seen in its place: of 826 fields there
98 % had more; and for sure, with a side shorter than this, whatever looks like its walls."""
WALLS_MM, CELL_ALIKE, LEFT = 1.0, 0.75, 0.45
"""A cell is there where what is printed this near to it has so much correlation, or where so much
of it is left: of 4,454 cells there one in fifty had less than 0.75 and 0.41, and of 39 that a fold
covered two more than 0.63, one of them 0.73, and none more than 0.42."""
COVERED = 0.4
"""Correlation below which it is covered, if a box was found there: rows of cells are completed, and
of 5,316 cells there four had less, all of them in doubt anyway."""
PART_MM, FEWEST_PARTS, LONGER = 5.0, 2, 2.0
"""An area of so many such parts along it, so many times longer than wide, is covered"""
PRINTED, BARE, MOST_BARE = 3, 0.2, 0.4
"""where of this share of its parts, those with so many pixels printed, less than this share of
what is printed is left: of 5,316 cells on pages of the form itself two had so many bare parts, of
areas that a fold had covered to three fifths or more all."""
LEAD, LEAD_AROUND = 0.08, 0.1
"""By so much must a page look more like a field elsewhere for it to have moved, its walls alone or
with the words at them: of the fields in their places five in a thousand looked so, at half size."""
SURELY_HERE, FOUND = 0.8, 0.75
"""And correlation in its place from which it has not, and elsewhere below which it is not there
either: fields that moved had 0.77 elsewhere at least, and in their old place, one in each row at
least, 0.75 at most."""
CLEAR, OF_A_ROW = 0.15, 0.25
"""A field that looks less unlike itself elsewhere goes with the others of its row, where so many of
them have moved and more than are clearly in their places."""
SAME_ROW = 0.5
"""Fields are of one row that have this share of the lower one's height in common."""


@dataclass(frozen=True)
class FieldPrint:
    """Whether a page looks like the form around its fields, bool (N,)."""

    moved: np.ndarray
    """It lies elsewhere: the page is another edition's."""
    seen: np.ndarray
    """It lies in its place."""
    cells: np.ndarray
    """Of each of the form's cells, (M,): it is printed there, neither covered nor folded away."""
    hidden: np.ndarray
    """Of each of them: it is printed on the form, and not there, or it is in a folded corner."""
    covered: np.ndarray
    """Of each of them: next to nothing is left of it, or of a large part, or it is in a folded
    corner, though walls be seen."""


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
    own, own_lines, own_words = (
        _bordered(mask, reach, reach)
        for mask in (wanted, form.lines, form.words)
    )
    close, around = (
        np.array([_compared(own, seen, box, reach) for box in _grown(fields, form, by)]).T
        for by in (CLOSE_MM, AROUND_MM)
    )
    here, _, lead = around
    sure = (sizes(fields).min(axis=1) < SMALL_MM) & (here >= SURE) & (lead <= 0)
    moved = _found_elsewhere(close, LEAD) & ~sure | _found_elsewhere(around, LEAD_AROUND)
    moved |= walls_beside(fields, own_lines, lines, reach)
    moved |= ends_beside(fields, own_lines, lines, reach)
    clear = ~moved & (close[0] >= close[1] + CLEAR)
    row = _in_one_row(fields)
    strange = row @ moved.astype(int)
    row_moved = (strange > row @ clear.astype(int)) & (strange >= OF_A_ROW * row.sum(axis=1))
    moved |= ~clear & row_moved
    moved |= strips_beside(fields, own_words, words, reach)
    moved |= _strips_moved(transform, form, page, fields)
    in_place = (here >= SEEN) & (lead <= 0) & ~moved
    around_cells = _grown(cells, form, WALLS_MM)
    alike = np.array([_alike(own, seen, box, reach) for box in around_cells])
    covered = (alike < COVERED) | np.array(
        [_is_partly_bare(own, seen, _inside(box, reach)) for box in around_cells]
    )
    there = (alike >= CELL_ALIKE) & ~covered
    printed = np.array([own[_inside(box, reach)].any() for box in around_cells])
    folded = beyond_fold(cells, own_lines | own_words, lines | words, reach)
    hidden = printed & ~there | folded
    # Half the line beneath a field may be left where the rest of it is folded away.
    return FieldPrint(moved, in_place, printed & ~hidden, hidden, printed & covered | folded)


def _strips_moved(
    transform: np.ndarray, form: Imprint, page: Imprint, fields: np.ndarray
) -> np.ndarray:
    """Which fields stand on strips that are elsewhere, also far above or below the form."""
    reach, more = round(REACH_MM * PER_MM), round((FAR_MM - REACH_MM) * PER_MM)
    rows, columns = form.words.shape
    higher = transform @ np.array([[1, 0, 0], [0, 1, -more / PER_MM], [0, 0, 1.0]])
    _, words = seen_on_form(higher, page, (rows + 2 * more, columns), reach)
    own = _bordered(form.words, reach + more, reach)
    return strips_elsewhere(fields, own, words, reach + more)


def _bordered(mask: np.ndarray, above: int, beside: int) -> np.ndarray:
    return cv2.copyMakeBorder(mask, above, above, beside, beside, cv2.BORDER_CONSTANT)


def _found_elsewhere(told: np.ndarray, least: float) -> np.ndarray:
    """Which fields are like the page at another place, and not where they should be; bool (N,)."""
    here, elsewhere, lead = told
    found: np.ndarray = (here < SURELY_HERE) & (elsewhere >= FOUND) & (lead >= least)
    return found


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


def _alike(own: np.ndarray, seen: np.ndarray, box: list[int], reach: int) -> float:
    """How much a cell looks like the form's in its place; 1 where enough of it is left."""
    inside = _inside(box, reach)
    if seen[inside].sum() >= LEFT * own[inside].sum():
        return 1.0
    return _compared(own, seen, box, reach)[0]


def _is_partly_bare(own: np.ndarray, seen: np.ndarray, inside: tuple[slice, slice]) -> bool:
    """Whether next to nothing is left along a large part of a long area."""
    own, seen = own[inside], seen[inside]
    along = int(own.shape[0] > own.shape[1])
    length, count = own.shape[1 - along], own.shape[1 - along] // round(PART_MM * PER_MM)
    if count < FEWEST_PARTS or length < LONGER * own.shape[along]:
        return False
    ends = np.linspace(0, length, count + 1).astype(int)[:-1]
    printed, left = (
        np.add.reduceat(mask.sum(axis=along, dtype=float), ends) for mask in (own, seen)
    )
    parts = printed >= PRINTED * 255
    bare = parts & (left < BARE * printed)
    return bool(parts.any() and bare.sum() >= MOST_BARE * parts.sum())


def _inside(box: list[int], reach: int) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top + reach, bottom + reach), slice(left + reach, right + reach)


def _compared(
    own: np.ndarray, seen: np.ndarray, box: list[int], reach: int
) -> tuple[float, float, float]:
    """How a part of a form looks on a page; all 0 where nothing is printed.

    The greatest correlation in place, and elsewhere; and by how much it is
    greatest at a place that looks like neither that part of the form itself
    nor the page where the part should be: rows of tables look all alike.
    """
    left, top, right, bottom = box
    part = own[_inside(box, reach)]
    if not part.size or part.std() < PLAIN:
        return 0.0, 0.0, 0.0
    around = slice(top, bottom + 2 * reach), slice(left, right + 2 * reach)
    scores = _correlation(seen[around], part)
    near = round(HERE_MM * PER_MM)
    inner, outer = (slice(reach - by, reach + by + 1) for by in (near, 2 * near))
    here = float(scores[inner, inner].max())
    scores[outer, outer] = -1.0
    elsewhere = float(scores.max())
    if elsewhere <= here:
        return here, elsewhere, elsewhere - here
    # Places beside one that looks alike do as well: print is never quite where it should be.
    alike = cv2.dilate(_correlation(own[around], part), np.ones((2 * near + 1,) * 2, np.uint8))
    return here, elsewhere, float((scores - np.maximum(alike, here)).max())


def _correlation(around: np.ndarray, part: np.ndarray) -> np.ndarray:
    scores = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
    return np.nan_to_num(scores, posinf=0.0, neginf=0.0)
