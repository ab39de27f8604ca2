"""Workbooks for Excel: texts stay texts, what a person should look at is coloured.

openpyxl writes row by row and keeps none of them in memory; pandas, which
would write through it, holds the whole table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from typing import IO, TYPE_CHECKING, Any

from hcr_batch.errors import printable
from hcr_batch.results.form_tables import FieldValue, FormRow, FormTable
from hcr_batch.results.rows import COLUMNS, ResultRow

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

__all__ = ["Summary", "write_cell_sheets", "write_form_sheets"]

Summary = Sequence[tuple[str, object]]
"""Lines of the sheet that sums the results up: what, and how much."""

CELLS, SUMMARY = "cells", "summary"
MOST_ROWS = 1_048_576
"""Rows of a sheet, by the format."""
LONGEST_TITLE = 31
"""Characters of a sheet's name, by the format."""
FLAGGED_COLOR = "FFFFD9A0"
"""Light orange: dark text on it is read well, on paper too."""
HEAD_COLOR = "FFE3E8F0"
PLACE_WIDTH, TEXT_WIDTH, NUMBER_WIDTH = 28, 16, 11
"""Widths of columns in characters."""
AS_TEXT, AS_SHARE = "@", "0.0000"
"""Formats of cells: what looks like a number keeps its zeros; four decimals."""


def write_cell_sheets(file: IO[bytes], rows: Iterable[ResultRow], summary: Summary) -> None:
    """Write the results: a row a cell, on as many sheets as they need, then the summary."""
    workbook, style = _workbook()
    sheet, left = None, 0
    for row in rows:
        if sheet is None or not left:
            sheet, left = _sheet(workbook, CELLS, COLUMNS, style), MOST_ROWS - 1
        sheet.append(_cell_line(row, sheet, style))
        left -= 1
    if sheet is None:
        _sheet(workbook, CELLS, COLUMNS, style)
    _finish(workbook, summary, style, file)


def write_form_sheets(
    file: IO[bytes], tables: Sequence[FormTable], rows: Iterable[FormRow], summary: Summary
) -> None:
    """Write the wide tables: a sheet a form, then the summary."""
    workbook, style = _workbook()
    places = {
        table.form: (table, _sheet(workbook, table.title, table.header, style)) for table in tables
    }
    for row in rows:
        table, sheet = places[row.form]
        sheet.append(_form_line(row, table, sheet, style))
    _finish(workbook, summary, style, file)


class _Style:
    """Makes cells; each look is made once and copied."""

    def __init__(self, sheet: Any) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font, PatternFill

        self._new = WriteOnlyCell
        self._looks: dict[str, Any] = {}
        flagged = PatternFill("solid", start_color=FLAGGED_COLOR)
        for name, fill, number_format in (
            ("text", None, AS_TEXT),
            ("flagged", flagged, AS_TEXT),
            ("share", None, AS_SHARE),
            ("head", PatternFill("solid", start_color=HEAD_COLOR), AS_TEXT),
        ):
            look = WriteOnlyCell(sheet)
            look.number_format = number_format
            if fill:
                look.fill = fill
            if name == "head":
                look.font = Font(name="Calibri", size=11, bold=True)
            self._looks[name] = look

    def text(self, sheet: Any, text: str, look: str = "text") -> Any:
        """A cell that holds a text whatever it looks like: no number, no formula."""
        cell = self._new(sheet, printable(text))
        cell.data_type = "s"
        return self._dressed(cell, look)

    def plain(self, sheet: Any, text: str) -> Any:
        """A text that needs no look; only what would be a formula needs a cell made for it."""
        text = printable(text)
        return self.text(sheet, text) if text.startswith("=") else text

    def share(self, sheet: Any, value: float) -> Any:
        """A cell with a number from 0 to 1."""
        return self._dressed(self._new(sheet, round(value, 4)), "share")

    def _dressed(self, cell: Any, look: str) -> Any:
        cell._style = copy(self._looks[look]._style)
        return cell


def _workbook() -> tuple[Workbook, _Style]:
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    # Looks belong to a workbook; this sheet is there for them alone.
    style = _Style(workbook.create_sheet())
    workbook.remove(workbook.worksheets[0])
    return workbook, style


def _sheet(
    workbook: Workbook, title: str, header: Sequence[str], style: _Style
) -> WriteOnlyWorksheet:
    sheet = workbook.create_sheet(_title(title, workbook.sheetnames))
    sheet.freeze_panes = "A2"
    for number, name in enumerate(header):
        behind = name.endswith((".confidence", ".flagged"))
        least = NUMBER_WIDTH if behind else TEXT_WIDTH if number else PLACE_WIDTH
        width = max(least, min(len(name) + 2, PLACE_WIDTH))
        sheet.column_dimensions[_letter(number + 1)].width = width
    sheet.append([style.text(sheet, name, "head") for name in header])
    return sheet


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(column)


def _title(title: str, taken: Iterable[str]) -> str:
    """A name that a sheet may have, and none has yet."""
    kept = re.sub(r"[\[\]:*?/\\]", "_", printable(title)).strip("'")[:LONGEST_TITLE] or "form"
    used = {name.casefold() for name in (*taken, SUMMARY)}
    number, name = 1, kept
    while name.casefold() in used:
        number += 1
        name = f"{kept[: LONGEST_TITLE - len(str(number)) - 1]} {number}"
    return name


def _cell_line(row: ResultRow, sheet: Any, style: _Style) -> list[Any]:
    file, page, field, *place, character, confidence, flagged, reasons, alternatives = row
    return [
        style.plain(sheet, file),
        page,
        style.plain(sheet, field),
        *place,
        style.text(sheet, character, "flagged" if flagged else "text"),
        round(confidence, 4),
        flagged,
        reasons,
        alternatives,
    ]


def _form_line(row: FormRow, table: FormTable, sheet: Any, style: _Style) -> list[Any]:
    values = [row.values.get(name) for name in table.fields]
    behind = [part for value in values for part in _behind(value, sheet, style)]
    texts = [_text(value, sheet, style) for value in values]
    return [style.text(sheet, row.file), row.page, *texts, *behind]


def _text(value: FieldValue | None, sheet: Any, style: _Style) -> Any:
    if value is None:
        return None
    return style.text(sheet, value.text, "flagged" if value.flagged else "text")


def _behind(value: FieldValue | None, sheet: Any, style: _Style) -> tuple[Any, Any]:
    return (style.share(sheet, value.confidence), value.flagged) if value else (None, None)


def _finish(workbook: Workbook, summary: Summary, style: _Style, file: IO[bytes]) -> None:
    sheet = workbook.create_sheet(SUMMARY)
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = PLACE_WIDTH
    for what, value in summary:
        shown = style.text(sheet, value) if isinstance(value, str) else value
        sheet.append([style.text(sheet, what, "head"), shown])
    workbook.save(file)
