"""Scans of a form laid onto the pages of its template, and what is printed on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.config import Settings
from hcr_batch.decoding.printed_words import printed_words
from hcr_batch.documents import is_pdf, open_pages
from hcr_batch.documents.acroform import Widget, pdf_widgets
from hcr_batch.documents.pdf_words import PrintedWord, pdf_words
from hcr_batch.forms.matching_form import matched_form
from hcr_batch.forms.template_parts import Template, TemplatePage
from hcr_batch.geometry import enlargement, projected
from hcr_batch.pipeline import scan_document
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.recognition.recognizers import load_recognizer
from hcr_batch.segmentation.layers import segment
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.types import Gray, MillimetreBox, Page

__all__ = ["LaidPage", "lay_form", "texts_on"]

LAID_DPI = 220.0
"""Dots per inch of the laid pages: a little finer than scans are, for print that is laid anew at
their own resolution is blurred; of 9 names 8 are read and not 6."""
COARSER = 1.3
"""A page with so many times the pixels is reduced first, or thin lines would break."""
MAX_SCANNED = 20
"""Pages of a scan among which those of the form are looked for."""


@dataclass(frozen=True)
class LaidPage:
    """A scanned page in the place of a page of a template.

    Attributes
    ----------
    number : int
        Of the template's page.
    gray : ndarray of uint8, shape (rows, columns)
        At `LAID_DPI` dots per inch, the template's page from edge to edge.
    is_found : bool
        The form was recognized on it; else the whole page was laid there.
    words : tuple of PrintedWord
        In millimetres on the template's page.
    widgets : tuple of (Widget, MillimetreBox)
        Fields of a fillable PDF, with their places there.
    """

    number: int
    gray: Gray
    is_found: bool
    words: tuple[PrintedWord, ...]
    widgets: tuple[tuple[Widget, MillimetreBox], ...]


def lay_form(path: Path, template: Template, settings: Settings) -> tuple[LaidPage, ...]:
    """Lay the pages of a scan onto those of a template, as far as they are of its form.

    Where none is, the first pages are laid there as they are.

    Raises
    ------
    DocumentError
        The scan cannot be read.
    """
    laid: dict[int, LaidPage] = {}
    strange: list[tuple[Page, float]] = []
    for page in open_pages(path, settings.documents, 1, MAX_SCANNED):
        form = matched_form(page, [template], settings)
        for fit in form.fits if form else ():
            if form and fit.page.number not in laid:
                laid[fit.page.number] = _laid(
                    path, form.page, page.pixels_per_mm, fit.page, fit.transform, True
                )
        if not form:
            level = flatten(page, settings.layout.max_skew)
            strange.append((level, page.pixels_per_mm))
        if len(laid) == len(template.pages):
            break
    missing = [page for page in template.pages if page.number not in laid]
    for there, (page, per_mm) in zip(missing, strange, strict=False):
        laid[there.number] = _laid(path, page, per_mm, there, _whole(page, there), False)
    return tuple(laid.values())


def texts_on(path: Path, template: Template, settings: Settings) -> dict[str, str]:
    """What stands on a scan in the fields of a template, by their names.

    Raises
    ------
    DocumentError
        The scan cannot be read.
    """
    recognizer = load_recognizer(settings.recognition.model or None)
    pages = scan_document(path, recognizer, template, settings)
    return {field.name: field.text for page in pages for field in page.fields}


def _whole(page: Page, there: TemplatePage) -> np.ndarray:
    """From millimetres of a template's page to pixels, edge to edge."""
    rows, columns = page.gray.shape
    return np.diag([columns / there.width_mm, rows / there.height_mm, 1.0])


def _laid(
    path: Path,
    page: Page,
    per_mm: float,
    there: TemplatePage,
    transform: np.ndarray,
    found: bool,
) -> LaidPage:
    """`per_mm` are pixels of the page as it lies in the file."""
    gray = _warped(page, there, transform)
    words, widgets = _of_pdf(path, page, per_mm, transform) if is_pdf(path) else ((), ())
    return LaidPage(there.number, gray, found, words or _read(gray), widgets)


def _warped(page: Page, there: TemplatePage, transform: np.ndarray) -> Gray:
    scale = LAID_DPI / 25.4
    size = max(1, round(there.width_mm * scale)), max(1, round(there.height_mm * scale))
    gray, per_mm = page.gray, enlargement(transform)
    shrink = scale / per_mm
    if shrink < 1 / COARSER:
        gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        transform = np.diag([shrink, shrink, 1.0]) @ transform
    onto = transform @ np.diag([1 / scale, 1 / scale, 1.0])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(gray, onto, size, flags=flags, borderValue=255)


def _of_pdf(
    path: Path, page: Page, per_mm: float, transform: np.ndarray
) -> tuple[tuple[PrintedWord, ...], tuple[tuple[Widget, MillimetreBox], ...]]:
    """The words and the fields of a PDF on the template's page."""
    words, widgets = pdf_words(path, page.number), pdf_widgets(path)
    mine = widgets[page.number - 1] if page.number <= len(widgets) else []
    back = np.linalg.inv(transform) @ np.linalg.inv(page.to_source) @ np.diag([per_mm, per_mm, 1])
    places = list(_placed([word.box for word in words] + [one.box for one in mine], back))
    return (
        tuple(replace(word, box=box) for word, box in zip(words, places, strict=False)),
        tuple(zip(mine, places[len(words) :], strict=True)),
    )


def _placed(boxes: Sequence[MillimetreBox], transform: np.ndarray) -> Iterator[MillimetreBox]:
    """The upright boxes around boxes under a homography."""
    corners = np.array([(b.x, b.y, b.right, b.bottom) for b in boxes], float).reshape(-1, 4)
    first, last = (projected(transform, corners[:, sides]) for sides in ([0, 1], [2, 3]))
    low, high = np.minimum(first, last), np.maximum(first, last)
    yield from (MillimetreBox(*row) for row in np.hstack([low, high - low]).tolist())


def _read(gray: Gray) -> tuple[PrintedWord, ...]:
    reader = load_recognizer().line_reader
    if reader is None:
        return ()
    size = gray.shape[1], gray.shape[0]
    page = Page(gray, LAID_DPI, 1, np.eye(3), size)
    return printed_words(page, segment(page, load_segmenter()), reader)
