"""Single cells of the journal, as a review looks them up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.documents.locations import location_of
from hcr_batch.journal.corrections import Place
from hcr_batch.results.cell_pictures import packed_picture
from hcr_batch.results.records import CellRecord, FieldRecord
from hcr_batch.results.rows import alternatives_of, alternatives_text
from hcr_batch.types import Reading, SourceBox

__all__ = ["CELL_COLUMNS", "Cells", "DueCell", "PlacedField", "cell_of_row", "row_of_cell"]

CELL_COLUMNS = (
    "cells.x, cells.y, cells.width, cells.height, cells.character, cells.confidence, "
    "cells.flagged, cells.reasons, cells.alternatives"
)

TO_CELLS = (
    "JOIN pages ON pages.reading = readings.id JOIN fields ON fields.page = pages.id "
    "JOIN cells ON cells.field = fields.id"
)

AT_PLACE = (
    "readings.sha256 = ? AND pages.number = ? "
    "AND cells.x = ? AND cells.y = ? AND cells.width = ? AND cells.height = ?"
)

PICTURE = (
    "SELECT pictures.packed, (SELECT count(*) FROM fields AS f JOIN cells AS c ON c.field = f.id "
    "WHERE f.page = pages.id AND (f.place, c.position) < (fields.place, cells.position)) "
    f"FROM readings {TO_CELLS} JOIN pictures ON pictures.page = pages.id WHERE {AT_PLACE} "
    "ORDER BY readings.id DESC"
)
"""Pictures of the page of a cell, and how many cells stand before it."""


@dataclass(frozen=True)
class DueCell:
    """A cell that may need a person, with its names in the results; `kind` is its field's."""

    place: Place
    file: str
    field: str
    position: int
    reading: Reading
    form: str = ""
    kind: str = ""


@dataclass(frozen=True)
class PlacedField:
    """A field with the page that it stands on.

    Attributes
    ----------
    paths : tuple of Path
        Every file of this content, absolute; `file` is the first one's name in the results.
    size : tuple of int
        (width, height) of the page as it lies in the file.
    form : str
        Name of the template that the page is of; empty where it is of none.
    """

    paths: tuple[Path, ...]
    file: str
    sha256: str
    page: int
    size: tuple[int, int]
    field: FieldRecord
    form: str = ""

    def place(self, cell: CellRecord) -> Place:
        """The place of one of the field's cells."""
        return Place(self.sha256, self.page, cell.box)


class Cells:
    """Looks up cells and fields in a journal's connection; readings as the machine made them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def state(self) -> tuple[Any, ...]:
        """Changes when files or readings do; a reading that is replaced within a second may not."""
        return self._connection.execute(
            "SELECT (SELECT max(id) FROM readings), (SELECT count(*) FROM readings), "
            "(SELECT count(*) FROM files), (SELECT sum(reading) FROM files), "
            "(SELECT max(read_at) FROM readings), (SELECT max(id) FROM fields)"
        ).fetchone()

    def due(self, sampled: Callable[[str], bool] | None = None) -> Iterator[DueCell]:
        """Flagged cells in the order of the results, and a sample of the other characters.

        A content that several files have comes once, under the first one's name.

        Parameters
        ----------
        sampled : callable, optional
            Says by the key of its place whether an unflagged character comes too.
        """
        which = "cells.flagged OR cells.character <> ''" if sampled else "cells.flagged"
        rows = self._connection.execute(
            f"SELECT min(files.name), readings.sha256, pages.number, form, fields.name, "
            f"fields.kind, cells.position, {CELL_COLUMNS} "
            f"FROM files JOIN readings ON readings.id = files.reading {TO_CELLS} "
            f"WHERE {which} GROUP BY cells.field, cells.position "
            f"ORDER BY min(files.name), pages.number, fields.place, cells.position"
        )
        for file, sha256, page, form, field, kind, position, *cell in rows:
            x, y, width, height, _, _, flagged, *_ = cell
            # Millions may not come; nothing is made of those.
            if flagged or (sampled and sampled(f"{sha256}-{page}-{x}-{y}-{width}-{height}")):
                record = cell_of_row(cell)
                place = Place(sha256, page, record.box)
                yield DueCell(place, file, field, position, record.reading, form, kind)

    def picture(self, place: Place) -> bytes | None:
        """The PNG of a cell; None for a blank one, and where there is no such cell.

        Raises
        ------
        sqlite3.DatabaseError
            What there is, is no picture.
        """
        row = self._connection.execute(PICTURE, _values(place)).fetchone()
        if row is None:
            return self._old_picture(place)
        try:
            return packed_picture(*row)
        except ValueError as error:
            raise sqlite3.DatabaseError(f"a page's pictures are none: {error}") from error

    def _old_picture(self, place: Place) -> bytes | None:
        """As `picture`, of what was read while each cell had a PNG of its own."""
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'crops'")
        if tables.fetchone() == (0,):
            return None
        row = self._connection.execute(
            "SELECT crops.png FROM crops WHERE (crops.field, crops.position) IN "
            f"(SELECT cells.field, cells.position FROM readings {TO_CELLS} WHERE {AT_PLACE})",
            _values(place),
        ).fetchone()
        return row and row[0]

    def field(self, place: Place) -> PlacedField | None:
        """The field that has a cell at this place; None if none of the files has one any more."""
        rows = self._connection.execute(
            "SELECT files.path, files.name, pages.width, pages.height, form, fields.id, "
            "fields.name, fields.kind "
            f"FROM files JOIN readings ON readings.id = files.reading {TO_CELLS} "
            f"WHERE {AT_PLACE} ORDER BY files.name, files.path",
            _values(place),
        ).fetchall()
        if not rows:
            return None
        _, file, width, height, form, number, name, kind = rows[0]
        cells = self._connection.execute(
            f"SELECT {CELL_COLUMNS} FROM cells WHERE field = ? ORDER BY position", (number,)
        )
        return PlacedField(
            tuple(where for path, *_ in rows if isinstance(where := location_of(path), Path)),
            file,
            place.sha256,
            place.page,
            (width, height),
            FieldRecord(name, kind, tuple(map(cell_of_row, cells))),
            form,
        )


def cell_of_row(values: Sequence[Any]) -> CellRecord:
    """A cell from its columns, in the order of the table, without its picture.

    Raises
    ------
    sqlite3.DatabaseError
        They hold what was never written so.
    """
    x, y, width, height, character, confidence, flagged, reasons, alternatives = values
    try:
        reading = Reading(
            character,
            confidence,
            bool(flagged),
            tuple(reasons.split(";")) if reasons else (),
            alternatives_of(alternatives),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise sqlite3.DatabaseError(f"a cell holds {values!r}") from error
    return CellRecord(SourceBox(x, y, width, height), reading)


def row_of_cell(cell: CellRecord) -> tuple[object, ...]:
    """The columns of a cell, as :func:`cell_of_row` takes them."""
    box, reading = cell.box, cell.reading
    return (
        round(box.x),
        round(box.y),
        round(box.width),
        round(box.height),
        reading.character,
        float(reading.confidence),
        int(reading.flagged),
        ";".join(reading.reasons),
        alternatives_text(reading.alternatives),
    )


def _values(place: Place) -> tuple[int | str, ...]:
    box = place.box
    return place.sha256, place.page, *map(round, (box.x, box.y, box.width, box.height))
