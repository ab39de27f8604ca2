"""The form fields of a fillable PDF: their names, places, lengths and values."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from hcr_batch.types import MillimetreBox, SourceBox, StoredValue

__all__ = ["Widget", "page_widgets", "pdf_widgets", "shown_place", "stored_values"]

UNITS_PER_POINT = 20
"""pdfium gives places on a page in whole units: these are fine enough."""
MM_PER_UNIT = 25.4 / 72 / UNITS_PER_POINT
COMB_FLAG = 1 << 24
"""Of a text field: its box is divided into MaxLen cells (ISO 32000, table 228)."""
KINDS = {
    pdfium.FPDF_FORMFIELD_TEXTFIELD: "text",
    pdfium.FPDF_FORMFIELD_CHECKBOX: "check",
    pdfium.FPDF_FORMFIELD_RADIOBUTTON: "check",
    pdfium.FPDF_FORMFIELD_COMBOBOX: "text",
}
"""Other fields, buttons and signatures, hold no writing to read."""
UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
"""Fields with one of these flags are for programs: nobody who fills the form sees them."""


@dataclass(frozen=True)
class Widget:
    """A field on a page of a fillable PDF.

    Attributes
    ----------
    name : str
        Its full name.
    kind : str
        `text` or `check`.
    box : MillimetreBox
        From the top left corner of the page as it is shown.
    length : int
        Characters that it takes at most; 0 where it does not say.
    comb : bool
        Each character has a cell of its own.
    value : str
        What the file says stands in it: its text; X where it is checked.
    title : str
        What it is called to people who fill it in; often empty.
    """

    name: str
    kind: str
    box: MillimetreBox
    length: int
    comb: bool
    value: str = ""
    title: str = ""


def pdf_widgets(path: Path) -> list[list[Widget]]:
    """The fields of each page; no page where the file is no PDF that can be opened."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return []
    with closing(document):
        document.init_forms()
        form = document.formenv
        if form is None:
            return [[] for _ in document]
        return [list(page_widgets(page, form)) for page in document]


def stored_values(
    widgets: Sequence[Widget], page_mm: float, size: tuple[int, int]
) -> tuple[StoredValue, ...]:
    """What is stored in the fields of a page, in pixels of its picture.

    Parameters
    ----------
    widgets : sequence of Widget
        All of the page.
    page_mm : float
        Width of the page.
    size : tuple of int
        (width, height) of its picture, pixels.

    Returns
    -------
    tuple of StoredValue
        Of every field on the page, empty ones too; none where all are empty:
        that form was not filled in by a program.
    """
    if not any(widget.value for widget in widgets):
        return ()
    placed = [(widget, _on_picture(widget.box, size[0] / page_mm, size)) for widget in widgets]
    return tuple(
        StoredValue(box, widget.kind, widget.value, widget.length if widget.comb else 0)
        for widget, box in placed
        if box.width > 0 and box.height > 0
    )


def _on_picture(box: MillimetreBox, scale: float, size: tuple[int, int]) -> SourceBox:
    """A box in whole pixels, as far as it lies on the picture."""
    left, right = (min(max(round(x * scale), 0), size[0]) for x in (box.x, box.right))
    top, bottom = (min(max(round(y * scale), 0), size[1]) for y in (box.y, box.bottom))
    return SourceBox(left, top, right - left, bottom - top)


def page_widgets(page: pypdfium2.PdfPage, form: pypdfium2.PdfFormEnv) -> Iterator[Widget]:
    """The fields of one page that people see, in the order of the file."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        try:
            kind = KINDS.get(pdfium.FPDFAnnot_GetFormFieldType(form, annotation))
            if kind and not pdfium.FPDFAnnot_GetFlags(annotation) & UNSEEN:
                yield _widget(page, form, annotation, kind)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _widget(
    page: pypdfium2.PdfPage, form: pypdfium2.PdfFormEnv, annotation: object, kind: str
) -> Widget:
    place = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, place)
    length = ctypes.c_float(0.0)
    pdfium.FPDFAnnot_GetNumberValue(annotation, b"MaxLen", length)
    flags = pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation)
    return Widget(
        _text(pdfium.FPDFAnnot_GetFormFieldName, form, annotation),
        kind,
        shown_place(page, (place.left, place.right), (place.top, place.bottom)),
        int(length.value),
        bool(flags & COMB_FLAG) and length.value > 0,
        _value(form, annotation, kind),
        _text(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation),
    )


def _value(form: pypdfium2.PdfFormEnv, annotation: object, kind: str) -> str:
    if kind == "check":
        return "X" if pdfium.FPDFAnnot_IsChecked(form, annotation) else ""
    return _text(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)


def shown_place(
    page: pypdfium2.PdfPage, across: tuple[float, float], along: tuple[float, float]
) -> MillimetreBox:
    """An upright rectangle of the PDF on the page as it is shown."""
    corners = [_shown(page, x, y) for x, y in product(across, along)]
    left, top = (min(values) for values in zip(*corners, strict=True))
    right, bottom = (max(values) for values in zip(*corners, strict=True))
    return MillimetreBox(left, top, right - left, bottom - top)


def _shown(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the PDF in millimetres on the page as it is shown, turned and cropped."""
    width, height = (round(side * UNITS_PER_POINT) for side in page.get_size())
    column, row = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, column, row)
    return column.value * MM_PER_UNIT, row.value * MM_PER_UNIT


def _text(
    asked: Callable[..., int], form: pypdfium2.PdfFormEnv, annotation: object
) -> str:
    """A text of a field, of which pdfium first tells the size in bytes."""
    size = asked(form, annotation, None, 0)
    buffer = ctypes.create_string_buffer(size)
    asked(form, annotation, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")
