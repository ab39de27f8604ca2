"""The tables of the journal, and how they are opened and changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hcr_batch.errors import OutputError
from hcr_batch.journal.corrections import CORRECTIONS_SCHEMA
from hcr_batch.journal.journal_paths import is_writable
from hcr_batch.journal.network_drives import is_on_network

__all__ = [
    "TABLES_SCHEMA",
    "DamagedJournalError",
    "connect",
    "insert",
    "telling_damage",
]

SCHEMA_VERSION = 6
"""Raise this when the tables change, and say in UPGRADES how."""

APPLICATION_ID = 0x48435242
"""Marks the file as ours ("HCRB"), in SQLite's own field for that."""

HEADER_BYTES = 100
MARK = slice(68, 72)
"""Where SQLite's file format has the application id within the header."""

BUSY_S = 30.0
"""Seconds to wait while another process writes: a scan and a review share the journal."""

SCHEMA = """
CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    recipe TEXT NOT NULL,
    failure TEXT,                -- why it could not be read; NULL if it was
    seconds REAL NOT NULL,
    pages INTEGER NOT NULL DEFAULT 0,
    characters INTEGER NOT NULL DEFAULT 0,
    flagged INTEGER NOT NULL DEFAULT 0,
    read_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (sha256, recipe)
);
CREATE TABLE files (
    path BLOB PRIMARY KEY,       -- absolute, as the bytes that the system knows it by, or a URL
    name TEXT NOT NULL,          -- as in the results
    reading INTEGER REFERENCES readings ON DELETE SET NULL,
    signature TEXT,              -- size, times, inode when it was hashed; '' if not to be relied on
    failure TEXT                 -- passing trouble of the file itself, tried again next time
);
CREATE TABLE pages (
    id INTEGER PRIMARY KEY,
    reading INTEGER NOT NULL REFERENCES readings ON DELETE CASCADE,
    number INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    cells INTEGER,               -- how many, so that none is lost unseen; NULL if from version 4
    form TEXT NOT NULL DEFAULT '',  -- name of the template; empty where none was given
    UNIQUE (reading, number)
);
CREATE TABLE fields (
    id INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES pages ON DELETE CASCADE,
    place INTEGER NOT NULL,      -- in reading order, from 1
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    joint REAL,                  -- probability of the whole text, where a rule tells it
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
CREATE INDEX files_by_name ON files (name);
"""

PICTURES_SCHEMA = """
CREATE TABLE pictures (          -- apart from the cells, which exports read in bulk
    page INTEGER PRIMARY KEY REFERENCES pages ON DELETE CASCADE,
    packed BLOB NOT NULL         -- of all cells in their order, see results/cell_pictures.py
);
"""

