"""The form fields of a fillable PDF: their names, places and lengths."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from hcr_batch.types import Box

__all__ = ["Widget", "pdf_widgets"]

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


@dataclass(frozen=True)
class Widget:
    """A field on a page of a fillable PDF.

    Attributes
    ----------
    name : str
        Its full name.
    kind : str
        `text` or `check`.
    box : Box
        In millimetres from the top left corner of the page as it is shown.
    length : int
        Characters that it takes at most; 0 where it does not say.
    comb : bool
        Each character has a cell of its own.
    """

    name: str
    kind: str
    box: Box
    length: int
    comb: bool


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
        return [list(_widgets(page, form)) for page in document]


def _widgets(page: pypdfium2.PdfPage, form: pypdfium2.PdfFormEnv) -> Iterator[Widget]:
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        try:
            kind = KINDS.get(pdfium.FPDFAnnot_GetFormFieldType(form, annotation))
            if kind:
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
    sides = product((place.left, place.right), (place.top, place.bottom))
    corners = [_shown(page, x, y) for x, y in sides]
    left, top = (min(values) for values in zip(*corners, strict=True))
    right, bottom = (max(values) for values in zip(*corners, strict=True))
    return Widget(
        _name(form, annotation),
        kind,
        Box(left, top, right - left, bottom - top),
        int(length.value),
        bool(flags & COMB_FLAG) and length.value > 0,
    )


def _shown(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the PDF in millimetres on the page as it is shown, turned and cropped."""
    width, height = (round(side * UNITS_PER_POINT) for side in page.get_size())
    column, row = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, column, row)
    return column.value * MM_PER_UNIT, row.value * MM_PER_UNIT


def _name(form: pypdfium2.PdfFormEnv, annotation: object) -> str:
    size = pdfium.FPDFAnnot_GetFormFieldName(form, annotation, None, 0)
    buffer = ctypes.create_string_buffer(size)
    units = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
    pdfium.FPDFAnnot_GetFormFieldName(form, annotation, units, size)
    return buffer.raw.decode("utf-16-le").rstrip("\0")
