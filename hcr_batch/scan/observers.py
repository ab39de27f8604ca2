"""Who is told of a run: nobody, a log of events, a person at a terminal."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from hcr_batch.errors import OutputError

if TYPE_CHECKING:
    from hcr_batch.scan.request import ScanSummary
    from hcr_batch.timing import StageTime

__all__ = ["FileEvent", "JsonLog", "Observer", "Observers"]


@dataclass(frozen=True)
class FileEvent:
    """A content was dealt with; `names` are its files, `failure` is None if it was read."""

    names: tuple[str, ...]
    failure: str | None = None
    pages: int = 0
    characters: int = 0
    flagged: int = 0
    seconds: float = 0.0


class Observer:
    """Is told what happens in a run, in the process that was started; does nothing with it."""

    def begun(self, files: int, conditions: Mapping[str, object]) -> None:
        """The files are found, the model and settings known."""

    def known(self, name: str) -> None:
        """A file needs no reading."""

    def pages_read(self, name: str, stages: Sequence[StageTime]) -> None:
        """Some pages of a file were read, or broke off."""

    def file_done(self, event: FileEvent) -> None:
        """A file was read, or could not be."""

    def known_failure(self, name: str, failure: str) -> None:
        """A file is passed over since it failed in an earlier run."""

    def note(self, message: str) -> None:
        """Something else that a person should know."""

    def finished(self, summary: ScanSummary) -> None:
        """The results are written."""


class Observers(Observer):
    """Tells several."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def begun(self, files: int, conditions: Mapping[str, object]) -> None:
        for observer in self._observers:
            observer.begun(files, conditions)

    def known(self, name: str) -> None:
        for observer in self._observers:
            observer.known(name)

    def pages_read(self, name: str, stages: Sequence[StageTime]) -> None:
        for observer in self._observers:
            observer.pages_read(name, stages)

    def file_done(self, event: FileEvent) -> None:
        for observer in self._observers:
            observer.file_done(event)

    def known_failure(self, name: str, failure: str) -> None:
        for observer in self._observers:
            observer.known_failure(name, failure)

    def note(self, message: str) -> None:
        for observer in self._observers:
            observer.note(message)

    def finished(self, summary: ScanSummary) -> None:
        for observer in self._observers:
            observer.finished(summary)


class JsonLog(Observer):
    """Writes a JSON object a line: `run`, `time` (seconds since 1970), `event`, what belongs to it.

    Parameters
    ----------
    file : text file
        Written line by line.

    Raises
    ------
    OutputError
        By every method: the line cannot be written.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._run = f"{datetime.now():%Y%m%dT%H%M%S}-{os.getpid()}"

    def begun(self, files: int, conditions: Mapping[str, object]) -> None:
        self._write("run", files=files, **conditions)

    def pages_read(self, name: str, stages: Sequence[StageTime]) -> None:
        for time_taken in stages:
            self._write(
                "page",
                file=name,
                page=time_taken.page,
                stage=time_taken.stage,
                milliseconds=_milliseconds(time_taken.seconds),
            )

    def file_done(self, event: FileEvent) -> None:
        values = asdict(event)
        milliseconds = _milliseconds(values.pop("seconds"))
        for name in values.pop("names"):
            self._write("file", file=name, milliseconds=milliseconds, **values)

    def known_failure(self, name: str, failure: str) -> None:
        self._write("failed_before", file=name, failure=failure)

    def note(self, message: str) -> None:
        self._write("note", message=message)

    def finished(self, summary: ScanSummary) -> None:
        self._write("end", exit_code=int(summary.exit_code), **asdict(summary))

    def _write(self, event: str, **values: object) -> None:
        line = {"run": self._run, "time": round(time.time(), 3), "event": event, **values}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"{self._file.name}: the log cannot be written ({error.strerror}); check the"
                " disk's free space"
            ) from error


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)
