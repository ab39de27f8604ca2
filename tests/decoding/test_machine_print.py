"""A line of machine print is told from one of handwriting by all its glyphs."""

import cv2
import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.characters.field_ink import FieldInk, InkSource
from hcr_batch.characters.isolate import CellInk
from hcr_batch.decoding.machine_print import (
    TextKind,
    is_example_cross,
    printed_among_written,
    surroundings,
    text_kind,
)
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Cell, Field


def column(opinions, sure=0.99, source=InkSource.PEN, kinds=("free",)):
    """What is around each of some fields below each other, of so many opinions of one glyph.

    `sure` is the probability that the glyph is an A, `source` what the segmentation takes it for;
    `kinds` are those of the first fields, the last of them that of all the others.
    """
    fields = [
        Field(f"f{n}", kinds[min(n, len(kinds) - 1)], Box(50, 100 + 40 * n, 80, 36), ())
        for n in range(len(opinions))
    ]
    inks = [FieldInk(field, source=source) for field in fields]
    characters = np.zeros((1, 62), np.float32)
    characters[:, CHARACTERS.index("A")] = sure
    scores = [
        GlyphScores(characters[: bool(o)], np.array([o] if o else [], np.float32)) for o in opinions
    ]
    return surroundings(inks, scores)


@pytest.mark.parametrize(
    ("logit", "kind"),
    [(8.0, TextKind.PRINTED), (-8.0, TextKind.WRITTEN)],
    ids=["print", "handwriting"],
)
def test_glyphs_of_one_opinion(logit, kind):
    assert text_kind(np.full(6, logit, np.float32)) is kind


def test_one_glyph_that_looks_printed_does_not_make_a_line_print():
    assert text_kind(np.array([50.0, -6, -6, -6, -6, -6])) is TextKind.WRITTEN


def test_one_glyph_that_looks_written_does_not_make_print_an_answer():
    assert text_kind(np.array([-50.0, 6, 6, 6, 6, 6, 6, 6])) is not TextKind.WRITTEN


def test_where_opinions_differ_a_person_looks():
    kind = text_kind(np.array([2.0, -3.0, 2.0, -3.0]))
    assert kind in (TextKind.RATHER_PRINTED, TextKind.RATHER_WRITTEN)


@pytest.mark.parametrize(
    ("pen_share", "kind"),
    [(1.0, TextKind.WRITTEN), (0.8, TextKind.RATHER_WRITTEN), (0.3, TextKind.RATHER_WRITTEN)],
)
def test_a_neat_digit_is_writing_where_the_segmentation_surely_sees_a_pen(pen_share, kind):
    neat = np.array([-2.0])
    assert text_kind(neat, pen_share=pen_share) is kind
    assert text_kind(np.array([4.0]), pen_share=pen_share) is TextKind.PRINTED


def test_a_digit_with_a_hand_of_its_own_is_writing_whatever_the_segmentation_says():
    assert text_kind(np.array([-6.0]), pen_share=0.1) is TextKind.WRITTEN


def test_no_ink_is_not_print():
    assert text_kind(np.zeros(0)) is TextKind.WRITTEN


def test_a_printed_letter_before_a_written_number_is_found():
    logits = np.array([5.0, -4, -5, -3, -6, -4, -4])
    assert printed_among_written(logits).tolist() == [True] + [False] * 6
    assert not printed_among_written(logits[:3]).any()
    assert not printed_among_written(np.full(6, 5.0)).any()
    assert printed_among_written(np.zeros(0)).shape == (0,)


def test_a_number_in_a_column_of_printed_numbers_is_print():
    around = column([5.0, 5.0, -9.0, 5.0, 0])
    assert text_kind(np.array([-9.0]), around[2]) is TextKind.RATHER_PRINTED


def test_one_answer_below_a_printed_head_is_an_answer():
    around = column([5.0, -9.0, 0, 0, 0])
    assert text_kind(np.array([-9.0]), around[1]) is TextKind.WRITTEN


def test_a_whole_line_of_writing_is_an_answer_wherever_it_stands():
    around = column([5.0] * 8 + [-5.0])
    assert text_kind(np.full(6, -5.0), around[8]) is TextKind.WRITTEN


def test_what_is_doubtful_is_print_where_nothing_is_written():
    doubtful = np.full(6, -1.2)
    assert text_kind(doubtful, column([5.0] * 8)[0]) is TextKind.RATHER_PRINTED
    assert text_kind(doubtful, column([-5.0] * 8)[0]) is TextKind.RATHER_WRITTEN


def test_labels_in_boxes_to_tick_do_not_make_a_string_print():
    bubbles = column([-1.5] + [5.0] * 12, kinds=("free", "boxes"))
    assert [around.page_is_print for around in bubbles[:2]] == [False, True]


def test_torn_print_that_is_no_character_does_not_make_a_page_written():
    page = [5.0] * 6 + [-5.0] * 3
    assert not column(page)[0].page_is_print
    assert column(page, sure=0.5)[0].page_is_print


def box_with_cross(ends, shift=0, likely="X"):
    """Whether two strokes, from (x, y) to (x, y) each, in a box of 100 are an example."""
    ink = np.zeros((100, 100), np.uint8)
    for start, end in ends:
        cv2.line(ink, start, end, 255, 8, cv2.LINE_AA)
    x, y, width, height = cv2.boundingRect(ink)
    tight = ink[y : y + height, x : x + width]
    cell = CellInk(tight, Box(200 + x + shift, 300 + y, width, height))
    field = Field("f001", "boxes", Box(200, 300, 100, 100), (Cell(Box(200, 300, 100, 100)),))
    characters = np.zeros((1, 62), np.float32)
    characters[0, CHARACTERS.index(likely)] = 0.9
    return is_example_cross(field, [cell], GlyphScores(characters, np.array([-4.0])))


EXAMPLE = [((20, 20), (80, 80)), ((20, 80), (80, 20))]


def test_a_cross_as_even_as_print_in_the_middle_of_its_box_is_an_example():
    assert box_with_cross(EXAMPLE)


@pytest.mark.parametrize(
    "written",
    [
        {"ends": [((15, 30), (85, 75)), ((25, 85), (70, 12))]},
        {"ends": EXAMPLE, "shift": 15},
        {"ends": [((25, 20), (25, 80)), ((75, 20), (75, 80)), ((25, 50), (75, 50))], "likely": "H"},
    ],
    ids=["uneven", "beside the middle", "another character"],
)
def test_a_cross_of_a_person_is_an_answer(written):
    assert not box_with_cross(**written)


@pytest.mark.parametrize(("source", "is_print"), [(InkSource.PRINT, True), (InkSource.PEN, False)])
def test_torn_print_that_the_segmentation_knows_makes_a_page_print(source, is_print):
    """Print of a coarse copy looks to the recognizer almost like writing."""
    around = column([-1.5] * 8, source=source)
    assert around[0].page_is_print is is_print