RUNS_SCHEMA = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    began_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    conditions TEXT NOT NULL,    -- JSON: program, model, settings
    summary TEXT                 -- JSON: what came of it; NULL while it runs, or if it was killed
);
CREATE TABLE exports (           -- files written, as they were then
    path BLOB PRIMARY KEY,
    content TEXT NOT NULL,       -- what was written, and in which state of the tables below
    signature TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE revision (number INTEGER NOT NULL);
INSERT INTO revision VALUES (0);
"""

TABLES_SCHEMA = f"{SCHEMA} {PICTURES_SCHEMA} {CORRECTIONS_SCHEMA} {RUNS_SCHEMA}"
"""All tables of a new journal."""

REVISED = {
    "files": "(OLD.name, OLD.reading, OLD.failure) IS NOT (NEW.name, NEW.reading, NEW.failure)",
    "corrections": "TRUE",
}
"""Tables whose changes change the results, whichever program makes them; which updates do."""

TRIGGERS = " ".join(
    f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table} "
    f"{f'WHEN {matters} ' if event == 'UPDATE' else ''}"
    "BEGIN UPDATE revision SET number = number + 1; END;"
    for table, matters in REVISED.items()
    for event in ("INSERT", "UPDATE", "DELETE")
)

COUNTS = """
ALTER TABLE files ADD COLUMN signature TEXT;
ALTER TABLE readings ADD COLUMN pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE readings ADD COLUMN characters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE readings ADD COLUMN flagged INTEGER NOT NULL DEFAULT 0;
UPDATE readings SET (pages, characters, flagged) = (
    SELECT count(DISTINCT pages.id), coalesce(sum(character <> '' OR flagged), 0),
           coalesce(sum(cells.flagged), 0)
    FROM pages LEFT JOIN fields ON fields.page = pages.id LEFT JOIN cells ON field = fields.id
    WHERE pages.reading = readings.id
);
"""

UPGRADES = {
    1: f"DROP TABLE corrections; {CORRECTIONS_SCHEMA}",
    2: f"{COUNTS} {RUNS_SCHEMA} {TRIGGERS}",
    3: "ALTER TABLE fields ADD COLUMN joint REAL;",
    4: f"ALTER TABLE pages ADD COLUMN cells INTEGER; {PICTURES_SCHEMA}",
    5: "ALTER TABLE pages ADD COLUMN form TEXT NOT NULL DEFAULT '';",
}
"""What makes each older version the next one; version 1 had no way to enter corrections, and up to
version 4 pictures were PNGs in a table of their own, crops, which stays."""


class DamagedJournalError(OutputError):
    """A journal of ours that the disk, or whatever wrote to it, has damaged."""


class _Connection(sqlite3.Connection):
    """A connection all errors of which are SQLite's own."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        with _quoting():
            return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        with _quoting():
            return super().executemany(*statement)

    def executescript(self, script: str) -> sqlite3.Cursor:
        with _quoting():
            return super().executescript(script)


@contextmanager
def _quoting() -> Iterator[None]:
    """A message that quotes a damaged definition may be no text."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError(f"tables are defined by what is no text: {error}") from error
    except sqlite3.OperationalError as error:
        if str(error):
            raise
        # Python 3.10 leaves such a message empty.
        raise sqlite3.DatabaseError("tables are defined by what is no text") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, with its tables made where it is new.

    Raises
    ------
    DamagedJournalError
        It is a journal, and damaged.
    OutputError
        It cannot be opened, is another program's or of another version.
    """
    try:
        can_write = is_writable(path)
        connection = sqlite3.connect(
            path if can_write else _read_only(path),
            timeout=BUSY_S,
            isolation_level=None,
            factory=_Connection,
            uri=not can_write,
        )
        try:
            (_prepare if can_write else _check_readable)(connection, path)
            _check_files(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if _is_damage(error) and _is_ours(path):
            raise _damaged(path, error) from error
        remedy = "move it away" if _is_damage(error) else "check the disk's space and permissions"
        raise OutputError(
            f"{path}: cannot be opened as a journal ({error}); {remedy}, or give another --out"
        ) from error
    return connection


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """Errors of SQLite within become those of the program.

    Raises
    ------
    DamagedJournalError
        The journal is damaged.
    OutputError
        It cannot be read or written for another reason.
    """
    try:
        yield
    except sqlite3.Error as error:
        if _is_damage(error):
            raise _damaged(path, error) from error
        raise OutputError(
            f"{path}: cannot be used ({error}); check the disk and try again"
        ) from error


def _is_damage(error: Exception) -> bool:
    # SQLite's own codes for it come as this very class. Constraints fail where an index does not
    # fit its table, operations on text that is no UTF-8 and on a table whose definition is hit.
    if type(error) in (sqlite3.DatabaseError, sqlite3.IntegrityError):
        return True
    return any(mark in str(error) for mark in ("decode", "no such", "malformed"))


def _is_ours(path: Path) -> bool:
    """Whether a file that cannot be opened was a journal: it has our mark, or nothing but zeros."""
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except OSError:
        return False
    return head[MARK] == APPLICATION_ID.to_bytes(4, "big") or not any(head)


def _damaged(path: Path, error: Exception) -> DamagedJournalError:
    return DamagedJournalError(
        f"{path}: the journal is damaged ({error}); scan again with --force, which keeps it aside"
        " and reads the forms anew"
    )


def insert(connection: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    """Execute an INSERT of one row; the id of the row."""
    number = connection.execute(statement, tuple(values)).lastrowid
    assert number is not None, statement
    return number


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new journal; refuse what is none of ours.

    SQLite writes ahead, with which a review reads while a scan writes, where
    it can: it needs memory that processes share, which network shares do not
    have. There it writes back, as it does by itself.
    """
    on_network = is_on_network(path)
    if on_network:
        # A journal that was moved there may be in the mode that one process alone may use.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty:
        _check_version(path, application, version)
    if on_network:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
    elif _writes_ahead(connection):
        # This can lose the last commits to a power cut, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if empty:
        changes = f"PRAGMA application_id = {APPLICATION_ID}; {TABLES_SCHEMA} {TRIGGERS}"
    else:
        changes = " ".join(UPGRADES[older] for older in range(version, SCHEMA_VERSION))
    if changes:
        connection.executescript(
            f"BEGIN IMMEDIATE; {changes} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


def _read_only(path: Path) -> str:
    """The address of a journal where nothing can be written, not even what SQLite keeps beside.

    Nobody else writes to it there either; only where a scan was killed before
    the folder became so there is more beside it that must be read.
    """
    beside = Path(f"{path}-wal")
    is_whole = not beside.exists() or not beside.stat().st_size
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_whole else ''}"


def _check_readable(connection: sqlite3.Connection, path: Path) -> None:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    _check_version(path, application, version)
    if version < SCHEMA_VERSION:
        raise OutputError(
            f"{path}: written by an older hcr-batch, and cannot be taken over where nothing can be"
            " written; copy it to another folder"
        )


def _check_files(connection: sqlite3.Connection) -> None:
    """See that paths are bytes and names are text; all else sorts before or after these.

    Raises
    ------
    sqlite3.DatabaseError
        They are not: no program of ours writes so, and no file is known by it.
    """
    for column, kind in (("path", "blob"), ("name", "text")):
        for order in ("ASC", "DESC"):
            row = connection.execute(
                f"SELECT typeof({column}) FROM files ORDER BY {column} {order} LIMIT 1"
            ).fetchone()
            if row and row[0] != kind:
                raise sqlite3.DatabaseError(f"the {column} of a file is {row[0]}")


def _writes_ahead(connection: sqlite3.Connection) -> bool:
    """Have SQLite write ahead; False where the file system does not let it."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError:
        return False
    return bool(mode == "wal")


def _check_version(path: Path, application: int, version: int) -> None:
    """Refuse the tables of other programs and of versions to come."""
    if application != APPLICATION_ID or version < 1:
        raise OutputError(
            f"{path}: not a journal of hcr-batch; move it away or give another --out"
        )
    if version > SCHEMA_VERSION:
        raise OutputError(
            f"{path}: written by a newer hcr-batch (its tables have version {version}, this"
            f" program knows {SCHEMA_VERSION}); update the program, or move it away to read"
            " everything anew"
        )
