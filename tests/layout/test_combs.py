"""Boxes are divided where their teeth say so, and only there."""

import cv2
import numpy as np
import pytest
from drawn_form import comb, ink_of, overlap, paper, row_of_boxes, write

from hcr_batch.config import load_settings
from hcr_batch.layout.combs import divide, wall_profiles
from hcr_batch.layout.rulings import find_rulings
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def rulings_of(gray, dpi=200.0):
    return find_rulings(ink_of(gray, dpi), dpi / 25.4, SETTINGS)[-1]


def frame(cells, rim=2):
    first, last = cells[0], cells[-1]
    right, bottom = last.right - rim, first.bottom - rim
    return Box(first.x + rim, first.y + rim, right - first.x - rim, bottom - first.y - rim)


@pytest.mark.parametrize("tooth", [0.35, 0.5, 1.0])
@pytest.mark.parametrize("count", [3, 5, 8, 13, 19])
def test_as_many_cells_as_teeth_and_one(count, tooth):
    gray = paper(150, 40)
    drawn = comb(gray, 60, 100, count, tooth=tooth, top=True)
    found = divide(frame(drawn), rulings_of(gray), SETTINGS)
    assert len(found) == count
    assert all(overlap(a, b) > 0.8 for a, b in zip(drawn, found))


def test_writing_does_not_add_or_hide_teeth():
    gray = paper(150, 40)
    drawn = comb(gray, 60, 100, 14, tooth=0.45, top=True)
    for box, character in zip(drawn, "HILL1TH411NHLE"):
        write(gray, character, box, size=0.7)
    assert len(divide(frame(drawn), rulings_of(gray), SETTINGS)) == 14


@pytest.mark.parametrize("text", ["1111111111", "HILLTHIMNH", "8036", "TTIILLHHII 11"])
def test_writing_in_a_free_box_is_no_comb(text):
    gray = paper(150, 40)
    cv2.rectangle(gray, (60, 100), (760, 170), 0, 2)
    box = Box(62, 102, 696, 66)
    cv2.putText(gray, text, (80, 155), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 20, 4)
    assert divide(box, rulings_of(gray), SETTINGS) == [box]


@pytest.mark.parametrize("dash", [3, 8])
def test_walls_of_dots_and_dashes(dash):
    gray = paper(150, 40)
    drawn = comb(gray, 60, 100, 12, tooth=0.0, top=True)
    for box in drawn[1:]:
        for y in range(103, 154, 2 * dash):
            cv2.line(gray, (int(box.x), y), (int(box.x), min(155, y + dash - 1)), 0, 2)
    found = divide(frame(drawn), rulings_of(gray), SETTINGS)
    assert len(found) == 12


def test_two_cells_need_a_whole_wall_between_them():
    gray = paper(60, 40)
    drawn = row_of_boxes(gray, 60, 100, 2)
    assert len(divide(frame(drawn), rulings_of(gray), SETTINGS)) == 2


def test_an_empty_box_and_one_of_no_height_are_not_divided():
    gray = paper(100, 40)
    cv2.rectangle(gray, (60, 100), (560, 160), 0, 2)
    rulings = rulings_of(gray)
    for box in (Box(62, 102, 496, 56), Box(62, 102, 496, 1)):
        assert divide(box, rulings, SETTINGS) == [box]


def test_profiles_are_high_at_teeth_alone():
    gray = paper(100, 40)
    drawn = comb(gray, 60, 100, 8, tooth=0.5, top=True)
    standing, _ = wall_profiles(frame(drawn), rulings_of(gray))
    teeth = np.array([box.x for box in drawn[1:]]) - drawn[0].x - 2
    seen = np.flatnonzero(standing > 0.5)
    assert np.abs(seen[:, None] - teeth).min(axis=1).max() <= 3
    assert np.abs(seen[:, None] - teeth).min(axis=0).max() <= 3
