import gc
import weakref

import pytest
from fake_handlers import Taker

from hcr_batch.batch.engines import Lost, run_tasks
from hcr_batch.batch.memory import LOOKED_THROUGH_AFTER, MemoryLimited, keep_loaded
from hcr_batch.batch.worker import ReadTask, read_pages

pytest.importorskip("resource", reason="no limits of memory here")


def test_a_worker_takes_no_more_memory_than_it_may():
    tasks = iter([100, 2000, 200])
    found = dict(run_tasks(MemoryLimited(Taker(), 1.0), lambda: next(tasks, None), jobs=1))
    assert found == {100: 100, 2000: "refused", 200: 200}
    assert not any(isinstance(result, Lost) for result in found.values())


def test_a_file_that_needs_more_is_told_which_setting_to_raise(tmp_path):
    class Hungry:
        def pages(self, *_):
            raise MemoryError

    outcome = read_pages(ReadTask(tmp_path / "a.png", "sha", 1, 8), Hungry())
    assert outcome.failure == f"{tmp_path / 'a.png'}: too large for batch.max_memory_gb; raise it"
    assert outcome.passing


@pytest.fixture
def garbage_as_before():
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


class Ring:
    """Refers to itself."""

    def __init__(self):
        self.itself = self


def test_garbage_that_comes_after_all_is_loaded_is_still_found(garbage_as_before):
    keep_loaded()
    ring = weakref.ref(Ring())
    assert ring() is not None
    others = [[] for _ in range(2 * LOOKED_THROUGH_AFTER)]
    assert ring() is None, len(others)
