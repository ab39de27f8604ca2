"""What a journal holds, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from hcr_batch.batch.journal import Journal
from hcr_batch.batch.runs import Run

__all__ = ["Status", "journal_status"]


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
    last_run = next(journal.runs.latest(), None)
    return Status(**figures, failures=tuple(failures), last_run=last_run)
