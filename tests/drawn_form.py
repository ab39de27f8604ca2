"""Simple forms drawn line by line, for tests of one stage at a time; no data is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from hcr_batch.config import load_settings
from hcr_batch.geometry import projected
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.binarize import Ink, binarize
from hcr_batch.preprocess.deskew import deskew, estimate_skew
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import Box, Field, Page

__all__ = [
    "comb",
    "field_of",
    "fields_of",
    "ink_of",
    "overlap",
    "page_of",
    "paper",
    "row_of_boxes",
    "scanned",
    "source_box",
    "the_segmenter",
    "write",
]

DPI = 200.0
PIXELS_PER_MM = DPI / 25.4


def paper(width: float = 150.0, height: float = 100.0, dpi: float = DPI) -> np.ndarray:
    """White paper of a size in mm."""
    return np.full([round(side * dpi / 25.4) for side in (height, width)], 255, np.uint8)


def page_of(gray: np.ndarray, dpi: float = DPI) -> Page:
    """The picture as the page of a file that holds just it."""
    return Page(gray, dpi, 1, np.eye(3), gray.shape[::-1])


def ink_of(gray: np.ndarray, dpi: float = DPI) -> Ink:
    return binarize(page_of(gray, dpi), load_settings().layout)


@cache
def the_segmenter() -> Segmenter:
    """The page segmentation that comes with the program."""
    return load_segmenter()


def fields_of(
    gray: np.ndarray, dpi: float = DPI, *, turned: bool = False, **changes: object
) -> tuple[Field, ...]:
    """The fields of a picture; `turned` ones are deskewed and stay in pixels of the picture."""
    settings = load_settings(layout=changes).layout
    page = page_of(gray, dpi)
    if turned:
        page = deskew(page, estimate_skew(gray, settings.max_skew))
    page, layers = segmented(page, the_segmenter())
    fields = find_fields(layers, settings)
    if not turned:
        return fields
    return tuple(
        Field(
            field.name,
            field.kind,
            source_box(field.box, page.to_source),
            tuple(type(cell)(source_box(cell.box, page.to_source)) for cell in field.cells),
        )
        for field in fields
    )


def field_of(kind: str, boxes: Sequence[Box]) -> Field:
    """A field as the layout would give it."""
    from hcr_batch.arrays.box_sides import bounds
    from hcr_batch.types import Cell

    return Field("f001", kind, bounds(boxes), tuple(Cell(box) for box in boxes))


def row_of_boxes(
    gray: np.ndarray,
    x: int,
    y: int,
    count: int,
    *,
    width: int = 44,
    height: int = 56,
    gap: int = 0,
    level: int = 0,
    line: int = 2,
) -> list[Box]:
    """Draw closed boxes, pixels apart; returns the areas between the middles of their lines."""
    boxes = [Box(x + index * (width + gap), y, width, height) for index in range(count)]
    for box in boxes:
        corners = (int(box.x), int(box.y)), (int(box.right), int(box.bottom))
        cv2.rectangle(gray, *corners, level, line)
    return boxes


def comb(
    gray: np.ndarray,
    x: int,
    y: int,
    count: int,
    *,
    width: int = 44,
    height: int = 56,
    tooth: float = 0.5,
    walls: float = 1.0,
    top: bool = False,
    level: int = 0,
    line: int = 2,
) -> list[Box]:
    """Draw a comb: a base line, teeth and end walls; returns its cells."""
    cells = [Box(x + index * width, y, width, height) for index in range(count)]
    right, bottom = x + count * width, y + height
    cv2.line(gray, (x, bottom), (right, bottom), level, line)
    if top:
        cv2.line(gray, (x, y), (right, y), level, line)
    for index in range(count + 1):
        rise = tooth if 0 < index < count else walls
        edge = x + index * width
        cv2.line(gray, (edge, bottom), (edge, round(bottom - rise * height)), level, line)
    return cells


def write(gray: np.ndarray, text: str, box: Box, level: int = 20, size: float = 0.6) -> None:
    """Write with a round pen into the middle of a box, `size` of its height."""
    scale = size * box.height / 22
    pen = max(2, round(2.2 * scale))
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, pen)
    place = round(box.x + (box.width - width) / 2), round(box.y + (box.height + height) / 2)
    cv2.putText(gray, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, level, pen, cv2.LINE_AA)


def scanned(gray: np.ndarray) -> np.ndarray:
    """With the soft edges that a scanner gives everything."""
    return cv2.GaussianBlur(gray, (0, 0), 0.7)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.right, b.right) - max(a.x, b.x)
    height = min(a.bottom, b.bottom) - max(a.y, b.y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def source_box(box: Box, matrix: np.ndarray) -> Box:
    """Upright box around a box that was mapped."""
    corners = np.array([(x, y) for x in (box.x, box.right) for y in (box.y, box.bottom)])
    placed = projected(matrix, corners)
    (left, top), (right, bottom) = placed.min(axis=0), placed.max(axis=0)
    return Box(float(left), float(top), float(right - left), float(bottom - top))
