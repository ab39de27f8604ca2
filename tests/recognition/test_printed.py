"""A line of machine print is told from one of handwriting by all its glyphs."""

import numpy as np
import pytest

from hcr_batch.recognition.calibration import CHARACTERS
from hcr_batch.recognition.models import GlyphScores
from hcr_batch.recognition.printed import (
    Hand,
    printed_among_written,
    surroundings,
    whose_hand,
)
from hcr_batch.types import Box, Field


def column(opinions, sure=0.99):
    """What is around each of some fields below each other, of so many opinions of one glyph.

    `sure` is the probability that the glyph is an A.
    """
    fields = [
        Field(f"f{n}", "free", Box(50, 100 + 40 * n, 80, 36), ()) for n in range(len(opinions))
    ]
    characters = np.zeros((1, 62), np.float32)
    characters[:, CHARACTERS.index("A")] = sure
    scores = [
        GlyphScores(characters[: bool(o)], np.array([o] if o else [], np.float32))
        for o in opinions
    ]
    return surroundings(fields, scores)


@pytest.mark.parametrize(
    ("logit", "hand"), [(8.0, Hand.PRINTED), (-8.0, Hand.WRITTEN)], ids=["print", "handwriting"]
)
def test_glyphs_of_one_opinion(logit, hand):
    assert whose_hand(np.full(6, logit, np.float32)) is hand


def test_one_glyph_that_looks_printed_does_not_make_a_line_print():
    assert whose_hand(np.array([50.0, -6, -6, -6, -6, -6])) is Hand.WRITTEN


def test_one_glyph_that_looks_written_does_not_make_print_an_answer():
    assert whose_hand(np.array([-50.0, 6, 6, 6, 6, 6, 6, 6])) is not Hand.WRITTEN


def test_where_opinions_differ_a_person_looks():
    hand = whose_hand(np.array([2.0, -3.0, 2.0, -3.0]))
    assert hand in (Hand.RATHER_PRINTED, Hand.RATHER_WRITTEN)


def test_no_ink_is_not_print():
    assert whose_hand(np.zeros(0)) is Hand.WRITTEN


def test_a_printed_letter_before_a_written_number_is_found():
    logits = np.array([5.0, -4, -5, -3, -6, -4, -4])
    assert printed_among_written(logits).tolist() == [True] + [False] * 6
    assert not printed_among_written(logits[:3]).any()
    assert not printed_among_written(np.full(6, 5.0)).any()
    assert printed_among_written(np.zeros(0)).shape == (0,)


def test_a_number_in_a_column_of_printed_numbers_is_print():
    around = column([5.0, 5.0, -9.0, 5.0, 0])
    assert whose_hand(np.array([-9.0]), around[2]) is Hand.RATHER_PRINTED


def test_one_answer_below_a_printed_head_is_an_answer():
    around = column([5.0, -9.0, 0, 0, 0])
    assert whose_hand(np.array([-9.0]), around[1]) is Hand.WRITTEN


def test_a_whole_line_of_writing_is_an_answer_wherever_it_stands():
    around = column([5.0] * 8 + [-5.0])
    assert whose_hand(np.full(6, -5.0), around[8]) is Hand.WRITTEN


def test_what_is_doubtful_is_print_where_nothing_is_written():
    doubtful = np.full(6, -1.2)
    assert whose_hand(doubtful, column([5.0] * 8)[0]) is Hand.RATHER_PRINTED
    assert whose_hand(doubtful, column([-5.0] * 8)[0]) is Hand.RATHER_WRITTEN


def test_torn_print_that_is_no_character_does_not_make_a_page_written():
    page = [5.0] * 6 + [-5.0] * 3
    assert not column(page)[0].page_is_print
    assert column(page, sure=0.5)[0].page_is_print
