"""`hcr-batch export`: the results written again from their journal."""

from __future__ import annotations

from pathlib import Path

import click

from hcr_batch.cli._options import FILE, fields_option, format_option

__all__ = ["export"]


@click.command()
@click.argument("results", type=FILE)
@click.option("--out", type=FILE, help="Where to write; RESULTS itself if not given.")
@fields_option
@format_option
@click.option(
    "--only-reviewed", is_flag=True, help="Only the cells that a person answered in a review."
)
def export(
    results: Path,
    out: Path | None,
    fields: Path | None,
    file_format: str | None,
    only_reviewed: bool,
) -> None:
    """Write RESULTS of an earlier scan again, corrections included, in any format.

    Reads the journal beside RESULTS; no form is opened.

    \b
    Example:
      hcr-batch export results.csv --out results.parquet
    """
    from hcr_batch.batch.export import export as write
    from hcr_batch.batch.journal import existing_journal, open_journal
    from hcr_batch.batch.lock import exclusive, lock_path
    from hcr_batch.errors import UsageError
    from hcr_batch.results.atomic import check_writable
    from hcr_batch.results.writers import format_of

    if only_reviewed and out in (None, results):
        raise UsageError(
            f"{results}: --only-reviewed would leave the rest out of it; give another --out"
        )
    path = existing_journal(results)
    out = out or results
    for output in filter(None, (out, fields)):
        check_writable(output)
    with exclusive(lock_path(results)), open_journal(path) as journal:
        write(journal, out, file_format or format_of(out), fields, only_reviewed)
