"""A file becomes pages: the format is decided by its content, never by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hcr_batch.errors import DocumentError

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings
    from hcr_batch.types import Page

__all__ = ["open_pages"]

HEAD_BYTES = 1024
"""A PDF's mark may stand anywhere in so many first bytes (ISO 32000, annex H)."""


def open_pages(path: str | os.PathLike[str], settings: DocumentSettings) -> Iterator[Page]:
    """Read the pages of a document, one at a time.

    Parameters
    ----------
    path : str or path
        PNG, JPEG, TIFF (every frame a page), PDF, WebP, BMP or GIF.
    settings : DocumentSettings

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
    path = Path(path)
    if b"%PDF-" in _head(path):
        from hcr_batch.documents.pdf import pdf_pages

        return pdf_pages(path, settings)
    from hcr_batch.documents.images import image_pages

    return image_pages(path, settings)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    if not head:
        raise DocumentError(f"{path}: the file is empty; scan or copy it again")
    return head
