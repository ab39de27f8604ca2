"""Fillable PDFs: what the file itself says stands in a field wins over what is drawn there."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.geometry import area, projected, shared_area
from hcr_batch.types import (
    CellReading,
    FieldReading,
    Gray,
    Page,
    PageReading,
    Reading,
    SourceBox,
    StoredValue,
)

if TYPE_CHECKING:
    from hcr_batch.forms.template_files import Template

__all__ = ["with_stored_values"]

INSIDE = 0.4
"""A cell of which this share lies in a form field belongs to it: printed boxes are drawn around
form fields up to 1.5 times as large, hardly ever larger."""


def with_stored_values(
    reading: PageReading, page: Page, templates: Sequence[Template] = ()
) -> PageReading:
    """The reading of a page with the stored values of its form fields.

    Parameters
    ----------
    reading : PageReading
        What was read from the picture of the page.
    page : Page
        As it was opened.
    templates : sequence of Template
        Where there are some, no fields are added to those that they have.

    Returns
    -------
    PageReading
        Stored characters have confidence 1, no reasons and no flag. Ink in a
        form field that holds nothing is kept as it was read.
    """
    fields = list(reading.fields)
    for value in page.stored:
        _place(value, fields, page, may_add=not templates)
    if page.stored and not templates:
        fields = [replace(field, name=f"f{n:03d}") for n, field in enumerate(fields, start=1)]
    return replace(reading, fields=tuple(fields))


@dataclass(frozen=True)
class _Inside:
    """The cells of one field that lie in a form field, by their numbers."""

    field: int
    cells: list[int]


def _place(value: StoredValue, fields: list[FieldReading], page: Page, may_add: bool) -> None:
    """Put a value into the fields where it belongs, or into one of its own."""
    found = [_inside(value.box, number, field) for number, field in enumerate(fields)]
    owners = [inside for inside in found if inside.cells]
    if not owners and may_add:
        new = FieldReading("", _kind(value), _new_cells(value, page))
        fields.insert(_place_of(value.box, fields), new)
    for inside in owners[:1]:
        fields[inside.field] = _filled(fields[inside.field], inside.cells, value, page, may_add)
    if not value.text:
        return
    # A comb may have been found in pieces, a text in several lines: the first took it all.
    for inside in reversed(owners[1:] if may_add else []):
        field = fields[inside.field]
        kept = [cell for n, cell in enumerate(field.cells) if n not in inside.cells]
        fields[inside.field : inside.field + 1] = (
            [replace(field, cells=tuple(kept), joint=None)] if kept else []
        )


def _inside(box: SourceBox, number: int, field: FieldReading) -> _Inside:
    cells = [
        n
        for n, cell in enumerate(field.cells)
        if shared_area(cell.box, box) >= INSIDE * area(cell.box)
    ]
    return _Inside(number, cells)


def _filled(
    field: FieldReading, inside: list[int], value: StoredValue, page: Page, may_add: bool
) -> FieldReading:
    """A field with a value in those of its cells that lie in the form field."""
    cells, characters, kind = list(field.cells), _characters(value.text), field.kind
    if not characters:
        filled = [cells[n] if _has_ink(cells[n].reading) else _stored(cells[n], "") for n in inside]
    elif _fits(field, inside, value, characters, may_add):
        padded = characters + [""] * (len(inside) - len(characters))
        filled = [_stored(cells[n], text) for n, text in zip(inside, padded, strict=True)]
    else:
        filled = list(_new_cells(value, page))
        kind = _kind(value) if may_add else kind
    first = inside[0]
    others = [n for n in range(len(cells)) if n not in inside]
    before = [cells[n] for n in others if n < first]
    after = [cells[n] for n in others if n > first]
    return replace(field, kind=kind, cells=(*before, *filled, *after), joint=None)


def _fits(
    field: FieldReading,
    inside: list[int],
    value: StoredValue,
    characters: Sequence[str],
    may_add: bool,
) -> bool:
    """Whether each character has one of the cells; those of a template are as they should be."""
    as_many = value.cells in (0, len(inside)) or not may_add
    return field.kind != "free" and len(inside) >= len(characters) and as_many


def _has_ink(reading: Reading) -> bool:
    return bool(reading.character) or reading.flagged


def _kind(value: StoredValue) -> str:
    if value.kind == "check":
        return "check"
    return "comb" if value.cells else "free"


def _characters(text: str) -> list[str]:
    """The characters of a value, blanks empty; a new line counts as one blank."""
    lines = " ".join(unicodedata.normalize("NFC", text).splitlines())
    shown = (c if c.isprintable() and not c.isspace() else "" for c in lines.rstrip())
    return list(shown)


def _new_cells(value: StoredValue, page: Page) -> tuple[CellReading, ...]:
    """Cells of equal width for a value, as many as the form field or the text has."""
    characters = _characters(value.text)
    count = max(value.cells, len(characters), 1)
    pitch = value.box.width / count
    edges = [round(value.box.x + pitch * n) for n in range(count + 1)]
    top, bottom = round(value.box.y), round(value.box.bottom)
    boxes = [
        SourceBox(left, top, max(1, right - left), max(1, bottom - top))
        for left, right in zip(edges, edges[1:], strict=False)
    ]
    crops = [_crop(box, page) for box in boxes]
    blank = Reading("", 1.0)
    return tuple(
        _stored(CellReading(box, blank, crop), character)
        for box, crop, character in zip(boxes, crops, characters + [""] * count, strict=False)
    )


def _stored(cell: CellReading, character: str) -> CellReading:
    return replace(cell, reading=Reading(character, 1.0))


def _crop(box: SourceBox, page: Page) -> Gray:
    """A box of the source page as it looks on the page."""
    corners = np.array([[box.x, box.y], [box.right, box.bottom]])
    placed = projected(np.linalg.inv(page.to_source), corners)
    (left, top), (right, bottom) = np.sort(placed, axis=0).round().clip(0).astype(int).tolist()
    return page.gray[top:bottom, left:right].copy()


def _place_of(box: SourceBox, fields: Sequence[FieldReading]) -> int:
    """Where in reading order a box stands among the fields."""
    later = (n for n, field in enumerate(fields) if _precedes(box, field.cells[0].box))
    return next(later, len(fields))


def _precedes(one: SourceBox, other: SourceBox) -> bool:
    """Whether a box stands above another, or before it in the same row."""
    in_row = min(one.bottom, other.bottom) - max(one.y, other.y) > min(one.height, other.height) / 2
    return one.x < other.x if in_row else one.y < other.y
