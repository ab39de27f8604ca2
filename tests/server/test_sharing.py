"""One recognizer for many threads, and the gate before it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hcr_batch import load_recognizer
from hcr_batch.recognition import GlyphScores
from hcr_batch.server.sharing import BusyError, Gate, SharedRecognizer


class Counting:
    """A recognizer that notes its batches; the first waits for `go_on`."""

    classes, card, line_reader = (), None, None

    def __init__(self):
        self.batches, self.go_on, self.started = [], threading.Event(), threading.Event()

    def scores(self, glyphs):
        self.batches.append(len(glyphs))
        self.started.set()
        assert self.go_on.wait(20)
        means = glyphs.mean(axis=(1, 2)).astype(np.float32)
        return GlyphScores(np.repeat(means[:, None], 62, axis=1), means)


def glyphs(value, count=1):
    return np.full((count, 28, 28), value, np.uint8)


def test_what_waits_is_classified_together_and_goes_to_whom_it_belongs():
    inner = Counting()
    shared = SharedRecognizer(inner)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(shared.scores, glyphs(1))
        assert inner.started.wait(20)
        later = [pool.submit(shared.scores, glyphs(value, value)) for value in range(2, 6)]
        while shared._waiting.qsize() < 4:
            time.sleep(0.01)
        inner.go_on.set()
        for value, answer in enumerate([first, *later], start=1):
            assert answer.result(20).printed.tolist() == [value] * value
    assert inner.batches == [1, 2 + 3 + 4 + 5]
    shared.close()


def test_the_network_answers_the_same_from_many_threads():
    rng = np.random.default_rng(0)
    batches = [rng.integers(0, 256, (count, 28, 28), np.uint8) for count in (1, 3, 2, 7, 1, 5) * 4]
    alone = load_recognizer()
    wanted = [alone.probabilities(batch) for batch in batches]
    shared = SharedRecognizer(load_recognizer())
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(shared.probabilities, batches))
    assert all(np.array_equal(one, other) for one, other in zip(got, wanted))
    shared.close()


def test_an_error_reaches_who_asked_and_the_next_is_answered():
    class Picky(Counting):
        def scores(self, glyphs):
            if glyphs.max() == 0:
                raise ValueError("black")
            return super().scores(glyphs)

    inner = Picky()
    inner.go_on.set()
    shared = SharedRecognizer(inner)
    with pytest.raises(ValueError, match="black"):
        shared.scores(glyphs(0))
    assert shared.scores(glyphs(3)).printed.tolist() == [3]
    shared.close()


def test_who_waits_too_long_is_turned_away_and_the_next_let_in():
    gate = Gate(working=1, waiting=1, seconds=0.05)
    with gate.entered(), pytest.raises(BusyError), gate.entered():
        pass
    with gate.entered():
        pass


def test_a_gate_without_places_to_wait():
    gate = Gate(working=1, waiting=0, seconds=5)
    with gate.entered(), pytest.raises(BusyError), gate.entered():
        pass
