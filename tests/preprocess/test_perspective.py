"""A photographed page is laid flat, and a scanned one left alone."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_form import page_of

from hcr_batch.geometry import projected
from hcr_batch.preprocess.perspective import flatten

SAMPLES = Path(__file__).parents[2] / "samples" / "forms"


def gray_of(name):
    return cv2.imread(str(SAMPLES / name), cv2.IMREAD_GRAYSCALE)


def photographed(gray, side, amount=0.05):
    """The page with one side further away: shorter by 2 * amount, and moved inwards."""
    rows, columns = gray.shape
    corners = np.float32([[0, 0], [columns, 0], [columns, rows], [0, rows]])
    ends = [side, (side + 1) % 4]
    along = amount * (corners[ends[1]] - corners[ends[0]])
    seen = corners.copy()
    seen[ends] += [along, -along]
    inwards = corners[(side + 2) % 4] - corners[ends[1]]
    seen[ends] += amount / 2 * inwards
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(gray, matrix, (columns, rows), borderValue=235), matrix


@pytest.mark.parametrize("name", ["nist-hsf.png", "household-survey-90dpi.jpg"])
@pytest.mark.parametrize("side", range(4))
def test_a_photographed_form_is_flat_again(name, side):
    gray = gray_of(name)
    seen, matrix = photographed(gray, side)
    page = flatten(page_of(seen), 15.0)
    rows, columns = gray.shape
    grid = np.array([(x, y) for x in (0.1, 0.5, 0.9) for y in (0.1, 0.5, 0.9)])
    there = projected(np.linalg.inv(page.to_source), projected(matrix, grid * (columns, rows)))
    steps = there.reshape(3, 3, 2)
    level = np.diff(steps, axis=0).reshape(-1, 2)
    upright = np.diff(steps, axis=1).reshape(-1, 2)
    # What was turned by up to 3 degrees; the sample itself is turned by half a degree.
    assert np.degrees(np.abs(np.arctan2(level[:, 1], level[:, 0]))).max() < 1.7
    assert np.degrees(np.abs(np.arctan2(upright[:, 0], upright[:, 1]))).max() < 1.7


def test_places_of_a_flat_page_map_back_to_the_photograph():
    seen, _ = photographed(gray_of("nist-hsf.png"), 0)
    seen[:] = cv2.GaussianBlur(seen, (0, 0), 2)
    page = flatten(page_of(seen), 15.0)
    rows, columns = page.gray.shape
    rng = np.random.default_rng(1)
    points = rng.uniform((0.2, 0.2), (0.8, 0.8), (200, 2)) * (columns, rows)
    points = np.round(points)
    source = projected(page.to_source, points)
    here = page.gray[points[:, 1].astype(int), points[:, 0].astype(int)].astype(int)
    there = cv2.remap(seen, source.astype(np.float32)[None], None, cv2.INTER_LINEAR)[0]
    assert np.abs(here - there).max() <= 12


@pytest.mark.parametrize("name", ["nist-hsf.png", "membership.png", "stock-sheet.png"])
def test_a_scan_is_left_as_it_is(name):
    page = flatten(page_of(gray_of(name)), 15.0)
    assert page.to_source[2].tolist() == [0, 0, 1]  # turned at most


def test_a_page_without_lines_is_left_as_it_is():
    page = page_of(np.full((900, 700), 255, np.uint8))
    assert flatten(page, 15.0) is page
