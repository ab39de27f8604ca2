"""The ink of a free box is parted in every way that makes sense."""

import cv2
import numpy as np
import pytest
from drawn_form import PIXELS_PER_MM, field_of, paper
from layer_maker import written_of

from hcr_batch.characters.string_candidates import find_strings
from hcr_batch.config import load_settings
from hcr_batch.types import Box

SETTINGS = load_settings().glyphs
BOX = Box(62, 62, 900, 300)


def lines_of(gray, box=BOX):
    field = field_of("free", [box])
    blank = paper(130, 60)
    cv2.rectangle(blank, (60, 60), (964, 364), 0, 3)
    (lines,) = find_strings(written_of(blank, gray), [field], PIXELS_PER_MM, SETTINGS)
    return lines


def form(*lines, scale=2.0, pen=5):
    gray = paper(130, 60)
    cv2.rectangle(gray, (60, 60), (964, 364), 0, 3)
    for number, text in enumerate(lines, start=1):
        place = (90, 50 + 90 * number)
        cv2.putText(gray, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 20, pen, cv2.LINE_AA)
    return gray


def assert_coverable(line):
    """From the first piece to the last there is a way over candidates."""
    reached = {0}
    for candidate in line.candidates:
        if candidate.first in reached:
            reached.add(candidate.last + 1)
    assert line.pieces in reached


def test_separate_characters_are_a_piece_each():
    (line,) = lines_of(form("8 0 3 6 2 5"))
    assert line.pieces == 6
    singles = [c for c in line.candidates if c.first == c.last]
    assert len(singles) == 6
    assert [c.box.x for c in singles] == sorted(c.box.x for c in singles)
    assert line.height == pytest.approx(47, abs=6)
    assert_coverable(line)


def test_lines_come_from_top_to_bottom():
    lines = lines_of(form("ANNA", "1964", "PARIS"))
    assert len(lines) == 3
    assert [line.box.y for line in lines] == sorted(line.box.y for line in lines)
    for line in lines:
        assert_coverable(line)


def test_dots_stay_with_their_letters():
    (line,) = lines_of(form("i j i"))
    assert [c for c in line.candidates if c.box.height > 40]
    assert line.pieces == 3


def test_connected_digits_have_a_candidate_for_each():
    gray = form("4 7")
    row = slice(62, 362)
    ink = (gray[row, 80:250] < 128).astype(np.uint8)
    columns = np.flatnonzero(ink[30:].any(axis=0)) + 80
    y = 62 + 30 + int(np.flatnonzero(ink[30:, : columns[-1] - 80].any(axis=1))[-1]) - 12
    cv2.line(gray, (int(columns[0]) + 10, y), (int(columns[-1]) - 8, y), 20, 4)
    (line,) = lines_of(gray)
    assert line.pieces >= 2
    assert any(c.starts_at_cut for c in line.candidates)
    assert_coverable(line)


@pytest.mark.parametrize(("bridge", "pieces"), [(165, 2), (20, 1)], ids=["blurred gap", "stroke"])
def test_strokes_that_only_a_blurred_gap_connects_are_a_piece_each(bridge, pieces):
    gray = paper(130, 60)
    cv2.rectangle(gray, (60, 60), (964, 364), 0, 3)
    for x in (200, 212):
        cv2.rectangle(gray, (x, 150), (x + 7, 220), 20, cv2.FILLED)
    cv2.rectangle(gray, (208, 180), (211, 186), bridge, cv2.FILLED)
    (line,) = lines_of(gray)
    assert line.pieces == pieces
    assert not any(candidate.starts_at_cut for candidate in line.candidates)


def test_ink_and_place_of_a_candidate_fit_together():
    (line,) = lines_of(form("A B C D"))
    for candidate in line.candidates:
        assert candidate.ink.shape == (candidate.box.height, candidate.box.width)
        assert candidate.ink.dtype == np.uint8
        assert candidate.ink.max() > 200
        assert 0 <= candidate.first <= candidate.last < line.pieces


def test_a_blank_box_and_one_with_dirt_hold_nothing():
    gray = form()
    assert lines_of(gray) == ()
    gray[200:203, 300:303] = 40
    assert lines_of(gray) == ()


def test_small_print_is_no_writing():
    assert lines_of(form("optional, see page two", scale=0.35, pen=1)) == ()


def test_writing_outside_the_box_is_left_alone():
    gray = form("8 0 3")
    cv2.putText(gray, "9 9 9", (90, 440), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5, cv2.LINE_AA)
    (line,) = lines_of(gray)
    assert line.pieces == 3
