"""What a run has to do: which files are new or changed, and which are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from hcr_batch.documents import Source
from hcr_batch.documents.locations import Location, RemoteFile, digest, seconds_unchanged, signature
from hcr_batch.journal.hashed_files import MOST_AT_ONCE, HashedFile
from hcr_batch.journal.journal import FileEntry, Journal

__all__ = ["KnownFile", "LostFile", "NewFile", "ScanOptions", "classify"]

Hash = Callable[[], tuple[str, str]]
"""Gives SHA-256 and signature of a file."""

REMOTE_AHEAD = 16
"""Remote files that are fetched and hashed at a time, before their turn."""

SETTLED_SECONDS = 2.0
"""A file's times tell whether it changed since it was hashed only if it had been left alone so
long before; clocks of file systems are coarse."""


@dataclass(frozen=True)
class ScanOptions:
    """What to read beside new files: all again, what failed, and how many at most."""

    force: bool = False
    retry_failed: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class NewFile:
    """A file whose content is to be read.

    `signature` is of the moment when it was hashed; `settled` says whether it
    had been left alone for a while then, `replaces` whether the results hold
    another content under its path.
    """

    source: Source[Location]
    sha256: str
    signature: str
    settled: bool
    replaces: bool = False

    @property
    def path(self) -> Location:
        """Where it lies."""
        return self.source.path

    @property
    def entry(self) -> FileEntry:
        """What the journal is to know of it."""
        return FileEntry(self.path, self.source.name, self.signature if self.settled else "")


@dataclass(frozen=True)
class KnownFile:
    """A file whose content was read before; `failure` is None if that went well.

    `pages` that are in the results may be there all the same.
    """

    source: Source[Location]
    entry: FileEntry
    reading: int
    failure: str | None
    pages: int = 0
    is_entered: bool = False
    """The journal has the entry as it is."""


@dataclass(frozen=True)
class LostFile:
    """A file that cannot be had this time, and why."""

    source: Source[Location]
    reason: str


def classify(
    sources: Iterable[Source[Location]],
    journal: Journal,
    recipe: str,
    options: ScanOptions,
    is_full: Callable[[], bool] = lambda: False,
) -> Iterator[NewFile | KnownFile | LostFile]:
    """Compare files with the journal, by content, one by one as they are asked for.

    A file that has not changed since an earlier run hashed it is not opened.

    Parameters
    ----------
    recipe : str
        Hash of everything but the content that a reading depends on.
    is_full : callable
        Says that no more will be read; files that are not known by their
        dates are then passed over, not opened.
    """
    for source, before, hashed in _hashes(sources, journal, is_full):
        if hashed is None and before and _stands(before, recipe, options):
            yield _known(source, before)
            continue
        try:
            sha256, mark = hashed() if hashed else _unchanged(before)
        except OSError as error:
            reason = f"{source.path}: cannot be read ({error.strerror or error}); check the file"
            yield LostFile(source, reason)
            continue
        new = NewFile(source, sha256, mark, seconds_unchanged(source.path) > SETTLED_SECONDS)
        state = journal.state(sha256, recipe)
        if state and not options.force and not (state[1] and options.retry_failed):
            yield KnownFile(source, new.entry, *state)
        else:
            yield replace(new, replaces=before is not None and before.sha256 != sha256)


def _unchanged(before: HashedFile | None) -> tuple[str, str]:
    assert before, "only what is known has no need to be hashed"
    return before.sha256, before.signature


def _stands(before: HashedFile, recipe: str, options: ScanOptions) -> bool:
    """Whether what was read of a file that has not changed since is what is asked for."""
    again = options.force or (options.retry_failed and before.failure)
    return before.recipe == recipe and not again


def _known(source: Source[Location], before: HashedFile) -> KnownFile:
    entry = FileEntry(source.path, source.name, before.signature)
    is_entered = before.own_failure is None and before.name == source.name
    return KnownFile(
        source, entry, before.reading, before.failure, before.pages, is_entered=is_entered
    )


def _hashes(
    sources: Iterable[Source[Location]], journal: Journal, is_full: Callable[[], bool]
) -> Iterator[tuple[Source[Location], HashedFile | None, Hash | None]]:
    """What is known of each file that may be wanted, and what hashes it where it has changed.

    Remote files are fetched ahead, several at a time: the way to them is long.
    """
    waiting: deque[tuple[Source[Location], HashedFile | None, Hash | None]] = deque()
    with ThreadPoolExecutor(REMOTE_AHEAD) as threads:
        for source, before in _remembered(sources, journal):
            is_remote = isinstance(source.path, RemoteFile)
            if before and before.signature and before.signature == signature(source.path):
                waiting.append((source, before, None))
            elif is_full():
                continue
            elif is_remote:
                waiting.append((source, before, threads.submit(digest, source.path).result))
            else:
                waiting.append((source, before, partial(digest, source.path)))
            while len(waiting) > (REMOTE_AHEAD if is_remote else 0):
                yield waiting.popleft()
        yield from waiting


def _remembered(
    sources: Iterable[Source[Location]], journal: Journal
) -> Iterator[tuple[Source[Location], HashedFile | None]]:
    """Sources with what the journal has of them, asked for many at a time."""
    remaining = iter(sources)
    while chunk := list(islice(remaining, MOST_AT_ONCE)):
        yield from zip(chunk, journal.find_hashed([source.path for source in chunk]), strict=True)
