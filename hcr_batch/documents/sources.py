"""Which files a scan reads, in which order and under which names."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TextIO, TypeVar

from hcr_batch.documents.opening import open_regular
from hcr_batch.errors import NoInputError

__all__ = [
    "EXTENSIONS",
    "Source",
    "Survey",
    "begins_like_a_document",
    "discover",
    "kinds_of",
    "nothing_found",
    "survey",
    "text_of_name",
]

EXTENSIONS = frozenset(
    (".png .jpg .jpeg .jpe .jfif .jp2 .tif .tiff .pdf .bmp .gif .webp").split()
)
"""Endings (lower case) of the files taken from folders whatever they hold, so that one that is
damaged is told; a file given by name may have any."""

UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", "~")
"""Endings of files that are still being written, or are another program's copies."""

HEAD_BYTES = 12
BEGINNINGS = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"%PDF-", b"GIF87a", b"GIF89a", b"\0\0\0\x0cjP  \r\n\x87\n"),
)
"""First bytes of PNG, JPEG, TIFF, PDF, GIF and JPEG 2000."""

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
class _FoundFile:
    """A file and the folder its name is relative to."""

    path: Path
    root: Path

    @cached_property
    def short_name(self) -> str:
        """The name relative to the root."""
        return self.name(0)

    def name(self, outer_parts: int) -> str:
        """The relative name with so many parts of the root put before it."""
        # As texts: of many files pathlib would take longer than all else that is done with them.
        root, path = os.fspath(self.root), os.fspath(self.path)
        relative = path if root == os.curdir else path[len(root) :].lstrip(os.sep)
        outer = self.root.absolute().parts[1:] if outer_parts else ()
        parts = (*outer[len(outer) - min(outer_parts, len(outer)) :], relative.replace(os.sep, "/"))
        return text_of_name(os.fsencode("/".join(parts)))


def text_of_name(name: bytes) -> str:
    r"""A file's name as text: bytes that are no UTF-8 as `\xff`, a backslash of its own doubled.

    Thus no two names become one.
    """
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Survey(Generic[Where]):
    """What lies under the paths given: the documents, and the files that are none."""

    sources: tuple[Source[Where], ...]
    passed_over: tuple[Path, ...]


def discover(
    paths: Sequence[str | os.PathLike[str]],
    stdin: TextIO | None = None,
    ignore: Iterable[str | os.PathLike[str]] = (),
) -> tuple[Source[Path], ...]:
    """Find the documents of a run.

    Parameters
    ----------
    paths, stdin, ignore
        As :func:`survey` has them.

    Returns
    -------
    tuple of Source
        As :func:`survey` has it.

    Raises
    ------
    NoInputError
        As :func:`survey` has it, or there is no document at all.
    """
    found = survey(paths, stdin, ignore)
    if not found.sources:
        raise nothing_found(paths, found.passed_over)
    return found.sources


def survey(
    paths: Sequence[str | os.PathLike[str]],
    stdin: TextIO | None = None,
    ignore: Iterable[str | os.PathLike[str]] = (),
) -> Survey[Path]:
    """Look for documents.

    Files in folders are taken by their ending, and those with another or none
    by their first bytes. Hidden and temporary files are not looked at.

    Parameters
    ----------
    paths : sequence of str or path
        Folders (searched recursively, links followed), files, glob patterns,
        and `-` for a list of files on standard input, one a line or separated
        by NUL.
    stdin : TextIO, optional
        Where `-` reads its list; None where that is closed.
    ignore : iterable of str or path
        Files and folders to pass over: the pictures that the run itself draws.

    Returns
    -------
    Survey
        Sources in the order of `paths`, by name within each; every file once.
        A folder within that cannot be listed is among them: reading it fails.

    Raises
    ------
    NoInputError
        A path does not exist, a folder given cannot be listed, or `-` has nothing to read.
    """
    search = _Search(stdin, {os.path.realpath(path) for path in ignore})
    found: dict[str, _FoundFile] = {}
    folders: dict[str, str] = {}
    for path in paths:
        for item in search.expand(path):
            found.setdefault(_real(item.path, folders), item)
    kept = [item for real, item in found.items() if real not in search.ignored]
    return Survey(tuple(_named(kept)), tuple(dict.fromkeys(search.passed_over)))


def _real(path: Path, folders: dict[str, str]) -> str:
    """As `os.path.realpath` has it; where its folder really is, is kept in `folders`."""
    text = os.fspath(path)
    folder, name = os.path.split(text)
    if name in ("", os.curdir, os.pardir) or os.path.islink(text):
        return os.path.realpath(text)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return os.path.join(folders[folder], name)


