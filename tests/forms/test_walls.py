"""Walls are seen on a page where they are, not where others or strokes of writing look so."""

import numpy as np

from hcr_batch.forms.imprint import Imprint
from hcr_batch.forms.walls import are_written, walls_seen

PER_MM = 2.0
CELLS = np.array([[40 + 5.0 * n, 30, 45 + 5.0 * n, 38] for n in range(8)])


def low_comb(shift=0.0):
    """A frame around the cells, with teeth too low to be walls, shifted so many mm."""
    lines = np.zeros((200, 240), np.uint8)
    (left, top), (right, bottom) = CELLS[0, :2], CELLS[-1, 2:]
    left, top, right, bottom = (
        round(PER_MM * side) for side in (left + shift, top, right + shift, bottom)
    )
    lines[[top, bottom], left : right + 1] = 255
    lines[top : bottom + 1, [left, right]] = 255
    for n in range(1, 8):
        lines[bottom - 3 : bottom, left + round(5 * PER_MM * n)] = 255
    return Imprint(lines, np.zeros_like(lines), PER_MM)


def shares(page):
    return walls_seen(CELLS, low_comb(), page, np.eye(3), 1.0)


def test_the_cells_of_a_comb_with_low_teeth_are_seen_where_its_ends_are():
    assert (shares(low_comb()) == 1).all()


def test_a_comb_most_of_a_cell_further_is_not_the_forms():
    assert (shares(low_comb(3.5)) == 0).all()
    assert (shares(low_comb(-3.5)) == 0).all()


def test_one_end_that_is_covered_hides_no_others():
    page = low_comb()
    page.lines[:, :88] = 0
    assert (shares(page)[2:] == 1).all()


AREA = np.array([[35.0, 28.0, 100.0, 40.0]])


def written(lines, areas=AREA):
    page = Imprint(lines, np.zeros_like(lines), PER_MM)
    return are_written(CELLS, areas, page, np.eye(3), 1.0)


def test_cells_made_of_strokes_in_an_area_to_write_in_are_written():
    lines = np.zeros((200, 240), np.uint8)
    lines[62:70, 84:140:13] = 255
    lines[64, 80:150] = 255
    assert written(lines).all()


def test_a_comb_printed_in_an_area_is_not_written():
    lines = np.zeros((200, 240), np.uint8)
    lines[60:77, 80:170:10] = 255
    assert not written(lines).any()


def test_cells_outside_all_areas_are_not_written():
    lines = np.zeros((200, 240), np.uint8)
    assert not written(lines, AREA + 60.0).any()
    assert not written(lines, np.empty((0, 4))).any()
