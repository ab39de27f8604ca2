"""The store behind the results: an SQLite file that survives being killed at any moment.

A reading belongs to a content (the SHA-256 of a file) and a recipe (the hash
of settings, model, template and program version); files point at readings.
Two files of equal content share one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hcr_batch.batch.cells import Cells, cell_of_row
from hcr_batch.batch.corrections import CORRECTIONS_SCHEMA, Corrections, apply_corrections
from hcr_batch.errors import OutputError, UsageError
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord

__all__ = ["FileState", "Journal", "existing_journal", "journal_path", "open_journal"]

SCHEMA_VERSION = 2
"""Raise this when the tables change, and say in UPGRADES how."""

APPLICATION_ID = 0x48435242
"""Marks the file as ours ("HCRB"), in SQLite's own field for that."""

BUSY_S = 30.0
"""Seconds to wait while another process writes: a scan and a review share the journal."""

SCHEMA = """
CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    recipe TEXT NOT NULL,
    failure TEXT,                -- why it could not be read; NULL if it was
    seconds REAL NOT NULL,
    read_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (sha256, recipe)
);
CREATE TABLE files (
    path BLOB PRIMARY KEY,       -- absolute, as the bytes that the system knows it by
    name TEXT NOT NULL,          -- as in the results
    reading INTEGER REFERENCES readings ON DELETE SET NULL,
    failure TEXT                 -- passing trouble of the file itself, tried again next time
);
CREATE TABLE pages (
    id INTEGER PRIMARY KEY,
    reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
    number INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    UNIQUE (reading, number)
);
CREATE TABLE fields (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES pages ON DELETE CASCADE,
    place INTEGER NOT NULL,      -- in reading order, from 1
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    UNIQUE (page, place)
);
CREATE TABLE cells (
    field INTEGER NOT NULL REFERENCES fields ON DELETE CASCADE,
    position INTEGER NOT NULL,
    x INTEGER NOT NULL, y INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    character TEXT NOT NULL,
    confidence REAL NOT NULL,
    flagged INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    alternatives TEXT NOT NULL,
    PRIMARY KEY (field, position)
) WITHOUT ROWID;
CREATE TABLE crops (             -- apart from the cells, which exports read in bulk
    field INTEGER NOT NULL REFERENCES fields ON DELETE CASCADE,
    position INTEGER NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (field, position)
);
CREATE INDEX files_by_name ON files (name);
"""

UPGRADES = {1: f"DROP TABLE corrections; {CORRECTIONS_SCHEMA}"}
"""What makes each older version the next one; version 1 had no way to enter corrections."""

CELLS_OF_PAGE = """
SELECT fields.place, fields.name, fields.kind, cells.x, cells.y, cells.width, cells.height,
       cells.character, cells.confidence, cells.flagged, cells.reasons, cells.alternatives
FROM fields
JOIN cells ON cells.field = fields.id
WHERE fields.page = ?
ORDER BY fields.place, cells.position
"""


@dataclass(frozen=True)
class FileState:
    """A file that the journal knows; `failure` is None if it was read, `sha256` if it was not."""

    path: Path
    name: str
    failure: str | None
    sha256: str | None = None


def journal_path(output: Path) -> Path:
    """`results.hcr.sqlite` for `results.csv`, whatever the format."""
    return output.with_name(f"{output.stem}.hcr.sqlite")


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
    OutputError
        It cannot be opened, is another program's or of another version.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        _prepare(connection, path)
    except sqlite3.Error as error:
        raise OutputError(
            f"{path}: cannot be opened as a journal ({error}); move it away or give another --out"
        ) from error
    return Journal(connection, path)


