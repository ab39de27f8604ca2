"""Pictures of the form under a template's fields, and what the scan tells about them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.documents import LimitedReader
from hcr_batch.forms.edited import EditableTemplate, EditedField
from hcr_batch.forms.field_labels import names_for
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.template_parts import Template, TemplateField, TemplatePage
from hcr_batch.types import MillimetreBox

if TYPE_CHECKING:
    from hcr_batch.config import Settings
    from hcr_batch.editor.laid_form import LaidPage

__all__ = ["EditPages"]

NOT_FOUND = (
    "The form was not recognized on this page: it is laid under the fields as it is, from edge to"
    " edge. Compare the places before you go on."
)
NOT_THERE = "The scan has no such page."
SECONDS = 120.0
"""Time that all pages of a scan may take."""


class EditPages:
    """What is shown beside the fields; the scan is read once, in a process of its own.

    Parameters
    ----------
    template : EditableTemplate
        As it was at the start: by its places the scan is laid.
    scan : Path, optional
        Of the form, blank or filled; white paper where left out.
    settings : Settings

    Raises
    ------
    DocumentError
        The scan cannot be read.
    """

    def __init__(self, template: EditableTemplate, scan: Path | None, settings: Settings) -> None:
        self._plain, self._scan, self._settings = _plain(template), scan, settings
        self._sizes = {page.number: page for page in template.pages}
        self._lock = threading.Lock()
        self._laid = {page.number: page for page in self._lay()}

    def note(self, number: int) -> str:
        """What the user should know of a page's picture."""
        if self._scan is None:
            return ""
        laid = self._laid.get(number)
        return NOT_THERE if laid is None else "" if laid.is_found else NOT_FOUND

    def has_picture(self, number: int) -> bool:
        """Whether there is a scan of a page of the template."""
        return number in self._laid

    def picture(self, number: int) -> bytes | None:
        """PNG of a page of the template from edge to edge; None where there is no scan of it."""
        import cv2

        laid = self._laid.get(number)
        return None if laid is None else cv2.imencode(".png", laid.gray)[1].tobytes()

    def names(self, fields: Sequence[EditedField]) -> list[list[str]]:
        """Names that each field might have, the likeliest first."""
        boxes = [bounds(field.cells) for field in fields]
        names = []
        for field, box in zip(fields, boxes, strict=True):
            laid = self._laid.get(field.page)
            others = [
                other
                for one, other in zip(fields, boxes, strict=True)
                if one is not field and one.page == field.page
            ]
            words, widgets = (laid.words, laid.widgets) if laid else ((), ())
            names.append(names_for(box, field.kind, others, words, widgets))
        return names

    def texts(self) -> list[str]:
        """What stands in the fields of the template as it was at the start."""
        count = sum(len(page.fields) for page in self._plain.pages)
        if self._scan is None:
            return [""] * count
        from hcr_batch.editor.laid_form import texts_on

        with self._lock, self._reader() as reader:
            texts = reader.call(
                str(self._scan), texts_on, self._scan, self._plain, self._settings
            )
        return [texts.get(str(number), "") for number in range(count)]

    def _lay(self) -> Sequence[LaidPage]:
        if self._scan is None:
            return ()
        from hcr_batch.editor.laid_form import lay_form

        with self._reader() as reader:
            return reader.call(
                str(self._scan), lay_form, self._scan, self._plain, self._settings
            )

    def _reader(self) -> LimitedReader:
        return LimitedReader(self._settings.batch.max_memory_gb, SECONDS)


def _plain(template: EditableTemplate) -> Template:
    """The places of a template alone: its rules may have faults; fields are named 0, 1, 2."""
    pages = tuple(
        TemplatePage(
            page.number,
            page.width_mm,
            page.height_mm,
            fields,
            page.anchors or _cells(fields),
            page.imprint,
        )
        for page in template.pages
        for fields in [_fields(template, page.number)]
    )
    return Template(template.name, pages, "")


def _fields(template: EditableTemplate, number: int) -> tuple[TemplateField, ...]:
    return tuple(
        TemplateField(str(place), field.kind, bounds(field.cells), field.cells, Rule())
        for place, field in enumerate(template.fields)
        if field.page == number
    )


def _cells(fields: Sequence[TemplateField]) -> tuple[MillimetreBox, ...]:
    return tuple(cell for field in fields for cell in field.cells)
