"""A block of a form that a page has twice, or at another height, is told by its print."""

import numpy as np
import pytest

from hcr_batch.forms.print_strips import strips_beside, strips_elsewhere

MARGIN = 26
HEIGHT, WIDTH = 200, 140
FIELDS = np.array([[20.0, top, 60.0, top + 8] for top in range(10, 190, 10)])
TOP, BOTTOM = 60, 90
"""The block, in millimetres, that stands twice."""


def form(seed=1):
    """Words of print, each line unlike every other."""
    rng = np.random.default_rng(seed)
    words = np.zeros((2 * HEIGHT + 2 * MARGIN, 2 * WIDTH + 2 * MARGIN), np.uint8)
    for top in range(MARGIN + 10, len(words) - MARGIN - 8, 10):
        left = MARGIN + int(rng.integers(4, 30))
        while left < words.shape[1] - MARGIN - 40:
            end = left + int(rng.integers(6, 30))
            words[top : top + 4, left:end] = 255
            left = end + int(rng.integers(6, 60))
    return words


def rows(top, bottom):
    return slice(2 * top + MARGIN, 2 * bottom + MARGIN)


def test_what_follows_a_block_that_stands_twice_is_lower_and_the_block_in_doubt():
    own = form()
    page = np.concatenate([own[: rows(0, BOTTOM).stop], own[rows(TOP, HEIGHT)]])[: len(own)]
    told = strips_elsewhere(FIELDS, own, page, MARGIN)
    assert not told[FIELDS[:, 3] < TOP - 5].any()
    assert told[(FIELDS[:, 1] >= TOP) & (FIELDS[:, 3] <= HEIGHT - 40)].all()


def test_what_precedes_it_is_higher_where_the_page_is_laid_by_the_rest():
    own = form()
    above = own[2 * (BOTTOM - TOP) : rows(0, BOTTOM).stop]
    page = np.concatenate([above, own[rows(TOP, HEIGHT).start :]])
    told = strips_elsewhere(FIELDS, own, page, MARGIN)
    assert told[(FIELDS[:, 1] >= 30) & (FIELDS[:, 3] <= TOP - 5)].all()
    assert not told[FIELDS[:, 1] > BOTTOM + 5].any()


def test_the_first_block_is_in_doubt_where_it_stands_twice_and_the_page_is_laid_by_the_second():
    own = form()
    own[: rows(0, 4).stop] = 0
    page = own.copy()
    page[: rows(0, 3).stop] = own[rows(0, 10).start : rows(0, 10).start + rows(0, 3).stop]
    told = strips_elsewhere(np.array([[20.0, 5, 60, 10]]), own, page, MARGIN)
    assert told.all()


def test_the_row_at_which_a_block_that_stands_twice_ends_is_in_doubt_though_less_sharp():
    own = form()
    own[: rows(0, 4).stop] = 0
    page = np.pad(own, ((2 * 50, 0), (0, 0)))
    first = own[rows(0, 50)].copy()
    # The last line is half cut off in the upper block.
    first[-14:, MARGIN + 120 : MARGIN + 180] = 0
    page[MARGIN : MARGIN + 100] = first
    last = np.array([[20.0, 46, 60, 50]])
    assert strips_elsewhere(last, np.pad(own, ((100, 0), (0, 0))), page, MARGIN + 100).all()


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_form_in_its_place_has_nothing_elsewhere(noise):
    own = form()
    dirt = np.random.default_rng(2).random(own.shape) < noise / 10
    assert not strips_elsewhere(FIELDS, own, np.where(dirt, 255, own), MARGIN).any()


def test_a_part_that_is_covered_is_nowhere_else():
    page = form()
    page[rows(TOP, BOTTOM)] = 0
    assert not strips_elsewhere(FIELDS, form(), page, MARGIN).any()


def test_a_form_without_print_tells_nothing():
    blank = np.zeros_like(form())
    assert not strips_elsewhere(FIELDS, blank, form(), MARGIN).any()


