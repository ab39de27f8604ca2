"""Closed boxes of a line layer: those to write in, and frames around parts of a form."""

import cv2
import numpy as np
import pytest

from hcr_batch.layout.areas import closed_boxes

PIXELS_PER_MM = 4.0
BOX = (40, 40, 640, 400)
"""Left, top, right and bottom: 90 mm high."""


@pytest.fixture
def line_layer():
    layer = np.zeros((460, 700), np.uint8)
    cv2.rectangle(layer, BOX[:2], BOX[2:], 255, 2)
    return layer


def test_a_high_box_is_one_whatever_strokes_the_line_layer_has_in_it(line_layer):
    rng = np.random.default_rng(3)
    for x, y in rng.integers((60, 60), (600, 380), (80, 2)):
        cv2.line(line_layer, (x, y), (x + 15, y), 255, 2)
        cv2.line(line_layer, (x, y), (x, y + 15), 255, 2)
    np.testing.assert_allclose(closed_boxes(line_layer, PIXELS_PER_MM), [BOX], atol=4)


def test_a_frame_around_lines_is_no_box(line_layer):
    cv2.line(line_layer, (80, 200), (300, 200), 255, 2)
    assert len(closed_boxes(line_layer, PIXELS_PER_MM)) == 0


def test_a_frame_around_boxes_is_no_box(line_layer):
    cv2.rectangle(line_layer, (80, 100), (300, 140), 255, 2)
    np.testing.assert_allclose(
        closed_boxes(line_layer, PIXELS_PER_MM), [(80, 100, 300, 140)], atol=4
    )
