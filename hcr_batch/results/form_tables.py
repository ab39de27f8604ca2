"""The wide tables: one a kind of form, a row a form, the values of its fields in front."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    "with_all_fields",
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


def form_rows(
    pages: Iterable[tuple[str, PageRecord]], keys: Mapping[str, Collection[str]] | None = None
) -> Iterator[FormRow]:
    """A row a form from the pages of all files, in order, with the names of their files.

    Pages of a template that follow each other are one form until a field
    comes again; each page without a template is a form of its own. Several
    forms on one page are a row each.

    Parameters
    ----------
    pages : iterable of (str, PageRecord)
    keys : mapping, optional
        The names of the key fields of forms that have some. Their pages are
        one form where a key reads the same, whatever file they are in; these
        rows come last.
    """
    keys = keys or {}
    keyed = _KeyedRows()
    row: FormRow | None = None
    for file, page in pages:
        for form, values in _forms_on(page):
            if form in keys:
                keyed.add(FormRow(file, page.number, form, values), keys[form])
                continue
            if row and _goes_on(row, file, form, values):
                row.values.update(values)
                continue
            if row:
                yield row
            row = FormRow(file, page.number, form, values)
    if row:
        yield row
    yield from keyed.rows


@dataclass(frozen=True)
class _KeyedRows:
    """Forms whose pages are joined by what stands in their key fields."""

    rows: list[FormRow] = field(default_factory=list)
    _by_key: dict[tuple[str, str], list[FormRow]] = field(default_factory=dict)

    def add(self, page: FormRow, names: Collection[str]) -> None:
        """Join a page to the first form with its key that lacks it; else it begins one."""
        key = "".join(page.values[name].text for name in names if name in page.values)
        key = "".join(key.split()).casefold()
        same = self._by_key.setdefault((page.form, key), [])
        lacking = (row for row in same if not row.values.keys() & page.values.keys())
        # A page whose key is blank is nobody's.
        if key and (row := next(lacking, None)):
            row.values.update(page.values)
            return
        same.append(page)
        self.rows.append(page)


def with_all_fields(
    tables: Iterable[FormTable], expected: Mapping[str, Sequence[str]]
) -> list[FormTable]:
    """The tables with all fields that their form has, also those of pages that never came."""
    return [
        replace(table, fields=tuple(dict.fromkeys((*expected.get(table.form, ()), *table.fields))))
        for table in tables
    ]


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
    for one in page.fields:
        number, form, name = form_of(page.form, one.name)
        forms.setdefault(number, (form, {}))[1][name] = _value(one)
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


def _value(read: FieldRecord) -> FieldValue:
    text = "".join(cell.reading.character or " " for cell in read.cells).strip()
    confidence = read.joint
    if confidence is None:
        confidence = math.prod(cell.reading.confidence for cell in read.cells)
    return FieldValue(text, confidence, any(cell.reading.flagged for cell in read.cells))
