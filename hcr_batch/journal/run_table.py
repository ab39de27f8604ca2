"""The runs that a journal has seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hcr_batch.journal.journal_part import JournalPart
from hcr_batch.journal.run_kinds import are_conditions, is_summary
from hcr_batch.journal.schema import insert

__all__ = ["Run", "Runs", "latest_runs"]

REVISION = "revision"
"""Key of a summary under which it has the state of the journal."""


@dataclass(frozen=True)
class Run:
    """One run.

    `summary` is None if it has not ended: it is still running, or was killed.
    `revision` is that of the journal when it had. Times are UTC.
    """

    began_at: str
    conditions: dict[str, Any]
    summary: dict[str, Any] | None
    revision: int | None = None


class Runs(JournalPart):
    """The runs in a journal."""

    def begin(self, conditions: Mapping[str, object]) -> int:
        """Note that a run begins, and under which conditions; its number."""
        with self._transaction():
            statement = "INSERT INTO runs (conditions) VALUES (?)"
            return insert(self._connection, statement, [json.dumps(conditions)])

    def end(self, number: int, summary: Mapping[str, object]) -> None:
        """Note what came of a run, and in which state it leaves the journal."""
        text = json.dumps({**summary, REVISION: self.revision})
        with self._transaction():
            self._connection.execute("UPDATE runs SET summary = ? WHERE id = ?", (text, number))

    def latest(self) -> Iterator[Run]:
        """As :func:`latest_runs` has it."""
        return latest_runs(self._connection)


def latest_runs(connection: sqlite3.Connection) -> Iterator[Run]:
    """Every run, the last one first.

    Raises
    ------
    sqlite3.DatabaseError
        One is not as `Runs` writes it.
    """
    rows = connection.execute("SELECT began_at, conditions, summary FROM runs ORDER BY id DESC")
    # All at once: a statement that is not done keeps the file open while an error is on its way.
    for began_at, conditions, summary in rows.fetchall():
        try:
            run = _run(began_at, json.loads(conditions), json.loads(summary or "null"))
        except (ValueError, TypeError, RecursionError) as error:
            raise sqlite3.DatabaseError("runs hold what was never written so") from error
        yield run


def _run(began_at: object, conditions: Any, summary: Any) -> Run:
    """A run; ValueError where something in it is not as it was written."""
    ended = summary is not None
    revision = summary.pop(REVISION, None) if isinstance(summary, dict) else None
    is_sound = are_conditions(conditions) and (is_summary(summary) or not ended)
    if not (is_sound and isinstance(began_at, str) and isinstance(revision, int | None)):
        raise ValueError("no run")
    return Run(began_at, conditions, summary, revision)
