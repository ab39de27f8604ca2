"""What is written outside all fields comes as strings of its own."""

import numpy as np
from drawn_form import PIXELS_PER_MM, field_of, paper, write
from layer_maker import written_of

from hcr_batch.characters.unplaced import unplaced_fields
from hcr_batch.types import Box


def strings(*texts, free=()):
    form = paper(200, 100)
    filled = form.copy()
    for text, box in texts:
        write(filled, text, box)
    written = written_of(form, filled)
    stray = np.ones(len(written.parts.places), bool)
    return unplaced_fields(written, stray, free, PIXELS_PER_MM)


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


def test_a_page_without_writing_has_none():
    assert strings() == []
