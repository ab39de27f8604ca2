"""What is written outside all fields comes as strings of its own."""

import cv2
import numpy as np
from drawn_form import PIXELS_PER_MM, field_of, paper, write
from layer_maker import written_of

from hcr_batch.characters.string_candidates import find_strings
from hcr_batch.characters.unplaced import unplaced_fields
from hcr_batch.config import load_settings
from hcr_batch.types import Box

NO_FRAMES = np.zeros((0, 4))


def strings(*texts, free=()):
    form = paper(200, 100)
    filled = form.copy()
    for text, box in texts:
        write(filled, text, box)
    written = written_of(form, filled)
    stray = np.ones(len(written.parts.places), bool)
    return unplaced_fields(written, stray, free, NO_FRAMES, PIXELS_PER_MM)


def test_words_of_a_line_are_one_string_and_lines_are_two():
    fields = strings(
        ("GRACE", Box(100, 100, 200, 50)),
        ("HOPPER", Box(270, 104, 240, 50)),
        ("1906", Box(100, 300, 200, 50)),
    )
    assert [field.kind for field in fields] == ["unplaced", "unplaced"]
    assert [field.name for field in fields] == ["unplaced01", "unplaced02"]
    assert fields[0].box.width > 250
    assert fields[0].box.y < fields[1].box.y


def test_what_stands_far_apart_on_a_line_is_two_strings():
    assert len(strings(("GRACE", Box(100, 100, 200, 50)), ("1906", Box(900, 100, 200, 50)))) == 2


def test_what_is_read_in_an_area_and_dots_are_left_out():
    area = field_of("free", [Box(80, 80, 300, 90)])
    fields = strings(
        ("GRACE", Box(100, 100, 200, 50)), (".", Box(900, 300, 20, 30)), free=[area]
    )
    assert fields == []


def test_a_signature_above_a_line_is_not_lost_for_its_tail_below_it():
    form = paper(200, 100)
    filled = form.copy()
    cv2.line(filled, (200, 200), (460, 200), 0, 6)
    cv2.line(filled, (200, 215), (460, 185), 0, 6)
    cv2.line(filled, (420, 200), (380, 330), 0, 6)
    area = field_of("free", [Box(150, 240, 400, 60)])
    written = written_of(form, filled)
    assert not find_strings(written, [area], PIXELS_PER_MM, load_settings().glyphs)[0]
    stray = np.ones(len(written.parts.places), bool)
    (found,) = unplaced_fields(written, stray, [area], NO_FRAMES, PIXELS_PER_MM)
    assert found.box.width > 250


def test_the_corner_of_a_frame_is_no_answer():
    form = paper(200, 100)
    filled = form.copy()
    cv2.polylines(filled, [np.array([[146, 240], [146, 364], [280, 364]])], False, 0, 5)
    written, stray = written_of(form, filled), np.ones(1, bool)
    frames = np.array([[150.0, 100, 550, 360]])
    assert unplaced_fields(written, stray, [], frames, PIXELS_PER_MM) == []
    assert unplaced_fields(written, stray, [], frames - 40, PIXELS_PER_MM) != []


def test_a_page_without_writing_has_none():
    assert strings() == []
