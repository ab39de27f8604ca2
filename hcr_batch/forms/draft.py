"""Draft templates: the fields of a blank or filled form, written as TOML to be edited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hcr_batch.config import Settings
from hcr_batch.documents import open_pages
from hcr_batch.documents.acroform import Widget, pdf_widgets
from hcr_batch.errors import DocumentError
from hcr_batch.forms.schema import UNKNOWN_FORM
from hcr_batch.geometry import area, shared_area
from hcr_batch.layout.binarize import binarize
from hcr_batch.layout.fields import find_fields
from hcr_batch.layout.perspective import flatten
from hcr_batch.layout.sides import bounds
from hcr_batch.types import Box, Page

__all__ = ["DraftField", "DraftPage", "draft_template", "find_pages"]

EVEN_MM = 0.5
"""Cells that differ less than this from equal ones are written as one box."""
INSIDE = 0.5
"""A printed box of which this share lies in a PDF's field belongs to it."""
SAME_BOX = 0.5
"""Share that two boxes have in common from which a PDF's field is the printed box."""


@dataclass(frozen=True)
class DraftField:
    """A field with its cells in millimetres; kinds as in a template."""

    name: str
    kind: str
    cells: tuple[Box, ...]
    seen: bool = True
    """Its boxes are printed on the form."""


@dataclass(frozen=True)
class DraftPage:
    """A page of a form: its size, its fields, and all boxes printed on it, in millimetres."""

    number: int
    width: float
    height: float
    fields: tuple[DraftField, ...]
    boxes: tuple[Box, ...]


def draft_template(path: Path, settings: Settings) -> str:
    """Draft a template as TOML from a form.

    Parameters
    ----------
    path : Path
        Blank or filled: PNG, JPEG, TIFF or PDF.
    settings : Settings

    Raises
    ------
    DocumentError
        It cannot be read, or has no boxes and no form fields.
    """
    pages = find_pages(path, settings)
    if not any(page.fields for page in pages):
        raise DocumentError(
            f"{path}: no boxes and no form fields found; "
            "take a better scan, or write the template by hand"
        )
    return "\n".join(_toml(path, [page for page in pages if page.fields]))


def find_pages(path: Path, settings: Settings) -> list[DraftPage]:
    """The pages of a form with their fields: those of a fillable PDF, else the boxes found."""
    settings = replace(settings, layout=replace(settings.layout, mode="boxes"))
    is_pdf = path.suffix.lower() == ".pdf"
    widgets = pdf_widgets(path) if is_pdf else []
    pages = []
    taken = {UNKNOWN_FORM}
    for page in open_pages(path, settings.documents):
        mine = widgets[page.number - 1] if page.number <= len(widgets) else []
        # The places of a PDF's own fields hold on the page as it is, not levelled.
        found = _found(page, settings, level=not mine)
        if mine:
            found = replace(found, fields=tuple(_of_widget(w, found.boxes) for w in mine))
        pages.append(replace(found, fields=tuple(_renamed(found, taken))))
    return pages


def _found(page: Page, settings: Settings, level: bool) -> DraftPage:
    if level:
        page = flatten(page, settings.layout.max_skew)
    fields = find_fields(binarize(page, settings.layout), page.pixels_per_mm, settings.layout)
    rows, columns = page.gray.shape
    scale = 1 / page.pixels_per_mm
    drafted = tuple(
        DraftField("", field.kind, tuple(_scaled(cell.box, scale) for cell in field.cells))
        for field in fields
    )
    boxes = tuple(cell for field in drafted for cell in field.cells)
    return DraftPage(page.number, columns * scale, rows * scale, drafted, boxes)


def _of_widget(widget: Widget, boxes: Sequence[Box]) -> DraftField:
    """A PDF's field, at the printed boxes where there are some for it."""
    covered = (box for box in boxes if shared_area(box, widget.box) >= INSIDE * area(box))
    within = tuple(sorted(covered, key=lambda box: box.x))
    name = widget.name
    if widget.kind == "check":
        return DraftField(name, "check", (within or (widget.box,))[:1], bool(within))
    if len(within) > 1 and (not widget.comb or len(within) == widget.length):
        return DraftField(name, "comb", within)
    if widget.comb:
        return DraftField(name, "comb", _divided(widget.box, widget.length), seen=False)
    same = next((box for box in boxes if _same(box, widget.box)), None)
    return DraftField(name, "free", (same or widget.box,), same is not None)


def _divided(box: Box, count: int) -> tuple[Box, ...]:
    width = box.width / count
    return tuple(Box(box.x + n * width, box.y, width, box.height) for n in range(count))


def _same(a: Box, b: Box) -> bool:
    shared = shared_area(a, b)
    return shared >= SAME_BOX * (area(a) + area(b) - shared)


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)


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


def _toml(path: Path, pages: Sequence[DraftPage]) -> Iterator[str]:
    yield f"# Drafted by hcr-batch from {json.dumps(path.name, ensure_ascii=False)[1:-1]}."
    yield "# Give the fields their names, charsets, patterns and checks; measures are millimetres."
    yield f"name = {_text(path.stem)}"
    for page in pages:
        yield ""
        yield "[[page]]"
        yield f"number = {page.number}"
        yield f"width_mm = {page.width:.1f}"
        yield f"height_mm = {page.height:.1f}"
        if not all(field.seen for field in page.fields) and page.boxes:
            # Boxes that the form itself shows tell it from others better than unseen fields.
            yield "anchors = [" + ", ".join(map(_box, page.boxes)) + "]"
    for page in pages:
        for field in page.fields:
            yield from _field(field, page)


def _field(field: DraftField, page: DraftPage) -> Iterator[str]:
    yield ""
    yield "[[field]]"
    yield f"name = {_text(field.name)}"
    yield f'kind = "{field.kind}"'
    if page.number > 1:
        yield f"page = {page.number}"
    yield from _place([_within(cell, page) for cell in field.cells], field.kind)
    if field.kind != "check":
        yield 'charset = "alnum"'


def _place(cells: Sequence[Box], kind: str) -> Iterator[str]:
    around = bounds(cells)
    if kind in ("free", "check"):
        yield f"box = {_box(around)}"
        return
    count = len(cells)
    width = sum(cell.width for cell in cells) / count
    gap = max(0.0, (around.width - count * width) / max(count - 1, 1))
    even = (
        Box(around.x + n * (width + gap), around.y, width, around.height) for n in range(count)
    )
    if all(_near(cell, like) for cell, like in zip(cells, even, strict=True)):
        yield f"box = {_box(around)}"
        yield f"cells = {count}"
        if kind == "boxes" and count > 1:
            yield f"gap = {gap:.1f}"
    else:
        yield "cell_boxes = [" + ", ".join(map(_box, cells)) + "]"


def _near(a: Box, b: Box) -> bool:
    pairs = ((a.x, b.x), (a.y, b.y), (a.right, b.right), (a.bottom, b.bottom))
    return all(abs(one - other) <= EVEN_MM for one, other in pairs)


def _within(box: Box, page: DraftPage) -> Box:
    """The box as far as it lies on the page, rounded to what is written."""
    left, top = max(0.0, box.x), max(0.0, box.y)
    right = min(round(page.width, 1), box.right)
    bottom = min(round(page.height, 1), box.bottom)
    return Box(left, top, right - left, bottom - top)


def _box(box: Box) -> str:
    return f"[{box.x:.1f}, {box.y:.1f}, {box.width:.1f}, {box.height:.1f}]"


def _text(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
