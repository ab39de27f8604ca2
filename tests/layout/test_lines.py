"""Lines of writing on pages without boxes."""

import cv2
import pytest
from drawn_form import ink_of, paper

from hcr_batch.config import load_settings
from hcr_batch.layout.lines import find_lines, text_rows
from hcr_batch.types import Box

SETTINGS = load_settings().layout


def lines_of(gray):
    return find_lines(ink_of(gray), 200 / 25.4, SETTINGS)


def test_each_line_of_writing_is_one_line():
    gray = paper()
    for y, text in ((150, "Gracy Haller"), (350, "12 Oak Avenue"), (550, "1964")):
        cv2.putText(gray, text, (100, y), cv2.FONT_HERSHEY_SIMPLEX, 2.5, 20, 5)
    lines = lines_of(gray)
    assert len(lines) == 3
    assert [line.y < y < line.bottom + 5 for line, y in zip(lines, (140, 340, 540))] == [True] * 3
    assert all(line.x == pytest.approx(105, abs=12) for line in lines)


def test_dirt_and_pictures_start_no_line():
    gray = paper()
    for x in range(50, 1000, 90):
        cv2.circle(gray, (x, 120), 2, 0, -1)
    gray[250:700, 100:800] = 60
    assert lines_of(gray) == []


def test_an_empty_page_has_none():
    assert lines_of(paper()) == []


def test_a_comma_stays_with_its_line_and_the_lines_are_from_top_to_bottom():
    rows = text_rows(
        [Box(10, 200, 20, 40), Box(10, 100, 20, 40), Box(40, 130, 6, 14), Box(60, 102, 20, 38)]
    )
    assert [(row.x, row.right) for row in rows] == [(10, 80), (10, 30)]
    assert rows[0].y < rows[1].y
    assert text_rows([]) == []
