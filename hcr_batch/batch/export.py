"""The results, written from the journal; not again where they are as they would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hcr_batch.batch.corrections import REVIEW_REASONS, reviewed_part
from hcr_batch.batch.journal import Journal
from hcr_batch.batch.locations import signature
from hcr_batch.batch.request import code_fingerprint
from hcr_batch.results.rows import FieldRow, ResultRow, field_row
from hcr_batch.results.writers import write_fields, write_results

__all__ = ["export"]


def export(
    journal: Journal,
    output: Path,
    file_format: str,
    fields: Path | None,
    only_reviewed: bool = False,
) -> None:
    """Write the results, and the wide table if `fields` is given, from the journal.

    Parameters
    ----------
    only_reviewed : bool
        Only the cells that a person has answered; in the wide table the
        fields that have one.

    Raises
    ------
    OutputError
        A file cannot be written; the old one is still there.
    """
    part = "reviewed" if only_reviewed else "all"

    def write_rows(path: Path) -> None:
        write_results(path, _rows(journal, only_reviewed), file_format)

    def write_table(path: Path) -> None:
        write_fields(path, journal.field_names(), _field_rows(journal, only_reviewed))

    _renew(journal, output, f"{file_format} {part}", write_rows)
    if fields:
        _renew(journal, fields, f"fields {part}", write_table)


def _rows(journal: Journal, only_reviewed: bool) -> Iterator[ResultRow]:
    rows = journal.rows()
    return (row for row in rows if row.reasons in REVIEW_REASONS) if only_reviewed else rows


def _field_rows(journal: Journal, only_reviewed: bool) -> Iterator[FieldRow]:
    for file, page in journal.pages():
        shown = reviewed_part(page) if only_reviewed else page
        if shown.fields or not only_reviewed:
            yield field_row(file.name, shown)


def _renew(journal: Journal, path: Path, content: str, write: Callable[[Path], None]) -> None:
    """Write a file, unless the journal has not changed since and neither has the file."""
    content = f"{content} {code_fingerprint()}"
    if not journal.is_exported(path, content, signature(path)):
        write(path)
        journal.note_export(path, content, signature(path))
