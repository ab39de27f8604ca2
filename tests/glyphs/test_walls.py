"""Walls are erased; what is written across them stays."""

import cv2
import numpy as np
import pytest
from drawn_form import PIXELS_PER_MM, comb, field_of, paper, row_of_boxes, write

from hcr_batch.glyphs.sheet import lay_out
from hcr_batch.glyphs.walls import Erased, erase_walls
from hcr_batch.types import Box

LEVEL = 60


def erased(gray, boxes):
    field = field_of("comb", [Box(b.x + 1, b.y + 1, b.width - 2, b.height - 2) for b in boxes])
    (sheet,) = lay_out(255 - gray, [field], overhang=1.0, pixels_per_mm=PIXELS_PER_MM)
    walls = erase_walls(sheet, PIXELS_PER_MM, LEVEL)
    return Erased(*(on_page(picture, sheet, gray.shape) for picture in vars(walls).values()))


def on_page(picture, sheet, shape):
    """What a sheet of one field shows, in its place on the page."""
    ((rows, columns),) = sheet.cuts()
    ((right, down),) = sheet.shifts
    page = np.zeros(shape, np.uint8)
    page[rows.start - down : rows.stop - down, columns.start - right : columns.stop - right] = (
        picture[rows, columns]
    )
    return page


@pytest.mark.parametrize("line", [1, 2, 4])
@pytest.mark.parametrize("level", [0, 150])
def test_of_an_empty_form_nothing_is_left(line, level):
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 12, line=line, level=level)
    field = slice(95, 162), slice(55, 595)
    assert (erased(gray, boxes).darkness[field] > LEVEL).mean() < 0.002


@pytest.mark.parametrize("tooth", [0.4, 0.5, 1.0])
def test_the_teeth_of_a_comb_are_erased(tooth):
    gray = paper(150, 40)
    boxes = comb(gray, 60, 100, 12, tooth=tooth)
    assert (erased(gray, boxes).darkness[95:162, 55:595] > LEVEL).mean() < 0.003


def test_writing_is_left_as_it_was():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 12)
    written = paper(150, 40)
    for box, character in zip(boxes, "BILL1HT"):
        write(written, character, box)
    left = erased(np.minimum(gray, written), boxes).darkness > LEVEL
    ink = (255 - written) > LEVEL
    assert left[ink].mean() > 0.97


def test_a_stroke_that_crosses_a_wall_is_not_broken():
    gray = paper(150, 60)
    boxes = row_of_boxes(gray, 60, 100, 6)
    cv2.line(gray, (170, 120), (150, 190), 20, 5)
    left = (erased(gray, boxes).darkness > LEVEL).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(left[105:195, 140:185])
    assert stats[1:, cv2.CC_STAT_HEIGHT].max() > 75


def test_a_bar_beside_the_wall_of_one_cell_stays():
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 6)
    x, bottom = int(boxes[2].x), int(boxes[2].bottom)
    bar = slice(bottom - 6, bottom - 2), slice(x + 4, x + 40)
    gray[bar] = 20
    assert (erased(gray, boxes).darkness[bar] > LEVEL).all()


def test_what_is_written_above_a_tooth_stays():
    gray = paper(150, 40)
    boxes = comb(gray, 60, 100, 12, tooth=0.5)
    x, y = int(boxes[3].x), int(boxes[3].y)
    stroke = slice(y + 8, y + 20), slice(x - 1, x + 3)
    gray[stroke] = 20
    assert (erased(gray, boxes).darkness[stroke] > LEVEL).all()


def test_a_heavy_frame_around_light_teeth_is_erased_whole():
    gray = paper(150, 40)
    boxes = comb(gray, 60, 100, 12, tooth=0.5)
    cv2.rectangle(gray, (60, 100), (60 + 12 * 44, 156), 0, 5)
    assert (erased(gray, boxes).darkness[106:150, 64:580] > LEVEL).mean() < 0.003


@pytest.mark.parametrize("level", [90, 120, 170])
def test_a_dark_stroke_along_a_gray_wall_stays(level):
    gray = paper(150, 40)
    boxes = row_of_boxes(gray, 60, 100, 6, level=level)
    x, y = int(boxes[2].x), int(boxes[2].y)
    stroke = slice(y + 12, y + 40), slice(x - 1, x + 3)
    gray[stroke] = 20
    assert (erased(gray, boxes).darkness[stroke] > LEVEL).all()
