"""Many threads, one recognizer and a few readers; many requests, so much work at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.documents import LimitedReader
from hcr_batch.recognition import GlyphScores, Recognizer

if TYPE_CHECKING:
    from hcr_batch.recognition import ModelCard
    from hcr_batch.recognition.line_reader import LineReader
    from hcr_batch.types import Glyphs, Gray, Numbers

__all__ = ["BusyError", "Gate", "ReaderPool", "SharedRecognizer"]

_Job = tuple[np.ndarray, "Future[GlyphScores]"]
"""Glyphs, and where their scores are awaited."""

TOGETHER = 64
"""Glyphs from which no more requests are added to a batch; the network's own chunk."""


class BusyError(Exception):
    """Too much is waiting already, or has waited too long."""


class Gate:
    """Lets so many in to work, and so many wait; the next are turned away.

    Parameters
    ----------
    working : int
        How many may be inside at a time.
    waiting : int
        How many may wait for that.
    seconds : float
        How long one waits at most.
    """

    def __init__(self, working: int, waiting: int, seconds: float) -> None:
        self._present = threading.BoundedSemaphore(working + waiting)
        self._working = threading.BoundedSemaphore(working)
        self._seconds = seconds

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Wait for a place and hold it.

        Raises
        ------
        BusyError
            Every place to wait is taken, or none to work came free in time.
        """
        if not self._present.acquire(blocking=False):
            raise BusyError
        try:
            if not self._working.acquire(timeout=self._seconds):
                raise BusyError
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._present.release()


class ReaderPool:
    """Processes that read what is sent: as many as were ever needed at a time.

    Parameters
    ----------
    gigabytes : float
        Memory that each may take.
    seconds : float
        Time that a page or picture may take.
    """

    def __init__(self, gigabytes: float, seconds: float) -> None:
        self._gigabytes, self._seconds = gigabytes, seconds
        self._idle: queue.LifoQueue[LimitedReader] = queue.LifoQueue()

    @contextmanager
    def reader(self) -> Iterator[LimitedReader]:
        """Hold one of them."""
        try:
            reader = self._idle.get_nowait()
        except queue.Empty:
            reader = LimitedReader(self._gigabytes, self._seconds)
        try:
            yield reader
        finally:
            self._idle.put(reader)


class SharedRecognizer:
    """A recognizer for many threads: what waits at the same time is classified together.

    LiteRT's interpreters belong to one thread; here it is one that takes the
    glyphs of all others.

    Parameters
    ----------
    recognizer : Recognizer
        Not to be used by anyone else from now on.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        threading.Thread(target=self._classify, name="recognizer", daemon=True).start()

    @property
    def classes(self) -> tuple[str, ...]:
        """As the recognizer has them."""
        return self._recognizer.classes

    @property
    def card(self) -> ModelCard:
        """The recognizer's."""
        return self._recognizer.card

    @property
    def line_reader(self) -> LineReader | None:
        """The recognizer's, which takes one thread after the other."""
        return self._recognizer.line_reader

    def normalize(self, cell: Gray) -> Glyphs:
        """As the recognizer does, in the thread that asks."""
        return self._recognizer.normalize(cell)

    def probabilities(self, glyphs: Glyphs) -> Numbers:
        """As :meth:`scores`, without the share of machine print."""
        return self.scores(glyphs).characters

    def scores(self, glyphs: Glyphs) -> GlyphScores:
        """Scores of glyphs uint8 (N, 28, 28); waits for the thread that classifies."""
        answer: Future[GlyphScores] = Future()
        self._waiting.put((glyphs, answer))
        return answer.result()

    def close(self) -> None:
        """End the thread, once what is waiting now is done."""
        self._waiting.put(None)

    def _classify(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs = [first]
            while sum(len(glyphs) for glyphs, _ in jobs) < TOGETHER and not self._waiting.empty():
                job = self._waiting.get()
                if job is None:
                    self._waiting.put(None)
                    break
                jobs.append(job)
            self._answer(jobs)

    def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            scores = self._recognizer.scores(np.concatenate([glyphs for glyphs, _ in jobs]))
        except Exception as error:
            # Whatever went wrong belongs to those who asked; this thread must live on.
            for _, answer in jobs:
                answer.set_exception(error)
            return
        start = 0
        for glyphs, answer in jobs:
            part = slice(start, start := start + len(glyphs))
            answer.set_result(GlyphScores(scores.characters[part], scores.printed[part]))
