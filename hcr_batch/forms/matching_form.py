"""Pages of known forms: the template's fields in place of those that layout found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.config import Settings
from hcr_batch.forms.by_marks import (
    have_marks,
    known_by_marks,
    only_combs,
    standing_marks,
    with_marks,
)
from hcr_batch.forms.candidates import OTHER, other_scale
from hcr_batch.forms.corner_marks import find_marks
from hcr_batch.forms.evidence import Evidence, box_of, corners_of
from hcr_batch.forms.faint_lines import has_faint_lines, seen_darker
from hcr_batch.forms.field_places import FieldPlace, place_fields
from hcr_batch.forms.form_fit import Fit
from hcr_batch.forms.imprint import page_imprint
from hcr_batch.forms.register import register, unexpected_combs
from hcr_batch.forms.robust_fit import scale_of
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.template_files import Template
from hcr_batch.geometry import enlargement, projected
from hcr_batch.layout.fields import find_fields, printed_boxes
from hcr_batch.preprocess.orientation import turned
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.results.form_names import form_of, joined_forms, numbered_field
from hcr_batch.results.unread_pages import part_not_read
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import UNKNOWN_FORM, Box, CellReading, Field, FieldReading, Page, PageReading

__all__ = ["MatchedForm", "find_form", "matched_form"]


FEW_DOUBTS = 0.05
"""A form is looked at again, darker, of which more than this share of the cells is in doubt."""


@dataclass(frozen=True)
class MatchedForm:
    """A page with the fields of the form that it is of; it may have been turned upright.

    Attributes
    ----------
    page : Page
    layers : Layers
    placed : tuple of FieldPlace
        Empty where it is not certain how the form lies: it must not be read then.
    rules : tuple of Rule
        Of each field.
    fits : tuple of Fit
        The form, or all that lie on the page; fields of the second are named `name#2`.
    unexpected : tuple of Box
        Combs beside them that belong to none.
    """

    page: Page
    layers: Layers
    placed: tuple[FieldPlace, ...]
    rules: tuple[Rule, ...]
    fits: tuple[Fit, ...]
    unexpected: tuple[Box, ...] = ()

    @property
    def doubtful(self) -> float:
        """Share of its cells whose places are in doubt; all where it must not be read."""
        doubts = [bool(doubt) for place in self.placed for doubt in place.doubts]
        return sum(doubts) / len(doubts) if doubts else 1.0

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its fields in pixels of the page."""
        return tuple(place.field for place in self.placed)

    @property
    def name(self) -> str:
        """Of its template, or of those of all forms on the page."""
        return joined_forms(fit.template for fit in self.fits)

    def template_field(self, name: str) -> str:
        """Template and field, `form.field`, of a field by its name on the page."""
        return ".".join(form_of(self.name, name)[1:])

    def flagged(self, reading: PageReading) -> PageReading:
        """What was read, with the cells flagged whose places are in doubt."""
        doubts = {place.field.name: place.doubts for place in self.placed}
        fields = [
            _flagged(field, doubts[field.name]) if field.name in doubts else field
            for field in reading.fields
        ]
        if self.unexpected:
            fields.append(part_not_read(self.page, bounds(self.unexpected), UNKNOWN_FORM))
        return replace(reading, fields=tuple(fields), form=self.name)


def matched_form(
    page: Page, templates: Sequence[Template], settings: Settings
) -> MatchedForm | None:
    """Find the form of a page as it was opened: it is levelled, and its boxes are found, here."""
    page = flatten(page, settings.layout.max_skew)
    segmenter = load_segmenter()
    page, layers = segmented(page, segmenter)
    fields = find_fields(layers, settings.layout)
    return find_form(page, layers, fields, templates, segmenter, settings)


def find_form(
    page: Page,
    layers: Layers,
    fields: Sequence[Field],
    templates: Sequence[Template],
    segmenter: Segmenter,
    settings: Settings,
) -> MatchedForm | None:
    """Find the form that a page is of, and its fields.

    Parameters
    ----------
    page : Page
        Deskewed.
    layers : Layers
    fields : sequence of Field
        As layout found them, by whose boxes the form is recognized.
    templates : sequence of Template
    segmenter : Segmenter
    settings : Settings

    Returns
    -------
    MatchedForm or None
        None where the page is of none of the forms.
    """
    plain = partial(segmented, segmenter=segmenter)
    found = _found(page, layers, fields, templates, plain, settings)
    if found is not None and found.doubtful <= FEW_DOUBTS:
        return found
    look = partial(seen_darker, segmenter=segmenter)
    page, layers = look(found.page if found else page)
    more = find_fields(layers, settings.layout)
    faint = has_faint_lines(*([field.cells for field in one] for one in (fields, more)))
    if found is None and not faint:
        return None
    darker = _found(page, layers, more, templates, look, settings)
    return max((form for form in (found, darker) if form), key=_sure_cells, default=None)


