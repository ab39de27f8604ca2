import gc
import weakref

import pytest

from hcr_batch.scan.garbage import LOOKED_THROUGH_AFTER, keep_loaded


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
