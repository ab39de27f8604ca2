"""What the parts of a journal have in common: its database, and changes that are whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager

__all__ = ["JournalPart"]


class JournalPart:
    """Some tables of a journal.

    Parameters
    ----------
    connection : sqlite3.Connection
    transaction : callable
        Makes a context manager for all of a change or nothing of it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connection = connection
        self._transaction = transaction

    @property
    def revision(self) -> int:
        """Grows with every change of what the results hold, whoever makes it."""
        (number,) = self._connection.execute("SELECT number FROM revision").fetchone()
        return int(number)
