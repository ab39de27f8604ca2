"""`hcr-batch status`: what the journal of some results holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._options import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hcr_batch.journal.journal_status import Status
    from hcr_batch.journal.run_table import Run

__all__ = ["status"]


@click.command()
@click.argument("results", type=FILE)
@click.option(
    "--report",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)
def status(results: Path, report: str) -> None:
    """Show what was read, and what failed.

    Reads the journal beside RESULTS: files, pages and characters, how many are
    flagged and reviewed, the last scan with its model, and each file that failed
    with the reason. A scan may be running meanwhile.

    \b
    Example:
      hcr-batch status results.csv
    """
    import json
    from dataclasses import asdict

    from hcr_batch.journal.journal import existing_journal, open_journal
    from hcr_batch.journal.journal_status import journal_status

    # Where the journal holds what it never should, the lines are what cannot be made of it.
    with open_journal(existing_journal(results)) as journal:
        found = journal_status(journal)
        is_json = report == "json"
        lines = [json.dumps(asdict(found), indent=1)] if is_json else list(_lines(found))
    for line in lines:
        click.echo(line)


def _lines(found: Status) -> Iterator[str]:
    from hcr_batch.errors import printable

    share = 100 * found.flagged / found.characters if found.characters else 0.0
    told = ((found.gone, "gone"), (found.copies, "copies"))
    others = "".join(f", {count} {what}" for count, what in told if count)
    yield f"files: {found.files}, {len(found.failures)} of them failed{others}"
    if found.unfinished:
        yield f"begun: {found.unfinished} long documents, which the next run goes on with"
    empty = f", {found.without_field} without a field" if found.without_field else ""
    yield f"pages: {found.pages}{empty}"
    yield f"characters: {found.characters}"
    yield f"flagged: {found.flagged} ({share:.1f} %)"
    yield f"reviewed: {found.reviewed}"
    if found.last_run:
        yield from map(printable, _run_lines(found.last_run))
    for name, reason in found.failures:
        yield f"failed\t{printable(name)}\t{printable(reason)}"


def _run_lines(run: Run) -> Iterator[str]:
    conditions, summary = run.conditions, run.summary
    yield f"last run: {run.began_at} UTC, {_ending(summary)}"
    threshold, target = conditions["threshold"], conditions["target_error"]
    limit = f"threshold {threshold:g}" if threshold else f"target error {100 * target:g} %"
    fingerprints = f"{conditions['model_fingerprint'][:12]}, settings {conditions['settings'][:12]}"
    yield f"model: {conditions['model']} {fingerprints}, {limit}, program {conditions['program']}"


def _ending(summary: dict[str, Any] | None) -> str:
    if summary is None:
        return "not ended: it is still running, or was killed"
    ending = "interrupted after" if summary["interrupted"] else "ended after"
    return (
        f"{ending} {summary['seconds']:.0f} s; files: {summary['new']} new, "
        f"{summary['skipped']} skipped, {summary['failed']} failed"
    )
