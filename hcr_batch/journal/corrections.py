"""What reviewers answered: a log that only grows, beside the readings in the journal.

An answer belongs to a place on a page of a content, so it outlives a new
reading of that page, by another model or with fields named otherwise. The
last answer at a place counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from hcr_batch.journal.journal_part import JournalPart
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox

__all__ = [
    "COLUMNS",
    "CORRECTIONS_SCHEMA",
    "REVIEW_REASONS",
    "Answer",
    "Correction",
    "Corrections",
    "Kind",
    "Place",
    "apply_corrections",
    "correction_of_row",
    "is_same_place",
    "reviewed_part",
]

CORRECTIONS_SCHEMA = """
CREATE TABLE corrections (       -- by content and place, so that they outlive a new reading
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    page INTEGER NOT NULL,
    x INTEGER NOT NULL, y INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    field TEXT NOT NULL,         -- as it was named then
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    character TEXT NOT NULL,     -- empty where there is none
    reviewer TEXT NOT NULL,
    corrected_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    read TEXT NOT NULL,          -- what stood there, how surely, and whether it was flagged
    confidence REAL NOT NULL,
    flagged INTEGER NOT NULL
);
CREATE INDEX corrections_by_page ON corrections (sha256, page);
"""

COLUMNS = (
    "id, sha256, page, x, y, width, height, field, position, kind, character, reviewer, "
    "corrected_at, read, confidence, flagged"
)
"""As :func:`correction_of_row` takes them."""

SAME_PLACE = 0.5
"""Two boxes show one cell if they share at least this part of what they cover together."""

REVIEW_REASONS = ("reviewed", "illegible")
"""Reasons in the results that say that a person has answered."""


class Kind(Enum):
    """What a reviewer may say of a cell."""

    CHARACTER = "character"
    ACCEPTED = "accepted"
    BLANK = "blank"
    ILLEGIBLE = "illegible"
    OPEN = "open"
    """Nothing, after all: an answer taken back."""


@dataclass(frozen=True)
class Place:
    """A cell of a page of a content; its key is a text that names it in web addresses."""

    sha256: str
    page: int
    box: SourceBox

    @property
    def key(self) -> str:
        """Content, page and box as one text."""
        box = self.box
        numbers = (self.page, *map(round, (box.x, box.y, box.width, box.height)))
        return "-".join((self.sha256, *map(str, numbers)))

    @classmethod
    def of_key(cls, key: str) -> Place:
        """The place that a key names; ValueError if it names none."""
        if not re.fullmatch(r"\w{1,64}(-\d{1,9}){5}", key, re.ASCII):
            raise ValueError(f"{key!r} names no cell")
        sha256, page, *box = key.split("-")
        return cls(sha256, int(page), SourceBox(*map(int, box)))


@dataclass(frozen=True)
class Answer:
    """What a reviewer says of a cell.

    Attributes
    ----------
    place : Place
    field : str
    position : int
        As the cell is named in the results now.
    read : Reading
        What the machine says.
    kind : Kind
    character : str
        Empty for blank, illegible and open.
    seen : int
        The id of the answer that the reviewer saw there; 0 for none.
    """

    place: Place
    field: str
    position: int
    read: Reading
    kind: Kind
    character: str
    seen: int


@dataclass(frozen=True)
class Correction:
    """An answer in the journal; ids grow with time, `corrected_at` is UTC."""

    id: int
    place: Place
    field: str
    position: int
    kind: Kind
    character: str
    reviewer: str
    corrected_at: str
    read: str
    confidence: float
    flagged: bool

    def apply(self, reading: Reading) -> Reading:
        """The reading as the reviewer has it."""
        if self.kind is Kind.OPEN:
            return reading
        if self.kind is Kind.ILLEGIBLE:
            return Reading("", 0.0, True, ("illegible",))
        return Reading(self.character, 1.0, False, ("reviewed",))


class Corrections(JournalPart):
    """The answers in a journal."""

    def since(self, number: int = 0) -> Iterator[Correction]:
        """Every answer after that of the id given, in order; also those replaced later."""
        return self._select("WHERE id > ?", (number,))

    def pages(self) -> set[tuple[str, int]]:
        """Content and number of the pages that have answers."""
        return set(self._connection.execute("SELECT DISTINCT sha256, page FROM corrections"))

    def of_page(self, sha256: str, page: int) -> list[Correction]:
        """Every answer on a page, in order."""
        return list(self._select("WHERE sha256 = ? AND page = ?", (sha256, page)))

    def record(self, answers: Sequence[Answer], reviewer: str) -> list[Correction | None]:
        """Write answers down, at once and all that can be.

        Returns
        -------
        list of Correction or None
            None where somebody else has answered since the reviewer looked:
            that answer stands.
        """
        with self._transaction():
            return [self._record(answer, reviewer) for answer in answers]

    def restore(self, corrections: Iterable[Correction]) -> None:
        """Enter answers of another journal, with their ids and times."""
        rows = [_columns(correction) for correction in corrections]
        marks = ", ".join("?" * len(COLUMNS.split(",")))
        with self._transaction():
            self._connection.executemany(
                f"INSERT INTO corrections ({COLUMNS}) VALUES ({marks})", rows
            )

    def latest(self, place: Place) -> Correction | None:
        """The answer that counts at a place, taken back or not."""
        there = reversed(self.of_page(place.sha256, place.page))
        return next((one for one in there if is_same_place(one.place.box, place.box)), None)

    def _record(self, answer: Answer, reviewer: str) -> Correction | None:
        standing = self.latest(answer.place)
        if (standing.id if standing else 0) != answer.seen:
            return None
        place, read, box = answer.place, answer.read, answer.place.box
        values = (place.sha256, place.page, *map(round, (box.x, box.y, box.width, box.height)))
        values += (answer.field, answer.position, answer.kind.value, answer.character, reviewer)
        number = self._connection.execute(
            "INSERT INTO corrections (sha256, page, x, y, width, height, field, position, kind, "
            "character, reviewer, read, confidence, flagged) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, read.character, float(read.confidence), int(read.flagged)),
        ).lastrowid
        return next(self._select("WHERE id = ?", (number,)))

    def _select(self, where: str, values: tuple[object, ...]) -> Iterator[Correction]:
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM corrections {where} ORDER BY id", values
        )
        return map(correction_of_row, rows)


def apply_corrections(page: PageRecord, corrections: Iterable[Correction]) -> PageRecord:
    """A page with what reviewers answered, the later answer winning."""
    answers = list(corrections)
    if not answers:
        return page
    fields = (_corrected_field(field, answers) for field in page.fields)
    return replace(page, fields=tuple(fields))


def reviewed_part(page: PageRecord) -> PageRecord:
    """A corrected page with the fields that have an answer alone."""
    return replace(page, fields=tuple(filter(_is_reviewed, page.fields)))


def is_same_place(one: SourceBox, other: SourceBox) -> bool:
    """Whether two boxes show the same cell, exactly or as found by another reading."""
    if one == other:
        return True
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    shared = max(width, 0) * max(height, 0)
    whole = one.width * one.height + other.width * other.height - shared
    return shared >= SAME_PLACE * whole > 0


def _is_reviewed(field: FieldRecord) -> bool:
    return any(";".join(cell.reading.reasons) in REVIEW_REASONS for cell in field.cells)


def _corrected_field(field: FieldRecord, answers: Sequence[Correction]) -> FieldRecord:
    cells = tuple(_corrected(cell, answers) for cell in field.cells)
    # What a rule said of the text as it was read says nothing once a person has changed it.
    return replace(field, cells=cells, joint=field.joint if cells == field.cells else None)


def _corrected(cell: CellRecord, answers: Sequence[Correction]) -> CellRecord:
    for answer in reversed(answers):
        if is_same_place(answer.place.box, cell.box):
            return replace(cell, reading=answer.apply(cell.reading))
    return cell


def correction_of_row(row: tuple[Any, ...]) -> Correction:
    """A correction from its `COLUMNS`."""
    number, sha256, page, x, y, width, height, field, position, kind, *rest = row
    character, reviewer, corrected_at, read, confidence, flagged = rest
    place = Place(sha256, page, SourceBox(x, y, width, height))
    return Correction(
        number,
        place,
        field,
        position,
        Kind(kind),
        character,
        reviewer,
        corrected_at,
        read,
        confidence,
        bool(flagged),
    )


def _columns(correction: Correction) -> tuple[object, ...]:
    place, box = correction.place, correction.place.box
    return (
        correction.id,
        place.sha256,
        place.page,
        *map(round, (box.x, box.y, box.width, box.height)),
        correction.field,
        correction.position,
        correction.kind.value,
        correction.character,
        correction.reviewer,
        correction.corrected_at,
        correction.read,
        correction.confidence,
        int(correction.flagged),
    )