def _sure_cells(form: MatchedForm) -> int:
    return sum(not doubt for place in form.placed for doubt in place.doubts)


def _found(
    page: Page,
    layers: Layers,
    fields: Sequence[Field],
    templates: Sequence[Template],
    look: Callable[[Page], tuple[Page, Layers]],
    settings: Settings,
) -> MatchedForm | None:
    """The form of a page; `look` gives its layers where it must be seen anew."""
    evidence, fits = _registered(page, layers, fields, templates)
    if resolved := _at_its_scale(page, evidence, fits, templates):
        page, layers = look(resolved)
        fields = find_fields(layers, settings.layout)
        evidence, fits = _registered(page, layers, fields, templates)
    if fits and fits[0].turns:
        page, layers = look(turned(page, -fits[0].turns))
        fields = find_fields(layers, settings.layout)
        evidence, fits = _registered(page, layers, fields, templates)
    if not fits:
        return None
    return MatchedForm(
        _with_scale(page, fits[0]),
        layers,
        tuple(_placed(fits, evidence)) if all(fit.certain for fit in fits) else (),
        tuple(field.rule for fit in fits for field in fit.page.fields),
        fits,
        tuple(box_of(run) for run in unexpected_combs(fits, evidence)),
    )


def _at_its_scale(
    page: Page, evidence: Evidence, fits: Sequence[Fit], templates: Sequence[Template]
) -> Page | None:
    """The page at the resolution that a form tells, where that is quite another than its own."""
    if fits:
        own = scale_of(fits[0].transform, fits[0].features.boxes)
        other = max(own / page.pixels_per_mm, page.pixels_per_mm / own) > OTHER
        return replace(page, dpi=page.dpi * own / page.pixels_per_mm) if other else None
    if not len(evidence.boxes):
        return None
    anchors = [corners_of(one.anchors) for template in templates for one in template.pages]
    scale = other_scale((boxes for boxes in anchors if len(boxes)), evidence)
    return replace(page, dpi=page.dpi * scale / page.pixels_per_mm) if scale else None


def _registered(
    page: Page, layers: Layers, fields: Sequence[Field], templates: Sequence[Template]
) -> tuple[Evidence, tuple[Fit, ...]]:
    """What is known of a page, and the forms that lie there by all of it, or by their marks."""
    evidence = evidence_of(page, layers, fields)
    marks = np.empty((0, 4))
    if have_marks(templates):
        marks = standing_marks(templates, evidence, find_marks(page))
    marked = with_marks(evidence, marks)
    fits = register(templates, marked, page.number)
    if fits or not len(marks):
        return marked, fits
    marked = with_marks(only_combs(evidence), marks)
    return marked, register(known_by_marks(templates), marked, page.number)


def _placed(fits: Sequence[Fit], evidence: Evidence) -> Iterator[FieldPlace]:
    for number, fit in enumerate(fits, start=1):
        for place in place_fields(fit, _alone(fit, fits, evidence)):
            name = numbered_field(place.field.name, number)
            yield replace(place, field=replace(place.field, name=name))


def _alone(fit: Fit, fits: Sequence[Fit], evidence: Evidence) -> Evidence:
    """The page without the print of other forms: the same card twice is no row twice."""
    others = [other.sheet() for other in fits if other is not fit]
    if not others or evidence.imprint is None:
        return evidence
    return replace(evidence, imprint=evidence.imprint.without(others, fit.sheet()))


def evidence_of(page: Page, layers: Layers, fields: Sequence[Field]) -> Evidence:
    """What is known of where the form on a page lies."""
    rows, columns = page.gray.shape
    width, height = page.source_size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    paper = projected(np.linalg.inv(page.to_source), corners)
    boxes = corners_of(printed_boxes(layers, fields))
    return Evidence(boxes, (columns, rows), page.pixels_per_mm, paper, page_imprint(layers))


def _flagged(field: FieldReading, doubts: Sequence[str]) -> FieldReading:
    """A field with its doubtful cells flagged; a string has places of its own, one doubt is all."""
    if len(doubts) != len(field.cells):
        doubts = [next(filter(None, doubts), "")] * len(field.cells)
    pairs = zip(field.cells, doubts, strict=True)
    return replace(field, cells=tuple(_doubted(cell, doubt) for cell, doubt in pairs))


def _doubted(cell: CellReading, doubt: str) -> CellReading:
    return replace(cell, reading=cell.reading.doubted(doubt)) if doubt else cell


def _with_scale(page: Page, fit: Fit) -> Page:
    """The page with the resolution that the form's true size tells."""
    per_mm = enlargement(fit.transform)
    if abs(per_mm / page.pixels_per_mm - 1) < 0.1:
        return page
    return replace(page, dpi=page.dpi * per_mm / page.pixels_per_mm)
