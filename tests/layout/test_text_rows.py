"""Lines of writing: what stands beside each other."""

from hcr_batch.layout.text_rows import text_rows
from hcr_batch.types import Box


def test_a_comma_stays_with_its_line_and_the_lines_are_from_top_to_bottom():
    rows = text_rows(
        [Box(10, 200, 20, 40), Box(10, 100, 20, 40), Box(40, 130, 6, 14), Box(60, 102, 20, 38)]
    )
    assert [(row.x, row.right) for row in rows] == [(10, 80), (10, 30)]
    assert rows[0].y < rows[1].y
    assert text_rows([]) == []
