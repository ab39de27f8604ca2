"""Print that looks like boxes is told from boxes."""

import cv2
import numpy as np
import pytest

from hcr_batch.layout.lettering import is_lettering
from hcr_batch.layout.rulings import Rulings
from hcr_batch.layout.runs import Runs
from hcr_batch.types import Box

PER_MM = 200 / 25.4
BOX = Box(60, 30, 36, 32)


def judged(faint, *run):
    level = Runs.of(faint, horizontal=True).opened(61)
    upright = Runs.of(np.zeros_like(faint), horizontal=False)
    return is_lettering(run, Rulings(faint, faint, level, upright, 1.0, PER_MM))


def drawn(box, text=""):
    """The box with its lines; `text` is printed on both sides of it."""
    faint = np.zeros((100, 200), np.uint8)
    corners = (round(box.x) - 2, round(box.y) - 2), (round(box.right), round(box.bottom))
    cv2.rectangle(faint, *corners, 1, 2)
    for x in (box.x - 30, box.right + 8):
        cv2.putText(faint, text, (round(x), round(box.bottom) - 2), cv2.FONT_HERSHEY_SIMPLEX,
                    1.1, 1, 4)
    return faint


def test_a_clean_box_is_none_also_between_words():
    assert not judged(drawn(BOX), BOX)
    assert not judged(drawn(BOX, "H"), BOX)


def test_letters_on_an_underline_are():
    faint = np.zeros((100, 200), np.uint8)
    cv2.putText(faint, "REGISTER", (5, 62), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 1, 4)
    cv2.line(faint, (5, 66), (190, 66), 1, 2)
    assert judged(faint, BOX)


@pytest.mark.parametrize("box", [Box(60, 30, 60, 22), Box(60, 30, 14, 60)])
def test_what_is_too_low_or_too_narrow_to_write_in_is(box):
    assert judged(drawn(box), box)


def test_a_small_square_is_a_check_box():
    box = Box(60, 30, 22, 22)
    assert not judged(drawn(box), box)
