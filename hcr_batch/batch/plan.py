"""What a run has to do: which files are new or changed, and which are done."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from hcr_batch.batch.journal import Journal
from hcr_batch.documents import Source

__all__ = ["Content", "Effort", "KnownFile", "Plan", "make_plan", "signature"]

Signature = tuple[int, int]


@dataclass(frozen=True)
class Effort:
    """What to read beside new files: all again, what failed, and how many at most."""

    force: bool = False
    retry_failed: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class Content:
    """Something to read once: a content, and every file that has it.

    `signature` is the first file's size and time of change when it was hashed.
    """

    sha256: str
    signature: Signature
    files: tuple[Source, ...]

    @property
    def path(self) -> Path:
        return self.files[0].path


@dataclass(frozen=True)
class KnownFile:
    """A file whose content was read before; `failure` is None if that went well."""

    source: Source
    reading: int
    failure: str | None


@dataclass(frozen=True)
class Plan:
    """Contents to read, files that are done, and files that cannot be had (with reasons)."""

    contents: tuple[Content, ...]
    known: tuple[KnownFile, ...]
    unreadable: tuple[tuple[Source, str], ...]

    @property
    def new_files(self) -> int:
        return sum(len(content.files) for content in self.contents)


def make_plan(sources: Iterable[Source], journal: Journal, recipe: str, effort: Effort) -> Plan:
    """Compare the files with the journal, by content.

    Parameters
    ----------
    recipe : str
        Hash of everything but the content that a reading depends on.
    """
    marks: dict[str, Signature] = {}
    files: dict[str, list[Source]] = defaultdict(list)
    known: list[KnownFile] = []
    unreadable: list[tuple[Source, str]] = []
    for source in sources:
        try:
            sha256, mark = _hash(source.path)
        except OSError as error:
            reason = f"{source.path}: cannot be read ({error.strerror}); check the file"
            unreadable.append((source, reason))
            continue
        state = None if effort.force else journal.state(sha256, recipe)
        if state and not (state[1] and effort.retry_failed):
            known.append(KnownFile(source, *state))
        else:
            marks.setdefault(sha256, mark)
            files[sha256].append(source)
    contents = (Content(key, marks[key], tuple(same)) for key, same in files.items())
    return Plan(tuple(islice(contents, effort.limit)), tuple(known), tuple(unreadable))


def signature(path: Path) -> Signature | None:
    """Size and time of change of a file; None if it is gone."""
    try:
        return _signature(os.stat(path))
    except OSError:
        return None


def _signature(status: os.stat_result) -> Signature:
    return status.st_size, status.st_mtime_ns


def _hash(path: Path) -> tuple[str, Signature]:
    with path.open("rb") as file:
        mark = _signature(os.fstat(file.fileno()))
        return _digest(file), mark


def _digest(file) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
