"""Runs give what OpenCV's morphology gives, at any length and at the page's edges."""

import cv2
import numpy as np
import pytest

from hcr_batch.layout.runs import Runs

SHAPES = [(37, 53), (8, 64), (200, 3), (1, 90)]


def random_mask(shape, share=0.7):
    rng = np.random.default_rng(sum(shape))
    return (rng.random(shape) < share).astype(np.uint8)


def element(length, horizontal):
    return np.ones((1, length) if horizontal else (length, 1), np.uint8)


@pytest.mark.parametrize("horizontal", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", [1, 3, 7, 9, 31])
def test_runs_are_lengthened_closed_and_opened_as_opencv_does(shape, length, horizontal):
    mask = random_mask(shape)
    runs, kernel = Runs.of(mask, horizontal=horizontal), element(length, horizontal)
    assert (runs.mask() == mask).all()
    assert (runs.dilated(length).mask() == cv2.dilate(mask, kernel)).all()
    assert (runs.eroded(length).mask() == cv2.erode(mask, kernel)).all()
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    assert (runs.closed(length).mask() == closed).all()
    across = element(3, not horizontal)
    assert (runs.thickened().mask() == cv2.dilate(mask, across)).all()
    assert (runs.thinned().mask() == cv2.erode(mask, across)).all()
    across = element(2, not horizontal)
    assert (runs.thickened(before=0).mask() == cv2.dilate(mask, across)).all()
    assert (runs.thinned(before=0).mask() == cv2.erode(mask, across, anchor=(0, 0))).all()
    assert not Runs.of(0 * mask, horizontal=horizontal).thinned().any()
    assert ((~runs).mask() == 1 - mask).all()
    assert not (runs & ~runs).any()
    assert not (~(runs | ~runs)).any()
    assert (runs.turned().mask() == mask).all()
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
    assert (runs.opened(length).mask() == opened).all()


@pytest.mark.parametrize("horizontal", [True, False])
def test_a_run_is_kept_from_its_first_to_its_last_joint(horizontal):
    drawn = (
        "..######..####..######.#",
        "#..#..#.....#.........#.",
        "...####.....#...........",
    )
    masks = [np.array([[mark == "#" for mark in line]] * 9, np.uint8) for line in drawn]
    runs, seen, kept = masks if horizontal else [mask.T.copy() for mask in masks]
    found = Runs.of(runs, horizontal=horizontal).spanning(Runs.of(seen, horizontal=horizontal))
    assert (found.mask() == kept).all()


@pytest.mark.parametrize("horizontal", [True, False])
def test_runs_grow_along_what_is_connected_to_them(horizontal):
    within = np.zeros((21, 30), np.uint8)
    cv2.line(within, (2, 2), (14, 14), 1)
    within[18, 5:9] = 1
    start = np.zeros_like(within)
    start[2, 2] = 1
    runs = Runs.of(start, horizontal=horizontal)
    grown = runs.grown(Runs.of(within, horizontal=horizontal), steps=5)
    assert list(zip(*np.nonzero(grown.mask()))) == [(place, place) for place in range(2, 8)]
