"""The runs that a journal has seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hcr_batch.journal.journal_part import JournalPart
from hcr_batch.journal.schema import insert

__all__ = ["Run", "Runs"]

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
        """Every run, the last one first."""
        rows = self._connection.execute(
            "SELECT began_at, conditions, summary FROM runs ORDER BY id DESC"
        )
        for began_at, conditions, text in rows:
            summary = json.loads(text) if text else None
            revision = summary.pop(REVISION, None) if summary else None
            yield Run(began_at, json.loads(conditions), summary, revision)
