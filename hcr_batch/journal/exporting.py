"""The results, written from the journal; not again where they are as they would be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hcr_batch.documents.locations import signature
from hcr_batch.fingerprints import code_fingerprint
from hcr_batch.journal.corrections import REVIEW_REASONS, reviewed_part
from hcr_batch.journal.journal import Journal
from hcr_batch.journal.journal_status import journal_summary
from hcr_batch.journal.outputs import Outputs
from hcr_batch.results.form_tables import FormRow, form_rows, with_all_fields, with_missing
from hcr_batch.results.rows import ResultRow
from hcr_batch.results.writers import write_csv_tables, write_results, write_table_sheets

__all__ = ["export"]


def export(
    journal: Journal, outputs: Outputs, only_reviewed: bool = False
) -> tuple[Path, ...]:
    """Write the results, and the wide tables where they are wanted, from the journal.

    Tables of forms that are no longer there are removed: those that this
    journal wrote, as it wrote them.

    Parameters
    ----------
    only_reviewed : bool
        Only the cells that a person has answered; in the wide tables the
        fields that have one.

    Returns
    -------
    tuple of Path
        The wide tables.

    Raises
    ------
    OutputError
        A file cannot be written; the old one is still there.
    """
    part = f"{outputs.style} {'reviewed' if only_reviewed else 'all'}"

    def write_rows() -> None:
        rows = _rows(journal, only_reviewed)
        summary = journal_summary(journal)
        write_results(outputs.results, rows, outputs.file_format, outputs.style, summary)

    _renew(journal, [outputs.results], f"{outputs.file_format} {part}", write_rows)
    if outputs.fields is None:
        return ()
    return _export_tables(journal, outputs, outputs.fields, f"fields {part}", only_reviewed)


def _export_tables(
    journal: Journal, outputs: Outputs, fields: Path, content: str, only_reviewed: bool
) -> tuple[Path, ...]:
    run = next(journal.runs.latest(), None)
    conditions = run.conditions if run else {}
    tables = with_all_fields(journal.form_tables(), conditions.get("all_fields", {}))
    templates = conditions.get("templates", ())
    paths = outputs.table_paths([table.form for table in tables], templates)

    def write_tables() -> None:
        rows = _form_rows(journal, only_reviewed, conditions.get("key_fields", {}))
        # Who asks for what was reviewed alone misses nothing else.
        rows = rows if only_reviewed else with_missing(rows, tables)
        if outputs.fields_format == "xlsx":
            write_table_sheets(fields, tables, rows, journal_summary(journal))
        else:
            write_csv_tables(paths, tables, rows, outputs.style)

    _renew(journal, paths.values(), content, write_tables)
    for path in journal.exports.untouched("fields "):
        if path not in {place.absolute() for place in paths.values()} and _is_table(path, fields):
            path.unlink(missing_ok=True)
    return tuple(dict.fromkeys(paths.values()))


def _rows(journal: Journal, only_reviewed: bool) -> Iterator[ResultRow]:
    rows = journal.rows()
    return (row for row in rows if row.reasons in REVIEW_REASONS) if only_reviewed else rows


def _form_rows(
    journal: Journal, only_reviewed: bool, keys: Mapping[str, Sequence[str]]
) -> Iterator[FormRow]:
    pages = ((file.name, page) for file, page in journal.pages())
    if not only_reviewed:
        return form_rows(pages, keys)
    reviewed = ((file, reviewed_part(page)) for file, page in pages)
    return form_rows((file, page) for file, page in reviewed if page.fields)


def _is_table(path: Path, fields: Path) -> bool:
    """Whether a file was a table of `fields`, be it of one form among several."""
    named = path.name == fields.name or path.name.startswith(f"{fields.stem}.")
    return path.parent == fields.absolute().parent and named and path.suffix == fields.suffix


def _renew(
    journal: Journal, paths: Iterable[Path], content: str, write: Callable[[], None]
) -> None:
    """Write files, unless the journal has not changed since and neither have they."""
    paths, content = list(paths), f"{content} {code_fingerprint()}"
    if not all(journal.exports.holds(path, content, signature(path)) for path in paths):
        write()
        for path in paths if journal.is_writable else ():
            journal.exports.note(path, content, signature(path))
