"""The files that were written from a journal, as they were then."""

from __future__ import annotations

from pathlib import Path

from hcr_batch.documents.locations import key, location_of, signature
from hcr_batch.journal.journal_part import JournalPart

__all__ = ["Exports"]


class Exports(JournalPart):
    """The files written from a journal."""

    def holds(self, path: Path, content: str, mark: str | None) -> bool:
        """Whether a file was written with this content from the tables as they are, and is so."""
        row = self._connection.execute(
            "SELECT content, signature FROM exports WHERE path = ?", (key(path),)
        ).fetchone()
        return row == (self._revised(content), mark)

    def untouched(self, content: str) -> list[Path]:
        """The files still as they were written, with a content that begins so."""
        rows = self._connection.execute("SELECT path, content, signature FROM exports").fetchall()
        places = ((location_of(path), text, mark) for path, text, mark in rows)
        return [
            place
            for place, text, mark in places
            if text.startswith(content) and isinstance(place, Path) and signature(place) == mark
        ]

    def note(self, path: Path, content: str, mark: str | None) -> None:
        """Note that a file is written."""
        with self._transaction():
            self._connection.execute(
                "REPLACE INTO exports VALUES (?, ?, ?)",
                (key(path), self._revised(content), mark or ""),
            )

    def _revised(self, content: str) -> str:
        return f"{content} {self.revision}"
