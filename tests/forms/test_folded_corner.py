"""Places without print beneath a folded corner are told by the print around them."""

import cv2
import numpy as np
import pytest

from hcr_batch.forms.folded_corner import beyond_fold
from hcr_batch.forms.imprint import PER_MM

MARGIN = 26
HEIGHT, WIDTH = 200, 140
CELLS = np.array(
    [[x, y, x + 12.0, y + 5.0] for y in range(10, 190, 15) for x in range(8, 130, 20)]
)
"""They stand between the lines of print, and have none themselves."""


def form():
    rng = np.random.default_rng(3)
    words = np.zeros((2 * HEIGHT + 2 * MARGIN, 2 * WIDTH + 2 * MARGIN), np.uint8)
    for top in range(MARGIN + 8, len(words) - MARGIN - 8, 15):
        left = MARGIN + 8
        while left < words.shape[1] - MARGIN - 40:
            end = left + int(rng.integers(6, 30))
            words[top : top + 4, left:end] = 255
            left = end + int(rng.integers(4, 10))
    return words


def folded(corner):
    """Without what lies in a corner, given in millimetres."""
    page = form()
    pixels = np.array(corner) * PER_MM + MARGIN
    cv2.fillPoly(page, [pixels.round().astype(np.int32)], 0)
    return page


def middles_within(corner):
    polygon = np.array(corner, np.float32)
    places = (CELLS[:, :2] + CELLS[:, 2:]) / 2
    return np.array([cv2.pointPolygonTest(polygon, at, True) for at in places.tolist()])


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("size", [(50, 80), (80, 50), (65, 65), (55, 100)])
def test_places_in_a_folded_corner_are_told_and_no_others(left, upper, size):
    x, y = (0 if left else WIDTH), (0 if upper else HEIGHT)
    across, down = abs(x - size[0]), abs(y - size[1])
    corner = [(x, y), (across, y), (x, down)]
    told = beyond_fold(CELLS, form(), folded(corner), MARGIN)
    depth = middles_within(corner)
    assert told[depth > 0.5].all()
    assert not told[depth < -2].any()


def test_dirt_on_what_was_folded_over_is_no_print():
    corner = [(0, 0), (70, 0), (0, 90)]
    page = folded(corner)
    page[MARGIN + 30 : MARGIN + 33, MARGIN + 40 : MARGIN + 43] = 255
    assert beyond_fold(CELLS, form(), page, MARGIN)[middles_within(corner) > 5].all()


def test_a_form_in_sight_has_no_fold():
    assert not beyond_fold(CELLS, form(), form(), MARGIN).any()
    assert not beyond_fold(CELLS, form(), np.roll(form(), 1, axis=0), MARGIN).any()


def test_a_page_number_that_is_too_faint_is_no_fold():
    own = form()
    own[MARGIN : MARGIN + 4, -MARGIN - 12 : -MARGIN - 4] = 255
    assert not beyond_fold(CELLS, own, form(), MARGIN).any()


def test_a_form_without_print_has_no_fold():
    assert not beyond_fold(CELLS, np.zeros_like(form()), form(), MARGIN).any()
