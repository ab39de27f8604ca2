"""A journal that the disk or a crash has damaged: put aside whole, its answers saved."""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hcr_batch.journal.corrections import COLUMNS, Correction, Place, correction_of_row

__all__ = ["put_aside", "readable_corrections"]

COMPANIONS = ("", "-wal", "-shm")
"""Endings of the files that SQLite keeps for one journal."""

UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the latter where its message quotes what is no text."""


def put_aside(path: Path) -> Path:
    """Rename a journal and its companions; the new name of the journal, which was free."""
    names = itertools.chain(
        (path.with_name(f"{path.name}.damaged"),),
        (path.with_name(f"{path.name}.damaged-{number}") for number in itertools.count(2)),
    )
    target = next(name for name in names if not os.path.lexists(name))
    for ending in COMPANIONS:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{target}{ending}")
    return target


def readable_corrections(damaged: Path) -> list[Correction]:
    """The answers of reviewers that a damaged journal still gives, in order.

    They are people's work, and cannot be made again as readings can.
    """
    found: dict[int, Correction] = {}
    # From both ends up to the damage.
    for order in ("ASC", "DESC"):
        with suppress(*UNREADABLE), closing(sqlite3.connect(damaged)) as connection:
            # Definitions of other tables that are damaged are passed over then.
            connection.execute("PRAGMA writable_schema = ON")
            for row in connection.execute(f"SELECT {COLUMNS} FROM corrections ORDER BY id {order}"):
                with suppress(ValueError, TypeError):
                    correction = correction_of_row(row)
                    found[correction.id] = correction
    return [correction for _, correction in sorted(found.items()) if _is_sound(correction)]


def _is_sound(correction: Correction) -> bool:
    try:
        return Place.of_key(correction.place.key) == correction.place
    except (ValueError, TypeError):
        return False
