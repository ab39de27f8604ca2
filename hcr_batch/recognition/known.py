"""Pages of known forms: the template's fields in place of those that layout found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from hcr_batch.config import Settings
from hcr_batch.forms.evidence import Evidence, corners_of
from hcr_batch.forms.place import PlacedField, place_fields
from hcr_batch.forms.register import Fit, register
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.schema import UNKNOWN_FORM, Template
from hcr_batch.geometry import projected
from hcr_batch.layout.binarize import Ink, binarize
from hcr_batch.layout.fields import find_fields
from hcr_batch.layout.perspective import flatten
from hcr_batch.recognition.orientation import turned
from hcr_batch.types import Box, CellReading, Field, FieldReading, Page, PageReading, Reading

__all__ = ["KnownForm", "find_form", "known_form", "unknown_form"]

PICTURE_WIDTH = 800
"""Pixels of the picture of a page that is of no known form."""


@dataclass(frozen=True)
class KnownForm:
    """A page with the fields of the form that it is of; it may have been turned upright.

    Attributes
    ----------
    page : Page
    ink : Ink
    placed : tuple of PlacedField
        Empty where it is not certain how the form lies: it must not be read then.
    rules : tuple of Rule
        Of each field.
    fit : Fit
    """

    page: Page
    ink: Ink
    placed: tuple[PlacedField, ...]
    rules: tuple[Rule, ...]
    fit: Fit

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its fields in pixels of the page."""
        return tuple(place.field for place in self.placed)

    def flagged(self, reading: PageReading) -> PageReading:
        """What was read, with the cells flagged whose places are in doubt."""
        doubts = {place.field.name: place.doubts for place in self.placed}
        fields = (_flagged(field, doubts[field.name]) for field in reading.fields)
        return replace(reading, fields=tuple(fields))


def known_form(
    page: Page, templates: Sequence[Template], settings: Settings
) -> KnownForm | None:
    """Find the form of a page as it was opened: it is levelled, and its boxes are found, here."""
    page = flatten(page, settings.layout.max_skew)
    ink = binarize(page, settings.layout)
    fields = find_fields(ink, page.pixels_per_mm, settings.layout)
    return find_form(page, ink, fields, templates, settings)


def find_form(
    page: Page,
    ink: Ink,
    fields: Sequence[Field],
    templates: Sequence[Template],
    settings: Settings,
) -> KnownForm | None:
    """Find the form that a page is of, and its fields.

    Parameters
    ----------
    page : Page
        Deskewed.
    ink : Ink
    fields : sequence of Field
        As layout found them, by whose boxes the form is recognized.
    templates : sequence of Template
    settings : Settings

    Returns
    -------
    KnownForm or None
        None where the page is of none of the forms.
    """
    evidence = evidence_of(page, [cell.box for field in fields for cell in field.cells])
    fits = register(templates, evidence, page.number)
    if fits and fits[0].turns:
        page = turned(page, -fits[0].turns)
        ink = binarize(page, settings.layout)
        fields = find_fields(ink, page.pixels_per_mm, settings.layout)
        evidence = evidence_of(page, [cell.box for field in fields for cell in field.cells])
        fits = register(templates, evidence, page.number)
    if not fits:
        return None
    fit = fits[0]
    page = _with_scale(page, fit)
    placed = place_fields(fit, evidence) if fit.certain else ()
    return KnownForm(page, ink, placed, tuple(field.rule for field in fit.page.fields), fit)


def evidence_of(page: Page, boxes: Sequence[Box]) -> Evidence:
    """What is known of where the form on a page lies, from boxes in pixels of the page."""
    rows, columns = page.gray.shape
    width, height = page.source_size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    paper = projected(np.linalg.inv(page.to_source), corners)
    return Evidence(corners_of(boxes), (columns, rows), page.pixels_per_mm, paper)


def unknown_form(page: Page, reason: str = UNKNOWN_FORM) -> PageReading:
    """The reading of a page that is of no known form: one flagged cell, the page itself."""
    width, height = page.source_size
    scale = min(1.0, PICTURE_WIDTH / page.gray.shape[1])
    image = cv2.resize(page.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    reading = Reading("", 0.0, True, (reason,))
    cell = CellReading(Box(0, 0, width, height), reading, image)
    field = FieldReading(UNKNOWN_FORM, "free", (cell,))
    return PageReading(page.number, width, height, (field,))


def _flagged(field: FieldReading, doubts: Sequence[str]) -> FieldReading:
    """A field with its doubtful cells flagged; a string has places of its own, one doubt is all."""
    if len(doubts) != len(field.cells):
        doubts = [next(filter(None, doubts), "")] * len(field.cells)
    pairs = zip(field.cells, doubts, strict=True)
    return replace(field, cells=tuple(_doubted(cell, doubt) for cell, doubt in pairs))


def _doubted(cell: CellReading, doubt: str) -> CellReading:
    if not doubt:
        return cell
    reasons = (*cell.reading.reasons, doubt)
    return replace(cell, reading=replace(cell.reading, flagged=True, reasons=reasons))


def _with_scale(page: Page, fit: Fit) -> Page:
    """The page with the resolution that the form's true size tells."""
    per_mm = float(np.sqrt(abs(np.linalg.det(fit.transform[:2, :2]))))
    if abs(per_mm / page.pixels_per_mm - 1) < 0.1:
        return page
    return replace(page, dpi=page.dpi * per_mm / page.pixels_per_mm)
