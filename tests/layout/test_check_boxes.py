"""Check boxes are found whatever marks stand in them; the insides of large letters are none."""

import cv2
import numpy as np
import pytest

from hcr_batch.config import load_settings
from hcr_batch.layout.fields import find_fields
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS

SIDE = 12
"""Pixels of the layers: 3 mm."""


class Sheet:
    """The layers of a page of 100 x 75 mm, with what the network would say of parts drawn."""

    def __init__(self):
        self.maps = np.zeros((len(CHANNELS), 300, 400), np.uint8)

    def put(self, channel, draw, *given, wide=1):
        draw(self.maps[CHANNELS.index(channel)], *given, 255, wide)

    def box(self, x, y, wide=3):
        self.put("line", cv2.rectangle, (x, y), (x + SIDE, y + SIDE), wide=wide)
        self.put("check", cv2.rectangle, (x + 3, y + 3), (x + SIDE - 3, y + SIDE - 3), wide=-1)

    def cross(self, x, y):
        """A cross that the network takes for print."""
        self.put("print", cv2.line, (x - 1, y - 1), (x + SIDE + 1, y + SIDE + 1))
        self.put("print", cv2.line, (x + SIDE + 1, y - 1), (x - 1, y + SIDE + 1))
        self.put("print", cv2.line, (x, y - 1), (x + SIDE + 2, y + SIDE + 1))

    def frame(self, x, y):
        """A frame that it takes for print."""
        self.put("print", cv2.rectangle, (x - 1, y - 1), (x + SIDE + 1, y + SIDE + 1), wide=3)

    def fields(self):
        return find_fields(Layers(self.maps, 2.0), load_settings().layout)


def test_a_box_whose_mark_looks_like_print_is_found_by_its_lines():
    sheet = Sheet()
    sheet.box(60, 60)
    sheet.cross(60, 60)
    assert [field.kind for field in sheet.fields()] == ["check"]


@pytest.mark.parametrize("step", [(0, 40), (90, 0)])
def test_a_box_of_pale_lines_is_found_beside_others_of_its_size(step):
    sheet = Sheet()
    places = [tuple(60 + number * away for away in step) for number in range(4)]
    for place in places:
        sheet.box(*place, wide=1)
    sheet.cross(*places[2])
    sheet.frame(*places[2])
    assert [field.kind for field in sheet.fields()] == ["check"] * 4


def test_the_inside_of_a_large_letter_is_no_check_box():
    sheet = Sheet()
    sheet.box(60, 60, wide=1)
    sheet.frame(60, 60)
    assert sheet.fields() == ()


def test_rings_of_one_size_in_a_row_are_check_boxes():
    sheet = Sheet()
    for x in (60, 150):
        sheet.box(x, 60, wide=1)
        sheet.frame(x, 60)
    assert [field.kind for field in sheet.fields()] == ["check"] * 2


@pytest.mark.parametrize(("side_mm", "kind"), [(5, "check"), (8, "boxes")])
def test_a_box_too_large_for_a_tick_is_one_for_a_character(side_mm, kind):
    sheet, side = Sheet(), 4 * side_mm
    sheet.put("line", cv2.rectangle, (60, 60), (60 + side, 60 + side), wide=2)
    sheet.put("check", cv2.rectangle, (64, 64), (56 + side, 56 + side), wide=-1)
    assert [field.kind for field in sheet.fields()] == [kind]
