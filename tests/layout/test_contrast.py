"""The boxes of this page and those that shine through from its back."""

import pytest
from drawn_form import ink_of, paper, row_of_boxes, scanned, write

from hcr_batch.config import load_settings
from hcr_batch.layout.contrast import is_front, is_written, usual_darkness

SETTINGS = load_settings().layout
PIXELS_PER_MM = 200 / 25.4


def front(box, usual, ink):
    return is_front(box, usual, ink, PIXELS_PER_MM, SETTINGS, closed=True)


@pytest.mark.parametrize(("own", "back"), [(0, 225), (60, 225), (140, 240)])
def test_much_lighter_boxes_are_of_the_back(own, back):
    gray = paper()
    boxes = row_of_boxes(gray, 100, 100, 10, level=own)
    behind = row_of_boxes(gray, 100, 300, 4, level=back)
    ink = ink_of(scanned(gray))
    usual = usual_darkness(boxes + behind, ink, PIXELS_PER_MM)
    assert all(front(box, usual, ink) for box in boxes)
    assert not any(front(box, usual, ink) for box in behind)


def test_light_boxes_are_of_the_page_where_all_are_light():
    gray = paper()
    boxes = row_of_boxes(gray, 100, 100, 10, level=190)
    write(gray, "A", boxes[2])
    ink = ink_of(gray)
    usual = usual_darkness(boxes, ink, PIXELS_PER_MM)
    assert all(front(box, usual, ink) for box in boxes)
    assert usual_darkness([], ink, PIXELS_PER_MM) == 0


def test_ink_in_the_middle_of_a_box_counts_as_writing_its_walls_do_not():
    gray = paper()
    blank, written = row_of_boxes(gray, 100, 100, 2)
    write(gray, "7", written)
    ink = ink_of(gray)
    assert is_written(written, ink)
    assert not is_written(blank, ink)
