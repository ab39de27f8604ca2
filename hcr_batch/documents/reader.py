"""A file becomes pages: the format is decided by its content, never by its name."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from hcr_batch.documents.attachments import Opener
from hcr_batch.documents.memory import MemoryFile
from hcr_batch.documents.opening import open_regular
from hcr_batch.errors import DocumentError

if TYPE_CHECKING:
    import numpy as np

    from hcr_batch.config import DocumentSettings
    from hcr_batch.types import Page

__all__ = ["count_pages", "is_pdf", "open_pages", "read_picture"]

HEAD_BYTES = 1024
"""A PDF's mark may stand anywhere in so many first bytes (ISO 32000, annex H)."""


def open_pages(
    path: str | os.PathLike[str] | MemoryFile,
    settings: DocumentSettings,
    first: int = 1,
    last: int | None = None,
) -> Generator[Page, None, None]:
    """Read the pages of a document, one at a time.

    Parameters
    ----------
    path : str, path or MemoryFile
        PNG, JPEG, TIFF (every frame a page), PDF, WebP, BMP or GIF.
    settings : DocumentSettings
    first, last : int, optional
        Pages to read, from 1, both included; all where left out.

    Yields
    ------
    Page
        Numbered from 1; only one is in memory at a time.

    Raises
    ------
    DocumentError
        The file cannot be read, is empty, truncated, encrypted, too large or
        of no known format; the message names the file, the page where there
        is one, and the remedy.
    """
    path = path if isinstance(path, MemoryFile) else Path(path)
    if is_pdf(path):
        from hcr_batch.documents.pdf import pdf_pages

        return pdf_pages(path, settings, Opener(open_pages, count_pages), first, last)
    from hcr_batch.documents.images import image_pages

    return image_pages(path, settings, first, last)


def count_pages(path: str | os.PathLike[str] | MemoryFile, settings: DocumentSettings) -> int:
    """How many pages `open_pages` gives, found without decoding any.

    Raises
    ------
    DocumentError
        As `open_pages` has it.
    """
    path = path if isinstance(path, MemoryFile) else Path(path)
    if is_pdf(path):
        from hcr_batch.documents.pdf import count_pdf_pages

        return count_pdf_pages(path, settings, Opener(open_pages, count_pages))
    from hcr_batch.documents.images import count_image_pages

    return count_image_pages(path)


def read_picture(
    path: str | os.PathLike[str] | MemoryFile, settings: DocumentSettings
) -> np.ndarray:
    """Read a picture as it is: not a page, so neither its size nor its ground is judged.

    Parameters
    ----------
    path : str, path or MemoryFile
        PNG, JPEG, TIFF (its first frame), WebP, BMP or GIF.
    settings : DocumentSettings

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Upright gray. What is transparent is paper, and where all that was
        drawn on it is white, the strokes are dark instead.

    Raises
    ------
    DocumentError
        As :func:`open_pages` has it, or the file is a PDF.
    """
    path = path if isinstance(path, MemoryFile) else Path(path)
    if is_pdf(path):
        raise DocumentError(f"{path}: a PDF, no picture; read it with hcr-batch scan")
    from hcr_batch.documents.images import first_frame

    return first_frame(path, settings)


def is_pdf(path: Path | MemoryFile) -> bool:
    """Whether a file says that it is a PDF; raises a DocumentError where it cannot be opened."""
    return b"%PDF-" in _head(path)


def _head(path: Path | MemoryFile) -> bytes:
    try:
        with path.open() if isinstance(path, MemoryFile) else open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    if not head:
        raise DocumentError(f"{path}: the file is empty; scan or copy it again")
    return head
