"""Rows of results.csv."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from hcr_batch.results.records import PageRecord

__all__ = [
    "COLUMNS",
    "FORMULA_STARTS",
    "ResultRow",
    "alternatives_of",
    "alternatives_text",
    "harmless",
    "page_rows",
    "to_text",
    "without_escapes",
]

FORMULA_STARTS = "=+-@\t\r\n"
"""A text that begins so may run as a formula in a spreadsheet (CSV injection, OWASP), also where
the character is its full-width twin."""
FORMULA = r"(?=\s*[\"']?\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
INNER_FORMULA = re.compile(rf"(?<=[,;|\t\r\n]){FORMULA}")
"""The same within a text: a spreadsheet that takes another separator than the file has, as a
European Excel does, begins a cell after it."""
INNER_QUOTE = re.compile(rf"(?<=[,;|\t\r\n])'{FORMULA}")


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
                alternatives_text(reading.alternatives),
            )


def alternatives_text(alternatives: Iterable[tuple[str, float]]) -> str:
    """Other characters with their probabilities, as `8:0.0312 B:0.0107`."""
    return " ".join(f"{other}:{share:.4f}" for other, share in alternatives)


def alternatives_of(text: str) -> tuple[tuple[str, float], ...]:
    """What `alternatives_text` was given; raises a ValueError where the text is no such."""
    pairs = (item.rsplit(":", 1) for item in text.split())
    return tuple((other, float(share)) for other, share in pairs)


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
    """The text, with `'` before what a spreadsheet would run as a formula."""
    text = INNER_FORMULA.sub("'", text)
    first = unicodedata.normalize("NFKC", text[:1])
    return f"'{text}" if first and first in FORMULA_STARTS else text


def without_escapes(text: str) -> str:
    """The text that `harmless` was given."""
    return INNER_QUOTE.sub("", text.removeprefix("'"))
