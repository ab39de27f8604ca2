"""Documents that were never files: uploads, kept in memory alone."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["MemoryFile"]


@dataclass(frozen=True)
class MemoryFile:
    """A document's bytes under a name for messages; readers use it as they use a Path."""

    name: str
    data: bytes

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open it as a stream of its bytes, whatever the mode."""
        return io.BytesIO(self.data)

    def read_bytes(self) -> bytes:
        """All of it."""
        return self.data

    def __str__(self) -> str:
        return self.name
