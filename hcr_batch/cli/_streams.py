"""Standard streams that may be closed or full: results do not depend on who listens."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hcr_batch.errors import OutputError

__all__ = ["discard", "guarded_streams"]


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Let messages that nobody can be told be lost, and data that cannot be written be an error.

    Raises
    ------
    OutputError
        By what writes to standard output where that is closed or full.
    """
    _occupy()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Data(sys.stdout), _Messages(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def discard(stream: Any) -> None:
    """Have all that is and will be written to a stream vanish; Python flushes once more at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def _occupy() -> None:
    """Descriptors 0 to 2 that are closed would be given to the next files opened."""
    for descriptor in range(3):
        with suppress(OSError):
            try:
                os.fstat(descriptor)
            except OSError:
                # The lowest that is free, which is this one.
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


class _Stream:
    """A text stream, or None in place of one that is closed; what it lacks is asked of it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def write(self, text: str) -> int:
        """Write some text; click asks with none of it whether bytes are taken."""
        if not isinstance(text, str):
            raise TypeError("a text is wanted")
        if text:
            self._try("write", text)
        return len(text)

    def flush(self) -> None:
        self._try("flush")

    def _try(self, action: str, *arguments: str) -> None:
        try:
            if self._stream is not None:
                getattr(self._stream, action)(*arguments)
            elif arguments:
                raise OSError(errno.EBADF, "it is closed")
        except BrokenPipeError:
            self._broken()
        except OSError as error:
            discard(self._stream)
            self._failed(error)

    def _broken(self) -> None:
        """Nobody reads it any more."""
        raise NotImplementedError

    def _failed(self, error: OSError) -> None:
        """It cannot be written."""
        raise NotImplementedError


class _Messages(_Stream):
    """Standard error: what cannot be told is lost, and nothing else."""

    def _broken(self) -> None:
        discard(self._stream)

    def _failed(self, error: OSError) -> None:
        pass


class _Data(_Stream):
    """Standard output: a pipe that nobody reads any more is an end, all else an error."""

    def _broken(self) -> None:
        raise BrokenPipeError

    def _failed(self, error: OSError) -> None:
        raise OutputError(
            f"standard output: cannot be written ({error.strerror}); check where it leads to"
        ) from error
