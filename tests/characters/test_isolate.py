"""Each cell gets its own writing, without walls, dirt and neighbours."""

import cv2
import numpy as np
import pytest
from drawn_form import comb, field_of, paper, row_of_boxes, scanned, write
from layer_maker import written_of

from hcr_batch.characters.isolate import isolate_fields
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.config import load_settings
from hcr_batch.types import Box

SETTINGS = load_settings().glyphs


def inner(box, rim=1):
    return Box(box.x + rim, box.y + rim, box.width - 2 * rim, box.height - 2 * rim)


def isolated(form, gray, boxes, kind="comb"):
    field = field_of(kind, [inner(box) for box in boxes])
    (cells,), _ = isolate_fields(written_of(form, gray), [field], SETTINGS)
    return cells


def alone(character, box):
    """The glyph of a character on bare paper."""
    gray = paper(60, 30)
    write(gray, character, Box(100, 60, box.width, box.height))
    left, top, width, height = cv2.boundingRect((gray < 250).astype(np.uint8))
    around = slice(top - 4, top + height + 4), slice(left - 4, left + width + 4)
    return normalize_ink(255 - scanned(gray)[around])


def likeness(a, b):
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


@pytest.mark.parametrize("level", [0, 120, 190])
@pytest.mark.parametrize("draw", [row_of_boxes, comb])
def test_glyphs_come_as_if_no_form_were_there(draw, level):
    gray = paper(150, 40)
    boxes = draw(gray, 60, 100, 12, level=level)
    form = gray.copy()
    for box, character in zip(boxes, "A7K2 RSZ8"):
        write(gray, character, box)
    cells = isolated(form, gray, boxes)
    for cell, box, character in zip(cells, boxes, "A7K2 RSZ8   "):
        if character == " ":
            assert cell.ink is None
            assert cell.box == inner(box)
        else:
            assert likeness(normalize_ink(cell.ink), alone(character, box)) > 0.93
            assert not cell.touching
            assert not cell.out_of_cell


def test_all_cells_of_an_empty_field_are_blank():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 12)
    form = gray.copy()
    for x, y in ((80, 120), (300, 140), (301, 141)):
        gray[y : y + 2, x : x + 2] = 30  # dirt
    assert [cell.ink for cell in isolated(form, gray, boxes)] == [None] * 12


@pytest.mark.parametrize("pen", [40, 110, 160, 195])
def test_faint_pens_and_pencils_are_seen_beside_dark_walls(pen):
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 6)
    form = gray.copy()
    write(gray, "R", boxes[2], level=pen)
    cells = isolated(form, gray, boxes)
    assert [cell.ink is None for cell in cells] == [True, True, False, True, True, True]
    assert likeness(normalize_ink(cells[2].ink), alone("R", boxes[2])) > 0.9


def test_a_stroke_across_a_wall_stays_with_its_character():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 6)
    form = gray.copy()
    write(gray, "7", boxes[2])
    x, y = int(boxes[2].x), int(boxes[2].y)
    cv2.line(gray, (x + 20, y + 40), (x + 10, y + 70), 20, 4)  # its tail, through the base line
    cells = isolated(form, gray, boxes)
    assert cells[2].box.bottom > boxes[2].bottom + 5
    assert [cell.ink is None for cell in cells] == [True, True, False, True, True, True]


def test_a_bar_that_reaches_into_the_neighbour_leaves_it_blank():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 4)
    form = gray.copy()
    x, y = int(boxes[1].x), int(boxes[1].y)
    cv2.line(gray, (x + 22, y + 12), (x + 22, y + 46), 20, 4)
    cv2.line(gray, (x + 8, y + 12), (x + 49, y + 12), 20, 4)  # a T, 5 pixels over the wall
    cells = isolated(form, gray, boxes)
    assert [cell.ink is None for cell in cells] == [True, False, True, True]
    assert cells[1].box.right > boxes[1].right


def test_characters_that_touch_are_parted_at_the_wall_and_reported():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 4)
    form = gray.copy()
    y = int(boxes[0].y)
    for box in boxes[1:3]:
        cv2.circle(gray, (int(box.x + box.width / 2), y + 28), 14, 20, 4)
    cv2.line(gray, (int(boxes[1].x) + 36, y + 28), (int(boxes[2].x) + 8, y + 28), 20, 4)
    cells = isolated(form, gray, boxes)
    assert [cell.touching for cell in cells] == [False, True, True, False]
    assert cells[1].ink is not None
    assert cells[2].ink is not None
    assert cells[1].box.right <= cells[2].box.x + 2


def test_a_character_mostly_beyond_its_walls_is_reported():
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 150, 4)
    form = gray.copy()
    x, y = int(boxes[1].x), int(boxes[1].y)
    cv2.line(gray, (x + 22, y - 14), (x + 22, y + 18), 20, 4)
    cells = isolated(form, gray, boxes)
    assert cells[1].out_of_cell


