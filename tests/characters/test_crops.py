"""Pictures of one character as cells."""

import numpy as np
import pytest
from drawn_character import draw

from hcr_batch.characters.crops import character_cells
from hcr_batch.characters.isolate import isolate_cell


def ink_height(cell):
    """Height of the ink as a share of the cell's longer side."""
    ink = isolate_cell(cell) >= 96
    rows = np.flatnonzero(ink.any(axis=1))
    return (rows[-1] - rows[0] + 1) / max(cell.shape)


def shadowed(picture, darkest=0.35):
    """Light that falls off from the left top to the right bottom corner, with grain."""
    rows, columns = picture.shape
    way = np.add.outer(np.arange(rows) / rows, np.arange(columns) / columns) / 2
    grain = np.random.default_rng(0).normal(0, 5, picture.shape)
    return np.clip(picture * (1 - (1 - darkest) * way) * 0.9 + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 140), (200, 60)])
def test_the_ink_is_dark_whichever_it_was(ink, paper):
    (cell,) = character_cells(draw("H", ink=ink, paper=paper))
    assert np.median(cell) > 200
    assert cell.min() < 160


def test_both_ways_to_see_it_where_ink_fills_the_picture():
    tight = draw("H", pen=60)[36:245, 36:245]
    cells = character_cells(255 - tight)
    bar_and_gap = [(int(cell[50, 3]), int(cell[3, cell.shape[1] // 2])) for cell in cells]
    assert any(bar + 100 < gap for bar, gap in bar_and_gap)


def test_a_shadow_is_no_ink():
    (cell,) = character_cells(shadowed(draw("A", size=900, pen=30)))
    corners = [cell[:20, :20], cell[:20, -20:], cell[-20:, :20], cell[-20:, -20:]]
    assert all(np.median(corner) > 215 for corner in corners)


def test_a_hairline_is_widened_and_a_broad_pen_is_not():
    (thin,) = character_cells(draw("7", size=1500, pen=2, height=0.85))
    (broad,) = character_cells(draw("7", size=1500, pen=150, height=0.85))
    share = [float((isolate_cell(cell) >= 96).mean()) for cell in (thin, broad)]
    assert share[0] > 0.02
    assert share[1] == pytest.approx((draw("7", 1500, 150, 0.85) < 128).mean(), rel=0.1)


def test_a_small_character_is_looked_at_closer():
    (cell,) = character_cells(draw("N", size=2000, pen=8, height=0.1, centre=(0.2, 0.7)))
    assert ink_height(cell) > 0.5


def test_even_paper_has_no_ink():
    for level in (0, 128, 255):
        for cell in character_cells(np.full((70, 50), level, np.uint8)):
            assert not isolate_cell(cell).any()
