"""What shines through from the other side is left out; pale forms and pencil stay."""

import numpy as np
import pytest

from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.seen_page import seen_page
from hcr_batch.segmentation.show_through import without_show_through

LINE, WRITING, CELL = (CHANNELS.index(name) for name in ("line", "writing", "cell"))
SIDE, PITCH = 20, 24
PAPER, BLACK, FAINT = 240, 20, 215


class Drawn:
    """A page of rows of cells, twice as fine as its layers."""

    def __init__(self):
        self.maps = np.zeros((len(CHANNELS), 200, 400), np.uint8)
        self.gray = np.full((400, 800), PAPER, np.uint8)

    def cells(self, row, level, count=8):
        top = 20 + 40 * row
        for left in range(20, 20 + PITCH * count, PITCH):
            frame = np.zeros(self.maps.shape[1:], bool)
            frame[top : top + SIDE, left : left + SIDE] = True
            frame[top + 1 : top + SIDE - 1, left + 1 : left + SIDE - 1] = False
            self._ink(LINE, frame, level)
            self.maps[CELL, top + 4 : top + SIDE - 4, left + 4 : left + SIDE - 4] = 255
        return self

    def write(self, row, level, count=6):
        top = 20 + 40 * row
        for left in range(20, 20 + PITCH * count, PITCH):
            stroke = np.zeros(self.maps.shape[1:], bool)
            stroke[top + 5 : top + 15, left + 9 : left + 11] = True
            self._ink(WRITING, stroke, level)
        return self

    def _ink(self, channel, where, level):
        self.maps[channel][where] = 255
        fine = np.repeat(np.repeat(where, 2, axis=0), 2, axis=1)
        self.gray[fine] = level

    def front(self):
        layers = Layers(self.maps, 2.0)
        seen = seen_page(self.gray, self.maps.shape[1:], layers.pixels_per_mm)
        return without_show_through(layers, seen)


def cells_left(layers, row):
    top = 20 + 40 * row
    return bool(layers.cell[top : top + SIDE].any())


@pytest.mark.parametrize("written", [False, True])
def test_cells_of_the_back_are_left_out(written):
    """Sharp ones too, as on thin paper scanned at a low resolution."""
    page = Drawn().cells(0, BLACK).write(0, BLACK).cells(2, FAINT)
    if written:
        page.write(2, FAINT)
    layers = page.front()
    assert cells_left(layers, 0)
    assert not cells_left(layers, 2)
    assert not layers.line[100:120].any()


def test_what_may_be_pencil_is_not_lost_with_its_cells():
    layers = Drawn().cells(0, BLACK).write(0, BLACK).cells(2, FAINT).write(2, FAINT).front()
    assert layers.written[100:120].any()


def test_pale_cells_that_are_filled_are_the_forms_own():
    layers = Drawn().cells(0, BLACK).cells(1, FAINT).write(1, BLACK).cells(3, FAINT).front()
    assert all(cells_left(layers, row) for row in (0, 1, 3))


@pytest.mark.parametrize("stray", [0, 1])
def test_pale_cells_of_a_blank_form_stay(stray):
    """Also where a letter of its print is taken for writing."""
    layers = Drawn().cells(0, BLACK).write(0, BLACK, stray).cells(2, FAINT).front()
    assert cells_left(layers, 2)


def test_a_form_printed_in_pale_ink_stays():
    layers = Drawn().cells(0, FAINT).write(0, BLACK).cells(2, FAINT).front()
    assert cells_left(layers, 0)
    assert cells_left(layers, 2)
