"""Pages of uploaded PDFs, drawn in a process of its own.

A few kilobytes of PDF can unpack to gigabytes, keep a renderer busy for hours
or crash it: that costs the process, and the upload, and not the server.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from hcr_batch.batch.engines import Lost, run_tasks
from hcr_batch.config import DocumentSettings
from hcr_batch.documents import MemoryFile, open_pages
from hcr_batch.errors import DocumentError
from hcr_batch.processes import MemoryLimited
from hcr_batch.types import Page

__all__ = ["isolated_pages"]

MEMORY_GB = 1.0
"""Most that the process may take."""


def isolated_pages(
    file: MemoryFile, settings: DocumentSettings, seconds: float
) -> Generator[Page, None, None]:
    """Read the pages of a document as `open_pages` does, come what may.

    Parameters
    ----------
    seconds : float
        Time that a page may take.

    Raises
    ------
    DocumentError
        Also where a page takes too long, or too much memory.
    """
    numbers = itertools.count(1)
    opener = MemoryLimited(_Opener(file, settings), MEMORY_GB)
    with closing(run_tasks(opener, lambda: next(numbers), 1, lambda _: seconds)) as results:
        for number, result in results:
            if isinstance(result, Lost):
                raise DocumentError(f"{file}, page {number}: {result.reason}; send it as a picture")
            if isinstance(result, DocumentError):
                raise result
            if result is None:
                return
            yield result


@dataclass(frozen=True)
class _Opener:
    """Makes the function from a page's number to the page; None after the last."""

    file: MemoryFile
    settings: DocumentSettings

    def __call__(self) -> Callable[[int], Page | DocumentError | None]:
        return self._page

    def _page(self, number: int) -> Page | DocumentError | None:
        try:
            with closing(open_pages(self.file, self.settings, number, number)) as pages:
                return next(pages, None)
        except DocumentError as error:
            return error
