"""Draft templates: the fields of a blank or filled form, written as TOML to be edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.config import Settings
from hcr_batch.documents import open_pages
from hcr_batch.documents.acroform import Widget, pdf_widgets
from hcr_batch.errors import DocumentError
from hcr_batch.forms.by_marks import lie_on
from hcr_batch.forms.corner_marks import corner_marks
from hcr_batch.forms.dark_boxes import why_covered
from hcr_batch.forms.draft_toml import DraftField, DraftPage, toml_lines_of
from hcr_batch.forms.edition import carried_over
from hcr_batch.forms.evidence import Evidence, box_of, corners_of
from hcr_batch.forms.faint_lines import has_faint_lines, seen_darker
from hcr_batch.forms.imprint import as_text, form_imprint
from hcr_batch.forms.picture import as_png, draw_fields
from hcr_batch.forms.register import register
from hcr_batch.forms.template_files import Template, TemplatePage
from hcr_batch.geometry import area, evenly_divided, in_millimetres, in_pixels, shared_area
from hcr_batch.layout.fields import find_fields, printed_boxes, reading_order
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import UNKNOWN_FORM, Cell, Field, MillimetreBox, Page

__all__ = ["Draft", "draft_template"]

INSIDE = 0.5
"""A printed box of which this share lies in a PDF's field belongs to it."""
SAME_BOX = 0.5
"""Share that two boxes have in common from which a PDF's field is the printed box."""
SAME_FORM = 0.9
"""Share of the boxes of two pages that lie in the same places where they are one form."""
PIXELS_PER_MM = 10.0
"""Boxes in millimetres are compared as pixels of this size."""


@dataclass(frozen=True)
class Draft:
    """A template as TOML, a picture (PNG) of each of its pages, and what the user should know."""

    text: str
    pictures: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


def draft_template(
    path: Path, settings: Settings, page: int | None = None, like: Path | None = None
) -> Draft:
    """Draft a template as TOML from a form.

    Parameters
    ----------
    path : Path
        Blank or filled: PNG, JPEG, TIFF or PDF. Pages that are the same form
        are drafted once.
    settings : Settings
    page : int, optional
        The one page to draft, from 1; all where left out.
    like : Path, optional
        Template of an earlier edition, whose names and rules are carried over.

    Raises
    ------
    DocumentError
        It cannot be read, has no such page, or no boxes and no form fields.
    ConfigError
        The earlier template is malformed.
    """
    pages = tuple(_different(_find_pages(path, settings, page)))
    if not any(found.fields for found in pages):
        raise DocumentError(
            f"{path}: no boxes and no form fields found; "
            "take a better scan, or write the template by hand"
        )
    pages = tuple(found for found in pages if found.fields)
    notes = tuple(f"left out: {what}" for found in pages for what in found.left_out)
    if like:
        edition = carried_over(pages, like)
        pages, notes = edition.pages, (*edition.changes, *notes)
    text = "\n".join(toml_lines_of(path.stem, path.name, pages))
    return Draft(text, tuple(found.picture for found in pages), notes)


def _find_pages(path: Path, settings: Settings, only: int | None) -> Iterator[DraftPage]:
    """The pages of a form with their fields: those of a fillable PDF, else the boxes found."""
    is_pdf = path.suffix.lower() == ".pdf"
    widgets = pdf_widgets(path) if is_pdf else []
    taken, segmenter = {UNKNOWN_FORM}, load_segmenter()
    for page in open_pages(path, settings.documents, only or 1, only):
        mine = widgets[page.number - 1] if page.number <= len(widgets) else []
        # One page alone is a form of one page.
        page = replace(page, number=1) if only else page
        # The places of a PDF's own fields hold on the page as it is, not levelled.
        level = page if mine else flatten(page, settings.layout.max_skew)
        level, found = _best_seen(level, segmenter, settings)
        if mine:
            # A PDF holds its fields in the order in which somebody drew them.
            order = reading_order([widget.box for widget in mine])
            fields = tuple(_of_widget(mine[number], found.boxes) for number in order)
            found = replace(found, fields=fields)
        found = replace(found, fields=tuple(_renamed(found, taken)))
        yield replace(found, picture=_picture(found, level))