def test_a_row_like_its_neighbours_that_pushed_others_away_is_in_doubt_with_them():
    own = form()
    row = own[rows(60, 65)]
    for top in range(60, 110, 5):
        own[rows(top, top + 5)] = row
    above = own[2 * 10 : rows(0, 80).stop]
    page = np.concatenate([above, own[rows(70, HEIGHT).start :]])
    told = strips_elsewhere(FIELDS, own, page, MARGIN)
    assert told[(FIELDS[:, 1] >= 20) & (FIELDS[:, 3] <= 80)].all()
    assert not told[FIELDS[:, 1] >= 120].any()


@pytest.mark.parametrize("twice", range(1, 5))
def test_rows_of_a_table_that_look_alike_are_in_doubt_where_one_stands_twice(twice):
    own, (first, height, count) = form(), (60, 8, 7)
    row = own[rows(50, 50 + height)].copy()
    for number in range(count):
        place = rows(first + height * number, first + height * (number + 1))
        own[place] = row
        own[place, MARGIN + 2 * number : MARGIN + 2 * number + 4] = 255
    end = first + height * (twice + 1)
    page = np.concatenate([own[: rows(0, end).stop], own[rows(end - height, end).start :]])
    page = page[: len(own)]
    told = strips_elsewhere(FIELDS, own, page, MARGIN)
    assert told[(FIELDS[:, 1] >= end - 2) & (FIELDS[:, 3] <= HEIGHT - 20)].all()
    assert not told[FIELDS[:, 3] <= first - 10].any()


def test_the_last_row_of_a_table_is_in_doubt_where_the_page_is_laid_by_what_follows():
    own, (first, height, count) = form(), (60, 8, 4)
    end = first + height * count
    own[rows(first, end)] = 0
    own[rows(first, end), MARGIN + 20 : MARGIN + 60 : 8] = 255
    text = np.random.default_rng(4).random((20, 70)) < 0.5
    own[rows(end, end + 20), MARGIN : MARGIN + 280] = 255 * np.kron(text, np.ones((2, 4), np.uint8))
    above = own[2 * height : rows(0, end).stop]
    page = np.concatenate([above, own[rows(end - height, end).start :]])
    # Writing that was taken for print.
    for top in range(42, end, 8):
        page[rows(top, top + 2), MARGIN + 5 * top // 2 :][:, :8] = 255
    told = strips_elsewhere(np.array([[20.0, end - height, 60, end]]), own, page, MARGIN)
    assert told.all()


@pytest.mark.parametrize("step", [-12, -4, 6, 11])
@pytest.mark.parametrize(("top", "bottom"), [(60, 70), (40, 110), (10, 20)])
def test_fields_are_in_doubt_beside_print_that_stands_further_left_or_right(step, top, bottom):
    own, page = form(), form()
    page[rows(top, bottom)] = np.roll(own[rows(top, bottom)], 2 * step, axis=1)
    # An area with no print of its own, below that of its row.
    told = strips_beside(np.array([[30.0, bottom - 6, 80, bottom]]), own, page, MARGIN)
    assert told.all()
    told = strips_beside(FIELDS, own, page, MARGIN)
    assert told[(FIELDS[:, 1] >= top) & (FIELDS[:, 3] <= bottom)].all()
    assert not told[(FIELDS[:, 3] <= top - 5) | (FIELDS[:, 1] >= bottom + 5)].any()


def test_rows_in_their_places_stand_nowhere_beside_though_covered_or_written_over():
    own, page = form(), form()
    page[rows(40, 60), :160] = 0
    page[rows(100, 104), 100:130] = 255
    assert not strips_beside(FIELDS, own, page, MARGIN).any()
    assert not strips_beside(FIELDS, own, np.roll(page, 2, axis=1), MARGIN).any()
    assert not strips_beside(FIELDS, np.zeros_like(own), page, MARGIN).any()
