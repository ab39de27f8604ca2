"""`hcr-batch score`: results beside the truth."""

from __future__ import annotations

from pathlib import Path

import click

from hcr_batch.cli._options import FILE
from hcr_batch.cli._packages import check_for_forms

__all__ = ["score"]


@click.command()
@click.argument("results", type=FILE)
@click.option(
    "--truth",
    required=True,
    type=FILE,
    metavar="FILE",
    help="CSV with file, page, field, x, y, width, height, text; one row per field.",
)
@click.option(
    "--report",
    type=click.Choice(["table", "fields", "json"]),
    default="table",
    show_default=True,
    help="One line per file, one line per field, or everything as JSON.",
)
def score(results: Path, truth: Path, report: str) -> None:
    """Compare results with the truth.

    RESULTS is a results.csv. Fields are matched by name, else by place, else by
    text. In the table, silent are characters that are wrong and not flagged;
    effort is the share of characters that a person has to look at; extra are
    characters read outside of every field of the truth.

    \b
    Example:
      hcr-batch score results.csv --truth samples/truth.csv
    """
    check_for_forms("score")
    from hcr_batch.evaluation import score_tables
    from hcr_batch.evaluation.scoring import compare
    from hcr_batch.evaluation.scoring import score as measure

    pages = score_tables.read_truth(truth), score_tables.read_results(results)
    if report == "fields":
        click.echo(score_tables.field_table(compare(*pages)))
    else:
        write = score_tables.score_report if report == "json" else score_tables.score_table
        click.echo(write(measure(*pages)))
