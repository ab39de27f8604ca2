"""Between files, workers and journal: what to read next, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from hcr_batch.documents.locations import digest, key, signature
from hcr_batch.errors import printable
from hcr_batch.journal.journal import Journal
from hcr_batch.scan.observers import FileEvent, Observer
from hcr_batch.scan.plan import KnownFile, LostFile, NewFile, ScanOptions
from hcr_batch.scan.request import ScanSummary
from hcr_batch.scan.worker import Outcome, ReadTask

__all__ = ["Feed"]

PAGES_A_TASK = 8
"""Pages that a worker reads at a time; those of a longer document are spread over the workers."""
LARGEST_SHARE = 32
"""Of a document with many more pages one task reads a share of so many: each opens it anew."""


@dataclass
class _Content:
    """Something to read once: every file that has it, and how far that is."""

    files: list[NewFile]
    tasks: int = 1
    """Tasks not yet back."""
    in_parts: bool = False
    pages: int = 0
    characters: int = 0
    flagged: int = 0
    seconds: float = 0.0
    failure: str = ""
    transient: bool = False
    """The failure is no fault of the content."""

    @property
    def first(self) -> NewFile:
        return self.files[0]

    def event(self, failure: str | None = None, is_read: bool = True) -> FileEvent:
        names = tuple(file.source.name for file in self.files)
        if not is_read:
            return FileEvent(names, failure, seconds=self.seconds)
        return FileEvent(names, failure, self.pages, self.characters, self.flagged, self.seconds)


@dataclass
class Feed:
    """Gives out tasks and takes in what came of them.

    Only what is in work is held here; everything else is in the journal.

    Parameters
    ----------
    files : iterator
        Of NewFile, KnownFile and LostFile; asked as workers are free.
    journal : Journal
    recipe : str
        Hash of everything but the content that a reading depends on.
    options : ScanOptions
    observer : Observer
    """

    files: Iterator[NewFile | KnownFile | LostFile]
    journal: Journal
    recipe: str
    options: ScanOptions
    observer: Observer
    summary: ScanSummary = field(default_factory=ScanSummary)
    """Of what was read or failed."""
    skipped: int = 0
    """Files that were read before: most of them, so they are counted beside the summary."""
    read: set[bytes] = field(default_factory=set)
    """Keys of the files that were read."""
    _begun: int = 0
    _in_work: dict[str, _Content] = field(default_factory=dict)
    _parts: deque[ReadTask] = field(default_factory=deque)
    _again: set[str] = field(default_factory=set)
    """Contents that were read in spite of what the journal had."""
    _unsettled: list[NewFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._readings_before = self.journal.last_reading()

    @property
    def is_full(self) -> bool:
        """Whether as many contents were begun as are to be read."""
        return self._begun == self.options.limit

    def next_task(self) -> ReadTask | None:
        """The next pages to read; None where all files are given out."""
        if self._parts:
            return self._parts.popleft()
        for file in self.files:
            if isinstance(file, KnownFile):
                self._enter_known(file)
            elif isinstance(file, LostFile):
                self._enter_lost(file)
            elif task := self._begin(file):
                return task
        return None

    def take(self, task: ReadTask, outcome: Outcome) -> None:
        """Enter what came of a task."""
        content = self._in_work[task.sha256]
        content.tasks -= 1
        content.seconds += outcome.seconds
        self.observer.pages_read(content.first.source.name, outcome.stages)
        # In a file that may still be written a damaged page is one that is not there yet.
        failure = outcome.failure or (None if content.first.settled else outcome.damage)
        if failure:
            if not content.failure:
                content.failure, content.transient = printable(failure), outcome.transient
        elif not content.failure:
            self._count(content, outcome)
            self._enter_pages(content, task, outcome)
        if content.failure and content.tasks:
            self._withdraw(task.sha256, content)
        if not content.tasks:
            del self._in_work[task.sha256]
            self._finish(content, task, outcome)

    def recheck(self) -> None:
        """Take back what was read of files that have changed since: they were being written."""
        for file in self._unsettled:
            if not _is_as_read(file):
                self._enter_changed([file])
                self.summary = replace(
                    self.summary, new=self.summary.new - 1, failed=self.summary.failed + 1
                )

    def _begin(self, file: NewFile) -> ReadTask | None:
        """The first task of a file, if its content is not in work or done already."""
        if file.sha256 in self._in_work:
            self._in_work[file.sha256].files.append(file)
            return None
        if file.sha256 in self._again:
            self._enter_twin(file)
            return None
        if self.is_full:
            return None
        self._begun += 1
        if self.options.force or self.options.retry_failed:
            self._again.add(file.sha256)
        if self.options.force:
            self.journal.drop_parts(file.sha256, self.recipe)
        done = self.journal.part_pages(file.sha256, self.recipe)
        self._in_work[file.sha256] = _Content([file], in_parts=bool(done))
        first = next(number for number in range(1, len(done) + 2) if number not in done)
        stop = min((number for number in done if number > first), default=first + PAGES_A_TASK)
        return ReadTask(file.path, file.sha256, first, min(first + PAGES_A_TASK, stop) - 1)

    def _count(self, content: _Content, outcome: Outcome) -> None:
        cells = [cell for page in outcome.pages for field in page.fields for cell in field.cells]
        content.pages += len(outcome.pages)
        content.characters += sum(cell.occupied for cell in cells)
        content.flagged += sum(cell.reading.flagged for cell in cells)

    def _enter_pages(self, content: _Content, task: ReadTask, outcome: Outcome) -> None:
        """Put the pages into the journal, unless they are all and go in with the files."""
        done = self.journal.part_pages(task.sha256, self.recipe) if content.in_parts else set()
        read = {page.number for page in outcome.pages}
        begins = not content.tasks and len(done | read) < outcome.total
        if content.in_parts or begins:
            self.journal.add_part(
                task.sha256, self.recipe, outcome.pages, outcome.seconds, _told(outcome.damage)
            )
        if begins:
            content.in_parts = True
            missing = set(range(1, outcome.total + 1)) - done - read
            ranges = _ranges(missing, max(PAGES_A_TASK, outcome.total // LARGEST_SHARE))
            new = [ReadTask(task.path, task.sha256, *pages) for pages in ranges]
            content.tasks = len(new)
            self._parts.extend(new)

    def _withdraw(self, sha256: str, content: _Content) -> None:
        """Take back the tasks of a document that has failed."""
        kept = [task for task in self._parts if task.sha256 != sha256]
        content.tasks -= len(self._parts) - len(kept)
        self._parts = deque(kept)

    def _finish(self, content: _Content, task: ReadTask, outcome: Outcome) -> None:
        is_read = False
        if not all(map(_is_as_read, content.files)):
            self.journal.drop_parts(task.sha256, self.recipe)
            failure: str | None = self._enter_changed(content.files)
        elif content.failure:
            failure = self._enter_failure(content, task.sha256)
        else:
            is_read, failure = True, self._enter_readings(content, task, outcome)
            replaced = sum(file.replaces for file in content.files)
            self.summary = replace(self.summary, replaced=self.summary.replaced + replaced)
        self._enter_event(content.event(failure, is_read))

    def _enter_readings(
        self, content: _Content, task: ReadTask, outcome: Outcome
    ) -> str | None:
        """Enter what was read; which pages could not be, and why."""
        entries = [file.entry for file in content.files]
        damage = _told(outcome.damage)
        if content.in_parts:
            damage = self.journal.join_parts(task.sha256, self.recipe, entries)
        else:
            self.journal.add(
                task.sha256, self.recipe, outcome.pages, damage, outcome.seconds, entries
            )
        self.read.update(key(file.path) for file in content.files)
        self._unsettled += [file for file in content.files if not file.settled]
        return damage

    def _enter_failure(self, content: _Content, sha256: str) -> str:
        """Note why a content cannot be read.

        One that may be in the middle of being written, or met with passing
        trouble, is tried again.
        """
        reason = content.failure
        if content.transient or not content.first.settled:
            if not content.transient:
                reason += " (new: if it is still being written, the next run takes it)"
                self.journal.drop_parts(sha256, self.recipe)
            for file in content.files:
                self.journal.add_transient_failure(file.path, file.source.name, reason)
            return reason
        entries = [file.entry for file in content.files]
        self.journal.add(sha256, self.recipe, (), reason, content.seconds, entries)
        return reason

    def _enter_changed(self, files: Iterable[NewFile]) -> str:
        reason = ""
        for file in files:
            reason = f"{file.source.name}: changed or went while it was read; the next run takes it"
            self.journal.add_transient_failure(file.path, file.source.name, reason)
        return reason

    def _enter_known(self, file: KnownFile) -> None:
        if not file.is_entered:
            self.journal.point([(file.entry, file.reading)])
        if file.reading > self._readings_before:
            self._enter_event(FileEvent((file.source.name,), file.failure))
        elif file.failure:
            self.observer.known_failure(file.source.name, file.failure)
            before = self.summary
            in_part = before.in_part + bool(file.pages)
            self.summary = replace(before, failed=before.failed + 1, in_part=in_part)
        else:
            self.observer.known(file.source.name)
            self.skipped += 1

    def _enter_lost(self, file: LostFile) -> None:
        reason = printable(file.reason)
        self.journal.add_transient_failure(file.source.path, file.source.name, reason)
        self._enter_event(FileEvent((file.source.name,), reason))

    def _enter_twin(self, file: NewFile) -> None:
        """Point a file at what was read of another with the same content in this run."""
        state = self.journal.state(file.sha256, self.recipe)
        if state:
            self.journal.point([(file.entry, state[0])])
            self._enter_event(FileEvent((file.source.name,), state[1]))

    def _enter_event(self, event: FileEvent) -> None:
        """Tell of files that are dealt with, and count them."""
        self.observer.file_done(event)
        count, before = len(event.names), self.summary
        self.summary = replace(
            before,
            new=before.new + (0 if event.failure else count),
            failed=before.failed + (count if event.failure else 0),
            in_part=before.in_part + (count if event.failure and event.pages else 0),
            pages=before.pages + event.pages,
            characters=before.characters + event.characters,
            flagged=before.flagged + event.flagged,
        )


def _told(damage: str | None) -> str | None:
    """Which pages of a document lack in the results, and why, where its others are there."""
    return damage and f"{printable(damage)}; the other pages are in the results"


def _is_as_read(file: NewFile) -> bool:
    """Whether a file still has the content that was read, whatever became of its dates."""
    if signature(file.path) == file.signature:
        return True
    try:
        return digest(file.path)[0] == file.sha256
    except OSError:
        return False


def _ranges(numbers: Iterable[int], size: int) -> list[tuple[int, int]]:
    """Runs of neighbouring numbers, (first, last), none longer than `size`."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1 and number - ranges[-1][0] < size:
            ranges[-1] = ranges[-1][0], number
        else:
            ranges.append((number, number))
    return ranges
