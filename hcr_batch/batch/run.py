"""A scan from the paths given to the results written."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hcr_batch import __version__
from hcr_batch.batch.corrections import REVIEW_REASONS, reviewed_part
from hcr_batch.batch.engines import WorkerDied, run_tasks
from hcr_batch.batch.journal import Journal, journal_path, open_journal
from hcr_batch.batch.lock import exclusive, lock_path
from hcr_batch.batch.observers import FileEvent, Observer
from hcr_batch.batch.plan import Content, Effort, Plan, make_plan, signature
from hcr_batch.batch.worker import DrawTask, Outcome, PageDrawer, PageReader, picture_paths
from hcr_batch.config import Settings
from hcr_batch.documents import discover
from hcr_batch.errors import ExitCode
from hcr_batch.results.atomic import check_writable
from hcr_batch.results.rows import field_row, page_rows
from hcr_batch.results.writers import check_format, write_fields, write_results

if TYPE_CHECKING:
    from hcr_batch.recognition import ModelCard

__all__ = ["ScanRequest", "ScanSummary", "dry_run", "export", "fingerprint", "scan"]

Reader = Callable[[], Callable[[Path], Outcome]]


@dataclass(frozen=True)
class ScanRequest:
    """What to scan, how, and where the results go.

    Attributes
    ----------
    paths : tuple of str
        Folders, files, patterns, `-`.
    output : Path
        The results; the journal lies beside them.
    model : str
        Fingerprint of the model, part of what a reading is known by.
    jobs : int
        Processes.
    file_format : str
        One of `hcr_batch.results.writers.FORMATS`.
    fields, overlay : Path, optional
        The wide table; a folder for pictures of the pages.
    effort : Effort
    ignore : tuple of Path
        Further outputs that are never input.
    """

    paths: tuple[str, ...]
    output: Path
    settings: Settings
    model: str
    jobs: int = 1
    file_format: str = "csv"
    fields: Path | None = None
    overlay: Path | None = None
    effort: Effort = field(default_factory=Effort)
    ignore: tuple[Path, ...] = ()

    @property
    def recipe(self) -> str:
        """Hash of all that a reading depends on but the file itself."""
        parts = [self.settings.fingerprint(), self.model, __version__]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def outputs(self) -> tuple[Path, ...]:
        written = (self.output, journal_path(self.output), self.fields, self.overlay)
        return (*(path for path in written if path), *self.ignore)


@dataclass(frozen=True)
class ScanSummary:
    """What a run did; pages, characters and flagged are of the files new in it.

    `failed` counts files given to this run that have no readings, those that
    failed in an earlier run included: the results lack them all the same.
    """

    new: int
    skipped: int
    failed: int
    pages: int
    characters: int
    flagged: int
    seconds: float
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not self.failed:
            return ExitCode.OK
        return ExitCode.SOME_FAILED if self.new or self.skipped else ExitCode.ALL_FAILED

    def __str__(self) -> str:
        share = 100 * self.flagged / self.characters if self.characters else 0.0
        rate = self.pages / self.seconds if self.seconds else 0.0
        return (
            f"files: {self.new} new, {self.skipped} skipped, {self.failed} failed; "
            f"pages: {self.pages}; characters: {self.characters}; "
            f"flagged: {self.flagged} ({share:.1f} %); {rate:.1f} pages a second"
        )


def scan(
    request: ScanRequest,
    observer: Observer,
    stdin: TextIO | None = None,
    reader: Reader | None = None,
) -> ScanSummary:
    """Read what is new or changed and write the results.

    The results hold the files given and, from earlier runs on the same
    output, those that still exist.

    Parameters
    ----------
    observer : Observer
        Is told what happens.
    reader : callable, optional
        Makes the function that reads a file; the real one where left out.

    Raises
    ------
    NoInputError, LockedError, OutputError, ModelError, UsageError
    """
    check_format(request.file_format)
    for path in filter(None, (request.output, request.fields)):
        check_writable(path)
    if request.overlay:
        check_writable(request.overlay / "page.png")
    with exclusive(lock_path(request.output)):
        sources = discover(request.paths, stdin, request.outputs)
        with open_journal(journal_path(request.output)) as journal:
            plan = make_plan(sources, journal, request.recipe, request.effort)
            observer.planned(plan)
            reader = reader or PageReader(request.settings)
            summary = _read(request, plan, journal, observer, reader)
            present = [source.path for source in sources]
            journal.forget_missing(present)
            journal.separate_names(present)
            export(journal, request.output, request.file_format, request.fields)
            if request.overlay and not summary.interrupted:
                _draw(request, plan, journal, observer)
    observer.finished(summary)
    return summary


def dry_run(request: ScanRequest, stdin: TextIO | None = None) -> Plan:
    """What `scan` would do; nothing is written."""
    sources = discover(request.paths, stdin, request.outputs)
    path = journal_path(request.output)
    with open_journal(path if path.exists() else Path(":memory:")) as journal:
        return make_plan(sources, journal, request.recipe, request.effort)


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
    rows = (row for file, page in journal.pages() for row in page_rows(file.name, page))
    if only_reviewed:
        rows = (row for row in rows if row.reasons in REVIEW_REASONS)
    write_results(output, rows, file_format)
    if fields:
        pages = ((file.name, page) for file, page in journal.pages())
        if only_reviewed:
            pages = ((name, reviewed_part(page)) for name, page in pages)
        wide = (field_row(name, page) for name, page in pages if page.fields)
        write_fields(fields, journal.field_names(), wide)


def fingerprint(card: ModelCard) -> str:
    """SHA-256 (hex) of a model's card, which itself holds the hashes of the model's files."""
    return hashlib.sha256(json.dumps(card.document, sort_keys=True).encode()).hexdigest()


def _read(
    request: ScanRequest, plan: Plan, journal: Journal, observer: Observer, reader: Reader
) -> ScanSummary:
    """Read the contents of the plan into the journal, until done or interrupted."""
    start = time.perf_counter()
    summary = _enter_known(plan, journal, observer)
    try:
        for content, outcome in _outcomes(request, plan, reader):
            summary = _enter(content, outcome, request, journal, observer, summary)
    except KeyboardInterrupt:
        summary = replace(summary, interrupted=True)
    return replace(summary, seconds=time.perf_counter() - start)


def _enter_known(plan: Plan, journal: Journal, observer: Observer) -> ScanSummary:
    """Note the files that need no reading, and those that cannot be had."""
    journal.point((file.source.path, file.source.name, file.reading) for file in plan.known)
    for source, reason in plan.unreadable:
        journal.add_passing_failure(source.path, source.name, reason)
        observer.file_done(FileEvent((source.name,), reason))
    for file in plan.known:
        if file.failure:
            observer.known_failure(file.source.name, file.failure)
    failed = sum(file.failure is not None for file in plan.known)
    return ScanSummary(
        0, len(plan.known) - failed, failed + len(plan.unreadable), 0, 0, 0, seconds=0.0
    )


def _outcomes(
    request: ScanRequest, plan: Plan, reader: Reader
) -> Iterator[tuple[Content, Outcome]]:
    contents = {content.path: content for content in plan.contents}
    if not contents:
        return
    jobs = min(request.jobs, len(contents))
    with closing(run_tasks(reader, contents, jobs)) as results:
        for path, result in results:
            if isinstance(result, WorkerDied):
                result = Outcome((), f"{path}: {result.reason}; scan it alone to see", 0.0)
            yield contents[path], result


def _enter(
    content: Content,
    outcome: Outcome,
    request: ScanRequest,
    journal: Journal,
    observer: Observer,
    summary: ScanSummary,
) -> ScanSummary:
    """Put what came of a content into the journal, and into the summary."""
    if signature(content.path) != content.signature:
        reason = f"{content.path}: changed or went while it was read; the next run takes it"
        outcome = Outcome((), reason, outcome.seconds)
        for source in content.files:
            journal.add_passing_failure(source.path, source.name, reason)
    else:
        files = [(source.path, source.name) for source in content.files]
        journal.add(
            content.sha256,
            request.recipe,
            outcome.pages,
            outcome.failure,
            outcome.seconds,
            files,
        )
    event = _event(content, outcome)
    observer.file_done(event)
    return _counted(summary, event)


def _event(content: Content, outcome: Outcome) -> FileEvent:
    cells = [cell for page in outcome.pages for field in page.fields for cell in field.cells]
    return FileEvent(
        tuple(source.name for source in content.files),
        outcome.failure,
        len(outcome.pages),
        sum(bool(cell.reading.character) or cell.reading.flagged for cell in cells),
        sum(cell.reading.flagged for cell in cells),
        outcome.seconds,
    )


def _counted(summary: ScanSummary, event: FileEvent) -> ScanSummary:
    count = len(event.names)
    if event.failure:
        return replace(summary, failed=summary.failed + count)
    return replace(
        summary,
        new=summary.new + count,
        pages=summary.pages + event.pages,
        characters=summary.characters + event.characters,
        flagged=summary.flagged + event.flagged,
    )


def _draw(request: ScanRequest, plan: Plan, journal: Journal, observer: Observer) -> None:
    """Draw the pages of the files that were read in this run, or have no picture yet."""
    new = {source.path.absolute() for content in plan.contents for source in content.files}
    known = {file.source.path.absolute() for file in plan.known}

    def tasks() -> Iterator[DrawTask]:
        for file, group in groupby(journal.pages(), key=lambda item: item[0]):
            pages = tuple(page for _, page in group)
            paths = picture_paths(request.overlay, file.name, pages).values()
            drawn = all(map(os.path.exists, paths))
            if file.path in new or (file.path in known and not drawn):
                yield DrawTask(file.path, file.name, pages)

    jobs = min(request.jobs, max(1, len(new) + len(known)))
    drawer = PageDrawer(request.settings.documents, request.overlay)
    with closing(run_tasks(drawer, tasks(), jobs)) as results:
        for task, result in results:
            failure = result.reason if isinstance(result, WorkerDied) else result
            if failure:
                observer.note(f"{task.name}: no picture of it drawn ({failure})")
