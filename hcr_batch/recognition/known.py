"""Pages of known forms: the template's fields in place of those that layout found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from hcr_batch.config import Settings
from hcr_batch.forms.place import place_fields
from hcr_batch.forms.register import Fit, best_fit
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.schema import UNKNOWN_FORM, Template
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
    """A page with the fields of the form that it is of; it may have been turned upright."""

    page: Page
    ink: Ink
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    fit: Fit


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
    rows, columns = page.gray.shape
    boxes = _boxes(fields)
    fit = best_fit(templates, boxes, (columns, rows), page.pixels_per_mm, page.number)
    if fit is None:
        return None
    if fit.turns:
        page = turned(page, -fit.turns)
        ink = binarize(page, settings.layout)
        boxes = _boxes(find_fields(ink, page.pixels_per_mm, settings.layout))
    page = _with_scale(page, fit)
    placed = place_fields(fit, boxes, page.pixels_per_mm)
    return KnownForm(page, ink, placed, tuple(field.rule for field in fit.page.fields), fit)


def unknown_form(page: Page) -> PageReading:
    """The reading of a page that is of no known form: one flagged cell, the page itself."""
    width, height = page.source_size
    scale = min(1.0, PICTURE_WIDTH / page.gray.shape[1])
    image = cv2.resize(page.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    reading = Reading("", 0.0, True, (UNKNOWN_FORM,))
    cell = CellReading(Box(0, 0, width, height), reading, image)
    field = FieldReading(UNKNOWN_FORM, "free", (cell,))
    return PageReading(page.number, width, height, (field,))


def _boxes(fields: Sequence[Field]) -> list[Box]:
    return [cell.box for field in fields for cell in field.cells]


def _with_scale(page: Page, fit: Fit) -> Page:
    """The page with the resolution that the form's true size tells."""
    per_mm = float(np.sqrt(abs(np.linalg.det(fit.transform[:2, :2]))))
    if abs(per_mm / page.pixels_per_mm - 1) < 0.1:
        return page
    return replace(page, dpi=page.dpi * per_mm / page.pixels_per_mm)