def nothing_found(
    paths: Sequence[str | os.PathLike[str]], passed_over: Iterable[Path]
) -> NoInputError:
    """What to tell of paths under which no document lies."""
    given = ", ".join(map(str, paths)) or "nothing given"
    kinds = ", ".join(sorted(ending[1:] for ending in EXTENSIONS))
    others = kinds_of(passed_over)
    but = f" but {others}" if others else ""
    return NoInputError(
        f"{given}: no document found{but}; give files or folders with {kinds} files"
    )


def kinds_of(paths: Iterable[Path]) -> str:
    """How many files of each ending there are, the most first: `3 .heic, 1 without ending`."""
    counts = Counter(path.suffix.lower() or "without ending" for path in paths)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {ending}" for ending, count in ordered)


class _Search:
    """Goes through paths; notes the files that it passes over."""

    def __init__(self, stdin: TextIO | None, ignored: Collection[str]) -> None:
        self._stdin = stdin
        self.ignored = ignored
        self.passed_over: list[Path] = []

    def expand(self, path: str | os.PathLike[str]) -> Iterator[_FoundFile]:
        text = os.fspath(path)
        if text == STANDARD_INPUT:
            if self._stdin is None:
                raise NoInputError(
                    "-: nothing was given on standard input, which is closed; give a list of files"
                    " there, one a line"
                )
            return (_FoundFile(item, item.parent) for item in _listed(self._stdin))
        if os.path.isdir(text):
            return self._in_folder(Path(text), Path(text))
        if os.path.lexists(text):
            return iter((_FoundFile(Path(text), Path(text).parent),))
        if glob.has_magic(text):
            return self._matching(text)
        raise NoInputError(f"{text}: no such file or folder; check the path")

    def _matching(self, pattern: str) -> Iterator[_FoundFile]:
        """What a pattern matches, named relative to its part before the first wildcard."""
        parts = Path(pattern).parts
        fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
        root = Path(*parts[:fixed])
        for match in sorted(glob.glob(pattern, recursive=True)):
            path = Path(match)
            if path.is_dir():
                yield from self._in_folder(path, root)
            elif self._is_document(path):
                yield _FoundFile(path, root)

    def _in_folder(self, folder: Path, root: Path) -> Iterator[_FoundFile]:
        return iter(sorted(self._walk(folder, root), key=lambda item: item.short_name))

    def _walk(self, folder: Path, root: Path) -> Iterator[_FoundFile]:
        visited: set[str] = set()
        unlisted: list[Path] = []

        def note(error: OSError) -> None:
            if os.fspath(folder) == error.filename:
                raise _not_listed(error)
            unlisted.append(Path(error.filename))

        for place, folders, files in os.walk(folder, onerror=note, followlinks=True):
            real = os.path.realpath(place)
            if real in visited or real in self.ignored:
                folders.clear()
                continue
            visited.add(real)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            paths = (Path(place, name) for name in files)
            yield from (_FoundFile(path, root) for path in paths if self._is_document(path))
        # Passing a folder over would lose its forms without a word: it is a file that cannot be
        # read.
        yield from (_FoundFile(path, root) for path in unlisted)

    def _is_document(self, path: Path) -> bool:
        """Whether a folder's file is meant to be read: no hidden, temporary or own file."""
        name = path.name
        if name.startswith((".", "~")) or JOURNAL_MARK in name or name.lower().endswith(UNFINISHED):
            return False
        if path.suffix.lower() in EXTENSIONS or begins_like_a_document(path):
            return True
        self.passed_over.append(path)
        return False


def begins_like_a_document(path: Path) -> bool:
    """Whether a file holds a form by its first bytes, whatever its name; none does not."""
    try:
        with open_regular(path) as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith(BEGINNINGS) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def _listed(stdin: TextIO) -> Iterator[Path]:
    """Files of a list; names in any encoding survive where the bytes can be had."""
    binary = getattr(stdin, "buffer", None)
    text = os.fsdecode(binary.read()) if binary else stdin.read()
    lines = text.split("\0") if "\0" in text else text.splitlines()
    return (Path(line) for line in lines if line.strip())


def _not_listed(error: OSError) -> NoInputError:
    return NoInputError(
        f"{error.filename}: cannot be listed ({error.strerror}); check its permissions"
    )


def _named(found: Sequence[_FoundFile]) -> list[Source[Path]]:
    """Give each file its relative name, lengthened by outer folders where two would be equal."""
    names = [item.short_name for item in found]
    outer_parts = [0] * len(found)
    while True:
        times = Counter(names)
        longer = [
            place
            for place, item in enumerate(found)
            if times[names[place]] > 1 and outer_parts[place] < len(item.root.absolute().parts)
        ]
        if not longer:
            return [Source(item.path, name) for item, name in zip(found, names, strict=True)]
        for place in longer:
            outer_parts[place] += 1
            names[place] = found[place].name(outer_parts[place])
