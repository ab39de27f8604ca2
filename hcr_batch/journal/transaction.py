"""A change of the journal: all of it, or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hcr_batch.errors import OutputError

__all__ = ["Transaction", "roll_back"]


class Transaction:
    """All of what happens within, or nothing.

    No generator: an interrupt may keep it from its end, and a generator would then end by itself at
    any later time, and take back another change. `roll_back` ends it.

    Raises
    ------
    OutputError
        The disk is full, or another program keeps the file locked.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise self._refusal(error) from error

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            try:
                if error is None:
                    self._connection.execute("COMMIT")
            finally:
                roll_back(self._connection)
        except sqlite3.OperationalError as refused:
            raise self._refusal(refused) from refused
        if isinstance(error, sqlite3.OperationalError):
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.OperationalError) -> OutputError:
        return OutputError(
            f"{self._path}: cannot be written ({error}); check the disk's free space"
        )


def roll_back(connection: sqlite3.Connection) -> None:
    """Take back what was begun and not finished, if anything was."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
