"""Who is told of a run: nobody, a log of events, a person at a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from hcr_batch.batch.plan import Plan
    from hcr_batch.batch.run import ScanSummary

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

    def planned(self, plan: Plan) -> None:
        """The run knows what it has to do."""

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

    def planned(self, plan: Plan) -> None:
        for observer in self._observers:
            observer.planned(plan)

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
    """Writes a JSON object a line: `event`, `time` (seconds since 1970), what belongs to it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def planned(self, plan: Plan) -> None:
        self._write("run", new=plan.new_files, known=len(plan.known))

    def file_done(self, event: FileEvent) -> None:
        values = asdict(event)
        milliseconds = round(1000 * values.pop("seconds"), 1)
        for name in values.pop("names"):
            self._write("file", file=name, milliseconds=milliseconds, **values)

    def known_failure(self, name: str, failure: str) -> None:
        self._write("failed_before", file=name, failure=failure)

    def note(self, message: str) -> None:
        self._write("note", message=message)

    def finished(self, summary: ScanSummary) -> None:
        self._write("end", exit_code=int(summary.exit_code), **asdict(summary))

    def _write(self, event: str, **values: object) -> None:
        line = {"time": round(time.time(), 3), "event": event, **values}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
