"""The connected parts of a picture against OpenCV's own statistics of them."""

import cv2
import numpy as np
import pytest

from hcr_batch.arrays.components import Components, labelled


def _specks(share: float, shape: tuple[int, int] = (60, 41)) -> np.ndarray:
    return (np.random.default_rng(3).random(shape) < share).astype(np.uint8)


MASKS = [
    pytest.param(_specks(0.2), id="specks"),
    pytest.param(_specks(0.6), id="large parts with holes"),
    pytest.param(np.ones((4, 7), np.uint8), id="all ink"),
    pytest.param(np.zeros((4, 7), np.uint8), id="no ink"),
    pytest.param(np.eye(9, dtype=np.uint8), id="joined at corners"),
    pytest.param(_specks(0.3, (1, 50)), id="one row"),
    pytest.param(np.ascontiguousarray(_specks(0.3)[:, 5:30]), id="ink at both sides"),
]


@pytest.mark.parametrize("mask", MASKS)
def test_parts_are_those_of_opencv(mask):
    count, labels, stats, middles = cv2.connectedComponentsWithStats(mask, ltype=cv2.CV_32S)
    parts = Components.of(mask)
    assert np.array_equal(parts.labels, labels)
    assert len(parts.width) == count
    assert np.array_equal(parts.width[1:], stats[1:, cv2.CC_STAT_WIDTH])
    assert np.array_equal(parts.height[1:], stats[1:, cv2.CC_STAT_HEIGHT])
    assert np.array_equal(parts.middle[1:], middles[1:])
    assert (parts.width[0], parts.height[0], *parts.middle[0]) == (0, 0, 0, 0)


@pytest.mark.parametrize("mask", MASKS)
def test_labels_are_those_of_opencv_by_its_own_choice_of_a_way(mask):
    _, *wanted = cv2.connectedComponentsWithStats(mask, ltype=cv2.CV_32S)
    for found, plain in zip(labelled(mask), wanted, strict=True):
        assert np.array_equal(found, plain, equal_nan=True)
