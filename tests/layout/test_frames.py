"""Separate boxes, whatever is written in them."""

import cv2
import numpy as np
import pytest

from hcr_batch.config import load_settings
from hcr_batch.layout.frames import find_frames
from hcr_batch.layout.rulings import Rulings
from hcr_batch.layout.runs import Runs

PER_MM = 200 / 25.4


def frames_of(faint):
    upright = Runs.of(faint, horizontal=False).opened(21)
    rulings = Rulings(faint, faint, upright.turned(), upright, 1.0, PER_MM)
    return find_frames(rulings, [], load_settings().layout)


def framed(columns=40, rows=50, radius=9):
    """A frame with round corners at (20, 20)."""
    faint = np.zeros((100, 100), np.uint8)
    right, bottom = 20 + columns, 20 + rows
    for first, last in (((20 + radius, 20), (right - radius, 20)),
                        ((20 + radius, bottom), (right - radius, bottom)),
                        ((20, 20 + radius), (20, bottom - radius)),
                        ((right, 20 + radius), (right, bottom - radius))):
        cv2.line(faint, first, last, 1, 2)
    for x, y, start in ((20, 20, 180), (right, 20, 270), (right, bottom, 0), (20, bottom, 90)):
        centre = (x + (radius if x == 20 else -radius), y + (radius if y == 20 else -radius))
        cv2.ellipse(faint, centre, (radius, radius), 0, start, start + 90, 1, 2)
    return faint


@pytest.mark.parametrize("stroke", [None, ((20, 30), (60, 30)), ((22, 68), (58, 24))])
def test_a_frame_is_found_also_with_a_stroke_from_wall_to_wall(stroke):
    faint = framed()
    if stroke:
        cv2.line(faint, *stroke, 1, 4)
    (box,) = frames_of(faint)
    assert (box.x, box.y) == pytest.approx((22, 22), abs=1)
    assert (box.right, box.bottom) == pytest.approx((59, 69), abs=1)


@pytest.mark.parametrize("size", [(16, 16), (20, 26)])
def test_a_ring_is_no_frame(size):
    faint = np.zeros((100, 100), np.uint8)
    cv2.ellipse(faint, (50, 50), size, 0, 0, 360, 1, 3)
    assert frames_of(faint) == []


def test_two_cells_with_a_wall_between_are_no_frame_of_one():
    faint = framed(columns=58, radius=2)
    cv2.line(faint, (49, 20), (49, 70), 1, 2)
    assert frames_of(faint) == []


def test_a_frame_is_found_among_the_specks_of_a_rough_scan():
    faint = framed() | (np.random.default_rng(1).random((100, 100)) < 0.02)
    (box,) = frames_of(faint.astype(np.uint8))
    assert (box.x, box.y) == pytest.approx((22, 22), abs=2)
