"""How long the stages of a page take."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["STAGES", "StageTime", "Stopwatch"]

STAGES = ("decode", "level", "segment", "layout", "ink", "recognize", "read", "encode")
"""What is done with a page, in order; together they take all of its time."""


@dataclass(frozen=True)
class StageTime:
    """Seconds that one of the :data:`STAGES` took of one page."""

    page: int
    stage: str
    seconds: float


class Stopwatch:
    """Adds up the seconds of each stage; those of a stage within another count for itself alone."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._within = 0.0

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Take the time of what happens within."""
        start, before, self._within = time.perf_counter(), self._within, 0.0
        try:
            yield
        finally:
            passed = time.perf_counter() - start
            self._seconds[stage] += passed - self._within
            self._within = before + passed

    def take(self, page: int) -> list[StageTime]:
        """The stages since the last call, which were of this page."""
        times = [StageTime(page, stage, seconds) for stage, seconds in self._seconds.items()]
        self._seconds.clear()
        return times
