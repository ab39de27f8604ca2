"""What a journal holds, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from hcr_batch.journal.journal import Journal
from hcr_batch.journal.run_table import Run

__all__ = ["Status", "journal_status", "journal_summary"]


@dataclass(frozen=True)
class Status:
    """Figures of a journal.

    Attributes
    ----------
    files : int
        All that it knows.
    failures : tuple of (str, str)
        Name and reason of each file that could not be read.
    gone, copies : int
        Of the files, those not there any more, and those whose content another has.
    unfinished : int
        Long documents of which some pages are read.
    pages, characters, flagged : int
        Of the files that were read; flagged as the program left it.
    without_field : int
        Pages on which none was found.
    reviewed : int
        Places where a person has answered.
    last_run : Run or None
    """

    files: int
    gone: int
    copies: int
    failures: tuple[tuple[str, str], ...]
    unfinished: int
    pages: int
    characters: int
    flagged: int
    reviewed: int
    without_field: int
    last_run: Run | None


def journal_status(journal: Journal) -> Status:
    """Count what a journal holds; a run may be writing to it meanwhile."""
    figures = journal.totals()
    failures = ((file.name, file.failure) for file in journal.files() if file.failure)
    last_run = next(journal.runs.latest(), None)
    return Status(**figures, failures=tuple(failures), last_run=last_run)


def journal_summary(journal: Journal) -> list[tuple[str, object]]:
    """What a journal holds, in lines for the last sheet of a workbook."""
    status = journal_status(journal)
    run = status.last_run
    conditions = run.conditions if run else {}
    lines: list[tuple[str, object]] = [
        ("files", status.files),
        ("files that are gone from their folders", status.gone),
        ("files that are copies of others", status.copies),
        ("files that could not be read", len(status.failures)),
        ("pages", status.pages),
        ("pages on which no field was found", status.without_field),
        ("characters", status.characters),
        ("flagged by the program", status.flagged),
        ("answered in a review", status.reviewed),
        ("last scan began (UTC)", run.began_at if run else ""),
        ("program", f"hcr-batch {conditions.get('program', '')}"),
        ("model", str(conditions.get("model", ""))),
        ("templates", ", ".join(conditions.get("templates", ()))),
    ]
    return lines + [(f"not read: {name}", reason) for name, reason in status.failures]
