"""Pages of the journal, with their fields and cells: written, and read whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from hcr_batch.batch.cells import CELL_COLUMNS, cell_of_row, row_of_cell
from hcr_batch.batch.schema import insert
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord

__all__ = ["add_pages", "fields_of_page"]

CELLS_OF_PAGE = (
    f"SELECT fields.place, fields.name, fields.kind, fields.joint, {CELL_COLUMNS} "
    "FROM fields JOIN cells ON cells.field = fields.id "
    "WHERE fields.page = ? ORDER BY fields.place, cells.position"
)


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
    """The fields of a page by its id, in reading order, without pictures."""
    fields: dict[tuple[int, str, str, float | None], list[CellRecord]] = {}
    for place, name, kind, joint, *cell in connection.execute(CELLS_OF_PAGE, (page,)):
        fields.setdefault((place, name, kind, joint), []).append(cell_of_row(cell))
    return tuple(
        FieldRecord(name, kind, tuple(cells), joint)
        for (_, name, kind, joint), cells in fields.items()
    )


def _add_page(connection: sqlite3.Connection, reading: int, page: PageRecord) -> None:
    row = insert(
        connection,
        "INSERT INTO pages (reading, number, width, height) VALUES (?, ?, ?, ?)",
        (reading, page.number, page.width, page.height),
    )
    for place, field in enumerate(page.fields, start=1):
        _add_field(connection, row, place, field)


def _add_field(connection: sqlite3.Connection, page: int, place: int, field: FieldRecord) -> None:
    row = insert(
        connection,
        "INSERT INTO fields (page, place, name, kind, joint) VALUES (?, ?, ?, ?, ?)",
        (page, place, field.name, field.kind, field.joint),
    )
    numbered = list(enumerate(field.cells, start=1))
    connection.executemany(
        "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((row, position, *row_of_cell(cell)) for position, cell in numbered),
    )
    connection.executemany(
        "INSERT INTO crops VALUES (?, ?, ?)",
        ((row, position, cell.png) for position, cell in numbered if cell.png),
    )
