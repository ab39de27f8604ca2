"""Rows of results.csv, and of the wide table of fields."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from hcr_batch.results.records import FieldRecord, PageRecord

__all__ = [
    "COLUMNS",
    "FORMULA_STARTS",
    "FieldRow",
    "ResultRow",
    "field_row",
    "harmless",
    "page_rows",
    "to_text",
]

FORMULA_STARTS = "=+-@\t\r\n"
"""A text that begins so may run as a formula in a spreadsheet (CSV injection, OWASP), also where
the character is its full-width twin."""


class ResultRow(NamedTuple):
    """One cell of the results; the columns of results.csv in their order.

    `reasons` are separated by `;`, `alternatives` stand as `8:0.0312 B:0.0107`.
    """

    file: str
    page: int
    field: str
    position: int
    x: int
    y: int
    width: int
    height: int
    character: str
    confidence: float
    flagged: bool
    reasons: str
    alternatives: str


COLUMNS = ResultRow._fields


class FieldRow(NamedTuple):
    """One page of the wide table: text, joint confidence and flag by field name."""

    file: str
    page: int
    values: dict[str, tuple[str, float, bool]]


def page_rows(file: str, page: PageRecord) -> Iterator[ResultRow]:
    """The rows of one page, in the order of field and position."""
    for field in page.fields:
        for position, cell in enumerate(field.cells, start=1):
            box, reading = cell.box, cell.reading
            yield ResultRow(
                file,
                page.number,
                field.name,
                position,
                round(box.x),
                round(box.y),
                round(box.width),
                round(box.height),
                reading.character,
                reading.confidence,
                reading.flagged,
                ";".join(reading.reasons),
                " ".join(f"{other}:{share:.4f}" for other, share in reading.alternatives),
            )


def field_row(file: str, page: PageRecord) -> FieldRow:
    """The row of a page in the wide table."""
    values = {field.name: _field_values(field) for field in page.fields}
    return FieldRow(file, page.number, values)


def to_text(row: ResultRow) -> tuple[str | int, ...]:
    """A row as results.csv has it: four decimals, `true` and `false`, no formulas."""
    file, page, field, *place, character, confidence, flagged, reasons, alternatives = row
    return (
        harmless(file),
        page,
        harmless(field),
        *place,
        harmless(character),
        f"{confidence:.4f}",
        "true" if flagged else "false",
        reasons,
        alternatives,
    )


@lru_cache(maxsize=1024)
def harmless(text: str) -> str:
    """The text, with `'` before it if a spreadsheet would run it as a formula."""
    first = unicodedata.normalize("NFKC", text[:1])
    return f"'{text}" if first and first in FORMULA_STARTS else text


def _field_values(field: FieldRecord) -> tuple[str, float, bool]:
    """Text with inner blanks, the probability that all of it is right, and whether to look."""
    text = "".join(cell.reading.character or " " for cell in field.cells).strip()
    confidence = field.joint
    if confidence is None:
        confidence = math.prod(cell.reading.confidence for cell in field.cells)
    return text, confidence, any(cell.reading.flagged for cell in field.cells)
