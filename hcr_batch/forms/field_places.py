"""The fields of a template on a page: at boxes that were found, else where the fit puts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hcr_batch.forms.comb_runs import goes_on
from hcr_batch.forms.evidence import Evidence, box_of, corners_of, mapped, middles, sizes
from hcr_batch.forms.features import is_anchor
from hcr_batch.forms.field_print import field_prints
from hcr_batch.forms.form_fit import Fit
from hcr_batch.forms.robust_fit import scale_of
from hcr_batch.forms.template_files import TemplateField
from hcr_batch.forms.walls import walls_seen
from hcr_batch.types import CUT_OFF, REGISTRATION, Cell, Field

__all__ = ["FieldPlace", "place_fields"]

SNAP, SNAP_MM = 0.3, 1.8
"""A box whose sides all lie this near to where a cell should be is that cell: share of its
smaller side, and millimetres at most."""
WITNESSES, BESIDE_MM = 3, 5.0
"""A field without printed boxes is seen where most of so many anchors nearest to it are, and all
that are this near; and it is another edition's where most of so many places with print nearest to
it look unlike the form."""
MOST_SEEN = 0.5
"""Share of a field's cells that must be seen for any of them to be believed,"""
ALL_BUT_MOVED = 0.07
"""and all of them where those seen lie further from their places than this share of their smaller
side: cells of 5 mm lay 0.8 mm off in a row of fields that another form has 8.5 mm further right,
and 0.3 mm at most where they belonged."""
WALLS_SEEN = 0.6
"""Share of the walls printed around a cell by which it is seen without being found as a box:
three of four, or two of three."""
EDGE = 0.1
"""Share of a cell's smaller side that may lie off the paper."""


@dataclass(frozen=True)
class FieldPlace:
    """A field of a template on a page.

    Attributes
    ----------
    field : Field
        In pixels of the page.
    doubts : tuple of str
        For each of its cells why a person must look: a reason, or nothing.
    """

    field: Field
    doubts: tuple[str, ...]


def place_fields(fit: Fit, evidence: Evidence) -> tuple[FieldPlace, ...]:
    """The fields of a template's page in pixels of a page.

    Parameters
    ----------
    fit : Fit
        With the page already turned.
    evidence : Evidence
        Boxes found on the page know better than the fit where a cell is.
    """
    told = zip(fit.page.fields, _by_print(fit, evidence), strict=True)
    return tuple(_placed(field, fit, evidence, of_field) for field, of_field in told)


@dataclass(frozen=True)
class _Print:
    """What the print says of a field: of each of its cells, bool (cells,), and of it all."""

    shown: np.ndarray
    hidden: np.ndarray
    covered: np.ndarray
    moved: bool


def _by_print(fit: Fit, evidence: Evidence) -> list[_Print]:
    """What the print says of each field; nothing where the form is not known by it."""
    fields = fit.page.fields
    ends = np.cumsum([len(field.cells) for field in fields])[:-1]
    cells = corners_of(cell for field in fields for cell in field.cells)
    if not (fields and fit.is_known_by_print):
        nothing = np.split(np.zeros(len(cells), bool), ends)
        return [_Print(none, none, none, moved=False) for none in nothing[: len(fields)]]
    assert fit.page.imprint is not None
    assert evidence.imprint is not None
    boxes = corners_of(field.box for field in fields)
    told = field_prints(fit.transform, fit.page.imprint, evidence.imprint, boxes, cells)
    of_cells = (np.split(one, ends) for one in (told.cells, told.hidden, told.covered))
    return [
        _Print(cells & seen, hidden, covered | hidden & _beside(covered), bool(moved))
        for cells, hidden, covered, seen, moved in zip(
            *of_cells, told.seen, told.moved, strict=True
        )
    ]


def _beside(cells: np.ndarray) -> np.ndarray:
    """Which cells of a field stand beside one of these: a fold ends in the middle of one."""
    ends = np.pad(cells, 1)
    beside: np.ndarray = ends[:-2] | ends[2:]
    return beside


def _placed(
    field: TemplateField, fit: Fit, evidence: Evidence, told: _Print
) -> FieldPlace:
    cells = mapped(fit.transform, corners_of(field.cells))
    moves, sure = _moves(cells, evidence)
    step = np.abs(np.median(moves[sure], axis=0)).max() if sure.any() else 0.0
    moved = bool(step > ALL_BUT_MOVED * sizes(cells).min())
    cells = cells + moves
    boxes = tuple(Cell(box_of(cell[None])) for cell in cells)
    placed = Field(field.name, field.kind, box_of(cells), boxes)
    moved = moved and not told.shown.any()
    doubts = _doubts(field, cells, sure | told.shown, told, moved, fit, evidence)
    if told.moved:
        doubts = tuple(doubt or REGISTRATION for doubt in doubts)
    return FieldPlace(placed, doubts)