def test_ink_is_placed_on_the_page_where_it_stands():
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 150, 4)
    form = gray.copy()
    cv2.rectangle(gray, (118, 165), (135, 190), 20, 3)
    (cell,) = [cell for cell in isolated(form, gray, boxes) if cell.ink is not None]
    assert (cell.box.x, cell.box.y) == pytest.approx((117, 164), abs=2)
    assert (cell.box.right, cell.box.bottom) == pytest.approx((137, 192), abs=2)
    assert cell.ink.shape == (cell.box.height, cell.box.width)


def test_writing_outside_all_cells_is_told():
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 150, 4)
    form = gray.copy()
    write(gray, "7", Box(boxes[-1].right + 20, 150, 44, 56))
    write(gray, "3", boxes[1])
    written = written_of(form, gray)
    (cells,), stray = isolate_fields(written, [field_of("comb", boxes)], SETTINGS)
    assert [cell.ink is None for cell in cells] == [True, False, True, True]
    assert (written.parts.places[stray, 0] > boxes[-1].right).all()
    assert stray.sum() == 1


def test_pencil_is_seen_beside_ink_on_one_page():
    gray = paper(150, 60)
    rows = [row_of_boxes(gray, 60, y, 6) for y in (60, 200)]
    form = gray.copy()
    for box, character in zip(rows[0], "A7K2RS"):
        write(gray, character, box, level=20)
    for box, character in zip(rows[1], "8B"):
        write(gray, character, box, level=215)
    dark, faint = (isolated(form, gray, boxes) for boxes in rows)
    assert all(cell.ink is not None for cell in dark)
    assert [cell.ink is None for cell in faint] == [False, False, True, True, True, True]
    assert likeness(normalize_ink(faint[1].ink), alone("B", rows[1][1])) > 0.9


def test_a_field_at_the_edge_of_the_page():
    gray = paper(30, 20)
    boxes = [Box(-6, -8, 60, 70), Box(54, -8, 60, 70)]
    form = gray.copy()
    write(gray, "4", Box(0, 0, 54, 62))
    cells = isolated(form, gray, boxes)
    assert cells[0].ink is not None
    assert cells[1].ink is None


@pytest.mark.parametrize("place", [(2000, 2000), (-300, -300), (-300, 50), (50, 2000)])
def test_cells_beyond_the_page_are_blank(place):
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 3)
    form = gray.copy()
    write(gray, "A", boxes[0])
    outside = field_of("comb", [Box(place[0] + 40 * number, place[1], 40, 40) for number in (0, 1)])
    fields = [outside, field_of("comb", boxes)]
    (beyond, here), _ = isolate_fields(written_of(form, gray), fields, SETTINGS)
    assert [cell.ink for cell in beyond] == [None, None]
    assert [cell.ink is None for cell in here] == [False, True, True]


def test_rests_of_walls_at_the_sides_of_a_cell_are_no_part_of_the_character():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 3)
    form = gray.copy()
    write(gray, "R", boxes[1])
    clean = isolated(form, gray, boxes)[1]
    box = boxes[1]
    for x in (box.x + 2, box.right - 4):
        cv2.line(gray, (int(x), int(box.bottom) - 8), (int(x), int(box.bottom) - 4), 60, 2)
    cell = isolated(form, gray, boxes)[1]
    assert cell.box == clean.box
    assert likeness(normalize_ink(cell.ink), normalize_ink(clean.ink)) > 0.99


def test_a_dot_above_a_letter_and_strokes_as_high_as_it_stay():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 3)
    form = gray.copy()
    box = boxes[0]
    left, right, bottom = int(box.x) + 3, int(box.right) - 4, int(box.bottom) - 4
    for x in (left, right):  # an H that has lost its bar
        cv2.line(gray, (x, bottom - 20), (x, bottom), 60, 2)
    middle = int(boxes[1].x + boxes[1].width / 2)
    cv2.line(gray, (middle, bottom - 14), (middle, bottom), 60, 2)
    cv2.circle(gray, (middle, bottom - 20), 1, 60, 2)
    first, second, _ = isolated(form, gray, boxes)
    assert first.box.width > 0.7 * box.width
    assert second.box.height > 18


def test_a_character_that_touches_the_label_above_is_no_blank():
    form = paper(150, 60)
    boxes = row_of_boxes(form, 60, 100, 4)
    written = form.copy()
    last = boxes[-1]
    write(written, "4", last)
    middle = round(last.x + last.width * 0.55)
    # A label whose letters hang together, and the stroke that reaches up to it.
    cv2.rectangle(written, (80, 40), (middle, 70), 20, 14)
    cv2.line(written, (middle, 70), (middle, round(last.y + last.height / 2)), 20, 5)
    cells = isolated(form, written, boxes)
    assert [cell.ink is None for cell in cells] == [True, True, True, False]
    assert cells[-1].touching


def test_a_signature_through_blank_cells_is_none_of_their_characters():
    form = paper(150, 60)
    boxes = row_of_boxes(form, 60, 100, 4)
    written = form.copy()
    places = [(20, 40), (boxes[0].right + 10, 250), (boxes[1].right + 10, 30), (560, 260)]
    cv2.polylines(written, [np.array(places, int)], False, 20, 5)
    assert all(cell.ink is None or cell.touching for cell in isolated(form, written, boxes))
