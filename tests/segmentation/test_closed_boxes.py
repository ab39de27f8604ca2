"""Boxes that lines close off."""

import cv2
import numpy as np
import pytest

from hcr_batch.segmentation.closed_boxes import closed_boxes

PER_MM = 4.0


def line_layer(*, gaps: tuple[tuple[int, int], ...] = ()) -> np.ndarray:
    """A box 100 mm wide and 8 mm high; `gaps` (first, last column) are missing in its bottom."""
    line = np.zeros((120, 500), np.uint8)
    cv2.rectangle(line, (40, 40), (440, 72), 255, 2)
    for first, last in gaps:
        line[68:76, first:last] = 0
    return line


@pytest.mark.parametrize("gaps", [(), ((100, 103), (250, 254))], ids=["whole", "copied too pale"])
def test_a_box_is_closed_though_its_line_has_short_breaks(gaps):
    (box,) = closed_boxes(line_layer(gaps=gaps), PER_MM)
    assert np.abs(box - [42, 42, 439, 71]).max() <= 2


def test_a_wide_opening_closes_no_box():
    assert not len(closed_boxes(line_layer(gaps=((100, 130),)), PER_MM))


def test_dashes_close_no_box():
    line = np.zeros((120, 500), np.uint8)
    for x in range(40, 440, 12):
        line[40:42, x : x + 8] = line[72:74, x : x + 8] = 255
    line[40:74, 40:42] = line[40:74, 440:442] = 255
    assert not len(closed_boxes(line, PER_MM))
