"""A reader that needs no model: a file's own text says what comes of it."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.batch.worker import Outcome, read_file
from hcr_batch.errors import DocumentError
from hcr_batch.types import Box, CellReading, FieldReading, PageReading, Reading

__all__ = ["FakeReader"]


@dataclass(frozen=True)
class FakeReader:
    """Makes a function that reads text: a line a field, `_` a blank cell, lower case flagged.

    Lines of one word are orders: BROKEN, DEFECT, DIE, and SLEEP for `seconds`.
    Every reading leaves a line in `log`.
    """

    log: Path
    seconds: float = 0.2

    def __call__(self) -> Callable[[Path], Outcome]:
        return lambda path: read_file(path, self._scan)

    def _scan(self, path: Path) -> tuple[PageReading, ...]:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{path.name}\n")
        text = path.read_text(encoding="utf-8")
        lines = text.split()
        if "BROKEN" in lines:
            raise DocumentError(f"{path}: broken; scan it again")
        if "DEFECT" in lines:
            raise ValueError("two\nlines")
        if "DIE" in lines:
            os.kill(os.getpid(), signal.SIGKILL)
        if "SLEEP" in lines:
            time.sleep(self.seconds)
        fields = (_field(f"f{place:03d}", line, place) for place, line in enumerate(lines, start=1))
        return (PageReading(1, 800, 600, tuple(fields)),)


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
    return CellReading(Box(x, y, 30, 40), reading, np.full((40, 30), 255, np.uint8))
