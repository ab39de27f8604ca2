"""What the tables of a journal may hold: finds damage that SQLite itself cannot see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from hcr_batch.documents.locations import location_of
from hcr_batch.journal.corrections import Kind
from hcr_batch.journal.run_table import latest_runs
from hcr_batch.journal.schema import TABLES_SCHEMA

__all__ = ["MISREAD", "TABLES", "check_kinds"]

MISREAD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What code raises that takes a value of one kind for one of another."""

TABLES = (
    *("readings", "files", "pages", "fields", "cells", "pictures"),
    *("corrections", "runs", "exports", "revision"),
)
STORED = {"INTEGER": "integer", "REAL": "real", "TEXT": "text", "BLOB": "blob"}
"""How SQLite stores a value, by the declared type of its column."""
WITH_PATHS = ("files", "exports")

KIND_NAMES = ", ".join(f"'{kind.value}'" for kind in Kind)
MEANINGLESS = {
    "corrections": (
        f"kind NOT IN ({KIND_NAMES})",
        "corrected_at NOT GLOB '????-??-?? ??:??:??' OR datetime(corrected_at) IS NULL",
    ),
}
"""Conditions that no row may meet, by table; each may rely on those before it."""

Column = tuple[str, str, bool]
"""Name, declared type, and whether there must be a value."""


def check_kinds(connection: sqlite3.Connection) -> None:
    """See that every value is of the kind of its column; it looks through all tables.

    A bit of a disk or of memory is enough to make a number a text. The columns
    are those that the program makes: what the journal itself says of them may
    have been changed too.

    Raises
    ------
    sqlite3.DatabaseError
        One is not; the message names its table.
    """
    for table, columns in _our_columns().items():
        for wrong in (_of_other_kinds(columns), *MEANINGLESS.get(table, ())):
            if connection.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
                raise sqlite3.DatabaseError(f"{table} hold what was never written so")
    for table in WITH_PATHS:
        _check_urls(connection, table)
    for _ in latest_runs(connection):
        pass  # each has been looked at
    if connection.execute("SELECT 1 FROM revision").fetchone() is None:
        raise sqlite3.DatabaseError("revision holds nothing")


def _check_urls(connection: sqlite3.Connection, table: str) -> None:
    """See that URLs are text; a path may be any bytes."""
    query = f"SELECT path FROM {table} WHERE instr(path, ?)"
    for (path,) in connection.execute(query, (b"://",)).fetchall():
        try:
            location_of(path)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError(f"{table} hold a URL that is no text") from error


def _our_columns() -> dict[str, list[Column]]:
    """The columns of each table of a new journal."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES_SCHEMA)
        query = "SELECT name, type, [notnull] OR pk > 0 FROM pragma_table_info(?)"
        return {table: connection.execute(query, (table,)).fetchall() for table in TABLES}


def _of_other_kinds(columns: Iterable[Column]) -> str:
    """The condition that a value is stored in another way than its column is declared."""
    found = []
    for name, declared, needed in columns:
        kinds = [STORED[declared]] if needed else [STORED[declared], "null"]
        found.append(f"typeof({name}) NOT IN ({', '.join(map(repr, kinds))})")
    return " OR ".join(found)
