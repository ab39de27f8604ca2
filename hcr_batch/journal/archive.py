"""Files of earlier scans that are not where they were: archived, moved or deleted.

Their readings stay in the results. Such a file is kept under its path with
the content behind it, so that a new file may come under the old name: a
scanner that begins each day with `0001.png` overwrites nobody's results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hcr_batch.documents import text_of_name
from hcr_batch.documents.locations import (
    ARCHIVED,
    Location,
    archived_key,
    exists,
    is_archived,
    key,
    location_of,
)
from hcr_batch.journal.journal_part import JournalPart

__all__ = ["Archive"]


class Archive(JournalPart):
    """The files of a journal that are gone."""

    def settle(self, present: Iterable[Location], keep: bool) -> None:
        """Find out which files are gone.

        Dropped are those that could not be read, and those whose content
        a file has that is there: they were moved, or were copies of it.

        Parameters
        ----------
        present : iterable of Location
            Files known to be there.
        keep : bool
            Keep the others too; else they are dropped from the results.
        """
        known = {key(path) for path in present}
        rows = self._connection.execute(
            "SELECT path, sha256, coalesce(files.failure, "
            "CASE WHEN pages THEN NULL ELSE readings.failure END) FROM files "
            "LEFT JOIN readings ON readings.id = files.reading ORDER BY path"
        ).fetchall()
        gone = [row for row in rows if row[0] not in known and _is_gone(row[0])]
        if not gone:
            return
        left = {path for path, *_ in gone}
        held = {sha256 for path, sha256, failure in rows if path not in left and not failure}
        dropped, moved = [], []
        for path, sha256, failure in gone:
            # Without a reading: its content was read anew under the name of a copy.
            if failure or sha256 is None or sha256 in held or not keep:
                dropped.append((path,))
                continue
            place = archived_key(path, sha256)
            if place != path:
                moved.append((place, path))
        if dropped or moved:
            with self._transaction():
                self._connection.executemany("DELETE FROM files WHERE path = ?", dropped)
                self._connection.executemany("UPDATE files SET path = ? WHERE path = ?", moved)

    def names(self) -> list[str]:
        """Names in the results of the files that are gone and kept."""
        rows = self._connection.execute(
            "SELECT name FROM files WHERE instr(path, ?) ORDER BY name", (ARCHIVED,)
        )
        return [name for (name,) in rows]

    def separate_names(self, present: Iterable[Location]) -> None:
        """Make every name unique, in favour of the files in `present`.

        A file of an earlier run under the same name gets so many outer
        folders put before it that it is told apart, or a number.
        """
        rows = self._connection.execute(
            "SELECT path, name FROM files WHERE name IN "
            "(SELECT name FROM files GROUP BY name HAVING count(*) > 1) ORDER BY path"
        ).fetchall()
        if not rows:
            return
        known = {key(path) for path in present}
        taken = {name for (name,) in self._connection.execute("SELECT name FROM files")}
        with self._transaction():
            for path, name in rows:
                if path not in known:
                    longer = _longer_name(path, name, taken)
                    taken.add(longer)
                    self._connection.execute(
                        "UPDATE files SET name = ? WHERE path = ?", (longer, path)
                    )


def _is_gone(path: bytes) -> bool:
    """Whether there is no such file, or it was gone before: what came in its place is another."""
    return is_archived(path) or not exists(location_of(path))


def _longer_name(path: bytes, name: str, taken: Collection[str]) -> str:
    """The shortest end of the path that is longer than the name and not taken, or a number."""
    parts = text_of_name(path.partition(ARCHIVED)[0]).strip("/").split("/")
    lengths = range(name.count("/") + 2, len(parts) + 1)
    names = ["/".join(parts[-length:]) for length in lengths] + ["/".join(["", *parts])]
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(longer for longer in (*names, *numbered) if longer not in taken)
