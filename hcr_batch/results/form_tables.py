"""The wide tables: one a kind of form, a row a form, the values of its fields in front."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from hcr_batch.results.form_names import form_of
from hcr_batch.results.records import FieldRecord, PageRecord

__all__ = [
    "ANY_FORM",
    "PLACE_COLUMNS",
    "FieldValue",
    "FormRow",
    "FormTable",
    "distinct",
    "form_rows",
    "with_missing",
]

PLACE_COLUMNS = ("file", "page")
"""Before the fields: where the form lies, and on which page it begins."""

ANY_FORM = "forms"
"""What the forms without a template are called where they need a name."""


class FieldValue(NamedTuple):
    """Text with inner blanks, probability (0 to 1) that all of it is right, whether to look."""

    text: str
    confidence: float
    flagged: bool


@dataclass(frozen=True)
class FormRow:
    """One filled form: the file and first page it lies on, the form it is of, its values."""

    file: str
    page: int
    form: str
    values: dict[str, FieldValue]


@dataclass(frozen=True)
class FormTable:
    """A kind of form: its name, empty where there is no template, and its fields in order."""

    form: str
    fields: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.form or ANY_FORM

    @property
    def header(self) -> tuple[str, ...]:
        """The columns: place, values, then confidence and flag of each; none stands twice."""
        behind = (f"{name}{end}" for name in self.fields for end in (".confidence", ".flagged"))
        return tuple(distinct((*PLACE_COLUMNS, *self.fields, *behind)))


def form_rows(pages: Iterable[tuple[str, PageRecord]]) -> Iterator[FormRow]:
    """A row a form from the pages of all files, in order, with the names of their files.

    Pages of a template that follow each other are one form until a field
    comes again; each page without a template is a form of its own. Several
    forms on one page are a row each.
    """
    row: FormRow | None = None
    for file, page in pages:
        for form, values in _forms_on(page):
            if row and _goes_on(row, file, form, values):
                row.values.update(values)
                continue
            if row:
                yield row
            row = FormRow(file, page.number, form, values)
    if row:
        yield row


def with_missing(rows: Iterable[FormRow], tables: Iterable[FormTable]) -> Iterator[FormRow]:
    """The rows, with the fields of a template's page that is not there blank and flagged."""
    expected = {table.form: table.fields for table in tables}
    missing = FieldValue("", 0.0, True)
    for row in rows:
        fields = expected.get(row.form, ()) if row.form else ()
        yield replace(row, values={**dict.fromkeys(fields, missing), **row.values})


def _forms_on(page: PageRecord) -> Iterator[tuple[str, dict[str, FieldValue]]]:
    """The forms that lie on a page, each with its fields; one at least."""
    forms: dict[int, tuple[str, dict[str, FieldValue]]] = {}
    for field in page.fields:
        number, form, name = form_of(page.form, field.name)
        forms.setdefault(number, (form, {}))[1][name] = _value(field)
    yield from (forms[number] for number in sorted(forms)) if forms else [(page.form, {})]


def _goes_on(row: FormRow, file: str, form: str, values: dict[str, FieldValue]) -> bool:
    same = bool(form) and (row.file, row.form) == (file, form)
    return same and not row.values.keys() & values.keys()


def distinct(names: Iterable[str]) -> list[str]:
    """The names, with a number behind those that stood before, be it in other letters' case."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, distinct = 1, name
        while distinct.casefold() in taken:
            number += 1
            distinct = f"{name}_{number}"
        taken.add(distinct.casefold())
        result.append(distinct)
    return result


def _value(field: FieldRecord) -> FieldValue:
    text = "".join(cell.reading.character or " " for cell in field.cells).strip()
    confidence = field.joint
    if confidence is None:
        confidence = math.prod(cell.reading.confidence for cell in field.cells)
    return FieldValue(text, confidence, any(cell.reading.flagged for cell in field.cells))
