"""Files that are either the old or the new complete one, whatever happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from hcr_batch.errors import OutputError

__all__ = ["atomic_output", "check_folder", "check_writable"]


@contextmanager
def atomic_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when all of it is written.

    It is written beside `path` under a fixed hidden name, so that what a
    killed run leaves is overwritten by the next, brought to disk and renamed.

    Raises
    ------
    OutputError
        It cannot be written; `path` is as it was.
    """
    target, temporary = _target(path), _temporary(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        _remove(temporary)
        raise _not_writable(path, error) from error
    except BaseException:
        _remove(temporary)
        raise


def check_writable(path: Path) -> None:
    """Make the folder of an output and try to write there, before hours of work.

    Raises
    ------
    OutputError
        It is a folder, a device or a pipe, or its folder takes no files.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; give the name of a file")
    if path.exists() and not path.is_file():
        # A file would take its place: /dev/null would be gone for all programs.
        raise OutputError(f"{path}: is a device or pipe, not a file; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _temporary(path).touch()
        _temporary(path).unlink()
    except OSError as error:
        raise _not_writable(path, error) from error


def check_folder(path: Path) -> None:
    """Make a folder of outputs and try to write there; raises as `check_writable` does."""
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is no folder; give the name of one")
    check_writable(path / "page.png")


def _target(path: Path) -> Path:
    """The file itself: a link stays, and may lead to another file system."""
    return Path(os.path.realpath(path))


def _temporary(path: Path) -> Path:
    target = _target(path)
    return target.with_name(f".{target.name}.tmp")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _not_writable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "check the folder, its permissions and free space, or close the program that has it open"
    )


def _sync_folder(folder: Path) -> None:
    """Bring the new name itself to disk, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
