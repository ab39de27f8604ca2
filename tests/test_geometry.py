"""Boxes scaled and divided."""

import pytest

from hcr_batch.geometry import evenly_divided, scaled
from hcr_batch.types import Box


def test_a_box_in_other_units():
    assert scaled(Box(10, 20, 30, 40), 0.5) == Box(5, 10, 15, 20)
    assert scaled(Box(10, 20, 30, 40), 0.5, 2) == Box(5, 40, 15, 80)


@pytest.mark.parametrize(("count", "gap"), [(1, 0.0), (4, 0.0), (4, 2.0)])
def test_cells_reach_from_edge_to_edge(count, gap):
    cells = evenly_divided(Box(10, 20, 46, 8), count, gap)
    assert len(cells) == count
    assert (cells[0].x, cells[-1].right) == (10, pytest.approx(56))
    assert all((cell.y, cell.height) == (20, 8) for cell in cells)
    for cell, after in zip(cells, cells[1:]):
        assert after.x - cell.right == pytest.approx(gap)
