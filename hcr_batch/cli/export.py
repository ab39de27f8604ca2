"""`hcr-batch export`: the results written again from their journal."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from hcr_batch.cli._options import FILE, OUTPUT_FILE, csv_options, fields_option, format_option

__all__ = ["export"]


@click.command()
@click.argument("results", type=FILE)
@click.option(
    "--out", type=OUTPUT_FILE, metavar="FILE", help="Where to write; by default RESULTS itself."
)
@fields_option
@format_option
@csv_options
@click.option(
    "--only-reviewed", is_flag=True, help="Write only the cells that a person answered in a review."
)
def export(
    results: Path,
    out: Path | None,
    fields: Path | None,
    file_format: str | None,
    delimiter: str | None,
    bom: bool | None,
    only_reviewed: bool,
) -> None:
    """Write results again, with corrections.

    Reads the journal beside RESULTS, the table of an earlier scan; no form is
    opened. By default CSV is written as that scan wrote it.

    \b
    Example:
      hcr-batch export results.csv --out results.xlsx --fields fields.xlsx
    """
    from hcr_batch.errors import UsageError
    from hcr_batch.journal.exporting import export as write
    from hcr_batch.journal.journal import existing_journal, open_journal
    from hcr_batch.journal.output_lock import exclusive, lock_path
    from hcr_batch.journal.outputs import Outputs, last_outputs
    from hcr_batch.results.writers import CsvStyle, format_of

    if only_reviewed and out in (None, results):
        raise UsageError(
            f"{results}: --only-reviewed would leave the rest out of it; give another --out"
        )
    path = existing_journal(results)
    out = out or results
    file_format = format_of(out, file_format)
    with open_journal(path) as journal:
        last = last_outputs(journal.runs, results)
        style = CsvStyle(
            last.style.delimiter if delimiter is None else delimiter,
            last.style.bom if bom is None else bom,
        )
        outputs = Outputs(out, file_format, fields, style)
        outputs.check(results, journal.local_files())
        outputs.prepare()
        # Nobody else writes where nothing can be written.
        with exclusive(lock_path(results)) if journal.is_writable else nullcontext():
            write(journal, outputs, only_reviewed)
