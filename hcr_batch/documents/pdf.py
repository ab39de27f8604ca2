"""PDF: a scanned page gives its own pixels, any other is rendered."""

from __future__ import annotations

import contextlib
import io
import math
import re
import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from hcr_batch.documents.acroform import Widget, page_widgets, pdf_widgets, stored_values
from hcr_batch.documents.attachments import Opener, attached_pages, count_attached_pages
from hcr_batch.documents.images import (
    DAMAGE,
    check_frame,
    check_shape,
    check_size,
    gray_pixels,
    unhindered,
)
from hcr_batch.documents.raster import Orientation, Raster, make_page
from hcr_batch.documents.rendering import (
    POINTS_PER_INCH,
    largest_scale,
    points_per_inch,
    render_scale,
)
from hcr_batch.errors import DocumentError, PageError
from hcr_batch.types import MM_PER_INCH

if TYPE_CHECKING:
    from hcr_batch.config import DocumentSettings
    from hcr_batch.documents.memory import MemoryFile
    from hcr_batch.types import Page

__all__ = ["count_pdf_pages", "pdf_pages"]

TAIL_BYTES = 4096
END_MARK = re.compile(rb"startxref|%%EOF")

END_OF_FILE = b"%%EOF"
OBJECT = re.compile(rb"\b\d+\s+\d+\s+obj\b")
"""Where one begins behind the end of a file, more was added to it, and that has an end too."""

ALTERED_PIXELS = re.compile(rb"/(SMask|Mask|ImageMask|IM|Decode)\b")
"""What makes an image on the page differ from its stored pixels. Image
dictionaries are never compressed, so they can be searched for it."""
STREAM = re.compile(rb"(?<!end)stream\r?\n")
STREAM_END = b"endstream"
"""Between these lie data, in which anything may stand by chance."""

COVERED = 0.9
"""Share of the page's width and height that a scan covers, and of the scan's on the page."""
LARGEST_SKEW = 0.01
"""Sine of the angle up to which an image counts as placed upright."""

HARMLESS_ANNOTATIONS = (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP)


@dataclass(frozen=True)
class _Scan:
    """The one image that makes up a page; `dpi` is (horizontal, vertical) of the upright page."""

    image: pypdfium2.PdfImage
    orientation: Orientation
    dpi: tuple[float, float]


def pdf_pages(
    path: Path | MemoryFile,
    settings: DocumentSettings,
    opener: Opener,
    first: int = 1,
    last: int | None = None,
) -> Generator[Page, None, None]:
    """Read the pages of a PDF.

    A page that is one scanned image (with or without hidden text from an
    earlier recognition) is that image, not rasterized again. Other pages are
    rendered, form fields with their values included. Documents that are
    attached come after its own pages.

    Parameters
    ----------
    path : Path or MemoryFile
    settings : DocumentSettings
        `pdf_renderer` "poppler" renders every page with pdf2image; with
        "pdfium" poppler, where installed, takes what pdfium cannot open.
    opener : Opener
        Of what is attached.
    first, last : int, optional
        Pages to read, from 1, both included; all where left out.

    Yields
    ------
    Page

    Raises
    ------
    DocumentError
        The file is damaged, cut short or encrypted; `PageError` where other
        pages may be read.
    """
    data = _data(path)
    document = _document(path, data, settings)
    if isinstance(document, Path):
        yield from _poppler_pages(document, settings, first, last)
        return
    altered = _has_altered_pixels(data)
    with contextlib.closing(document):
        document.init_forms()
        for number in range(first, min(len(document), last or len(document)) + 1):
            yield _page(document, number, path, settings, altered)
        yield from attached_pages(document, path, settings, opener, first, last)


def _poppler_pages(
    path: Path, settings: DocumentSettings, first: int, last: int | None
) -> Generator[Page, None, None]:
    """What poppler draws, with the values that pdfium finds in the form fields."""
    from hcr_batch.documents.poppler import poppler_pages

    forms = pdf_widgets(path)
    for page in poppler_pages(path, settings, first, last):
        mm = page.source_size[0] / page.pixels_per_mm
        yield _with_values(page, forms[page.number - 1] if page.number <= len(forms) else [], mm)