class Journal:
    """Readings, failures and corrections; every change is one transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.corrections = Corrections(connection, self._transaction)
        self.cells = Cells(connection)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def state(self, sha256: str, recipe: str) -> tuple[int, str | None] | None:
        """Id and failure of a reading; None if this content was never read so."""
        return self._execute(
            "SELECT id, failure FROM readings WHERE sha256 = ? AND recipe = ?", (sha256, recipe)
        ).fetchone()

    def add(
        self,
        sha256: str,
        recipe: str,
        pages: Iterable[PageRecord],
        failure: str | None,
        seconds: float,
        files: Iterable[tuple[Path, str]],
    ) -> None:
        """Enter what came of a content, in place of an earlier reading, and its files.

        Parameters
        ----------
        files : iterable of (Path, str)
            Every file of this content with its name in the results.
        """
        with self._transaction():
            self._execute("DELETE FROM readings WHERE sha256 = ? AND recipe = ?", (sha256, recipe))
            reading = self._execute(
                "INSERT INTO readings (sha256, recipe, failure, seconds) VALUES (?, ?, ?, ?)",
                (sha256, recipe, failure, seconds),
            ).lastrowid
            for page in pages:
                self._add_page(reading, page)
            self._point(((path, name, reading) for path, name in files))

    def point(self, files: Iterable[tuple[Path, str, int]]) -> None:
        """Make files (path, name, reading) point at readings that are there."""
        with self._transaction():
            self._point(files)

    def add_passing_failure(self, path: Path, name: str, failure: str) -> None:
        """Note that a file could not be had this time; what was read of it before is dropped."""
        with self._transaction():
            self._execute(
                "REPLACE INTO files (path, name, reading, failure) VALUES (?, ?, NULL, ?)",
                (_key(path), name, failure),
            )

    def forget_missing(self, present: Iterable[Path]) -> None:
        """Drop the files that are not in `present` and no longer exist; readings stay."""
        known = {_key(path) for path in present}
        rows = self._execute("SELECT path FROM files").fetchall()
        gone = [row for row in rows if row[0] not in known and not os.path.lexists(row[0])]
        with self._transaction():
            self._connection.executemany("DELETE FROM files WHERE path = ?", gone)

    def separate_names(self, present: Iterable[Path]) -> None:
        """Make every name unique, in favour of the files in `present`.

        A file of an earlier run that lay in another folder under the same name
        gets so many outer folders put before its name that it is told apart.
        """
        known = {_key(path) for path in present}
        rows = self._execute(
            "SELECT path, name FROM files WHERE name IN "
            "(SELECT name FROM files GROUP BY name HAVING count(*) > 1) ORDER BY path"
        ).fetchall()
        if not rows:
            return
        taken = {name for (name,) in self._execute("SELECT name FROM files")}
        with self._transaction():
            for path, name in rows:
                if path not in known:
                    longer = _longer_name(path, name, taken)
                    taken.add(longer)
                    self._execute("UPDATE files SET name = ? WHERE path = ?", (longer, path))

    def files(self) -> Iterator[FileState]:
        """Every file, in the order of the names."""
        rows = self._execute(
            "SELECT path, name, coalesce(files.failure, readings.failure) FROM files "
            "LEFT JOIN readings ON readings.id = files.reading ORDER BY name, path"
        )
        return (FileState(Path(os.fsdecode(path)), name, fail) for path, name, fail in rows)

    def pages(self) -> Iterator[tuple[FileState, PageRecord]]:
        """Every page of every file, by name and number, corrections applied, without pictures."""
        rows = self._execute(
            "SELECT files.path, files.name, pages.id, sha256, number, width, height "
            "FROM files JOIN readings ON readings.id = files.reading "
            "JOIN pages ON pages.reading = readings.id "
            "ORDER BY files.name, files.path, number"
        )
        answered = self.corrections.pages()
        for path, name, page, sha256, number, width, height in rows:
            state = FileState(Path(os.fsdecode(path)), name, None, sha256)
            record = PageRecord(number, width, height, self._fields(page))
            if (sha256, number) in answered:
                record = apply_corrections(record, self.corrections.of_page(sha256, number))
            yield state, record

    def field_names(self) -> list[str]:
        """Names of all fields of the files, by their earliest place on a page."""
        rows = self._execute(
            "SELECT fields.name FROM files JOIN pages ON pages.reading = files.reading "
            "JOIN fields ON fields.page = pages.id GROUP BY fields.name "
            "ORDER BY min(fields.place), fields.name"
        )
        return [name for (name,) in rows]

    def _fields(self, page: int) -> tuple[FieldRecord, ...]:
        fields: dict[tuple[int, str, str], list[CellRecord]] = {}
        for place, name, kind, *cell in self._execute(CELLS_OF_PAGE, (page,)):
            fields.setdefault((place, name, kind), []).append(cell_of_row(cell))
        return tuple(
            FieldRecord(name, kind, tuple(cells)) for (_, name, kind), cells in fields.items()
        )

    def _add_page(self, reading: int, page: PageRecord) -> None:
        row = self._execute(
            "INSERT INTO pages (reading, number, width, height) VALUES (?, ?, ?, ?)",
            (reading, page.number, page.width, page.height),
        ).lastrowid
        for place, field in enumerate(page.fields, start=1):
            self._add_field(row, place, field)

    def _add_field(self, page: int, place: int, field: FieldRecord) -> None:
        row = self._execute(
            "INSERT INTO fields (page, place, name, kind) VALUES (?, ?, ?, ?)",
            (page, place, field.name, field.kind),
        ).lastrowid
        numbered = list(enumerate(field.cells, start=1))
        self._connection.executemany(
            "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((row, position, *_columns(cell)) for position, cell in numbered),
        )
        self._connection.executemany(
            "INSERT INTO crops VALUES (?, ?, ?)",
            ((row, position, cell.png) for position, cell in numbered if cell.png),
        )

    def _point(self, files: Iterable[tuple[Path, str, int]]) -> None:
        self._connection.executemany(
            "REPLACE INTO files (path, name, reading, failure) VALUES (?, ?, ?, NULL)",
            ((_key(path), name, reading) for path, name, reading in files),
        )

    def _execute(self, statement: str, values: tuple = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection, self.path)


class _Transaction:
    """All of what happens within, or nothing; a full disk becomes an OutputError."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK" if kind else "COMMIT")
        except sqlite3.Error as failure:
            error = failure
        if isinstance(error, sqlite3.OperationalError):
            raise OutputError(
                f"{self._path}: cannot be written ({error}); check the disk's free space"
            ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new journal; refuse what is none of ours."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    known = application == APPLICATION_ID and version in (*UPGRADES, SCHEMA_VERSION)
    if not empty and not known:
        connection.close()
        raise OutputError(
            f"{path}: not a journal of this program's version (found {version}, "
            f"want {SCHEMA_VERSION}); move it away to read everything anew"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode this can lose the last commits to a power cut, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if empty:
        changes = f"PRAGMA application_id = {APPLICATION_ID}; {SCHEMA} {CORRECTIONS_SCHEMA}"
    else:
        changes = " ".join(UPGRADES[older] for older in range(version, SCHEMA_VERSION))
    if changes:
        connection.executescript(
            f"BEGIN IMMEDIATE; {changes} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def _longer_name(path: bytes, name: str, taken: Collection[str]) -> str:
    """The shortest end of the path that is longer than the name and not taken."""
    parts = path.decode("utf-8", "backslashreplace").strip("/").split("/")
    lengths = range(name.count("/") + 2, len(parts) + 1)
    names = ("/".join(parts[-length:]) for length in lengths)
    return next((longer for longer in names if longer not in taken), "/".join(["", *parts]))


def _columns(cell: CellRecord) -> tuple:
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
        " ".join(f"{other}:{share:.4f}" for other, share in reading.alternatives),
    )
