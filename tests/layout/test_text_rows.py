"""Lines of writing: what stands beside each other."""

from hcr_batch.layout.text_rows import parted, text_rows
from hcr_batch.types import Box


def test_a_comma_stays_with_its_line_and_the_lines_are_from_top_to_bottom():
    rows = text_rows(
        [Box(10, 200, 20, 40), Box(10, 100, 20, 40), Box(40, 130, 6, 14), Box(60, 102, 20, 38)]
    )
    assert [(row.x, row.right) for row in rows] == [(10, 80), (10, 30)]
    assert rows[0].y < rows[1].y
    assert text_rows([]) == []


def test_a_line_is_parted_where_wide_paper_is_between_whatever_hangs_over():
    boxes = [Box(200, 0, 20, 10), Box(0, 0, 90, 10), Box(30, 0, 20, 10), Box(95, 0, 20, 10)]
    assert parted(boxes, 10) == [[1, 2, 3], [0]]
    assert parted([], 10) == []
