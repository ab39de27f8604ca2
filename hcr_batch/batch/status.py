"""What a journal holds, in figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hcr_batch.batch.journal import Journal

__all__ = ["Run", "Status", "journal_status"]


@dataclass(frozen=True)
class Run:
    """One run.

    `summary` is None if it has not ended: it is still running, or was killed.
    Times are UTC.
    """

    began_at: str
    conditions: dict[str, Any]
    summary: dict[str, Any] | None


@dataclass(frozen=True)
class Status:
    """Figures of a journal.

    Attributes
    ----------
    files : int
        All that it knows.
    failures : tuple of (str, str)
        Name and reason of each file that could not be read.
    unfinished : int
        Long documents of which some pages are read.
    pages, characters, flagged : int
        Of the files that were read; flagged as the program left it.
    reviewed : int
        Places where a person has answered.
    last_run : Run or None
    """

    files: int
    failures: tuple[tuple[str, str], ...]
    unfinished: int
    pages: int
    characters: int
    flagged: int
    reviewed: int
    last_run: Run | None


def journal_status(journal: Journal) -> Status:
    """Count what a journal holds; a run may be writing to it meanwhile."""
    figures = journal.totals()
    failures = ((file.name, file.failure) for file in journal.files() if file.failure)
    runs = (
        Run(began_at, json.loads(conditions), json.loads(summary) if summary else None)
        for began_at, conditions, summary in journal.last_runs(1)
    )
    return Status(**figures, failures=tuple(failures), last_run=next(runs, None))
