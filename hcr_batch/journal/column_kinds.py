"""What the tables of a journal may hold: finds damage that SQLite itself cannot see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from hcr_batch.journal.corrections import Kind

__all__ = ["MISREAD", "TABLES", "check_kinds"]

MISREAD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What code raises that takes a value of one kind for one of another."""

TABLES = (
    *("readings", "files", "pages", "fields", "cells", "pictures"),
    *("corrections", "runs", "exports", "revision"),
)
STORED = {"INTEGER": "integer", "REAL": "real", "TEXT": "text", "BLOB": "blob"}
"""How SQLite stores a value, by the declared type of its column."""

KIND_NAMES = ", ".join(f"'{kind.value}'" for kind in Kind)
MEANINGLESS = {
    "corrections": (
        f"kind NOT IN ({KIND_NAMES})",
        "corrected_at NOT GLOB '????-??-?? ??:??:??' OR datetime(corrected_at) IS NULL",
    ),
    "runs": (
        "NOT json_valid(conditions) OR NOT json_valid(coalesce(summary, '{}'))",
        "json_type(conditions) <> 'object' OR json_type(coalesce(summary, '{}')) <> 'object'",
    ),
}
"""Conditions that no row may meet, by table; each may rely on those before it."""


def check_kinds(connection: sqlite3.Connection) -> None:
    """See that every value is of the kind of its column; it looks through all tables.

    A bit of a disk or of memory is enough to make a number a text.

    Raises
    ------
    sqlite3.DatabaseError
        One is not; the message names its table.
    """
    for table in TABLES:
        for wrong in (*_of_other_kinds(connection, table), *MEANINGLESS.get(table, ())):
            if connection.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
                raise sqlite3.DatabaseError(f"{table} hold what was never written so")


def _of_other_kinds(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    """The condition that a value is stored in another way than its column declares."""
    columns = connection.execute(
        "SELECT name, type, [notnull] OR pk > 0 FROM pragma_table_info(?)", (table,)
    )
    found = []
    for name, declared, needed in columns.fetchall():
        kinds = [STORED[declared]] if needed else [STORED[declared], "null"]
        found.append(f"typeof({name}) NOT IN ({', '.join(map(repr, kinds))})")
    yield from [" OR ".join(found)] if found else ()
