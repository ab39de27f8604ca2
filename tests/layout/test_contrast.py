"""The boxes of this page and those that shine through from its back."""

import numpy as np
import pytest
from drawn_form import ink_of, paper, row_of_boxes, scanned, write

from hcr_batch.config import load_settings
from hcr_batch.layout.contrast import are_front, is_written, side_darkness, usual_darkness

SETTINGS = load_settings().layout
PIXELS_PER_MM = 200 / 25.4


def front(boxes, usual, ink):
    sides = side_darkness(boxes, ink, PIXELS_PER_MM)
    return are_front(sides, np.ones(len(boxes), bool), usual, SETTINGS)


def usual_of(boxes, ink):
    return usual_darkness(side_darkness(boxes, ink, PIXELS_PER_MM), ink)


@pytest.mark.parametrize(("own", "back"), [(0, 225), (60, 225), (140, 240)])
def test_much_lighter_boxes_are_of_the_back(own, back):
    gray = paper()
    boxes = row_of_boxes(gray, 100, 100, 10, level=own)
    behind = row_of_boxes(gray, 100, 300, 4, level=back)
    ink = ink_of(scanned(gray))
    usual = usual_of(boxes + behind, ink)
    assert front(boxes, usual, ink).all()
    assert not front(behind, usual, ink).any()


def test_light_boxes_are_of_the_page_where_all_are_light():
    gray = paper()
    boxes = row_of_boxes(gray, 100, 100, 10, level=190)
    write(gray, "A", boxes[2])
    ink = ink_of(gray)
    usual = usual_of(boxes, ink)
    assert front(boxes, usual, ink).all()
    assert usual_of([], ink) == 0


def test_ink_in_the_middle_of_a_box_counts_as_writing_its_walls_do_not():
    gray = paper()
    blank, written = row_of_boxes(gray, 100, 100, 2)
    write(gray, "7", written)
    ink = ink_of(gray)
    assert is_written(written, ink)
    assert not is_written(blank, ink)
