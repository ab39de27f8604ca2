"""What a worker does with a file: read some of its pages, or draw what was read on them."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hcr_batch.config import DocumentSettings, Settings
from hcr_batch.documents import open_pages
from hcr_batch.documents.locations import Location, local_copy
from hcr_batch.errors import DocumentError, HcrError, ModelError, PageError
from hcr_batch.results.atomic import atomic_output, check_writable
from hcr_batch.results.overlay import draw_page
from hcr_batch.results.records import PageRecord, record_page, unreadable_page
from hcr_batch.scan.garbage import keep_loaded
from hcr_batch.timing import StageTime, Stopwatch
from hcr_batch.types import Page, PageReading

if TYPE_CHECKING:
    from hcr_batch.forms.template_files import Template

__all__ = [
    "DocumentReader",
    "DrawTask",
    "Outcome",
    "PageDrawer",
    "PageReader",
    "ReadTask",
    "picture_paths",
    "read_pages",
]

TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("EACCES", "EPERM", "ENOENT", "EIO", "EAGAIN", "EBUSY", "EINTR", "ETXTBSY", "ENOSPC"),
        *("EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "ESTALE", "ETIMEDOUT", "ECONNRESET"),
        *("ECONNREFUSED", "ECONNABORTED", "ENETUNREACH", "EHOSTUNREACH", "EREMOTEIO"),
    )
    if hasattr(errno, name)
)
"""Errors of the system that say nothing about the document; the next run tries again."""


@dataclass(frozen=True)
class ReadTask:
    """Pages `first` to `last`, from 1 and as far as there are any, of a file."""

    path: Location
    sha256: str
    first: int
    last: int


@dataclass(frozen=True)
class Outcome:
    """What came of reading some pages of a file.

    Attributes
    ----------
    pages : tuple of PageRecord
    failure : str or None
        Why it could not be read.
    damage : str or None
        Which of the pages could not be read, and why, where the others were.
    seconds : float
    total : int
        Pages of the whole file.
    transient : bool
        The failure is no fault of the document; another try may go well.
    stages : tuple of StageTime
    """

    pages: tuple[PageRecord, ...]
    failure: str | None
    seconds: float
    total: int = 0
    transient: bool = False
    stages: tuple[StageTime, ...] = ()
    damage: str | None = None


class DocumentReader(Protocol):
    """What `read_pages` needs: the pages of a file, and how many there are."""

    def pages(self, path: Path, first: int, last: int, watch: Stopwatch) -> Iterator[PageReading]:
        """Read pages `first` to `last`, as far as there are any, timing the stages."""

    def count(self, path: Path) -> int:
        """Number of pages."""


@dataclass(frozen=True)
class PageReader:
    """Makes the function that reads pages; the model is loaded once a process."""

    settings: Settings
    templates: tuple[Template, ...] = ()

    def __call__(self) -> Callable[[ReadTask], Outcome]:
        """Load the model, once a process."""
        from hcr_batch.scan.form_reader import FormReader

        reader = FormReader(self.settings, self.templates)
        keep_loaded()
        return lambda task: read_pages(task, reader)


def read_pages(task: ReadTask, reader: DocumentReader) -> Outcome:
    """Read some pages of a file, whatever is wrong with it."""
    start = time.perf_counter()
    try:
        with local_copy(task.path) as path:
            outcome = _read(path, task, reader)
        return replace(outcome, seconds=time.perf_counter() - start)
    except DocumentError as error:
        failure, transient = str(error), _is_transient(error)
    except ModelError as error:
        failure, transient = f"{task.path}: cannot be read ({error})", True
    except MemoryError:
        failure, transient = f"{task.path}: too large for batch.max_memory_gb; raise it", True
    except Exception as error:
        # The outermost edge of one file: a defect met in it must not cost the
        # other files of the night. It is recorded with its place and counted as failed.
        failure, transient = _defect(task.path, error), False
    return Outcome((), failure, time.perf_counter() - start, transient=transient)


def _read(path: Path, task: ReadTask, reader: DocumentReader) -> Outcome:
    """What is on the pages of a task; raises the first PageError if no page can be read."""
    watch = Stopwatch()
    records: list[PageRecord] = []
    stages: list[StageTime] = []
    unread: list[PageError] = []
    first = task.first
    while first <= task.last:
        try:
            for reading in reader.pages(path, first, task.last, watch):
                with watch("encode"):
                    records.append(record_page(reading))
                stages += watch.take(reading.number)
            break
        except PageError as error:
            unread.append(error)
            records.append(unreadable_page(error.page))
            first = error.page + 1
    # Only a document that may go on is worth being opened once more to be counted.
    full = len(records) > task.last - task.first
    total = reader.count(path) if full else task.first - 1 + len(records)
    if unread and len(unread) == total:
        raise unread[0]
    return Outcome(tuple(records), None, 0.0, total, stages=tuple(stages), damage=_told(unread))


def _told(unread: list[PageError]) -> str | None:
    if not unread:
        return None
    more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
    return f"{unread[0]}{more}"


def _is_transient(error: BaseException | None) -> bool:
    while error:
        if isinstance(error, OSError) and error.errno in TRANSIENT:
            return True
        error = error.__cause__
    return False


def _defect(location: Location, error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{location}: cannot be read, by a defect of the program "
        f"({type(error).__name__}: {error}, at {Path(frame.filename).name}:{frame.lineno}); "
        "please report it"
    ).replace("\n", " ")


@dataclass(frozen=True)
class DrawTask:
    """A file, the pages read in it, and its name in the results."""

    path: Location
    name: str
    pages: tuple[PageRecord, ...]


@dataclass(frozen=True)
class PageDrawer:
    """Makes the function that draws the pages of a file into a folder."""

    settings: DocumentSettings
    folder: Path

    def __call__(self) -> Callable[[DrawTask], HcrError | None]:
        """Give the function; what it returns is why it failed, or None."""
        return self._draw

    def _draw(self, task: DrawTask) -> HcrError | None:
        """Write a PNG for every page of the task; why it failed, or None."""
        records = {record.number: record for record in task.pages}
        paths = picture_paths(self.folder, task.name, task.pages)
        try:
            with (
                local_copy(task.path) as path,
                closing(self._pages(path, records.keys())) as pages,
            ):
                for page in pages:
                    self._draw_page(page, records[page.number], task, paths[page.number])
        except HcrError as error:
            return error
        return None

    def _pages(self, path: Path, wanted: Collection[int]) -> Generator[Page, None, None]:
        """The pages of these numbers; that others cannot be read does not matter."""
        first = 1
        while True:
            try:
                with closing(open_pages(path, self.settings, first)) as pages:
                    yield from (page for page in pages if page.number in wanted)
                return
            except PageError as error:
                if error.page in wanted:
                    raise
                first = error.page + 1

    def _draw_page(self, page: Page, record: PageRecord, task: DrawTask, path: Path) -> None:
        picture = draw_page(page, record, f"{task.name}, page {page.number}")
        check_writable(path)
        with atomic_output(path) as file:
            picture.save(file, format="PNG")


def picture_paths(folder: Path, name: str, pages: tuple[PageRecord, ...]) -> dict[int, Path]:
    """Where the picture of each page goes: `scans/a.pdf` has `scans/a.pdf.p1.png`."""
    return {page.number: folder / f"{name}.p{page.number}.png" for page in pages}
