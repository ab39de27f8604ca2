"""Marks above letters, the shape of ß, slashes and commas."""

import cv2
import numpy as np
import pytest

from hcr_batch.characters.marks import base_letter, commas, is_sharp_s, slashes
from hcr_batch.types import Box


def drawn(*lines, size=(80, 60), pen=5):
    """Soft ink of strokes, tightly cut."""
    canvas = np.zeros(size, np.uint8)
    for line in lines:
        cv2.polylines(canvas, [np.array(line, np.int32)], False, 255, pen, cv2.LINE_AA)
    left, top, width, height = cv2.boundingRect(canvas)
    return canvas[top : top + height, left : left + width]


U = [(10, 25), (10, 60), (25, 70), (40, 60), (40, 25)]
E = ([(40, 25), (10, 25), (10, 70), (40, 70)], [(10, 47), (34, 47)])
DOTS = ([(16, 8), (17, 9)], [(33, 8), (34, 9)])
ACUTE = [(22, 14), (32, 4)]


def test_two_dots_and_an_accent_stand_off_their_letters():
    umlaut, acute = base_letter(drawn(U, *DOTS)), base_letter(drawn(*E, ACUTE))
    assert (umlaut.dots, acute.dots) == (2, 1)
    assert umlaut.ink.shape[0] < 0.85 * drawn(U, *DOTS).shape[0]


@pytest.mark.parametrize(
    "lines",
    [
        [U],
        [[(20, 25), (20, 70)], [(20, 8), (21, 9)]],
        [[(10, 8), (44, 8)], [(12, 22), (12, 36), (40, 46), (38, 66), (10, 70)]],
        [],
    ],
    ids=["nothing", "an i", "a 5 with its top off", "no ink"],
)
def test_what_has_no_marks_keeps_its_ink(lines):
    ink = drawn(*lines) if lines else np.zeros((5, 5), np.uint8)
    assert base_letter(ink) is None


def test_sharp_s_is_told_from_b():
    bowls = [(12, 40), (10, 16), (24, 6), (36, 16), (26, 32), (42, 48), (36, 72), (24, 72)]
    assert is_sharp_s(drawn([(12, 72), *bowls]))
    assert not is_sharp_s(drawn([(12, 72), *bowls, (12, 72)]))
    assert not is_sharp_s(drawn([(10, 6), (10, 72)], [(20, 8), (38, 18), (22, 34)]))


def bar(degrees, length=60):
    over = length * np.tan(np.radians(degrees))
    return drawn([(10, 10 + length), (10 + over, 10)], size=(90, 100))


def test_bars_that_lean_more_than_the_others_of_a_page_are_slashes():
    assert slashes([bar(5), bar(8), bar(33), bar(2)]).tolist() == [False, False, True, False]
    assert slashes([bar(33)]).tolist() == [True]
    assert not slashes([bar(30), bar(33), bar(32), bar(36)])[:3].any()
    assert slashes([]).tolist() == []


def test_small_and_low_beside_the_others_is_a_comma():
    row = [Box(0, 10, 20, 30), Box(30, 11, 18, 30), Box(60, 36, 5, 9), Box(80, 9, 20, 31)]
    assert commas(row).tolist() == [False, False, True, False]
    assert not commas(row[1:3]).any()
    assert not commas([*row[:2], Box(60, 20, 16, 20), row[3]]).any()
