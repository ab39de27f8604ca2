"""The store behind the results: an SQLite file that survives being killed at any moment.

A reading belongs to a content (the SHA-256 of a file) and a recipe (the hash
of settings, model, template and program version); files point at readings.
Two files of equal content share one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from hcr_batch.documents.locations import (
    ARCHIVED,
    Location,
    is_archived,
    key,
    location_of,
)
from hcr_batch.errors import UsageError
from hcr_batch.journal.archive import Archive
from hcr_batch.journal.cell_table import Cells
from hcr_batch.journal.column_kinds import MISREAD, check_kinds
from hcr_batch.journal.corrections import Corrections, apply_corrections
from hcr_batch.journal.export_table import Exports
from hcr_batch.journal.hashed_files import HashedFile, find_hashed
from hcr_batch.journal.journal_paths import is_writable, journal_path
from hcr_batch.journal.page_table import add_pages, fields_of_page, rows_of_page
from hcr_batch.journal.run_table import Runs
from hcr_batch.journal.schema import connect, insert, telling_damage
from hcr_batch.journal.transaction import Transaction, roll_back
from hcr_batch.results.form_names import form_of
from hcr_batch.results.form_tables import FormTable
from hcr_batch.results.records import PageRecord
from hcr_batch.results.rows import ResultRow, page_rows

__all__ = [
    "FileEntry",
    "FileState",
    "Journal",
    "existing_journal",
    "journal_path",
    "open_journal",
]

IN_PARTS = "+"
"""After the recipe of a reading that has not all of its pages yet; no file points at it."""

EMPTY = (
    "WHERE NOT EXISTS (SELECT 1 FROM fields JOIN cells ON cells.field = fields.id "
    "WHERE fields.page = pages.id AND cells.reasons NOT LIKE '%nothing_found%')"
)
"""Pages on which no field was found."""


class FileEntry(NamedTuple):
    """A file as a run found it; `signature` is empty where it is not to be relied on."""

    path: Location
    name: str
    signature: str = ""


@dataclass(frozen=True)
class FileState:
    """A file that the journal knows.

    `failure` is None and `sha256` not empty if it was read; `archived` says
    that it is gone, be there another under its name.
    """

    path: Location
    name: str
    failure: str | None
    sha256: str = ""
    archived: bool = False


def existing_journal(output: Path) -> Path:
    """The journal of results that were written before.

    Raises
    ------
    UsageError
        There is none.
    """
    path = journal_path(output)
    if not path.exists():
        raise UsageError(f"{path}: no journal of these results; give the --out of a scan")
    return path


def open_journal(path: Path) -> Journal:
    """Open a journal, made new where there is none.

    Raises
    ------
    DamagedJournalError
        It is damaged; also raised later, where the damage is met.
    OutputError
        It cannot be opened, is another program's or of a version to come.
    """
    return Journal(connect(path), path)


class Journal:
    """Readings, failures and corrections; every change is one transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.corrections = Corrections(connection, self._transaction)
        self.cells = Cells(connection)
        self.runs = Runs(connection, self._transaction)
        self.archive = Archive(connection, self._transaction)
        self.exports = Exports(connection, self._transaction)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        with closing(self._connection), telling_damage(self.path):
            if isinstance(error, sqlite3.Error):
                raise error
            if isinstance(error, MISREAD):
                check_kinds(self._connection)

    @property
    def is_writable(self) -> bool:
        """Whether anything can be entered."""
        return is_writable(self.path)

    def check(self) -> None:
        """Look through all of the file for damage, which takes its time.

        Raises
        ------
        sqlite3.DatabaseError
            There is some; leaving the journal turns it into DamagedJournalError.
        """
        (found,) = self._execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(found.split()))
        check_kinds(self._connection)

    def roll_back(self) -> None:
        """Take back the change that an interrupt has cut short, if any."""
        roll_back(self._connection)

    def state(self, sha256: str, recipe: str) -> tuple[int, str | None, int] | None:
        """Id, failure and pages of a reading; None if this content was never read so."""
        return self._execute(
            "SELECT id, failure, pages FROM readings WHERE sha256 = ? AND recipe = ?",
            (sha256, recipe),
        ).fetchone()

    def last_reading(self) -> int:
        """The id of the latest reading; later ones have greater ids while none is taken away."""
        return self._execute("SELECT coalesce(max(id), 0) FROM readings").fetchone()[0]

    def find_hashed(self, paths: Sequence[Location]) -> list[HashedFile | None]:
        """What is known of each of up to `MOST_AT_ONCE` files; None where it was not hashed."""
        return find_hashed(self._connection, paths)

    def add(
        self,
        sha256: str,
        recipe: str,
        pages: Iterable[PageRecord],
        failure: str | None,
        seconds: float,
        files: Iterable[tuple[Location, str] | tuple[Location, str, str]],
    ) -> None:
        """Enter what came of a content, in place of an earlier reading, and its files.

        Parameters
        ----------
        files : iterable of FileEntry or tuple
            Every file of this content: path, name, and signature where there is one.
        """
        with self._transaction():
            self._drop(sha256, recipe)
            self._drop(sha256, recipe + IN_PARTS)
            reading = self._new_reading(sha256, recipe, failure)
            add_pages(self._connection, reading, pages, seconds)
            self._point((FileEntry(*file), reading) for file in files)

    def add_part(
        self,
        sha256: str,
        recipe: str,
        pages: Iterable[PageRecord],
        seconds: float,
        damage: str | None = None,
    ) -> None:
        """Enter some pages of a long document; what was read of it before stays in force."""
        with self._transaction():
            state = self.state(sha256, recipe + IN_PARTS)
            reading = state[0] if state else self._new_reading(sha256, recipe + IN_PARTS, None)
            add_pages(self._connection, reading, pages, seconds)
            self._execute(
                "UPDATE readings SET failure = coalesce(failure, ?) WHERE id = ?", (damage, reading)
            )

    def part_pages(self, sha256: str, recipe: str) -> set[int]:
        """Numbers of the pages that `add_part` has entered."""
        rows = self._execute(
            "SELECT number FROM pages JOIN readings ON readings.id = pages.reading "
            "WHERE sha256 = ? AND recipe = ?",
            (sha256, recipe + IN_PARTS),
        )
        return {number for (number,) in rows}

    def drop_parts(self, sha256: str, recipe: str) -> None:
        """Forget what `add_part` has entered."""
        with self._transaction():
            self._drop(sha256, recipe + IN_PARTS)

    def join_parts(self, sha256: str, recipe: str, files: Iterable[FileEntry]) -> str | None:
        """Put the parts, complete now, in place of an earlier reading, and enter the files.

        Returns
        -------
        str or None
            Which pages could not be read, and why.
        """
        with self._transaction():
            self._drop(sha256, recipe)
            reading, damage = self._execute(
                "SELECT id, failure FROM readings WHERE sha256 = ? AND recipe = ?",
                (sha256, recipe + IN_PARTS),
            ).fetchone()
            self._execute("UPDATE readings SET recipe = ? WHERE id = ?", (recipe, reading))
            self._point((entry, reading) for entry in files)
        return damage

    def point(self, files: Iterable[tuple[FileEntry, int]]) -> None:
        """Make files point at readings that are there; nothing is written where they do."""
        changed = [
            (entry, reading) for entry, reading in files if not self._points(entry, reading)
        ]
        if changed:
            with self._transaction():
                self._point(changed)

    def add_transient_failure(self, path: Location, name: str, failure: str) -> None:
        """Note that a file could not be had this time; what was read of it before is dropped."""
        with self._transaction():
            self._execute(
                "REPLACE INTO files (path, name, failure) VALUES (?, ?, ?)",
                (key(path), name, failure),
            )

    def totals(self) -> dict[str, int]:
        """Numbers of files, those gone and copies among them, of pages, characters and so on."""
        names = (
            *("files", "gone", "copies", "pages", "characters", "flagged"),
            *("unfinished", "reviewed", "without_field"),
        )
        row = self._execute(
            "SELECT count(*), coalesce(sum(instr(path, ?) > 0), 0), "
            "count(reading) - count(DISTINCT reading), coalesce(sum(pages), 0), "
            "coalesce(sum(characters), 0), coalesce(sum(flagged), 0), "
            "(SELECT count(*) FROM readings WHERE recipe LIKE ?), "
            "(SELECT count(*) FROM (SELECT DISTINCT sha256, page, x, y FROM corrections)), "
            f"(SELECT count(*) FROM files JOIN pages ON pages.reading = files.reading {EMPTY}) "
            "FROM files LEFT JOIN readings ON readings.id = files.reading",
            (ARCHIVED, f"%{IN_PARTS}"),
        ).fetchone()
        return dict(zip(names, row, strict=True))

    def failed_files(self) -> tuple[int, int]:
        """How many could not be read, and how many not with all of their pages."""
        row = self._execute(
            "SELECT count(*), coalesce(sum(files.failure IS NULL AND pages > 0), 0) FROM files "
            "LEFT JOIN readings ON readings.id = files.reading "
            "WHERE coalesce(files.failure, readings.failure) IS NOT NULL"
        ).fetchone()
        return row[0] - row[1], row[1]

    def files(self) -> Iterator[FileState]:
        """Every file, in the order of the names."""
        rows = self._execute(
            "SELECT path, name, coalesce(files.failure, readings.failure) FROM files "
            "LEFT JOIN readings ON readings.id = files.reading ORDER BY name, path"
        )
        return (
            FileState(location_of(path), name, fail, archived=is_archived(path))
            for path, name, fail in rows
        )

    def local_files(self) -> Iterator[Path]:
        """Where the files lie that are no URL."""
        return (file.path for file in self.files() if isinstance(file.path, Path))

    def pages(self) -> Iterator[tuple[FileState, PageRecord]]:
        """Every page of every file, by name and number, corrections applied, without pictures."""
        for state, page, blank, answered in self._listed():
            yield state, self._page(state, page, blank, answered)

    def rows(self) -> Iterator[ResultRow]:
        """The results: a row a cell of `pages`, in their order."""
        for state, page, blank, answered in self._listed():
            if answered:
                yield from page_rows(state.name, self._page(state, page, blank, answered))
            else:
                yield from rows_of_page(self._connection, page, state.name, blank.number)

    def form_tables(self) -> list[FormTable]:
        """The kinds of form that there are, with their fields in the order of the paper.

        Without a template pages have no order among themselves, and fields
        stand by their earliest place on any.
        """
        rows = self._execute(
            "SELECT form, fields.name FROM files JOIN pages ON pages.reading = files.reading "
            "LEFT JOIN fields ON fields.page = pages.id GROUP BY form, fields.name ORDER BY form, "
            "CASE form WHEN '' THEN 0 ELSE min(number) END, min(fields.place), fields.name"
        )
        fields: dict[str, list[str]] = {}
        for form, name in rows:
            if not isinstance(form, str) or isinstance(name, bytes):
                raise sqlite3.DatabaseError(f"a form is named {form!r}, a field {name!r}")
            _, kind, plain = form_of(form, name or "")
            named = fields.setdefault(kind, [])
            named.extend([plain] if plain and plain not in named else [])
        return [FormTable(form, tuple(names)) for form, names in fields.items()]

    def _listed(self) -> Iterator[tuple[FileState, int, PageRecord, bool]]:
        """Every page: its file, its id, itself without fields, and whether a person answered."""
        rows = self._execute(
            "SELECT files.path, files.name, pages.id, sha256, number, width, height, form "
            "FROM files JOIN readings ON readings.id = files.reading "
            "JOIN pages ON pages.reading = readings.id "
            "ORDER BY files.name, files.path, number"
        )
        pages_answered = self.corrections.pages()
        for path, name, page, sha256, number, width, height, form in rows:
            state = FileState(location_of(path), name, None, sha256, is_archived(path))
            answered = (sha256, number) in pages_answered
            yield state, page, PageRecord(number, width, height, (), form=form), answered

    def _page(
        self, state: FileState, page: int, blank: PageRecord, answered: bool
    ) -> PageRecord:
        """A page with its fields, and what persons answered."""
        full = replace(blank, fields=fields_of_page(self._connection, page))
        if not answered:
            return full
        return apply_corrections(full, self.corrections.of_page(state.sha256, blank.number))

    def _new_reading(self, sha256: str, recipe: str, failure: str | None) -> int:
        return insert(
            self._connection,
            "INSERT INTO readings (sha256, recipe, failure, seconds) VALUES (?, ?, ?, 0)",
            (sha256, recipe, failure),
        )

    def _drop(self, sha256: str, recipe: str) -> None:
        self._execute("DELETE FROM readings WHERE sha256 = ? AND recipe = ?", (sha256, recipe))

    def _point(self, files: Iterable[tuple[FileEntry, int]]) -> None:
        self._connection.executemany(
            "INSERT INTO files (path, name, reading, signature) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (path) DO UPDATE SET name = excluded.name, reading = excluded.reading, "
            "signature = excluded.signature, failure = NULL",
            ((key(file.path), file.name, reading, file.signature) for file, reading in files),
        )

    def _points(self, file: FileEntry, reading: int) -> bool:
        row = self._execute(
            "SELECT name, reading, failure, signature FROM files WHERE path = ?",
            (key(file.path),),
        ).fetchone()
        return row == (file.name, reading, None, file.signature)

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def _transaction(self) -> AbstractContextManager[None]:
        return Transaction(self._connection, self.path)
