"""Cells come out whole, between their walls, whatever strokes hide."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_form import comb, overlap, paper, row_of_boxes
from layer_maker import layers_of

from hcr_batch.config import load_settings
from hcr_batch.layout.cells import LineShares, apart
from hcr_batch.layout.fields import find_fields
from hcr_batch.layout.separators import parted
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def found(layers):
    return [
        (field.kind, [cell.box for cell in field.cells])
        for field in find_fields(layers, SETTINGS)
    ]


@pytest.mark.parametrize("draw", [row_of_boxes, comb])
def test_a_comb_is_one_field_with_its_cells_in_place(draw):
    gray = paper(150, 40)
    boxes = draw(gray, 60, 100, 12)
    ((kind, cells),) = found(layers_of(gray, cells=boxes))
    assert kind == "comb"
    assert len(cells) == 12
    assert min(map(overlap, cells, boxes)) > 0.8


def test_spaced_boxes_are_one_field_and_two_combs_are_two():
    gray = paper(200, 60)
    spaced = row_of_boxes(gray, 60, 60, 8, gap=12)
    first = row_of_boxes(gray, 60, 250, 6)
    second = row_of_boxes(gray, 60 + 6 * 44 + 120, 250, 6)
    fields = found(layers_of(gray, cells=[*spaced, *first, *second]))
    sizes = [(kind, len(cells)) for kind, cells in fields]
    assert sizes == [("boxes", 8), ("comb", 6), ("comb", 6)]


def test_cells_whose_walls_are_hidden_are_filled_in_by_the_rhythm_of_their_comb():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 12)
    seen = [box for number, box in enumerate(boxes) if number not in (4, 5)]
    ((_, cells),) = found(layers_of(gray, cells=seen))
    assert len(cells) == 12
    assert min(map(overlap, cells, boxes)) > 0.8


def test_a_first_cell_that_a_frame_runs_into_stays_with_its_row():
    gray = paper(150, 60)
    cv2.rectangle(gray, (40, 40), (700, 360), 0, 2)
    boxes = row_of_boxes(gray, 560, 100, 3)
    # A black area ends where the first cell begins: its edge is a wall in parts only.
    cv2.line(gray, (560, 108), (560, 130), 255, 4)
    ((kind, cells),) = [one for one in found(layers_of(gray, cells=boxes)) if len(one[1]) > 1]
    assert kind == "comb"
    assert len(cells) == 3
    assert min(map(overlap, cells, boxes)) > 0.7


def test_two_rows_whose_insides_have_run_together_are_parted_by_their_walls():
    gray = paper(150, 60)
    rows = [row_of_boxes(gray, 60, y, 12) for y in (100, 156)]
    together = [Box(box.x, box.y, box.width, 2 * box.height) for box in rows[0]]
    fields = found(layers_of(gray, cells=together))
    assert [len(cells) for _, cells in fields] == [12, 12]
    for (_, cells), boxes in zip(fields, rows, strict=True):
        assert min(map(overlap, cells, boxes)) > 0.7


def test_a_gap_between_two_fields_is_not_filled_in():
    gray = paper(200, 40)
    first = row_of_boxes(gray, 60, 100, 6)
    second = row_of_boxes(gray, 60 + 8 * 44, 100, 6)
    fields = found(layers_of(gray, cells=[*first, *second]))
    assert [len(cells) for _, cells in fields] == [6, 6]


def test_cells_that_have_run_together_come_apart_again():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 8)
    layers = layers_of(gray, cells=boxes)
    a, b = (int(box.x + box.width / 2) // 2 for box in boxes[3:5])
    middle = int(boxes[3].y + boxes[3].height / 2) // 2
    layers.cell[middle - 2 : middle + 2, a:b] = 255
    ((_, cells),) = found(layers)
    assert len(cells) == 8


def test_a_cell_that_strokes_have_narrowed_is_its_box():
    form = paper(150, 40)
    boxes = row_of_boxes(form, 60, 100, 1, width=60)
    seen = Box(boxes[0].x, boxes[0].y, 46, boxes[0].height)
    ((_, cells),) = found(layers_of(form, cells=[seen]))
    assert overlap(cells[0], boxes[0]) > 0.9


def test_groups_of_cells_on_one_line_of_a_table_stay_in_their_places():
    form = paper(200, 40)
    starts = (60, 60 + 4 * 44 + 20, 60 + 6 * 44 + 40)
    groups = [row_of_boxes(form, x, 100, count) for x, count in zip(starts, (4, 2, 4))]
    form[99:101, 20:900] = form[155:157, 20:900] = 0  # the lines of the table
    fields = found(layers_of(form, cells=[box for group in groups for box in group]))
    assert [len(cells) for _, cells in fields] == [4, 2, 4]
    pairs = zip([cell for _, cells in fields for cell in cells], [b for g in groups for b in g])
    assert min(overlap(*pair) for pair in pairs) > 0.8


def test_a_wide_box_beside_a_comb_is_one_cell_though_a_stroke_stands_in_its_middle():
    form = paper(150, 40)
    boxes = row_of_boxes(form, 60, 100, 7)
    (wide,) = row_of_boxes(form, 60 + 7 * 44, 100, 1, width=88)
    filled = form.copy()
    middle = round(wide.x + wide.width / 2)
    filled[116:146, middle - 3 : middle + 3] = 30
    ((_, cells),) = found(layers_of(form, filled, cells=[*boxes, wide]))
    assert len(cells) == 8
    assert overlap(cells[-1], wide) > 0.8


def test_a_box_in_an_area_to_write_in_is_a_free_field_and_a_small_square_a_check_box():
    gray = paper(150, 60)
    (wide,) = row_of_boxes(gray, 60, 60, 1, width=500, height=80)
    (small,) = row_of_boxes(gray, 60, 250, 1, width=30, height=30)
    fields = found(layers_of(gray, areas=[wide], checks=[small]))
    assert [kind for kind, _ in fields] == ["free", "check"]
    assert overlap(fields[0][1][0], wide) > 0.85
    assert overlap(fields[1][1][0], small) > 0.7


def test_a_closed_box_with_writing_is_read_even_where_no_area_is_seen():
    form = paper(150, 60)
    row_of_boxes(form, 60, 60, 1, width=500, height=80)
    filled = form.copy()
    filled[90:120, 100:110] = 30
    filled[90:120, 130:140] = 30
    assert [kind for kind, _ in found(layers_of(form, filled))] == ["free"]
    assert found(layers_of(form)) == []


def test_of_cells_upon_each_other_the_larger_stays():
    cells = np.array([[0, 0, 10, 10], [1, 1, 6, 9], [11, 0, 21, 10.0]])
    kept, walls = apart(cells, np.array([4, 2, 3]))
    assert kept.tolist() == [[0, 0, 10, 10], [11, 0, 21, 10]]
    assert walls.tolist() == [4, 3]


def test_a_page_without_anything_has_no_fields():
    assert found(layers_of(paper(100, 100))) == []


@pytest.mark.parametrize("seen", [range(5, 12), range(7), (2, 3, 4, 9)], ids=str)
def test_a_comb_goes_on_as_far_as_its_lines_and_teeth_do(seen):
    gray = paper(200, 40)
    boxes = comb(gray, 60, 100, 12)
    gray[155:157, 60 : 60 + 16 * 44] = 0  # its base line goes on, without teeth
    ((_, cells),) = found(layers_of(gray, cells=[boxes[number] for number in seen]))
    assert len(cells) == 12
    assert min(map(overlap, cells, boxes)) > 0.75


def test_parts_of_a_wide_box_that_look_like_cells_are_none():
    form = paper(150, 60)
    (wide,) = row_of_boxes(form, 60, 60, 1, width=500, height=80)
    strays = [Box(100, 80, 30, 36), Box(300, 90, 24, 40)]
    fields = found(layers_of(form, cells=strays, areas=[wide]))
    assert [kind for kind, _ in fields] == ["free"]


def test_a_label_between_two_boxes_is_no_area_and_a_line_to_write_on_is_one():
    form = paper(150, 80)
    row_of_boxes(form, 60, 200, 1, width=500, height=80)
    form[480:483, 60:700] = 0
    label, strip = Box(60, 150, 400, 44), Box(60, 430, 600, 45)
    fields = found(layers_of(form, areas=[label, strip, Box(60, 200, 500, 80)]))
    assert [kind for kind, _ in fields] == ["free", "free"]
    assert overlap(fields[1][1][0], strip) > 0.7


@pytest.mark.parametrize("sides", [("y", "bottom"), ("y",)], ids=str)
@pytest.mark.parametrize("by", ["nobody", "pen"])
def test_a_dash_between_parts_of_a_number_is_no_cell(sides, by):
    """The network sees a cell between the walls of its neighbours; no line closes it.

    And it may take a heavy dash for a pen's.
    """
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 100, 9)
    opened = boxes[3]
    inner = np.s_[round(opened.x) + 4 : round(opened.right) - 3]
    for side in sides:
        y = round(getattr(opened, side))
        gray[y - 4 : y + 5, inner] = gray.max()
    filled, middle = gray.copy(), round(opened.y + opened.height / 2)
    dashed = filled if by == "pen" else gray
    dashed[middle - 3 : middle + 3, round(opened.x) + 8 : round(opened.right) - 8] = 20
    fields = found(layers_of(gray, filled if by == "pen" else None, cells=boxes))
    assert [len(cells) for _, cells in fields] == [3, 5]


def test_places_beyond_the_page_are_no_error():
    gray = paper(60, 60)
    boxes = row_of_boxes(gray, 60, 100, 8)
    layers = layers_of(gray, cells=boxes)
    inside = [Box(b.x / 2, b.y / 2, b.width / 2, b.height / 2) for b in boxes]
    width = inside[0].width
    beyond = replace(inside[-1], x=layers.line.shape[1] + 1.0)
    before = replace(inside[0], x=-width - 1.0)
    runs = parted((before, *inside, beyond), layers, LineShares.of(layers.line))
    assert set(inside) <= {box for run in runs for box in run}


@pytest.mark.parametrize(
    ("gap", "sign", "parts"), [(10, True, [2, 2]), (10, False, [4]), (16, False, [2, 2])]
)
def test_a_slash_between_boxes_or_a_wide_gap_parts_them(gap, sign, parts):
    gray = paper(150, 60)
    boxes = [
        box for x in (60, 60 + 2 * 44 + gap) for box in row_of_boxes(gray, x, 100, 2)
    ]
    layers = layers_of(gray, cells=boxes)
    if sign:
        left, right = round(boxes[1].right / 2), round(boxes[2].x / 2)
        top, bottom = round(boxes[1].y / 2), round(boxes[1].bottom / 2)
        cv2.line(layers.printed, (right, top), (left, bottom), 255, 2)
    assert [len(cells) for _, cells in found(layers)] == parts


def test_a_cell_that_is_written_in_stays_whatever_hides_its_lines():
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 100, 9)
    hidden = boxes[3]
    inner = np.s_[round(hidden.x) + 4 : round(hidden.right) - 3]
    for y in (hidden.y, hidden.bottom):
        gray[round(y) - 4 : round(y) + 5, inner] = gray.max()
    filled = gray.copy()
    x, y = round(hidden.x + 12), round(hidden.y + 12)
    filled[y : y + 20, x : x + 16] = 30
    ((_, cells),) = found(layers_of(gray, filled, cells=boxes))
    assert len(cells) == 9
