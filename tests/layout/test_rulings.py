"""Straight lines are found where they are, and nothing else is taken for one."""

import cv2
import numpy as np
import pytest
from drawn_form import ink_of, paper

from hcr_batch.config import load_settings
from hcr_batch.layout.rulings import find_rulings, odd, outlines

SETTINGS = load_settings().layout


def rulings_of(gray, dpi=200.0):
    return find_rulings(ink_of(gray, dpi), dpi / 25.4, SETTINGS)[-1]


def extent(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize("dpi", [75, 82, 90, 96, 100, 120, 150, 200, 240, 300, 400, 600])
def test_lines_lie_on_the_pixels_of_the_page(dpi):
    gray = paper(80, 40, dpi)
    left, top, right, bottom = (round(mm * dpi / 25.4) for mm in (10, 10, 60, 30))
    cv2.rectangle(gray, (left, top), (right, bottom), 0, max(1, round(0.3 * dpi / 25.4)))
    rulings = rulings_of(gray, dpi)
    wanted = np.array([left, top, right, bottom]) * rulings.scale
    slack = 1.5 + 0.2 * rulings.pixels_per_mm
    assert np.abs(extent(rulings.horizontal) - wanted).max() <= slack
    assert np.abs(extent(rulings.vertical) - wanted).max() <= slack
    assert rulings.pixels_per_mm == pytest.approx(dpi / 25.4 * rulings.scale)


@pytest.mark.parametrize("level", [150, 200, 225])
def test_light_lines_are_found_beside_dark_writing(level):
    gray = paper(80, 40)
    cv2.line(gray, (60, 150), (560, 150), level, 2)
    cv2.putText(gray, "AB12", (80, 130), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5)
    rulings = rulings_of(gray)
    assert rulings.horizontal[148:154, 60:560].any(axis=0).mean() > 0.95


def test_a_break_in_a_line_is_bridged():
    gray = paper(80, 30)
    cv2.line(gray, (60, 100), (560, 100), 0, 2)
    gray[:, 300:302] = 255
    rulings = rulings_of(gray)
    assert rulings.horizontal[98:104, 290:312].any(axis=0).all()


def test_a_line_that_climbs_by_some_pixels_is_whole():
    gray = paper(120, 30)
    cv2.line(gray, (60, 100), (860, 106), 0, 2)
    assert rulings_of(gray).horizontal[:, 70:850].any(axis=0).mean() > 0.95


def test_the_inside_of_a_shaded_area_is_no_line():
    gray = paper(80, 40)
    gray[100:200, 100:500] = 200
    rulings = rulings_of(gray)
    assert not rulings.horizontal[110:190].any()
    assert not rulings.vertical[:, 110:490].any()


@pytest.mark.parametrize("spread", [6, 10, 15])
def test_the_grains_of_a_shaded_area_are_hardly_ever_a_line(spread):
    gray = paper(80, 40)
    gray[100:250, 60:520] = np.random.default_rng(0).normal(190, spread, (150, 460))
    cv2.line(gray, (100, 175), (480, 175), 20, 2)
    lines = rulings_of(gray).horizontal
    assert lines[173:179, 100:480].any(axis=0).all()
    assert lines[105:165, 60:520].mean() < 0.05


def test_a_form_with_one_short_light_line_has_light_lines():
    gray = paper(80, 40)
    cv2.putText(gray, "AB12", (80, 130), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5)
    assert len(find_rulings(ink_of(gray), 200 / 25.4, SETTINGS)) == 1
    cv2.line(gray, (100, 200), (100 + round(16 * 200 / 25.4), 200), 200, 1)
    assert len(find_rulings(ink_of(gray), 200 / 25.4, SETTINGS)) == 3


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_hardly_ever_a_line(seed):
    noise = np.random.default_rng(seed).normal(220, 6, (500, 700))
    rulings = rulings_of(np.clip(noise, 0, 255).astype(np.uint8))
    assert np.count_nonzero(rulings.horizontal) < 1e-4 * noise.size
    assert np.count_nonzero(rulings.vertical) < 1e-4 * noise.size


def test_structuring_elements_have_a_middle():
    assert [odd(length) for length in (1, 2, 3.2, 4, 9.9)] == [1, 3, 3, 5, 11]


def test_parts_inside_a_scan_border_have_outlines_of_their_own():
    mask = np.zeros((60, 80), np.uint8)
    cv2.rectangle(mask, (0, 0), (79, 59), 1, 3)
    mask[20:30, 30:50] = 1
    assert (30, 20, 20, 10) in outlines(mask)
    assert outlines(np.zeros((5, 5), np.uint8)) == []
