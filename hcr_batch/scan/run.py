"""A scan from the paths given to the results written."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TextIO

from hcr_batch.documents import Source, kinds_of, nothing_found, survey
from hcr_batch.documents.locations import Location, find_remote, is_url, key
from hcr_batch.errors import OutputError
from hcr_batch.journal.damage import put_aside, readable_corrections
from hcr_batch.journal.exporting import export
from hcr_batch.journal.holdings import count_holdings
from hcr_batch.journal.journal import Journal, journal_path, open_journal
from hcr_batch.journal.output_lock import exclusive, lock_path
from hcr_batch.journal.schema import DamagedJournalError
from hcr_batch.processes import MemoryLimited, Process
from hcr_batch.results.atomic import check_folder
from hcr_batch.scan.feed import Feed
from hcr_batch.scan.local_engine import HandlerFactory, LostTask, run_tasks
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.plan import KnownFile, LostFile, NewFile, classify
from hcr_batch.scan.request import ScanRequest, ScanSummary
from hcr_batch.scan.worker import DrawTask, Outcome, PageDrawer, PageReader, ReadTask, picture_paths

__all__ = ["Engine", "PlannedFile", "dry_run", "scan"]

PlannedFile = NewFile | KnownFile | LostFile
Engine = Callable[..., Generator[tuple[ReadTask, Outcome | LostTask], None, None]]
"""Called as `run_tasks` is, but for its `jobs`."""


def scan(
    request: ScanRequest,
    observer: Observer,
    stdin: TextIO | None = None,
    reader: HandlerFactory[ReadTask, Outcome] | None = None,
    engine: Engine | None = None,
    ahead: Sequence[Process] = (),
) -> ScanSummary:
    """Read what is new or changed and write the results.

    The results hold the files given and those of earlier runs on the same
    output, also such as are not there any more, unless the request drops them.

    Parameters
    ----------
    observer : Observer
        Is told what happens.
    reader : callable, optional
        Makes the function from a ReadTask to an Outcome; the real one where
        left out.
    engine : callable, optional
        Runs it over the tasks; processes of this machine where left out.
    ahead : sequence of Process
        Those of them that are there already.

    Raises
    ------
    NoInputError, LockedError, OutputError, ModelError, UsageError
    """
    # A folder given as --overlay too would be passed over, as if it held no form.
    request.check_outputs(Path(path, "form") for path in request.paths if os.path.isdir(path))
    found, passed_over = _survey(request, stdin)
    request.check_outputs(source.path for source in found if isinstance(source.path, Path))
    request.outputs.prepare()
    if request.overlay:
        check_folder(request.overlay)
    with exclusive(lock_path(request.output)):
        # Other machines have other working folders.
        sources = [
            replace(source, path=source.path.absolute()) if engine else source for source in found
        ]
        run = engine or partial(run_tasks, jobs=request.jobs, ahead=ahead)
        try:
            summary = _scan(request, observer, sources, reader, run)
        except DamagedJournalError as error:
            observer.note(_start_anew(journal_path(request.output), error))
            run = engine or partial(run_tasks, jobs=request.jobs)
            summary = _scan(request, observer, sources, reader, run)
    summary = replace(summary, passed_over=kinds_of(passed_over))
    observer.finished(summary)
    return summary


def _scan(
    request: ScanRequest,
    observer: Observer,
    sources: Sequence[Source[Location]],
    reader: HandlerFactory[ReadTask, Outcome] | None,
    engine: Engine,
) -> ScanSummary:
    """Read what is new into the journal and write the results from it."""
    with open_journal(journal_path(request.output)) as journal:
        if request.options.force:
            journal.check()
        number = journal.runs.begin(request.conditions)
        observer.begun(len(sources), request.conditions)
        feed = _feed(request, sources, journal, observer)
        reader = reader or MemoryLimited(
            PageReader(request.settings, request.templates), request.settings.batch.max_memory_gb
        )
        summary = _read(request, feed, reader, engine)
        present = [source.path for source in sources]
        journal.archive.settle(present, keep=request.gone != "drop")
        journal.archive.separate_names(present)
        tables = export(journal, request.outputs)
        summary = replace(
            summary,
            gone=tuple(journal.archive.names()) if request.gone == "list" else (),
            holdings=count_holdings(journal, request.output, tables),
        )
        journal.runs.end(number, asdict(summary))
        if not summary.interrupted:
            _draw(request, feed.read, present, journal, observer)
    return summary


def _start_anew(path: Path, damage: DamagedJournalError) -> str:
    """Put a damaged journal aside and begin another with its answers; what to tell of it."""
    aside = put_aside(path)
    saved = readable_corrections(aside)
    with open_journal(path) as journal:
        journal.corrections.restore(saved)
    return (
        f"{path}: the journal was damaged ({damage.__cause__}); it is kept as {aside.name}, all"
        f" forms are read anew, and {len(saved)} answers of reviewers were saved"
    )


def dry_run(request: ScanRequest, stdin: TextIO | None = None) -> Iterator[PlannedFile]:
    """What `scan` would do with each file; nothing is written."""
    sources, _ = _survey(request, stdin)
    path = journal_path(request.output)
    limit = request.options.limit
    with open_journal(path if path.exists() else Path(":memory:")) as journal:
        begun: set[str] = set()
        for file in classify(sources, journal, request.recipe, request.options):
            if isinstance(file, NewFile) and file.sha256 not in begun:
                if limit is not None and len(begun) >= limit:
                    continue
                begun.add(file.sha256)
            yield file


def _survey(
    request: ScanRequest, stdin: TextIO | None
) -> tuple[tuple[Source[Location], ...], list[Path]]:
    """The documents of all paths, those in folders first, and the files that are none.

    That there are none at all is an error, unless it is a quiet night: so the
    request says, or a journal of earlier scans.
    """
    urls = [path for path in request.paths if is_url(path)]
    paths = [path for path in request.paths if not is_url(path)]
    found = survey(paths, stdin, filter(None, [request.overlay]))
    passed_over = [path for path in found.passed_over if not request.writes(path)]
    taken = {source.name for source in found.sources}
    remote = {source.path: source for url in urls for source in find_remote(url)}
    renamed = []
    for source in remote.values():
        name = source.path.url.partition("://")[2] if source.name in taken else source.name
        taken.add(name)
        renamed.append(replace(source, name=name))
    sources: tuple[Source[Location], ...] = (*found.sources, *renamed)
    if not sources and not request.allow_empty and not journal_path(request.output).exists():
        raise nothing_found(request.paths, passed_over)
    return sources, passed_over


def _feed(
    request: ScanRequest,
    sources: Sequence[Source[Location]],
    journal: Journal,
    observer: Observer,
) -> Feed:
    feed = Feed(iter(()), journal, request.recipe, request.options, observer)
    feed.files = classify(
        sources, journal, request.recipe, request.options, is_full=lambda: feed.is_full
    )
    return feed


def _read(
    request: ScanRequest, feed: Feed, reader: HandlerFactory[ReadTask, Outcome], engine: Engine
) -> ScanSummary:
    """Read what is new into the journal, until done or interrupted."""
    start = time.perf_counter()
    interrupted = False
    try:
        with closing(engine(reader, feed.next_task, time_limit=_limit(request))) as results:
            for task, result in results:
                feed.take(task, _as_outcome(task, result))
    except KeyboardInterrupt:
        interrupted = True
        feed.journal.roll_back()
    feed.recheck()
    seconds = time.perf_counter() - start
    return replace(
        feed.summary, skipped=feed.skipped, interrupted=interrupted, seconds=seconds
    )


def _limit(request: ScanRequest) -> Callable[[ReadTask], float]:
    """Seconds that a task may take."""
    return lambda task: request.settings.batch.page_seconds * (1 + task.last - task.first)


def _as_outcome(task: ReadTask, result: Outcome | LostTask) -> Outcome:
    if not isinstance(result, LostTask):
        return result
    failure = f"{task.path}: {result.reason}; scan it alone to see"
    return Outcome((), failure, 0.0, transient=result.transient)


def _draw(
    request: ScanRequest,
    read: set[bytes],
    present: Sequence[Location],
    journal: Journal,
    observer: Observer,
) -> None:
    """Draw, where asked for, the files that were read in this run, or have no picture yet."""
    folder = request.overlay
    if folder is None:
        return
    given = {key(path) for path in present}

    def tasks() -> Iterator[DrawTask]:
        for file, group in groupby(journal.pages(), key=lambda item: item[0]):
            pages = tuple(page for _, page in group if not page.is_unreadable)
            paths = picture_paths(folder, file.name, pages).values()
            drawn = all(map(os.path.exists, paths))
            if key(file.path) in read or (key(file.path) in given and not drawn):
                yield DrawTask(file.path, file.name, pages)

    drawer = PageDrawer(request.settings.documents, folder)
    next_task = partial(next, tasks(), None)
    with closing(run_tasks(drawer, next_task, request.jobs)) as results:
        for task, result in results:
            if isinstance(result, OutputError):
                raise result
            failure = result.reason if isinstance(result, LostTask) else result
            if failure:
                observer.note(f"{task.name}: no picture of it drawn ({failure})")
