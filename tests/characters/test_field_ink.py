"""Boxes that hold several characters each, and combs that hold one."""

import numpy as np
import pytest
from drawn_form import field_of, page_of, paper, row_of_boxes, write
from layer_maker import layers_of

from hcr_batch.characters.field_ink import field_inks
from hcr_batch.config import load_settings


def row_with(texts, one_a_cell=False, **sizes):
    """What is found in a row of boxes, each with a text in it."""
    form = paper(150, 50)
    boxes = row_of_boxes(form, 60, 100, len(texts), **sizes)
    filled = form.copy()
    for box, text in zip(boxes, texts, strict=True):
        write(filled, text, box, size=0.4)
    layers = layers_of(form, filled, cells=boxes)
    field, page = field_of("comb", boxes), page_of(filled)
    found, *rest = field_inks(page, layers, [field], load_settings(), one_a_cell)
    assert not rest
    return found


def test_boxes_for_a_day_and_a_month_hold_strings():
    found = row_with(["24", "08", ""], width=90, height=70)
    assert found.field.kind == "free"
    assert len(found.lines) == 2
    first, second = (line.box for line in found.lines)
    assert first.right < second.x


def test_slanted_characters_are_several_too():
    found = row_with(["///", "///", ""], width=90, height=70)
    assert found.field.kind == "free"
    assert len(found.lines) == 2


def test_single_digits_beside_strings_stand_in_boxes_for_strings():
    found = row_with(["24", "8", "3", "17", "5"], width=90, height=70)
    assert found.field.kind == "free"
    assert len(found.lines) == 5


def test_joined_characters_in_a_box_of_its_own_are_a_string():
    form = paper(150, 50)
    boxes = row_of_boxes(form, 60, 100, 1, width=80, height=70)
    filled = form.copy()
    write(filled, "82", boxes[0], size=0.5)
    filled[132:136, 80:120] = 20  # joined by a stroke
    layers = layers_of(form, filled, cells=boxes)
    (found,) = field_inks(page_of(filled), layers, [field_of("boxes", boxes)], load_settings())
    assert found.field.kind == "free"


@pytest.mark.parametrize("texts", [["2", "4", "0", "8"], ["W", "M", "N", "H"]])
def test_a_comb_holds_a_character_a_cell(texts):
    found = row_with(texts)
    assert found.field.kind == "comb"
    assert sum(cell.ink is not None for cell in found.cells) == 4


def test_a_template_says_that_a_cell_holds_one():
    found = row_with(["24", "08"], one_a_cell=True, width=90, height=70)
    assert found.field.kind == "comb"
    assert [len(np.shape(cell.ink)) for cell in found.cells] == [2, 2]
