"""A row further left or right is told by its upright walls, or by the ends of its level lines."""

import numpy as np
import pytest

from hcr_batch.forms.imprint import PER_MM
from hcr_batch.forms.moved_walls import ends_beside, walls_beside

REACH = 26
COLUMNS = (10.0, 35.0, 42.0, 90.0, 120.0)
TOPS = tuple(20.0 + 8.0 * n for n in range(6))
FIELDS = np.array(
    [[left, top, right, top + 8] for top in TOPS for left, right in zip(COLUMNS, COLUMNS[1:])]
)
ROW = 3
"""The row that moves in some of these tests."""
OF_ROW = np.repeat(np.arange(len(TOPS)) == ROW, len(COLUMNS) - 1)


def table():
    lines = np.zeros((2 * 100 + 2 * REACH, 2 * 140 + 2 * REACH), np.uint8)
    at = [round(PER_MM * side + REACH) for side in (*COLUMNS, *TOPS, TOPS[-1] + 8)]
    columns, rows = at[: len(COLUMNS)], at[len(COLUMNS) :]
    lines[rows, columns[0] : columns[-1] + 1] = 255
    lines[rows[0] : rows[-1] + 1, columns] = 255
    return lines


def with_row_moved(step_mm):
    page = table()
    top = round(PER_MM * TOPS[ROW] + REACH)
    page[top - 2 : top + 19] = np.roll(page[top - 2 : top + 19], round(PER_MM * step_mm), axis=1)
    return page


@pytest.mark.parametrize("step", [-10.0, -6.5, -3.5, 3.0, 5.0, 12.0])
def test_all_fields_of_a_row_that_moved_are_told_and_no_others(step):
    assert (walls_beside(FIELDS, table(), with_row_moved(step), REACH) == OF_ROW).all()


def test_a_table_in_its_place_has_not_moved():
    assert not walls_beside(FIELDS, table(), table(), REACH).any()
    assert not walls_beside(FIELDS, table(), np.roll(table(), 1, axis=1), REACH).any()


def test_walls_that_the_scanner_dropped_are_no_walls_elsewhere():
    assert not walls_beside(FIELDS, table(), np.zeros_like(table()), REACH).any()


def test_a_streak_down_the_page_moves_no_row():
    page = table()
    page[:, REACH + 2 * 35] = 0
    page[:, REACH + 2 * 60] = 255
    assert not walls_beside(FIELDS, table(), page, REACH).any()


def test_level_lines_alone_tell_nothing():
    lines = table()
    lines[:] = np.where(lines.mean(axis=1, keepdims=True) > 100, lines, 0)
    assert not walls_beside(FIELDS, lines, np.roll(lines, 14, axis=1), REACH).any()


@pytest.mark.parametrize("cells", [3, 6, 12])
def test_a_comb_of_which_a_fold_covers_some_cells_has_not_moved_by_a_cell(cells):
    comb = np.zeros((2 * REACH + 60, 2 * REACH + 280), np.uint8)
    columns = REACH + 20 + 10 * np.arange(21)
    comb[REACH + 20 : REACH + 36, columns] = 255
    page = comb.copy()
    page[:, : columns[cells]] = 0
    field = np.array([[10.0, 10.0, 110.0, 18.0]])
    assert not walls_beside(field, comb, page, REACH).any()
    assert walls_beside(field, comb, np.roll(comb, 14, axis=1), REACH).all()


WRITTEN_ON = np.array([[12.0, 40, 40, 46], [55, 40, 80, 46], [85, 40, 120, 46]])


def ruled():
    """Three lines to write on, side by side, below a rule across the whole form."""
    lines = np.zeros((2 * 100 + 2 * REACH, 2 * 140 + 2 * REACH), np.uint8)
    lines[REACH + 2 * 20] = 255
    for left, _, right, bottom in (PER_MM * WRITTEN_ON + REACH).astype(int):
        lines[bottom : bottom + 2, left : right + 1] = 255
    return lines


@pytest.mark.parametrize("step", [-11.0, -6.5, -3.5, 3.0, 5.0, 12.0])
def test_lines_to_write_on_have_moved_where_their_ends_have(step):
    page = ruled()
    low = slice(REACH + 70, REACH + 100)
    page[low] = np.roll(page[low], round(PER_MM * step), axis=1)
    assert ends_beside(WRITTEN_ON, ruled(), page, REACH).all()


@pytest.mark.parametrize("height", [0, 1])
def test_lines_in_their_places_have_not_moved(height):
    page = np.roll(ruled(), (height, 1), axis=(0, 1))
    assert not ends_beside(WRITTEN_ON, ruled(), page, REACH).any()


def test_a_faint_line_with_breaks_has_not_moved():
    page = ruled()
    page[:, REACH + 40 : REACH + 240 : 24] = 0
    page[:, REACH + 60 : REACH + 70] = 0
    assert not ends_beside(WRITTEN_ON, ruled(), page, REACH).any()


def test_a_line_that_the_scanner_dropped_is_nowhere_else():
    assert not ends_beside(WRITTEN_ON, ruled(), np.zeros_like(ruled()), REACH).any()


def test_a_rule_across_the_form_tells_nothing():
    field = np.array([[20.0, 14, 100, 20]])
    assert not ends_beside(field, ruled(), np.roll(ruled(), 14, axis=1), REACH).any()


def test_a_box_as_wide_as_the_form_has_moved_where_both_its_lines_end_elsewhere():
    field, lines = np.array([[40.0, 60, 130, 66]]), np.zeros_like(ruled())
    lines[[REACH + 120, REACH + 132], REACH : REACH + 260] = 255
    assert ends_beside(field, lines, np.roll(lines, 9, axis=1), REACH).all()
    page = lines.copy()
    page[REACH + 132, REACH + 240 :] = 0
    assert not ends_beside(field, lines, page, REACH).any()


def test_a_row_has_moved_of_which_the_line_above_has_not():
    lines, page = ruled(), ruled()
    _, top, _, bottom = WRITTEN_ON[1]
    for mask in (lines, page):
        mask[round(REACH + PER_MM * top), REACH + 20 : REACH + 250] = 255
    low = slice(REACH + round(PER_MM * bottom) - 3, REACH + round(PER_MM * bottom) + 4)
    page[low] = np.roll(page[low], 12, axis=1)
    assert ends_beside(WRITTEN_ON, lines, page, REACH).all()
