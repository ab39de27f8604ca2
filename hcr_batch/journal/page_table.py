"""Pages of the journal, with their fields and cells: written, and read whole."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator

from hcr_batch.journal.cell_table import CELL_COLUMNS, cell_of_row, row_of_cell
from hcr_batch.journal.schema import insert
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.results.rows import ResultRow

__all__ = ["add_pages", "fields_of_page", "rows_of_page"]

CELLS_OF_PAGE = (
    f"SELECT fields.place, fields.name, fields.kind, fields.joint, {CELL_COLUMNS} "
    "FROM fields JOIN cells ON cells.field = fields.id "
    "WHERE fields.page = ? ORDER BY fields.place, cells.position"
)

ROWS_OF_PAGE = (
    f"SELECT fields.name, cells.position, {CELL_COLUMNS} "
    "FROM fields JOIN cells ON cells.field = fields.id "
    "WHERE fields.page = ? ORDER BY fields.place, cells.position"
)
"""Columns in the order of `ResultRow`, from its third on."""

ROW_TYPES = [str, int, int, int, int, int, str, float, int, str, str]
ALTERNATIVES = re.compile(r"(\S:\d\.\d{4}( (?=\S)|$))*")


def add_pages(
    connection: sqlite3.Connection, reading: int, pages: Iterable[PageRecord], seconds: float
) -> None:
    """Add pages to a reading, which counts them; `seconds` is what it took to read them."""
    counts = [0, 0, 0]
    for page in pages:
        _add_page(connection, reading, page)
        cells = [cell for field in page.fields for cell in field.cells]
        counts[0] += 1
        counts[1] += sum(cell.occupied for cell in cells)
        counts[2] += sum(cell.reading.flagged for cell in cells)
    connection.execute(
        "UPDATE readings SET seconds = seconds + ?, pages = pages + ?, "
        "characters = characters + ?, flagged = flagged + ? WHERE id = ?",
        (seconds, *counts, reading),
    )


def fields_of_page(connection: sqlite3.Connection, page: int) -> tuple[FieldRecord, ...]:
    """The fields of a page by its id, in reading order.

    Raises
    ------
    sqlite3.DatabaseError
        There is what was never written so, or less than was written.
    """
    fields: dict[tuple[int, str, str, float | None], list[CellRecord]] = {}
    for place, name, kind, joint, *cell in connection.execute(CELLS_OF_PAGE, (page,)):
        fields.setdefault((place, name, kind, joint), []).append(cell_of_row(cell))
    _check_number(connection, page, sum(map(len, fields.values())))
    return tuple(
        FieldRecord(name, kind, tuple(cells), joint)
        for (_, name, kind, joint), cells in fields.items()
    )


def rows_of_page(
    connection: sqlite3.Connection, page: int, file: str, number: int
) -> Iterator[ResultRow]:
    """What `page_rows` makes of a page by its id, straight from the tables.

    Raises
    ------
    sqlite3.DatabaseError
        There is what was never written so, or less than was written.
    """
    rows = connection.execute(ROWS_OF_PAGE, (page,)).fetchall()
    _check_number(connection, page, len(rows))
    for values in rows:
        if [*map(type, values)] != ROW_TYPES or not ALTERNATIVES.fullmatch(values[-1]):
            raise sqlite3.DatabaseError(f"a cell holds {values!r}")
        *cell, flagged, reasons, alternatives = values
        yield ResultRow._make((file, number, *cell, bool(flagged), reasons, alternatives))


def _check_number(connection: sqlite3.Connection, page: int, found: int) -> None:
    """See that all cells of a page were found: damage can hide some from SQLite."""
    row = connection.execute("SELECT cells FROM pages WHERE id = ?", (page,)).fetchone()
    if row is None or row[0] not in (None, found):
        raise sqlite3.DatabaseError(f"a page has {found} cells, in place of {row}")


def _add_page(connection: sqlite3.Connection, reading: int, page: PageRecord) -> None:
    cells = sum(len(field.cells) for field in page.fields)
    row = insert(
        connection,
        "INSERT INTO pages (reading, number, width, height, cells, form) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (reading, page.number, page.width, page.height, cells, page.form),
    )
    for place, field in enumerate(page.fields, start=1):
        _add_field(connection, row, place, field)
    if page.pictures:
        connection.execute("INSERT INTO pictures VALUES (?, ?)", (row, page.pictures))


def _add_field(connection: sqlite3.Connection, page: int, place: int, field: FieldRecord) -> None:
    row = insert(
        connection,
        "INSERT INTO fields (page, place, name, kind, joint) VALUES (?, ?, ?, ?, ?)",
        (page, place, field.name, field.kind, field.joint),
    )
    numbered = enumerate(field.cells, start=1)
    connection.executemany(
        "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((row, position, *row_of_cell(cell)) for position, cell in numbered),
    )
