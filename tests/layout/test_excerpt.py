"""Tests of hcr_batch.layout.excerpt."""

import numpy as np
import pytest

from hcr_batch.layout.excerpt import Excerpt
from hcr_batch.layout.runs import Runs
from hcr_batch.types import Box


def page_with_walls(*stretches: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((300, 70), np.uint8)
    for first, last in stretches:
        mask[first:last, 33] = 1
    return mask


def test_rows_near_walls_are_put_together():
    mask = page_with_walls((50, 70), (200, 240))
    excerpt = Excerpt.near(Runs.of(mask, horizontal=False), per_mm=5 / 3)
    assert excerpt.rows.tolist() == [*range(45, 75), *range(195, 245)]


@pytest.mark.parametrize("horizontal", [True, False])
def test_an_excerpt_has_the_pixels_of_its_rows(horizontal):
    mask = np.random.default_rng(1).integers(0, 2, (300, 70), np.uint8)
    walls = Runs.of(page_with_walls((0, 9), (120, 133), (290, 300)), horizontal=False)
    excerpt = Excerpt.near(walls, per_mm=1)
    runs = excerpt.of(Runs.of(mask, horizontal=horizontal))
    assert runs.horizontal is horizontal
    assert (runs.mask() == mask[excerpt.rows]).all()


def test_a_box_is_placed_where_it_lies_on_the_page():
    walls = Runs.of(page_with_walls((50, 70), (200, 240)), horizontal=False)
    excerpt = Excerpt.near(walls, per_mm=5 / 3)
    assert excerpt.on_page(Box(10, 5, 20, 20)) == Box(10, 50, 20, 20)
    assert excerpt.on_page(Box(10, 35, 20, 40)) == Box(10, 200, 20, 40)


def test_a_page_without_walls_has_an_empty_excerpt():
    walls = Runs.of(page_with_walls(), horizontal=False)
    assert len(Excerpt.near(walls, per_mm=5 / 3).rows) == 0


def test_walls_of_known_cells_do_not_count():
    walls = Runs.of(page_with_walls((50, 70), (200, 240)), horizontal=False)
    known = [Box(10, 205, 22, 30), Box(35, 205, 22, 30)]
    assert Excerpt.near(walls, 5, known).rows.tolist() == list(range(35, 85))
