"""Documents read in a process of their own, with limits of memory and time.

A few kilobytes can unpack to gigabytes, keep a decoder busy for hours or crash
it: that costs the process, and the document, and nothing else. What others
have made is decoded in no other way: here, or by the workers of a scan.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from hcr_batch.documents.memory import MemoryFile
from hcr_batch.documents.reader import open_pages, read_picture
from hcr_batch.errors import DocumentError, HcrError, TooLargeError
from hcr_batch.processes import ENDED, READY, MemoryLimited, Process, ending

if TYPE_CHECKING:
    from hcr_batch.config import BatchSettings, DocumentSettings
    from hcr_batch.types import Gray, Page

__all__ = ["LimitedReader"]

IMPORTS = ("hcr_batch.documents.images",)
START_SECONDS = 60.0
"""Time that the start of a process may take, on a machine that is busy with other things."""
REMEDY = "reduce it or save it in a plainer form"


class LimitedReader:
    """Reads documents one after the other, in a process that is replaced where it has to end.

    A context manager. For one thread at a time.

    Parameters
    ----------
    gigabytes : float
        Memory that the process may take.
    seconds : float
        Time that a page or picture may take.
    """

    def __init__(self, gigabytes: float, seconds: float) -> None:
        self._gigabytes, self._seconds = gigabytes, seconds
        self._process: Process | None = None
        self._arrivals: SimpleQueue[Process] = SimpleQueue()

    @classmethod
    def of(cls, settings: BatchSettings) -> LimitedReader:
        """With the limits that a worker of a scan has."""
        return cls(settings.max_memory_gb, settings.page_seconds)

    def __enter__(self) -> LimitedReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; the next call starts another."""
        if self._process:
            self._process.stop()
            self._process, self._arrivals = None, SimpleQueue()

    def pages(
        self,
        path: Path | MemoryFile,
        settings: DocumentSettings,
        first: int = 1,
        last: int | None = None,
    ) -> Generator[Page, None, None]:
        """Read pages as :func:`hcr_batch.documents.open_pages` does, come what may.

        Raises
        ------
        DocumentError
            Also where a page takes too long, or too much memory.
        """
        for number in itertools.count(first):
            place = f"{path}, page {number}"
            if last is not None and number > last:
                return
            page = self.call(place, _page, path, settings, number)
            if page is None:
                return
            yield page

    def picture(
        self, path: Path | MemoryFile, settings: DocumentSettings, seconds: float | None = None
    ) -> Gray:
        """Read a picture as :func:`hcr_batch.documents.read_picture` does, come what may.

        Raises
        ------
        DocumentError
            Also where it takes too long (`seconds`, if those are fewer), or too much memory.
        """
        return self.call(str(path), read_picture, path, settings, seconds=seconds)

    def call(
        self,
        place: str,
        function: Callable[..., Any],
        *arguments: Any,
        seconds: float | None = None,
    ) -> Any:
        """What a function, which can be imported, gives for arguments that can be pickled.

        Parameters
        ----------
        place : str
            Named in errors.

        Raises
        ------
        DocumentError
            It took too long, or too much memory, or ended the process.
        HcrError
            What the function raised itself.
        """
        limit = min(self._seconds, seconds or self._seconds)
        process = self._process or self._started()
        process.send((place, function, arguments))
        answer = self._answer(process, place, limit)
        if isinstance(answer, HcrError):
            raise answer
        return answer

    def _started(self) -> Process:
        process = self._process = Process(IMPORTS)
        process.listen(self._arrivals)
        process.send(MemoryLimited(_Caller(), self._gigabytes))
        answer = self._answer(process, "a process to read documents in", START_SECONDS)
        assert answer == READY
        return process

    def _answer(self, process: Process, place: str, seconds: float) -> Any:
        try:
            self._arrivals.get(timeout=seconds)
        except Empty:
            self.close()
            raise DocumentError(f"{place}: not done within {seconds:g} s; {REMEDY}") from None
        answer = process.answers.popleft()
        if answer is ENDED:
            reason = ending(process.wait())
            self.close()
            raise DocumentError(f"{place}: {reason}; {REMEDY}")
        return answer


class _Caller:
    """Makes the function that calls others; picklable."""

    def __call__(self) -> Callable[[tuple[str, Callable[..., Any], tuple[Any, ...]]], Any]:
        return _called


def _called(message: tuple[str, Callable[..., Any], tuple[Any, ...]]) -> Any:
    place, function, arguments = message
    try:
        return function(*arguments)
    except HcrError as error:
        return error
    except MemoryError:
        return TooLargeError(f"{place}: takes more memory than it may; {REMEDY}")


def _page(path: Path | MemoryFile, settings: DocumentSettings, number: int) -> Page | None:
    """A page by its number; None after the last."""
    with closing(open_pages(path, settings, number, number)) as pages:
        return next(pages, None)
