"""Turned pages are levelled, and places map back to the file."""

import cv2
import numpy as np
import pytest
from drawn_form import comb, fields_of, overlap, page_of, paper, row_of_boxes, source_box
from form_defects import skew_matrix

from hcr_batch.geometry import projected
from hcr_batch.preprocess.deskew import deskew, estimate_skew
from hcr_batch.types import Page


@pytest.fixture(scope="module")
def form():
    gray = paper(210, 148)
    for y in range(150, 1000, 170):
        comb(gray, 150, y, 20)
        cv2.putText(gray, "Name and address", (150, y - 15), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    return gray


def turned(gray, degrees, border=255):
    matrix = skew_matrix(gray.shape, degrees)
    return cv2.warpAffine(gray, matrix, gray.shape[::-1], borderValue=border)


@pytest.mark.parametrize("degrees", [-12.0, -3.5, -0.4, 0.0, 1.3, 3.5, 9.0])
def test_the_skew_is_estimated_within_a_tenth_of_a_degree(form, degrees):
    assert estimate_skew(turned(form, degrees), 15.0) == pytest.approx(degrees, abs=0.1)


def test_noise_and_a_black_border_do_not_disturb_the_estimate(form):
    scan = turned(form, 2.2, border=20).astype(np.float32)
    scan[:30], scan[:, -25:] = 15, 15
    scan += np.random.default_rng(3).normal(0, 12, scan.shape)
    found = estimate_skew(np.clip(scan, 0, 255).astype(np.uint8), 15.0)
    assert found == pytest.approx(2.2, abs=0.15)


def test_a_page_with_nothing_on_it_is_not_turned():
    assert estimate_skew(np.full((800, 600), 240, np.uint8), 15.0) == pytest.approx(0, abs=0.1)


def test_the_estimate_keeps_to_the_limit(form):
    assert abs(estimate_skew(turned(form, 8.0), 3.0)) <= 3.0


def test_a_level_page_is_left_as_it_is(form):
    page = page_of(form)
    assert deskew(page, 0.05) is page


@pytest.mark.parametrize(("dpi", "degrees"), [(200, 6.0), (300, 6.0), (300, 0.0), (600, -2.0)])
def test_places_map_back_to_the_file_and_no_corner_is_lost(dpi, degrees):
    gray = np.full((900, 700), 255, np.uint8)
    dots = [(20, 15), (680, 12), (350, 450), (18, 880), (685, 890)]
    for dot in dots:
        cv2.circle(gray, dot, 5, 0, -1)
    page = deskew(page_of(gray, dpi), degrees)
    assert page.dpi == pytest.approx(200)
    assert min(page.gray.shape) >= 700 * 200 / dpi
    _, _, _, centres = cv2.connectedComponentsWithStats((page.gray < 128).astype(np.uint8))
    mapped = projected(page.to_source, centres[1:])
    assert len(mapped) == len(dots)
    for dot in dots:
        assert np.abs(mapped - dot).max(axis=1).min() < 0.003 * dpi
    assert page.source_size == (700, 900)


@pytest.mark.parametrize("degrees", [-3.5, 3.5])
def test_boxes_of_a_turned_page_lie_where_they_are_in_the_file(degrees):
    gray = paper()
    boxes = row_of_boxes(gray, 150, 200, 16) + row_of_boxes(gray, 150, 500, 12)
    matrix = skew_matrix(gray.shape, degrees)
    found = fields_of(turned(gray, degrees), turned=True)
    places = [source_box(box, np.vstack([matrix, [0, 0, 1]])) for box in boxes]
    cells = [cell.box for field in found for cell in field.cells]
    assert [len(field.cells) for field in found] == [16, 12]
    assert min(max(overlap(place, cell) for cell in cells) for place in places) > 0.75


@pytest.mark.parametrize(("two", "mean"), [((10, 10), 10), ((10, 11), 11), ((0, 1), 1)])
def test_a_page_that_is_reduced_is_averaged_first_and_rounded_up(two, mean):
    gray = np.tile(np.array(two, np.uint8), (300, 120))
    page = Page(gray, 300.0, 1, np.eye(3), gray.shape[::-1])
    assert (deskew(page, 0.0).gray[5:-5, 5:-5] == mean).all()
