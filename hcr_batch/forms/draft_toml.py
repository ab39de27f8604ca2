"""Drafts of templates as text: TOML that a person goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.types import MillimetreBox

__all__ = ["DraftField", "DraftPage", "anchors_line", "field_lines", "place_lines", "toml_lines_of"]

EVEN_MM = 0.5
"""Cells that differ less than this from equal ones are written as one box."""


@dataclass(frozen=True)
class DraftField:
    """A field with its cells in millimetres; kinds as in a template.

    `rules` are its other keys in the template with their values; without any
    it takes letters and digits. `length` is how many characters a free area
    takes, where that is known.
    """

    name: str
    kind: str
    cells: tuple[MillimetreBox, ...]
    rules: Mapping[str, str | bool] | None = None
    length: int | None = None


@dataclass(frozen=True)
class DraftPage:
    """A page of a form in millimetres: its size, its fields, and all boxes printed on it.

    `left_out` says what was found and is no field; `picture` shows the fields
    on the page (PNG); `printed` is its imprint as text.
    """

    number: int
    width: float
    height: float
    fields: tuple[DraftField, ...]
    boxes: tuple[MillimetreBox, ...]
    left_out: tuple[str, ...] = ()
    picture: bytes = b""
    printed: str = ""


def toml_lines_of(name: str, source: str, pages: Sequence[DraftPage]) -> Iterator[str]:
    """The lines of a template.

    Parameters
    ----------
    name : str
        Of the form.
    source : str
        Name of the file it was drafted from.
    pages : sequence of DraftPage
    """
    yield f"# Drafted by hcr-batch from {json.dumps(source, ensure_ascii=False)[1:-1]}."
    yield "# Give the fields their names, charsets, patterns and checks; measures are millimetres."
    yield f"name = {_text(name)}"
    for page in pages:
        yield ""
        yield "[[page]]"
        yield f"number = {page.number}"
        yield f"width_mm = {page.width:.1f}"
        yield f"height_mm = {page.height:.1f}"
        yield from (f"# Left out: {what}" for what in page.left_out)
        if page.boxes:
            yield "# All boxes and corner marks on the form, by which it is recognized; leave them."
            yield anchors_line(page.boxes)
        if page.printed:
            yield "# And all that is printed on it, as a small picture (PNG in base64); leave it."
            yield f"printed = {_text(page.printed)}"
    for page in pages:
        for field in page.fields:
            yield ""
            yield from field_lines(field, page)


def anchors_line(boxes: Sequence[MillimetreBox]) -> str:
    """The line that says by which boxes a page is recognized."""
    return "anchors = [" + ", ".join(map(_box, boxes)) + "]"


def field_lines(field: DraftField, page: DraftPage) -> Iterator[str]:
    """The lines of one field of a template."""
    yield "[[field]]"
    yield f"name = {_text(field.name)}"
    yield f'kind = "{field.kind}"'
    if page.number > 1:
        yield f"page = {page.number}"
    yield from place_lines(field, page)
    if field.kind != "check":
        rules = {"charset": "alnum"} if field.rules is None else field.rules
    else:
        rules = field.rules or {}
    yield from (f"{key} = {_value(value)}" for key, value in rules.items())


def place_lines(field: DraftField, page: DraftPage) -> Iterator[str]:
    """The lines that say where a field lies: one box where its cells are even."""
    cells, kind = [_within(cell, page) for cell in field.cells], field.kind
    around = bounds(cells)
    if kind in ("free", "check"):
        yield f"box = {_box(around)}"
        yield from (f"cells = {length}" for length in [field.length] if length)
        return
    count = len(cells)
    width = sum(cell.width for cell in cells) / count
    gap = max(0.0, (around.width - count * width) / max(count - 1, 1))
    even = (
        MillimetreBox(around.x + n * (width + gap), around.y, width, around.height)
        for n in range(count)
    )
    if all(_near(cell, like) for cell, like in zip(cells, even, strict=True)):
        yield f"box = {_box(around)}"
        yield f"cells = {count}"
        if kind == "boxes" and count > 1:
            yield f"gap = {gap:.1f}"
    else:
        yield "cell_boxes = [" + ", ".join(map(_box, cells)) + "]"


def _near(a: MillimetreBox, b: MillimetreBox) -> bool:
    pairs = ((a.x, b.x), (a.y, b.y), (a.right, b.right), (a.bottom, b.bottom))
    return all(abs(one - other) <= EVEN_MM for one, other in pairs)


def _within(box: MillimetreBox, page: DraftPage) -> MillimetreBox:
    """The box as far as it lies on the page, rounded to what is written."""
    left, top = max(0.0, box.x), max(0.0, box.y)
    right = min(round(page.width, 1), box.right)
    bottom = min(round(page.height, 1), box.bottom)
    return MillimetreBox(left, top, right - left, bottom - top)


def _box(box: MillimetreBox) -> str:
    return f"[{box.x:.1f}, {box.y:.1f}, {box.width:.1f}, {box.height:.1f}]"


def _value(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else _text(value)


def _text(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
