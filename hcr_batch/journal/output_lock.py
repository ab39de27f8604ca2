"""One run at a time on one output."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from hcr_batch.errors import LockedError, OutputError
from hcr_batch.journal.journal_paths import lock_path

__all__ = ["exclusive", "lock_path"]

HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What a system says of a lock that another process holds; whatever else it says, it has none,
as many network shares."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it however the process ends.

    Where it has no locks, a file beside it names the process that runs: that
    of a killed process of this machine counts no more.

    Raises
    ------
    LockedError
        Another process holds it.
    OutputError
        It cannot be made.
    """
    descriptor = _acquire(path)
    if descriptor is None:
        with _claimed(path.with_name(f"{path.name}.owner")):
            yield
        return
    try:
        yield
    finally:
        _release(descriptor, path)


def _acquire(path: Path) -> int | None:
    """The open and locked file; None where the system has no locks."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _not_made(path, error) from error
        locked = _lock(descriptor)
        # The holder before may have removed the file between our opening and our locking it.
        if locked and path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)
        if locked is None:
            with suppress(OSError):
                path.unlink()
            return None
        if not locked:
            raise LockedError(
                f"{path}: another run is writing these results; wait for it or give another --out"
            )


def _release(descriptor: int, path: Path) -> None:
    """Remove the file and let go of it.

    Where an open file can be removed, that is done while it is locked: nobody
    can be holding another of its name. Windows refuses it, and does so too
    where somebody has opened the file since; then it stays.
    """
    if os.name == "posix":
        path.unlink(missing_ok=True)
        os.close(descriptor)
        return
    os.close(descriptor)
    with suppress(OSError):
        path.unlink()


def _lock(descriptor: int) -> bool | None:
    """Whether the file is now locked; None where the system has no locks for it."""
    try:
        _system_lock(descriptor)
    except ImportError:
        return None
    except OSError as error:
        return False if error.errno in HELD else None
    return True


def _system_lock(descriptor: int) -> None:
    """Lock without waiting, by whichever module the system has."""
    try:
        fcntl = import_module("fcntl")
    except ImportError:
        msvcrt = import_module("msvcrt")
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """Hold a file that names this process; only one can make it."""
    mine = f"{socket.gethostname()} {os.getpid()}\n"
    try:
        if path.exists() and not _is_running(path):
            path.unlink()
        with path.open("x", encoding="utf-8") as file:
            file.write(mine)
    except FileExistsError as error:
        owner = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
        raise LockedError(
            f"{path}: another run is writing these results ({owner or 'just begun'}); wait for it,"
            " or delete the file if that machine or process is not running any more"
        ) from error
    except OSError as error:
        raise _not_made(path, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _is_running(path: Path) -> bool:
    """Whether the owner of a claim may be at work: always, on other machines."""
    host, _, number = path.read_text(encoding="utf-8", errors="replace").strip().partition(" ")
    if host != socket.gethostname() or not number.isdecimal() or os.name != "posix":
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _not_made(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror}); check the folder's permissions"
    )
