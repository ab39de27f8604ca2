"""What is kept of a page once it is read: readings, and pictures of the cells."""

from __future__ import annotations

from dataclasses import dataclass

from hcr_batch.results.cell_pictures import pack_pictures
from hcr_batch.types import CellReading, PageReading, Reading, SourceBox

__all__ = ["CellRecord", "FieldRecord", "PageRecord", "record_page", "unreadable_page"]

UNREADABLE = "unreadable"
"""Field and reason of the one row of a page that cannot be read."""


@dataclass(frozen=True)
class CellRecord:
    """A cell of the source page."""

    box: SourceBox
    reading: Reading

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
    """A page with its fields in reading order; `width` and `height` as in the file.

    `pictures` are those of its cells, packed in their order by
    :func:`~hcr_batch.results.cell_pictures.pack_pictures`; empty where none are kept.
    `form` is as in `PageReading`.
    """

    number: int
    width: int
    height: int
    fields: tuple[FieldRecord, ...]
    pictures: bytes = b""
    form: str = ""

    @property
    def is_unreadable(self) -> bool:
        """Whether it stands for a page that could not be read."""
        return [field.name for field in self.fields] == [UNREADABLE]


def unreadable_page(number: int) -> PageRecord:
    """In place of a page that cannot be read: one flagged cell, so that a person looks."""
    cell = CellRecord(SourceBox(0, 0, 1, 1), Reading("", 0.0, True, (UNREADABLE,)))
    return PageRecord(number, 1, 1, (FieldRecord(UNREADABLE, "free", (cell,)),))


def record_page(page: PageReading) -> PageRecord:
    """Keep of a page its readings and the pictures of occupied cells; blank ones need no review."""
    fields = tuple(
        FieldRecord(field.name, field.kind, tuple(map(_record_cell, field.cells)), field.joint)
        for field in page.fields
    )
    pictures = [
        cell.image if record.occupied else cell.image[:0]
        for field, kept in zip(page.fields, fields, strict=True)
        for cell, record in zip(field.cells, kept.cells, strict=True)
    ]
    return PageRecord(
        page.number, page.width, page.height, fields, pack_pictures(pictures), page.form
    )


def _record_cell(cell: CellReading) -> CellRecord:
    return CellRecord(cell.box, cell.reading)
