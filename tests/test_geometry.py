"""Boxes divided, and taken from one frame to another."""

import pytest

from hcr_batch.geometry import evenly_divided, in_millimetres, in_pixels, scaled
from hcr_batch.types import Box, MillimetreBox, SourceBox


def test_a_box_of_a_picture_in_another_resolution():
    assert scaled(SourceBox(10, 20, 30, 40), 0.5, 2) == SourceBox(5, 40, 15, 80)


def test_millimetres_of_a_page_and_back():
    box = MillimetreBox(10, 20, 30, 40)
    assert in_pixels(box, 8.0) == Box(80, 160, 240, 320)
    assert in_millimetres(in_pixels(box, 8.0), 8.0) == box


def test_boxes_of_different_frames_are_never_the_same():
    assert Box(1, 2, 3, 4) != SourceBox(1, 2, 3, 4) != MillimetreBox(1, 2, 3, 4)


@pytest.mark.parametrize(("count", "gap"), [(1, 0.0), (4, 0.0), (4, 2.0)])
def test_cells_reach_from_edge_to_edge(count, gap):
    cells = evenly_divided(MillimetreBox(10, 20, 46, 8), count, gap)
    assert len(cells) == count
    assert (cells[0].x, cells[-1].right) == (10, pytest.approx(56))
    assert all((cell.y, cell.height) == (20, 8) for cell in cells)
    for cell, after in zip(cells, cells[1:]):
        assert after.x - cell.right == pytest.approx(gap)
