"""What is kept of a page once it is read: readings, and pictures of the cells as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hcr_batch.types import Box, CellReading, PageReading, Reading

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CellRecord", "FieldRecord", "PageRecord", "record_page"]

LEVELS = 16
"""Levels of gray in the picture of a cell: to the eye as good as 256."""


@dataclass(frozen=True)
class CellRecord:
    """A cell of the source page; `png` is its picture, None for a blank cell."""

    box: Box
    reading: Reading
    png: bytes | None = None

    @property
    def occupied(self) -> bool:
        """Whether there is ink: a character, or something that a person should look at."""
        return bool(self.reading.character) or self.reading.flagged


@dataclass(frozen=True)
class FieldRecord:
    """A field with its cells in order of position; `joint` as in `FieldReading`."""

    name: str
    kind: str
    cells: tuple[CellRecord, ...]
    joint: float | None = None


@dataclass(frozen=True)
class PageRecord:
    """A page with its fields in reading order; `width` and `height` as in the file."""

    number: int
    width: int
    height: int
    fields: tuple[FieldRecord, ...]


def record_page(page: PageReading) -> PageRecord:
    """Encode the pictures of a page's occupied cells; blank ones need no review."""
    fields = (
        FieldRecord(field.name, field.kind, tuple(map(_record_cell, field.cells)), field.joint)
        for field in page.fields
    )
    return PageRecord(page.number, page.width, page.height, tuple(fields))


def _record_cell(cell: CellReading) -> CellRecord:
    record = CellRecord(cell.box, cell.reading)
    if not record.occupied or not cell.image.size:
        return record
    return CellRecord(cell.box, cell.reading, _png(cell.image))


def _png(picture: np.ndarray) -> bytes:
    """A PNG with `LEVELS` levels of gray: without the grain of paper it takes half as much."""
    import cv2

    return cv2.imencode(".png", cv2.LUT(picture, _levels()))[1].tobytes()


@lru_cache(maxsize=1)
def _levels() -> np.ndarray:
    """The nearest of the levels for each gray, uint8 (256,)."""
    import numpy as np

    step = 255 / (LEVELS - 1)
    return (np.rint(np.arange(256) / step) * step).astype(np.uint8)
