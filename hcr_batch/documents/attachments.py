"""Documents that lie within a PDF: those of a portfolio are all that it has to say."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hcr_batch.documents.memory import MemoryFile
from hcr_batch.documents.sources import EXTENSIONS
from hcr_batch.errors import DocumentError, PageError

if TYPE_CHECKING:
    from pathlib import Path

    import pypdfium2

    from hcr_batch.config import DocumentSettings
    from hcr_batch.types import Page

__all__ = ["AttachedFile", "Opener", "attached_pages", "count_attached_pages"]


@dataclass(frozen=True)
class AttachedFile(MemoryFile):
    """A document within another; what is attached to it in turn is left out."""


@dataclass(frozen=True)
class Opener:
    """How a document of any kind is opened; see :mod:`hcr_batch.documents.reader`.

    Attributes
    ----------
    pages : callable
        `open_pages`.
    count : callable
        `count_pages`.
    """

    pages: Callable[[MemoryFile, DocumentSettings, int, int | None], Iterator[Page]]
    count: Callable[[MemoryFile, DocumentSettings], int]


def attached_pages(
    document: pypdfium2.PdfDocument,
    path: Path | MemoryFile,
    settings: DocumentSettings,
    opener: Opener,
    first: int,
    last: int | None,
) -> Generator[Page, None, None]:
    """Pages of the attached documents, numbered on from the PDF's own.

    Parameters
    ----------
    first, last : int
        Pages to read, from 1, counted with those before.

    Raises
    ------
    PageError
        One cannot be read, which counts as one page where it cannot even be
        opened; those behind it may be.
    """
    before = len(document)
    for file in _attached(document, path):
        count = _count(file, settings, opener)
        if first <= before + count and (last is None or last > before):
            due = max(1, first - before)
            try:
                for page in opener.pages(file, settings, due, last and last - before):
                    due = page.number + 1
                    yield replace(page, number=before + page.number)
            except PageError as error:
                raise type(error)(str(error), before + error.page) from error
            except DocumentError as error:
                raise PageError(str(error), before + due) from error
        before += count


def count_attached_pages(
    document: pypdfium2.PdfDocument,
    path: Path | MemoryFile,
    settings: DocumentSettings,
    opener: Opener,
) -> int:
    """How many pages the attached documents have, as `attached_pages` counts them."""
    return sum(_count(file, settings, opener) for file in _attached(document, path))


def _count(file: AttachedFile, settings: DocumentSettings, opener: Opener) -> int:
    try:
        return opener.count(file, settings)
    except DocumentError:
        return 1


def _attached(
    document: pypdfium2.PdfDocument, path: Path | MemoryFile
) -> Iterator[AttachedFile]:
    """Those that a folder's files of the same names would be read as."""
    if isinstance(path, AttachedFile):
        return
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        name = attachment.get_name()
        if os.path.splitext(name)[1].lower() in EXTENSIONS:
            yield AttachedFile(f"{path}, attached {name}", bytes(attachment.get_data()))
