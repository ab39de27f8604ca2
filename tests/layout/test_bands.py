"""Rows of cells seen from their long lines."""

import cv2
import pytest
from drawn_form import comb, ink_of, overlap, paper, row_of_boxes, write

from hcr_batch.config import load_settings
from hcr_batch.layout.bands import divided, find_bands, without_strokes
from hcr_batch.layout.rulings import find_rulings
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def cells_of(gray, dpi=200.0):
    rulings = find_rulings(ink_of(gray, dpi), dpi / 25.4, SETTINGS)[-1]
    return [
        cell
        for band in divided(find_bands(rulings, SETTINGS), rulings, SETTINGS)
        for cell in band.cells
    ]


def all_found(drawn, found, least=0.6):
    return all(max((overlap(box, other) for other in found), default=0) > least for box in drawn)


def test_writing_that_breaks_every_wall_leaves_the_row():
    gray = paper()
    drawn = row_of_boxes(gray, 100, 150, 16)
    for box, character in zip(drawn, "WHM8W0HE"):
        write(gray, character, box, size=0.75)
    for box in drawn[1:9]:  # a worn wall
        gray[175:180, int(box.x) - 3 : int(box.x) + 4] = 255
    found = cells_of(gray)
    assert len(found) == 16
    assert all_found(drawn, found)


@pytest.mark.parametrize("top", [False, True])
@pytest.mark.parametrize("count", [4, 12, 22])
def test_a_comb_with_half_high_teeth(count, top):
    gray = paper(150, 40)
    drawn = comb(gray, 80, 120, count, tooth=0.5, top=top)
    found = cells_of(gray)
    assert len(found) == count
    assert all_found(drawn, found, 0.75)


def test_a_comb_with_low_teeth_has_cells_as_high_as_writing():
    gray = paper(150, 40)
    drawn = comb(gray, 80, 120, 12, tooth=0.3, walls=0.3)
    found = cells_of(gray)
    assert len(found) == 12
    assert all_found(drawn, found, 0.5)


def test_a_closed_band_without_teeth_is_one_box():
    gray = paper(150, 40)
    cv2.rectangle(gray, (100, 100), (800, 160), 0, 2)
    (box,) = cells_of(gray)
    assert overlap(box, Box(100, 100, 700, 60)) > 0.85


def test_lines_without_walls_are_no_cells():
    gray = paper(150, 60)
    for y in (100, 160, 220, 280):
        cv2.line(gray, (100, y), (800, y), 0, 2)
    assert cells_of(gray) == []


def test_lines_of_different_lengths_do_not_belong_together():
    gray = paper(150, 60)
    cv2.line(gray, (100, 100), (800, 100), 0, 2)
    cv2.line(gray, (100, 160), (500, 160), 0, 2)
    rulings = find_rulings(ink_of(gray), 200 / 25.4, SETTINGS)[-1]
    assert find_bands(rulings, SETTINGS) == []


@pytest.mark.parametrize("dpi", [90, 100, 110, 120, 130])
def test_an_open_comb_at_low_resolution(dpi):
    gray = paper(200, 30, dpi)
    pixel = dpi / 25.4
    width, height = round(5.5 * pixel), round(8 * pixel)
    drawn = comb(gray, round(10 * pixel), round(12 * pixel), 30, width=width, height=height, line=1)
    found = cells_of(gray, dpi)
    assert len(found) == 30
    assert all_found(drawn, found)


def test_strokes_in_boxes_are_no_lines():
    gray = paper()
    drawn = row_of_boxes(gray, 100, 150, 4)
    left, right = int(drawn[1].x) + 4, int(drawn[2].right) - 4
    for y in (165, 193):
        cv2.line(gray, (left, y), (right, y), 0, 3)
    rulings = find_rulings(ink_of(gray, 200.0), 200 / 25.4, SETTINGS)[-1]
    bands = find_bands(rulings, SETTINGS)
    assert len(bands) > 1
    (kept,) = without_strokes(bands, drawn, rulings)
    assert overlap(kept.box, Box(100, 150, 176, 56)) > 0.9


def test_the_other_combs_tell_the_cells_of_a_short_one():
    gray = paper(150, 60)
    comb(gray, 80, 120, 14, tooth=1.0, top=True)
    short = comb(gray, 80, 220, 3, tooth=0.0, top=True)
    for box in short[1:]:  # dotted walls, which alone could be strokes
        for y in range(int(box.y), int(box.bottom), 8):
            gray[y : y + 4, int(box.x) - 1 : int(box.x) + 2] = 40
    found = cells_of(gray)
    assert len(found) == 17
    assert all_found(short, found)
