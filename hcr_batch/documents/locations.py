"""Where an input file lies: in a folder, or behind a URL that fsspec understands."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hcr_batch.documents import EXTENSIONS, Source, open_regular
from hcr_batch.errors import DocumentError, NoInputError, UsageError

__all__ = [
    "ARCHIVED",
    "Location",
    "RemoteFile",
    "archived_key",
    "digest",
    "exists",
    "find_remote",
    "is_archived",
    "is_url",
    "key",
    "local_copy",
    "location_of",
    "seconds_unchanged",
    "signature",
]

ARCHIVED = b"\0"
"""Between path and content in the key of a file that is gone."""

BLOCK = 1 << 20
"""Bytes read at a time."""


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL (s3://, gs://, memory://...)."""

    url: str

    def __str__(self) -> str:
        return self.url

    def absolute(self) -> RemoteFile:
        """Itself: a URL needs no folder to start from."""
        return self


Location = Path | RemoteFile


def is_url(text: str) -> bool:
    """Whether a PATH of the command line is a URL."""
    return "://" in text


def key(location: Location) -> bytes:
    """How the journal knows a file: its URL, or the bytes that the system knows it by."""
    if isinstance(location, RemoteFile):
        return location.url.encode()
    # As `location.absolute()`, for which pathlib takes ten times as long.
    return os.fsencode(os.path.join(os.getcwd(), location))


def archived_key(key: bytes, sha256: str) -> bytes:
    """How the journal knows a file that is gone: by its content too, for another may come there.

    No path and no URL holds the zero byte between them.
    """
    return key if is_archived(key) else key + ARCHIVED + sha256.encode()


def is_archived(key: bytes) -> bool:
    """Whether a key is of a file that is gone."""
    return ARCHIVED in key


def location_of(key: bytes) -> Location:
    """The file of a key: where it lies, or lay."""
    key = key.partition(ARCHIVED)[0]
    if b"://" in key:
        return RemoteFile(key.decode())
    return Path(os.fsdecode(key))


def exists(location: Location) -> bool:
    """Whether a file is there, be it only a link to nowhere."""
    if isinstance(location, RemoteFile):
        system, path = _opened(location.url)
        return system.exists(path)
    return os.path.lexists(location)


def signature(location: Location) -> str | None:
    """What changes whenever a file is written: size, times, inode, or what a store has for it.

    The time of the last change of the inode is in it: no program sets that
    back, as copying tools do with the time of the last writing.
    """
    try:
        if isinstance(location, RemoteFile):
            system, path = _opened(location.url)
            return str(system.ukey(path))
        return _signature(os.stat(location))
    except OSError:
        return None


def seconds_unchanged(location: Location) -> float:
    """Seconds since a local file was last written, moved or linked; endless for others."""
    if isinstance(location, RemoteFile):
        return float("inf")
    try:
        status = os.stat(location)
    except OSError:
        return 0.0
    return time.time() - max(status.st_mtime, status.st_ctime)


def digest(location: Location) -> tuple[str, str]:
    """SHA-256 (hex) of a file, and its signature when that was begun.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if isinstance(location, RemoteFile):
        system, path = _opened(location.url)
        mark = str(system.ukey(path))
        with system.open(path, "rb") as file:
            return _sha256(file), mark
    with open_regular(location) as file:
        mark = _signature(os.fstat(file.fileno()))
        return _sha256(file), mark


@contextmanager
def local_copy(location: Location) -> Iterator[Path]:
    """A path under which the file can be opened; a remote one is fetched to a temporary file.

    Raises
    ------
    DocumentError
        It cannot be fetched.
    """
    if isinstance(location, Path):
        yield location
        return
    with tempfile.TemporaryDirectory(prefix="hcr-batch-") as folder:
        copy = Path(folder, posixpath.basename(location.url) or "document")
        _fetch(location, copy)
        try:
            yield copy
        except DocumentError as error:
            raise DocumentError(str(error).replace(str(copy), location.url)) from error


def _fetch(location: RemoteFile, copy: Path) -> None:
    try:
        system, path = _opened(location.url)
        with system.open(path, "rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
    except OSError as error:
        raise DocumentError(f"{location}: cannot be fetched ({error}); check it") from error


def find_remote(url: str) -> list[Source[RemoteFile]]:
    """The documents below a URL, or the one that it names.

    Raises
    ------
    NoInputError
        There is nothing there.
    UsageError
        fsspec, or what it needs for this kind of URL, is not installed.
    """
    system, root = _opened(url)
    try:
        paths = sorted(system.find(root))
    except OSError as error:
        raise NoInputError(f"{url}: cannot be listed ({error}); check the URL") from error
    if not paths:
        raise NoInputError(f"{url}: nothing there; check the URL")
    kept = [path for path in paths if path == root or _is_document(path, root)]
    return [
        Source(RemoteFile(system.unstrip_protocol(path)), _name(path, root)) for path in kept
    ]


def _is_document(path: str, root: str) -> bool:
    parts = _name(path, root).split("/")
    shown = not any(part.startswith((".", "~")) for part in parts)
    return shown and posixpath.splitext(path)[1].lower() in EXTENSIONS


def _name(path: str, root: str) -> str:
    return posixpath.basename(path) if path == root else posixpath.relpath(path, root)


def _opened(url: str) -> tuple[Any, str]:
    """File system and path of a URL."""
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(url)
    except ImportError as error:
        raise UsageError(
            f"{url}: {error}; pip install 'hcr-batch[remote]' and what this kind of URL needs"
        ) from error
    except ValueError as error:
        raise UsageError(f"{url}: {error}; give a folder or another kind of URL") from error


def _signature(status: os.stat_result) -> str:
    parts = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    return ":".join(map(str, parts))


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
