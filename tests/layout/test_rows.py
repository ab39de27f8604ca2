"""A row of cells stays whole where single cells were missed, joined or parted."""

import cv2
import pytest
from drawn_form import ink_of, overlap, paper, row_of_boxes, write

from hcr_batch.config import load_settings
from hcr_batch.layout.boxes import find_boxes
from hcr_batch.layout.rows import complete_rows, divide_runs, rows_of
from hcr_batch.layout.rulings import find_rulings
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def rulings_of(gray):
    return find_rulings(ink_of(gray), 200 / 25.4, SETTINGS)[-1]


def inner(box, rim=2):
    return Box(box.x + rim, box.y + rim, box.width - 2 * rim, box.height - 2 * rim)


def test_boxes_of_one_height_and_level_are_a_row():
    places = [(300, 101, 50), (100, 100, 50), (100, 200, 50), (200, 90, 80)]
    boxes = [Box(x, y, 40, height) for x, y, height in places]
    rows = rows_of(boxes)
    assert [[(box.x, box.y) for box in row] for row in rows] == [
        [(200, 90)],
        [(100, 100), (300, 101)],
        [(100, 200)],
    ]


@pytest.mark.parametrize("lost", [{4}, {0}, {9}, {3, 4, 5}])
@pytest.mark.parametrize("gap", [0, 14])
def test_cells_that_were_missed_are_put_in(lost, gap):
    gray = paper()
    drawn = [inner(box) for box in row_of_boxes(gray, 100, 200, 10, gap=gap)]
    seen = [box for index, box in enumerate(drawn) if index not in lost]
    (row,) = complete_rows(seen, rulings_of(gray), SETTINGS)
    assert len(row) == 10
    assert all(overlap(a, b) > 0.75 for a, b in zip(drawn, row))


def test_no_cell_is_put_in_where_nothing_is_drawn():
    gray = paper()
    left = row_of_boxes(gray, 100, 200, 4)
    right = row_of_boxes(gray, 500, 200, 4)
    drawn = [inner(box) for box in left + right]
    (row,) = complete_rows(drawn, rulings_of(gray), SETTINGS)
    assert row == drawn


def test_no_cell_is_put_in_on_a_black_ground():
    gray = paper()
    drawn = [inner(box) for box in row_of_boxes(gray, 100, 200, 4)]
    gray[190:270, 278:900] = 0
    (row,) = complete_rows(drawn, rulings_of(gray), SETTINGS)
    assert row == drawn


def test_a_wide_box_beside_cells_stays():
    gray = paper()
    cells = row_of_boxes(gray, 100, 200, 6)
    wide = row_of_boxes(gray, 100 + 6 * 44, 200, 1, width=310)
    (row,) = complete_rows([inner(b) for b in cells + wide], rulings_of(gray), SETTINGS)
    assert len(row) == 7
    assert row[-1].width == pytest.approx(306, abs=2)


def test_boxes_that_share_walls_are_not_parted_by_strokes():
    gray = paper()
    drawn = row_of_boxes(gray, 100, 200, 12)
    for box in drawn[::2]:  # a stroke from line to line in mid-cell
        x = int(box.x + box.width / 2)
        cv2.line(gray, (x + 4, 203), (x - 4, 253), 20, 4)
    rulings = rulings_of(gray)
    cells = divide_runs(find_boxes(rulings, [], SETTINGS), rulings, rulings, SETTINGS)
    (row,) = complete_rows(cells, rulings, SETTINGS)
    assert len(row) == 12
    assert all(overlap(a, b) > 0.75 for a, b in zip(drawn, row))


def test_a_field_of_tall_boxes_is_not_divided():
    gray = paper(150, 100)
    (drawn,) = row_of_boxes(gray, 100, 100, 1, width=500, height=300)
    write(gray, "HILL", inner(drawn), size=0.4)
    rulings = rulings_of(gray)
    assert divide_runs([inner(drawn)], rulings, rulings, SETTINGS) == [inner(drawn)]
