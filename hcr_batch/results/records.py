"""What is kept of a page once it is read: readings, and pictures of the cells as PNG."""

from __future__ import annotations

from dataclasses import dataclass

from hcr_batch.types import Box, CellReading, PageReading, Reading

__all__ = ["CellRecord", "FieldRecord", "PageRecord", "record_page"]


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
    import cv2

    return CellRecord(cell.box, cell.reading, cv2.imencode(".png", cell.image)[1].tobytes())
