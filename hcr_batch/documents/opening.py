"""Files are opened so that nothing is waited on for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_regular"]


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises
    ------
    OSError
        It cannot be opened, or is no regular file: a pipe would block until
        somebody writes to it, a device may have no end.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "a pipe or device, not a file", str(path))
    return file


def _without_waiting(path: str, flags: int) -> int:
    # Regular files ignore the flag; Windows, which has no such pipes, lacks it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
