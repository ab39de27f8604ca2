"""Outputs that are neither each other nor any input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from hcr_batch.errors import UsageError

__all__ = ["check_apart"]

Mark = tuple[object, ...]
"""Two paths that share one lead to the same file."""


def check_apart(
    outputs: Mapping[str, Path | None],
    inputs: Iterable[Path] = (),
    folders: Mapping[str, Path | None] | None = None,
) -> None:
    """See that nothing that is written takes the place of something else.

    Files are compared by where they are and by inode: links and hard links
    lead to the same file under another name.

    Parameters
    ----------
    outputs : mapping
        Files by what they are called: `--out`, `--fields`; None for those not wanted.
    inputs : iterable of Path
        Files that are read; those that do not exist harm nothing.
    folders : mapping, optional
        Folders that are filled, by what they are called: none holds an input.

    Raises
    ------
    UsageError
        Two outputs are one file, or one is an input.
    """
    taken: dict[Mark, str] = {}
    for name, path in outputs.items():
        for mark in _marks(path) if path else ():
            if mark in taken and taken[mark] != name:
                raise UsageError(
                    f"{path}: is asked for as {name} and as {taken[mark]}; give each its own name"
                )
            taken[mark] = name
    filled = {os.path.realpath(path): name for name, path in (folders or {}).items() if path}
    homes: dict[Path, str | None] = {}
    for path in inputs:
        if harmful := taken.get(_inode(path) or ()):
            raise UsageError(
                f"{path}: is read, and {harmful} would replace it; give another {harmful}"
            )
        if path.parent not in homes:
            homes[path.parent] = _holder(path.parent, filled)
        if holder := homes[path.parent]:
            raise UsageError(
                f"{path.parent}: what is read lies in the folder of {holder}; give another {holder}"
            )


def _marks(path: Path) -> list[Mark]:
    # Many a disk takes `r.csv` and `R.CSV` for one.
    place: Mark = (os.path.normcase(os.path.realpath(path)).casefold(),)
    inode = _inode(path)
    return [place, inode] if inode else [place]


def _inode(path: Path) -> Mark | None:
    """Device and inode; None where there is no such file, or the system has no numbers for them."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _holder(folder: Path, filled: Mapping[str, str]) -> str | None:
    """What the folder that is filled is called which holds another one, or is it."""
    if not filled:
        return None
    real = os.path.realpath(folder)
    inside = (name for place, name in filled.items() if os.path.commonpath([place, real]) == place)
    return next(inside, None)
