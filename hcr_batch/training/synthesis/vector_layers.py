"""Pages of vector PDFs taken apart: rules, print and pictures, each rendered alone."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

__all__ = ["VectorLayers", "vector_layers"]

DEEPEST = 8
"""Levels of form objects that are opened."""
PRINT = -7
"""Kind of paths that are outlines of letters, beside those of pdfium."""
RULES = (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING)
LARGEST_LETTER = (400.0, 60.0)
"""Width and height of outlined print at most, points."""
LEAST_SEGMENTS = 6
"""Segments of an outlined letter at least."""
SLANTED = 0.3
"""Points that a segment goes to both sides when it is neither upright nor level."""
WHITE = 200
"""Level from which print counts as reversed."""
MOST_SEGMENTS = 4000


@dataclass(frozen=True)
class VectorLayers:
    """A page's rules, print and pictures; uint8 (rows, columns), 255 is full ink."""

    rules: np.ndarray
    print: np.ndarray
    pictures: np.ndarray


def vector_layers(path: Path, dpi: float) -> VectorLayers:
    """Render the layers of the first page of a PDF.

    White print, which stands on dark grounds, is drawn black.
    """
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        kinds = [(item, _kind(item)) for item in _objects(page)]

        def only(*wanted: int) -> np.ndarray:
            for item, kind in kinds:
                if kind != pdfium.FPDF_PAGEOBJ_FORM:
                    pdfium.FPDFPageObj_SetIsActive(item, kind in wanted)
            return 255 - _rendered(page, dpi)

        rules, pictures = only(*RULES), only(pdfium.FPDF_PAGEOBJ_IMAGE)
        for item, kind in kinds:
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                _darken(item)
        return VectorLayers(rules, only(pdfium.FPDF_PAGEOBJ_TEXT, PRINT), pictures)


def _rendered(page: pypdfium2.PdfPage, dpi: float) -> np.ndarray:
    bitmap = page.render(scale=dpi / 72, grayscale=True, may_draw_forms=False, draw_annots=False)
    gray = bitmap.to_numpy()
    return gray.reshape(*gray.shape[:2], -1)[:, :, 0].copy()


def _objects(page: pypdfium2.PdfPage) -> Iterator[pdfium.FPDF_PAGEOBJECT]:
    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        yield from _opened(pdfium.FPDFPage_GetObject(page.raw, index), 0)


def _opened(item: pdfium.FPDF_PAGEOBJECT, depth: int) -> Iterator[pdfium.FPDF_PAGEOBJECT]:
    if not item:
        return
    yield item
    if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
        for index in range(max(pdfium.FPDFFormObj_CountObjects(item), 0)):
            yield from _opened(pdfium.FPDFFormObj_GetObject(item, index), depth + 1)


def _kind(item: pdfium.FPDF_PAGEOBJECT) -> int:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind == pdfium.FPDF_PAGEOBJ_PATH and _is_letter(item):
        return PRINT
    return kind


def _is_letter(item: pdfium.FPDF_PAGEOBJECT) -> bool:
    """Whether a path is print drawn as outlines: small, filled, neither box nor bar nor disc."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(item, fill, stroke)
    count = pdfium.FPDFPath_CountSegments(item)
    if stroke.value or not fill.value or count < LEAST_SEGMENTS:
        return False
    kinds, points = _segments(item, min(count, MOST_SEGMENTS))
    steps = np.abs(np.diff(points, axis=0))[kinds[1:] == pdfium.FPDF_SEGMENT_LINETO]
    slanted = bool((steps > SLANTED).all(1).any())
    curves = int((kinds == pdfium.FPDF_SEGMENT_BEZIERTO).sum())
    moves = int((kinds == pdfium.FPDF_SEGMENT_MOVETO).sum())
    rounded = curves in (12 * moves, 24 * moves) and moves <= 2  # discs, rings, rounded boxes
    if not slanted and (curves == 0 or rounded):
        return False
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, matrix)
    scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5 or 1.0
    return bool((np.ptp(points, axis=0) * scale < LARGEST_LETTER).all())


def _segments(item: pdfium.FPDF_PAGEOBJECT, count: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = ctypes.c_float(), ctypes.c_float()
    kinds, points = [], []
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        kinds.append(pdfium.FPDFPathSegment_GetType(segment))
        points.append((x.value, y.value))
    return np.array(kinds), np.array(points)


def _darken(item: pdfium.FPDF_PAGEOBJECT) -> None:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = pdfium.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
    if known and min(red.value, green.value, blue.value) > WHITE:
        pdfium.FPDFPageObj_SetFillColor(item, 0, 0, 0, alpha.value)
