"""PDF pages drawn by poppler through pdf2image: the second renderer."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hcr_batch.documents.images import DAMAGE, check_shape
from hcr_batch.documents.raster import Raster, make_page
from hcr_batch.documents.rendering import POINTS_PER_INCH, points_per_inch, render_scale
from hcr_batch.errors import DocumentError, PageError

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings
    from hcr_batch.types import Page

__all__ = ["count_poppler_pages", "poppler_pages"]


def poppler_pages(
    path: Path, settings: DocumentSettings, first: int = 1, last: int | None = None
) -> Generator[Page, None, None]:
    """Render the pages of a PDF one by one with `pdftoppm`.

    Parameters
    ----------
    path : Path
    settings : DocumentSettings
    first, last : int, optional
        Pages to read, from 1, both included; all where left out.

    Yields
    ------
    Page

    Raises
    ------
    DocumentError
        poppler is not installed or cannot read the file.
    """
    count = count_poppler_pages(path)
    for number in range(first, min(count, last or count) + 1):
        raster = _rendered(path, number, settings)
        check_shape(raster.gray.shape[::-1], path, number)
        yield make_page(raster, number, settings)


def count_poppler_pages(path: Path) -> int:
    """Pages that poppler finds in a PDF; raises a DocumentError as `poppler_pages` does."""
    return int(_information(path)["Pages"])


def _information(path: Path, number: int = 1) -> dict[str, Any]:
    from pdf2image import exceptions, pdfinfo_from_path

    try:
        return pdfinfo_from_path(str(path), first_page=number, last_page=number)
    except exceptions.PDFInfoNotInstalledError as error:
        raise DocumentError(
            f"{path}: poppler is not installed; install poppler-utils"
            ' or set documents.pdf_renderer = "pdfium"'
        ) from error
    except (exceptions.PDFPageCountError, ValueError) as error:
        raise DocumentError(
            f"{path}: a PDF that is damaged, encrypted or without pages;"
            " scan it again or save a copy without password"
        ) from error


def _rendered(path: Path, number: int, settings: DocumentSettings) -> Raster:
    from pdf2image import convert_from_path, exceptions

    size = _page_points(_information(path, number))
    scale = render_scale(size, settings)
    try:
        (picture,) = convert_from_path(
            str(path),
            dpi=scale * POINTS_PER_INCH,
            first_page=number,
            last_page=number,
            grayscale=True,
        )
        gray = np.asarray(picture.convert("L"))
    except (exceptions.PDFPageCountError, exceptions.PDFSyntaxError, *DAMAGE) as error:
        raise PageError(
            f"{path}, page {number}: damaged, poppler cannot draw it; scan or save it again",
            number,
        ) from error
    dpi = scale * points_per_inch(size)
    return Raster(gray, dpi=(dpi, dpi))


def _page_points(information: dict[str, Any]) -> tuple[float, float]:
    """Width and height from a line such as `Page    3 size: 595.28 x 841.89 pts (A4)`."""
    text = next(
        value
        for key, value in information.items()
        if key.startswith("Page") and key.endswith("size")
    )
    width, _, height = text.split()[:3]
    return float(width), float(height)
