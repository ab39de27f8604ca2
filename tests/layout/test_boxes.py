"""Closed rectangles, and open ones whose fourth side is plain."""

import cv2
import pytest
from drawn_form import ink_of, overlap, paper, row_of_boxes, write

from hcr_batch.config import load_settings
from hcr_batch.layout.boxes import find_boxes
from hcr_batch.layout.rulings import find_rulings
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def boxes_of(gray, dpi=200.0):
    rulings = find_rulings(ink_of(gray, dpi), dpi / 25.4, SETTINGS)
    return find_boxes(rulings[-1], [], SETTINGS)


@pytest.mark.parametrize("dpi", [90, 120, 150, 200, 300, 600])
def test_boxes_are_found_at_any_resolution(dpi):
    gray = paper(120, 40, dpi)
    x, y, width, height = (round(mm * dpi / 25.4) for mm in (10, 15, 6, 8))
    line = max(1, round(0.3 * dpi / 25.4))
    drawn = row_of_boxes(gray, x, y, 12, width=width, height=height, line=line)
    found = sorted(boxes_of(gray, dpi), key=lambda box: box.x)
    assert len(found) == 12
    assert all(overlap(a, b) > 0.75 for a, b in zip(drawn, found))


def test_the_inner_area_is_meant_without_the_walls():
    gray = paper(60, 40)
    cv2.rectangle(gray, (100, 80), (220, 160), 0, 5)
    (box,) = boxes_of(gray)
    assert box.x == pytest.approx(103, abs=1.5)
    assert box.y == pytest.approx(83, abs=1.5)
    assert box.right == pytest.approx(218, abs=1.5)
    assert box.bottom == pytest.approx(158, abs=1.5)


def test_a_frame_around_boxes_is_none():
    gray = paper(100, 60)
    cv2.rectangle(gray, (40, 40), (740, 420), 0, 3)
    drawn = row_of_boxes(gray, 100, 150, 5, gap=30)
    found = boxes_of(gray)
    assert len(found) == len(drawn)


def test_decoration_and_black_bars_are_none():
    gray = paper(100, 60)
    row_of_boxes(gray, 60, 60, 6, width=12, height=12, gap=20, line=1)
    gray[200:260, 60:700] = 0
    gray[300:330, 60:700] = 0
    assert boxes_of(gray) == []


@pytest.mark.parametrize("text", ["H", "8", "T", "0", "E"])
def test_writing_leaves_its_box_whole(text):
    gray = paper(60, 40)
    (drawn,) = row_of_boxes(gray, 100, 80, 1, width=52, height=60)
    write(gray, text, drawn, size=0.65)
    (box,) = boxes_of(gray)
    assert overlap(box, drawn) > 0.75


def test_a_small_gap_in_a_wall_is_closed():
    gray = paper(60, 40)
    (drawn,) = row_of_boxes(gray, 100, 80, 1, width=120, height=80)
    gray[118:121, 95:105] = 255
    (box,) = boxes_of(gray)
    assert overlap(box, drawn) > 0.8


def test_boxes_with_round_corners_in_a_row():
    gray = paper(120, 40)
    drawn = [Box(60 + 70 * index, 100, 54, 66) for index in range(8)]
    for box in drawn:
        _rounded(gray, box, radius=10)
    found = boxes_of(gray)
    assert len(found) == 8
    assert all(max(overlap(box, other) for other in found) > 0.7 for box in drawn)


def test_letters_of_a_heading_are_no_boxes():
    gray = paper(150, 40)
    cv2.putText(gray, "BOARD DOOR 80", (30, 180), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 5)
    assert boxes_of(gray) == []


def test_a_box_without_its_top_line():
    gray = paper(100, 40)
    corners = [(100, 100), (100, 160), (500, 160), (500, 100)]
    for start, end in zip(corners, corners[1:]):
        cv2.line(gray, start, end, 0, 2)
    (box,) = boxes_of(gray)
    assert overlap(box, Box(100, 100, 400, 60)) > 0.85


def test_the_page_itself_is_no_box():
    gray = paper(85, 54)  # a card: no higher than a box may be
    cv2.rectangle(gray, (0, 0), (gray.shape[1] - 1, gray.shape[0] - 1), 0, 4)
    drawn = row_of_boxes(gray, 100, 150, 8)
    assert len(boxes_of(gray)) == len(drawn)


def test_an_empty_page_has_none():
    assert boxes_of(paper(50, 50)) == []


def _rounded(gray, box, radius):
    left, top, right, bottom = (int(v) for v in (box.x, box.y, box.right, box.bottom))
    cv2.line(gray, (left + radius, top), (right - radius, top), 0, 2)
    cv2.line(gray, (left + radius, bottom), (right - radius, bottom), 0, 2)
    cv2.line(gray, (left, top + radius), (left, bottom - radius), 0, 2)
    cv2.line(gray, (right, top + radius), (right, bottom - radius), 0, 2)
    corners = ((left, top, 180), (right, top, 270), (right, bottom, 0), (left, bottom, 90))
    for x, y, start in corners:
        centre = x + (radius if x == left else -radius), y + (radius if y == top else -radius)
        cv2.ellipse(gray, centre, (radius, radius), 0, start, start + 90, 0, 2)


def test_no_box_is_looked_for_where_cells_are_known():
    gray = paper()
    known = row_of_boxes(gray, 100, 150, 4)
    wanted = row_of_boxes(gray, 100, 300, 4)
    rulings = find_rulings(ink_of(gray, 200.0), 200 / 25.4, SETTINGS)[-1]
    found = find_boxes(rulings, known, SETTINGS)
    assert len(found) == 4
    assert all(max(overlap(box, other) for other in found) > 0.8 for box in wanted)