def _best_seen(
    page: Page, segmenter: Segmenter, settings: Settings
) -> tuple[Page, DraftPage]:
    """A page at its true resolution with what is found on it: darker, where that shows more."""
    seen, darker = (
        (level, _found(level, layers, settings))
        for level, layers in (segmented(page, segmenter), seen_darker(page, segmenter))
    )
    plain, more = ([field.cells for field in found.fields] for _, found in (seen, darker))
    return darker if has_faint_lines(plain, more) else seen


def _found(page: Page, layers: Layers, settings: Settings) -> DraftPage:
    fields = find_fields(layers, settings.layout)
    rows, columns = page.gray.shape
    per_mm = page.pixels_per_mm
    covered = why_covered(fields, page, layers)
    drafted = tuple(
        DraftField("", field.kind, tuple(in_millimetres(c.box, per_mm) for c in field.cells))
        for field, why in zip(fields, covered, strict=True)
        if not why
    )
    marks = corner_marks(page)
    printed = corners_of(printed_boxes(layers, fields))
    anchors = np.concatenate([printed[~lie_on(printed, marks)], marks])
    boxes = tuple(in_millimetres(box_of(box[None]), per_mm) for box in anchors)
    return DraftPage(
        page.number,
        columns / per_mm,
        rows / per_mm,
        drafted,
        boxes,
        left_out=tuple(filter(None, covered)),
        printed=as_text(form_imprint(layers)),
    )


def _different(pages: Iterator[DraftPage]) -> Iterator[DraftPage]:
    """The pages but for those that are the form of an earlier one: cards of one kind."""
    earlier: list[DraftPage] = []
    for page in pages:
        if not any(_are_same(page, other) for other in earlier):
            earlier.append(page)
            yield replace(page, number=len(earlier)) if page.fields else page


def _are_same(page: DraftPage, other: DraftPage) -> bool:
    """Whether the boxes of two pages lie in the same places."""
    if not (page.boxes and other.boxes):
        return False
    form = TemplatePage(1, other.width, other.height, (), other.boxes)
    boxes = corners_of(page.boxes) * PIXELS_PER_MM
    size = round(page.width * PIXELS_PER_MM), round(page.height * PIXELS_PER_MM)
    fits = register([Template("", (form,), "")], Evidence(boxes, size, PIXELS_PER_MM))
    return len(fits) == 1 and fits[0].quality >= SAME_FORM <= fits[0].agreement.precision


def _picture(found: DraftPage, page: Page) -> bytes:
    per_mm = page.pixels_per_mm
    fields = (
        Field(
            field.name,
            field.kind,
            in_pixels(bounds(field.cells), per_mm),
            tuple(Cell(in_pixels(cell, per_mm)) for cell in field.cells),
        )
        for field in found.fields
    )
    return as_png(draw_fields(page, fields))


def _of_widget(widget: Widget, boxes: Sequence[MillimetreBox]) -> DraftField:
    """A PDF's field, at the printed boxes where there are some for it."""
    covered = (box for box in boxes if shared_area(box, widget.box) >= INSIDE * area(box))
    within = tuple(sorted(covered, key=lambda box: box.x))
    name = widget.name
    if widget.kind == "check":
        return DraftField(name, "check", (within or (widget.box,))[:1])
    if len(within) > 1 and (not widget.comb or len(within) == widget.length):
        return DraftField(name, "comb", within)
    if widget.comb:
        return DraftField(name, "comb", evenly_divided(widget.box, widget.length))
    same = next((box for box in boxes if _same(box, widget.box)), None)
    return DraftField(name, "free", (same or widget.box,))


def _same(a: MillimetreBox, b: MillimetreBox) -> bool:
    shared = shared_area(a, b)
    return shared >= SAME_BOX * (area(a) + area(b) - shared)


def _renamed(page: DraftPage, taken: set[str]) -> Iterator[DraftField]:
    """The fields with names of their own, f001 and so on where they have none."""
    prefix = f"p{page.number}_" if page.number > 1 else ""
    for number, field in enumerate(page.fields, start=1):
        plain = "".join(c for c in field.name if c.isprintable()).strip()
        name = base = plain or f"{prefix}f{number:03d}"
        copy = 1
        while name in taken:
            copy += 1
            name = f"{base}_{copy}"
        taken.add(name)
        yield replace(field, name=name)
