"""One run at a time on one output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hcr_batch.batch.beside import lock_path
from hcr_batch.errors import LockedError, OutputError

__all__ = ["exclusive", "lock_path"]


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it however the process ends.

    Raises
    ------
    LockedError
        Another process holds it.
    OutputError
        It cannot be made.
    """
    descriptor = _acquire(path)
    try:
        yield
    finally:
        # Removed while still held, so that nobody can be holding a file of that name.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror}); check the folder's permissions"
            ) from error
        if not _lock(descriptor):
            os.close(descriptor)
            raise LockedError(
                f"{path}: another run is writing these results; wait for it or give another --out"
            )
        # The holder before may have removed the file between our opening and our locking it.
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
