"""A line of writing as a strip: level, upright, of one size, each place known on the page."""

import cv2
import numpy as np
import pytest

from hcr_batch.characters.line_strip import MARGIN, STRIP_HEIGHT, line_strip


def written(text="HANDEL", scale=2.0, thickness=4):
    """Soft ink of a text in capitals, and where it stands, as x, y, right, bottom."""
    ink = np.zeros((int(60 * scale), int(40 * scale * len(text))), np.uint8)
    place = int(10 * scale), int(45 * scale)
    cv2.putText(ink, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    return ink


def ends(ink):
    rows, columns = np.nonzero(ink > 100)
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_blank_paper_has_no_strip():
    assert line_strip(np.zeros((40, 90), np.uint8)) is None
    assert line_strip(np.full((40, 90), 20, np.uint8)) is None


@pytest.mark.parametrize("scale", [0.6, 1.5, 4.0])
def test_writing_of_any_size_comes_out_alike(scale):
    top, bottom, left, _right = ends(line_strip(written(scale=scale)).image)
    assert 20 <= bottom - top <= 28
    assert left >= MARGIN - 2


def test_one_long_tail_does_not_make_a_word_small():
    ink = np.vstack([written(), np.zeros((120, 480), np.uint8)])
    plain = line_strip(ink).image.shape[1]
    cv2.line(ink, (300, 80), (285, 150), 255, 4)
    assert line_strip(ink).image.shape[1] > 0.75 * plain


def test_a_line_that_falls_is_leveled_and_slanted_writing_stands_upright():
    ink = written("HILLLIH LIHT")
    leaning = cv2.warpAffine(ink, np.array([[1, -0.4, 60.0], [0.08, 1, 0]]), (1100, 260))
    assert abs(ends(line_strip(leaning).image)[1] - ends(line_strip(ink).image)[1]) <= 4
    upright = line_strip(ink).image.sum(axis=0, dtype=float)
    righted = line_strip(leaning).image.sum(axis=0, dtype=float)
    assert np.square(np.diff(righted)).sum() > 0.6 * np.square(np.diff(upright)).sum()


def test_a_box_of_the_strip_is_found_on_the_page():
    ink = written("I", scale=2.0)
    rows, columns = np.nonzero(ink > 100)
    strip = line_strip(ink, 500, 300)
    box = strip.box(MARGIN - 1, strip.image.shape[1] - MARGIN + 1)
    assert abs(box.x - (500 + columns.min())) <= 4
    assert abs(box.right - (501 + columns.max())) <= 4
    assert abs(box.y - (300 + rows.min())) <= 4
    assert abs(box.bottom - (301 + rows.max())) <= 4


def test_pale_ink_becomes_full_and_the_height_is_always_the_same():
    strip = line_strip((written() * 0.4).astype(np.uint8))
    assert strip.image.max() > 240
    assert strip.image.shape[0] == STRIP_HEIGHT


def test_a_dot_and_a_long_dash_are_strips_too():
    dot = np.zeros((30, 30), np.uint8)
    dot[10:13, 10:13] = 255
    dash = np.zeros((30, 900), np.uint8)
    dash[14:16, 5:890] = 255
    for ink in (dot, dash):
        assert line_strip(ink).image.shape[0] == STRIP_HEIGHT