def _with_values(page: Page, widgets: Sequence[Widget], page_mm: float) -> Page:
    return replace(page, stored=stored_values(widgets, page_mm, page.source_size))


def _has_altered_pixels(data: bytes) -> bool:
    """Whether any dictionary of a PDF names what alters the pixels of an image."""
    end = 0
    while end >= 0:
        stream = STREAM.search(data, end)
        if ALTERED_PIXELS.search(data, end, stream.start() if stream else len(data)):
            return True
        end = data.find(STREAM_END, stream.end()) if stream else -1
    return False


def count_pdf_pages(path: Path | MemoryFile, settings: DocumentSettings, opener: Opener) -> int:
    """Pages of a PDF; raises a DocumentError as `pdf_pages` does."""
    document = _document(path, _data(path), settings)
    if isinstance(document, Path):
        from hcr_batch.documents.poppler import count_poppler_pages

        return count_poppler_pages(document)
    with contextlib.closing(document):
        return len(document) + count_attached_pages(document, path, settings, opener)


def _data(path: Path | MemoryFile) -> bytes:
    """All of a PDF, which must have its end; what others have put behind that is no part of it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    end = data.rfind(END_OF_FILE)
    if end >= 0 and not OBJECT.search(data, end):
        return data[: end + len(END_OF_FILE)]
    if not END_MARK.search(data.rstrip(b"\0 \t\r\n")[-TAIL_BYTES:]):
        raise DocumentError(f"{path}: the PDF is cut short; scan or copy it again")
    return data


def _document(
    path: Path | MemoryFile, data: bytes, settings: DocumentSettings
) -> pypdfium2.PdfDocument | Path:
    """A PDF as pdfium opens it; its path where poppler is to read it."""
    if settings.pdf_renderer == "poppler" and isinstance(path, Path):
        return path
    return _opened(path, data)


def _opened(path: Path | MemoryFile, data: bytes) -> pypdfium2.PdfDocument | Path:
    """Open with pdfium; the path where it cannot and poppler may."""
    try:
        document = pypdfium2.PdfDocument(data)
        if not len(document):
            raise DocumentError(f"{path}: the PDF has no pages; scan or save it again")
        return document
    except pypdfium2.PdfiumError as error:
        # The code may be that of a document before.
        if error.err_code == pdfium.FPDF_ERR_PASSWORD and b"/Encrypt" in data:
            raise DocumentError(
                f"{path}: encrypted with a password; save a copy without one"
            ) from error
        # Poppler reads files by name: what is in memory alone stays there.
        if isinstance(path, Path) and shutil.which("pdftoppm"):
            return path
        raise DocumentError(f"{path}: damaged PDF ({error}); scan or save it again") from error


def _page(
    document: pypdfium2.PdfDocument,
    number: int,
    path: Path | MemoryFile,
    settings: DocumentSettings,
    altered: bool,
) -> Page:
    raster = _read(document, number, path, settings, altered)
    check_shape(raster.gray.shape[::-1], path, number)
    page = make_page(raster, number, settings)
    if document.formenv is None:
        return page
    form = document[number - 1]
    page_mm = form.get_size()[0] * MM_PER_INCH / POINTS_PER_INCH
    return _with_values(page, list(page_widgets(form, document.formenv)), page_mm)


def _read(
    document: pypdfium2.PdfDocument,
    number: int,
    path: Path | MemoryFile,
    settings: DocumentSettings,
    altered: bool,
) -> Raster:
    try:
        page = document[number - 1]
        for image in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]):
            check_size(image.get_px_size(), path, number, settings)
        scan = _scan(page)
        if scan and not altered:
            gray = scan.orientation.upright(_pixels(scan.image, path, number, settings))
            return Raster(gray, scan.orientation, scan.dpi)
        return _rendered(page, scan, settings)
    except (pypdfium2.PdfiumError, *DAMAGE) as error:
        raise PageError(
            f"{path}, page {number}: damaged ({error}); scan or save it again", number
        ) from error


def _scan(page: pypdfium2.PdfPage) -> _Scan | None:
    """The image that is all of a page, if there is one."""
    visible = [item for item in page.get_objects(max_depth=1) if not _is_hidden_text(item)]
    if len(visible) != 1 or visible[0].type != pdfium.FPDF_PAGEOBJ_IMAGE:
        return None
    image = visible[0]
    if not _covers(image, page) or _has_visible_annotations(page):
        return None
    return _placed(image, page.get_rotation())


def _is_hidden_text(item: pypdfium2.PdfObject) -> bool:
    invisible = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    is_text = item.type == pdfium.FPDF_PAGEOBJ_TEXT
    return is_text and pdfium.FPDFTextObj_GetTextRenderMode(item) == invisible


def _covers(image: pypdfium2.PdfImage, page: pypdfium2.PdfPage) -> bool:
    """Whether image and page agree but for narrow margins, so that nothing else is seen."""
    left, bottom, right, top = image.get_bounds()
    page_left, page_bottom, page_right, page_top = page.get_bbox()
    width = min(right, page_right) - max(left, page_left)
    height = min(top, page_top) - max(bottom, page_bottom)
    return width >= COVERED * max(right - left, page_right - page_left) and height >= (
        COVERED * max(top - bottom, page_top - page_bottom)
    )


def _has_visible_annotations(page: pypdfium2.PdfPage) -> bool:
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind not in HARMLESS_ANNOTATIONS:
            return True
    return False


def _placed(image: pypdfium2.PdfImage, rotation: int) -> _Scan | None:
    """How an image lies on the page that is shown; nothing where it is skewed.

    Its matrix sends the unit square, y up, to the page; the page is then shown
    turned clockwise by `rotation` degrees.
    """
    a, b, c, d, _, _ = image.get_matrix().get()
    turn = math.radians(rotation)
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    along_columns, along_rows = turned @ (a, -b), turned @ (-c, d)
    transposed = abs(along_columns[1]) > abs(along_columns[0])
    x_axis, y_axis = (along_rows, along_columns) if transposed else (along_columns, along_rows)
    if abs(x_axis[1]) > LARGEST_SKEW * abs(x_axis[0]) or (
        abs(y_axis[0]) > LARGEST_SKEW * abs(y_axis[1])
    ):
        return None
    size = image.get_px_size()
    columns, rows = size[::-1] if transposed else size
    dpi = (
        columns * POINTS_PER_INCH / abs(float(x_axis[0])),
        rows * POINTS_PER_INCH / abs(float(y_axis[1])),
    )
    orientation = Orientation(bool(transposed), bool(x_axis[0] < 0), bool(y_axis[1] < 0))
    return _Scan(image, orientation, dpi)


def _pixels(
    image: pypdfium2.PdfImage, path: Path | MemoryFile, number: int, settings: DocumentSettings
) -> np.ndarray:
    """The stored pixels as gray; a JPEG stream goes to Pillow, which decodes it to gray faster."""
    if image.get_filters(skip_simple=True) == ["DCTDecode"]:
        stream = io.BytesIO(bytes(image.get_data(decode_simple=True)))
        with unhindered(), Image.open(stream, formats=("JPEG",)) as picture:
            # What it says itself is what it takes.
            check_frame(picture, stream, path, number, settings)
            if picture.mode in ("L", "RGB"):
                return gray_pixels(picture)
    # The bitmap is pdfium's memory: it is copied before it goes.
    return np.array(image.get_bitmap().to_pil().convert("L"))


def _rendered(page: pypdfium2.PdfPage, scan: _Scan | None, settings: DocumentSettings) -> Raster:
    """Draw a page, at the resolution of the scan on it where there is one."""
    size = page.get_size()
    scale = max(scan.dpi) / POINTS_PER_INCH if scan else render_scale(size, settings)
    bitmap = page.render(scale=min(scale, largest_scale(size, settings)), grayscale=True)
    gray = np.array(bitmap.to_numpy())
    dpi = gray.shape[1] * points_per_inch(size) / size[0]
    return Raster(gray, dpi=(dpi, dpi))