def _moves(cells: np.ndarray, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """How far to move cells (N, 4) to the boxes found, and which have one; bool (N,)."""
    if not len(evidence.boxes):
        return np.zeros_like(cells), np.zeros(len(cells), bool)
    _, nearest = evidence.tree.query((cells[:, :2] + cells[:, 2:]) / 2)
    moves = evidence.boxes[nearest] - cells
    reach = np.minimum(SNAP * sizes(cells).min(axis=1), SNAP_MM * evidence.pixels_per_mm)
    sure = np.abs(moves).max(axis=1) <= reach
    # Paper is not flat: what is missing moves as the rest of its field does.
    moves[~sure] = np.median(moves[sure], axis=0) if sure.any() else 0.0
    return moves, sure


def _doubts(
    field: TemplateField,
    cells: np.ndarray,
    sure: np.ndarray,
    told: _Print,
    moved: bool,
    fit: Fit,
    evidence: Evidence,
) -> tuple[str, ...]:
    """For each cell of a field why it is in doubt."""
    if _runs_on(cells, fit, evidence):
        return (REGISTRATION,) * len(cells)
    margin = EDGE * float(sizes(cells).min())
    if not evidence.on_paper(cells, margin).all():
        return (CUT_OFF,) * len(cells)
    form_cells = corners_of(field.cells)
    anchored = is_anchor(form_cells, corners_of(fit.page.anchors))
    seen = sure | ~anchored & ~told.hidden & _witnessed(cells, fit)
    strange = np.zeros(len(cells), bool)
    if fit.is_known_by_print:
        seen = (seen | _shown(form_cells, fit, evidence)) & ~told.covered
    if fit.likeness and fit.likeness.tells:
        strange = _beside_other_print(form_cells, fit)
    if seen.mean() < (1.0 if moved else MOST_SEEN):
        return (REGISTRATION if moved else CUT_OFF,) * len(cells)
    return tuple(
        REGISTRATION if other else "" if cell else CUT_OFF
        for cell, other in zip(seen, strange, strict=True)
    )


def _shown(cells: np.ndarray, fit: Fit, evidence: Evidence) -> np.ndarray:
    """Whether the page shows the walls of cells, (N, 4) in millimetres, as boxes or not."""
    form, page = fit.page.imprint, evidence.imprint
    assert form is not None
    assert page is not None
    per_mm = scale_of(fit.transform, fit.features.boxes)
    walls = walls_seen(cells, form, page, fit.transform, per_mm)
    return np.nan_to_num(walls, nan=0.0) >= WALLS_SEEN


def _beside_other_print(cells: np.ndarray, fit: Fit) -> np.ndarray:
    """Whether the print around cells, (N, 4) in millimetres, is not the form's; bool (N,)."""
    told = fit.likeness
    assert told is not None
    seen = ~told.bare
    apart = np.abs(middles(cells)[:, None] - told.places[seen][None]).max(axis=2)
    nearest = np.argsort(apart, axis=1)[:, :WITNESSES]
    agrees, differs = told.agrees[seen][nearest], told.differs[seen][nearest]
    strange: np.ndarray = differs.sum(axis=1) > agrees.sum(axis=1)
    return strange


def _witnessed(cells: np.ndarray, fit: Fit) -> np.ndarray:
    """Whether most anchors nearest to each cell, and all beside it, are seen; bool (N,)."""
    expected = fit.features.expected
    found = fit.agreement.box_of[expected] >= 0
    apart = _gaps(cells, fit.placed()[expected])
    beside = apart <= BESIDE_MM * scale_of(fit.transform, fit.features.boxes)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :WITNESSES]
    seen: np.ndarray = (found | ~beside).all(axis=1) & (found[nearest].mean(axis=1) >= MOST_SEEN)
    return seen


def _gaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far boxes (N, 4) are from others (M, 4), across or down; 0 where they meet, (N, M)."""
    after = boxes[:, None, :2] - others[None, :, 2:]
    before = others[None, :, :2] - boxes[:, None, 2:]
    gaps: np.ndarray = np.maximum(after, before).max(axis=2).clip(0)
    return gaps


def _runs_on(cells: np.ndarray, fit: Fit, evidence: Evidence) -> bool:
    """Whether the page's comb goes on where the form's has ended: it may lie one cell off."""
    if len(cells) < 2:
        return False
    strange = np.delete(evidence.boxes, fit.agreement.taken, axis=0)
    strange = strange[~fit.explains(strange, evidence)]
    return any(goes_on(cells[-1], box) or goes_on(box, cells[0]) for box in strange)
