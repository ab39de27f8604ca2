"""Files that were hashed before, asked for many at a time: most of a rerun."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from hcr_batch.documents.locations import Location, key

__all__ = ["MOST_AT_ONCE", "HashedFile", "find_hashed"]

MOST_AT_ONCE = 500
"""Files asked for in one question; SQLite takes 999 values at the least."""


class HashedFile(NamedTuple):
    """What the journal has of a file that was hashed: `failure` and `pages` are of its reading."""

    sha256: str
    signature: str
    name: str
    own_failure: str | None
    reading: int
    recipe: str
    failure: str | None
    pages: int


def find_hashed(
    connection: sqlite3.Connection, paths: Sequence[Location]
) -> list[HashedFile | None]:
    """What is known of each of up to `MOST_AT_ONCE` files; None where it was not hashed."""
    keys = [key(path) for path in paths]
    rows = connection.execute(
        "SELECT path, sha256, signature, name, files.failure, reading, recipe, "
        "readings.failure, pages FROM files JOIN readings ON readings.id = files.reading "
        f"WHERE path IN ({', '.join('?' * len(keys))})",
        tuple(keys),
    )
    found = {place: HashedFile(*values) for place, *values in rows}
    return [found.get(place) for place in keys]
