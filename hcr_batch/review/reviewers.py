"""Who reviews: the windows that are open, and what each person has done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from hcr_batch.journal.corrections import Correction

__all__ = ["OpenWindows", "ReviewerEffort", "efforts"]

OPEN_S = 60.0
"""Seconds after its last word for which a window counts as open; it says one every 20."""

PAUSE_S = 60.0
"""A longer time between two answers is a break, not work on a character."""


class OpenWindows:
    """The windows that were heard of lately; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def seen(self, client: str) -> None:
        """A window has asked for something."""
        if client:
            with self._lock:
                self._seen[client] = time.monotonic()

    def left(self, client: str) -> None:
        """A window was closed, or its reviewer has left."""
        with self._lock:
            self._seen.pop(client, None)

    def others(self, client: str) -> int:
        """How many windows are open beside this one."""
        since = time.monotonic() - OPEN_S
        with self._lock:
            return sum(seen > since for other, seen in self._seen.items() if other != client)


@dataclass(frozen=True)
class ReviewerEffort:
    """What a person has done: answers, and the minutes that they took without breaks."""

    reviewer: str
    answers: int
    minutes: float

    def __str__(self) -> str:
        time_taken = f"{self.minutes:.0f} minutes" if self.minutes >= 1 else "under a minute"
        answers = "1 answer" if self.answers == 1 else f"{self.answers} answers"
        return f"{self.reviewer}: {answers} in {time_taken}"


def efforts(corrections: Iterable[Correction]) -> Iterator[ReviewerEffort]:
    """What each person has done, who did most first."""
    times: dict[str, list[datetime]] = {}
    for correction in corrections:
        moment = datetime.fromisoformat(correction.corrected_at)
        times.setdefault(correction.reviewer, []).append(moment)
    done = [
        ReviewerEffort(name, len(moments), _minutes(moments)) for name, moments in times.items()
    ]
    return iter(sorted(done, key=lambda effort: -effort.answers))


def _minutes(moments: list[datetime]) -> float:
    gaps = ((later - before).total_seconds() for before, later in zip(moments, moments[1:]))
    return sum(gap for gap in gaps if gap <= PAUSE_S) / 60
