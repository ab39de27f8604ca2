"""A reader that needs no model: a file's own text says what comes of it."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from hcr_batch.errors import DocumentError, PageError
from hcr_batch.scan.worker import Outcome, ReadTask, read_pages
from hcr_batch.types import CellReading, FieldReading, PageReading, Reading, SourceBox

__all__ = ["FakeReader"]


@dataclass(frozen=True)
class FakeReader:
    """Makes a function that reads text: a line a field, `_` a blank cell, lower case flagged.

    A form feed begins another page. Lines of one word are orders: BROKEN, TORN,
    DEFECT, BUSY, DIE, CRASH, HANG, and SLEEP for `seconds`. Every page that is read
    leaves a line in `log`.
    """

    log: Path
    seconds: float = 0.2

    def __call__(self) -> Callable[[ReadTask], Outcome]:
        return lambda task: read_pages(task, self)

    def pages(self, path: Path, first: int, last: int, watch: object) -> Iterator[PageReading]:
        pages = enumerate(_texts(path), start=1)
        for number, text in islice(pages, first - 1, last):
            with self.log.open("a", encoding="utf-8") as log:
                log.write(f"{path.name!a}\n".replace("'", ""))
            with watch("decode"):
                yield self._read(number, text, path)

    def count(self, path: Path) -> int:
        return len(_texts(path))

    def _read(self, number: int, text: str, path: Path) -> PageReading:
        lines = text.split()
        if "BROKEN" in lines:
            raise DocumentError(f"{path}: broken; scan it again")
        if "TORN" in lines:
            raise PageError(f"{path}, page {number}: torn; scan it again", number)
        if "DEFECT" in lines:
            raise ValueError("two\nlines")
        if "BUSY" in lines:
            raise DocumentError(f"{path}: busy") from OSError(errno.EBUSY, "busy")
        if "DIE" in lines:
            os.kill(os.getpid(), signal.SIGKILL)
        if "CRASH" in lines:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "HANG" in lines:
            time.sleep(3600)
        if "SLEEP" in lines:
            time.sleep(self.seconds)
        fields = (_field(f"f{place:03d}", line, place) for place, line in enumerate(lines, start=1))
        return PageReading(number, 800, 600, tuple(fields))


def _texts(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\f")


def _field(name: str, text: str, place: int) -> FieldReading:
    cells = (_cell(char, 30 * position, 50 * place) for position, char in enumerate(text))
    return FieldReading(name, "comb", tuple(cells))


def _cell(char: str, x: int, y: int) -> CellReading:
    flagged = char.islower()
    reading = Reading(
        char.strip("_"),
        0.5 if flagged else 0.98765,
        flagged,
        ("low_confidence",) if flagged else (),
        (("8", 0.0312), ("B", 0.0107)) if flagged else (),
    )
    return CellReading(SourceBox(x, y, 30, 40), reading, np.full((40, 30), 255, np.uint8))
