"""Which files a scan reads, in which order and under which names."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TextIO, TypeVar

from hcr_batch.errors import NoInputError

__all__ = ["EXTENSIONS", "Source", "discover", "text_of_name"]

EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".pdf", ".bmp", ".gif", ".webp"}
)
"""Endings (lower case) of the files taken from folders; a file given by name may have any."""

Where = TypeVar("Where", covariant=True)

STANDARD_INPUT = "-"
JOURNAL_MARK = ".hcr.sqlite"


@dataclass(frozen=True)
class Source(Generic[Where]):
    """One input file.

    Attributes
    ----------
    path : Path
        Where it lies; what else says so for files that are in no folder.
    name : str
        Its name in the results: relative to the folder given, with `/`;
        valid Unicode whatever the bytes of the path, unique within a run.
    """

    path: Where
    name: str


@dataclass(frozen=True)
class _Found:
    """A file and the folder its name is relative to."""

    path: Path
    root: Path

    def name(self, outer_parts: int) -> str:
        """The relative name with so many parts of the root put before it."""
        relative = self.path.relative_to(self.root)
        outer = self.root.absolute().parts[1:]
        parts = outer[len(outer) - min(outer_parts, len(outer)) :] + relative.parts
        return text_of_name(os.fsencode("/".join(parts)))


def text_of_name(name: bytes) -> str:
    r"""A file's name as text: bytes that are no UTF-8 as `\xff`, a backslash of its own doubled.

    Thus no two names become one.
    """
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def discover(
    paths: Sequence[str | os.PathLike[str]],
    stdin: TextIO | None = None,
    ignore: Iterable[str | os.PathLike[str]] = (),
) -> tuple[Source[Path], ...]:
    """Find the documents of a run.

    Parameters
    ----------
    paths : sequence of str or path
        Folders (searched recursively, links followed), files, glob patterns,
        and `-` for a list of files on standard input, one a line or separated
        by NUL.
    stdin : TextIO, optional
        Where `-` reads its list.
    ignore : iterable of str or path
        Files and folders to pass over: the pictures that the run itself draws.

    Returns
    -------
    tuple of Source
        In the order of `paths`, by name within each; every file once. A
        folder within that cannot be listed is among them: reading it fails.

    Raises
    ------
    NoInputError
        A path does not exist, a folder given cannot be listed, or there is no
        document at all.
    """
    ignored = {os.path.realpath(path) for path in ignore}
    found: dict[str, _Found] = {}
    for path in paths:
        for item in _expand(path, stdin, ignored):
            found.setdefault(os.path.realpath(item.path), item)
    kept = [item for real, item in found.items() if real not in ignored]
    if not kept:
        given = ", ".join(map(str, paths)) or "nothing given"
        kinds = ", ".join(sorted(ending[1:] for ending in EXTENSIONS))
        raise NoInputError(f"{given}: no document found; give files or folders with {kinds} files")
    return tuple(_named(kept))


def _expand(
    path: str | os.PathLike[str], stdin: TextIO | None, ignored: Collection[str]
) -> Iterator[_Found]:
    text = os.fspath(path)
    if text == STANDARD_INPUT and stdin is not None:
        return (_Found(item, item.parent) for item in _listed(stdin))
    if os.path.isdir(text):
        return _in_folder(Path(text), Path(text), ignored)
    if os.path.lexists(text):
        return iter((_Found(Path(text), Path(text).parent),))
    if glob.has_magic(text):
        return _matching(text, ignored)
    raise NoInputError(f"{text}: no such file or folder; check the path")


def _listed(stdin: TextIO) -> Iterator[Path]:
    """Files of a list; names in any encoding survive where the bytes can be had."""
    binary = getattr(stdin, "buffer", None)
    text = os.fsdecode(binary.read()) if binary else stdin.read()
    lines = text.split("\0") if "\0" in text else text.splitlines()
    return (Path(line) for line in lines if line.strip())


def _matching(pattern: str, ignored: Collection[str]) -> Iterator[_Found]:
    """What a glob pattern matches, named relative to its part before the first wildcard."""
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed])
    for match in sorted(glob.glob(pattern, recursive=True)):
        path = Path(match)
        if path.is_dir():
            yield from _in_folder(path, root, ignored)
        elif _is_document(path.name):
            yield _Found(path, root)


def _in_folder(folder: Path, root: Path, ignored: Collection[str]) -> Iterator[_Found]:
    return iter(sorted(_walk(folder, root, ignored), key=lambda item: item.name(0)))


def _walk(folder: Path, root: Path, ignored: Collection[str]) -> Iterator[_Found]:
    visited: set[str] = set()
    unlisted: list[Path] = []

    def note(error: OSError) -> None:
        if os.fspath(folder) == error.filename:
            raise _not_listed(error)
        unlisted.append(Path(error.filename))

    for place, folders, files in os.walk(folder, onerror=note, followlinks=True):
        real = os.path.realpath(place)
        if real in visited or real in ignored:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (_Found(Path(place, name), root) for name in files if _is_document(name))
    # Passing a folder over would lose its forms without a word: it is a file that cannot be read.
    yield from (_Found(path, root) for path in unlisted)


def _not_listed(error: OSError) -> NoInputError:
    return NoInputError(
        f"{error.filename}: cannot be listed ({error.strerror}); check its permissions"
    )


def _is_document(name: str) -> bool:
    """Whether a folder's file is meant to be read: no hidden, temporary or own file."""
    hidden = name.startswith((".", "~")) or JOURNAL_MARK in name
    return not hidden and os.path.splitext(name)[1].lower() in EXTENSIONS


def _named(found: Iterable[_Found]) -> list[Source[Path]]:
    """Give each file its relative name, lengthened by outer folders where two would be equal."""
    outer_parts = dict.fromkeys(found, 0)
    while True:
        names = {item: item.name(count) for item, count in outer_parts.items()}
        times = Counter(names.values())
        clashing = [item for item, name in names.items() if times[name] > 1]
        longer = [item for item in clashing if outer_parts[item] < len(item.root.absolute().parts)]
        if not longer:
            return [Source(item.path, name) for item, name in names.items()]
        for item in longer:
            outer_parts[item] += 1
