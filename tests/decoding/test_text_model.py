import math
from dataclasses import replace

import numpy as np
import pytest

from hcr_batch.alphabet import LINE_CHARACTERS
from hcr_batch.decoding.known_words import KnownWords, known_words
from hcr_batch.decoding.text_model import TextModel, text_model

FEW = KnownWords(("an", "ana", "anna", "ben"), (0.0, 0.1, 0.2, 0.6, 1.0))


@pytest.fixture
def few():
    """Letters and kinds as they come; no other words than a few."""
    whole = text_model(0.3, 0.8)
    return TextModel(whole.letters, whole.kinds, FEW, whole.weight, whole.bonus)


def weight(model, text):
    """Logarithm of the weight of a text."""
    state, total = model.start, 0.0
    for character in text:
        state, gain = model.follow(state, LINE_CHARACTERS.index(character))
        total += gain
    return total + model.ending(state)


def test_known_words_are_found_by_their_beginning():
    first, last = FEW.going_on("an", 0, 4)
    assert FEW.words[first:last] == ("an", "ana", "anna")
    assert FEW.likely(first, last) == pytest.approx(0.6)
    assert FEW.word("an", first, last) == pytest.approx(0.1)
    assert FEW.word("ann", *FEW.going_on("ann", first, last)) == 0
    assert FEW.going_on("x", 0, 4) == (4, 4)


def test_a_text_is_known_if_all_its_words_are():
    assert FEW.hold("Anna 12-BEN")
    assert not FEW.hold("anna benn")
    assert not FEW.hold("12")


def test_a_known_word_outweighs_one_that_differs_by_a_letter(few):
    assert weight(few, "ben") > weight(few, "bem") + 1
    assert weight(few, "BEN") > weight(few, "BEM") + 1, "in capitals too"


def test_a_word_weighs_the_same_wherever_it_stands(few):
    alone = weight(few, "anna") - weight(few, "anma")
    for frame in ("7 {}", "{} ben", "x-{}", "anna {}"):
        assert weight(few, frame.format("anna")) - weight(few, frame.format("anma")) == (
            pytest.approx(alone, abs=0.5)
        )


def test_what_goes_on_behind_a_known_word_is_not_one(few):
    unknown = replace(few, known=KnownWords(("zz",), (0.0, 1.0)))
    assert weight(few, "benk") == pytest.approx(weight(unknown, "benk"))
    assert weight(few, "an7") - weight(few, "am7") > 1, "a digit ends the word"


def test_without_weight_texts_differ_by_their_length_alone():
    model = text_model(0.0, 0.5)
    assert weight(model, "the") == pytest.approx(weight(model, "q7x")) == pytest.approx(1.5)


def test_the_words_of_the_program_are_sorted_and_their_shares_add_up():
    known = known_words()
    assert list(known.words[:1000]) == sorted(known.words[:1000])
    assert len(known.ends) == len(known.words) + 1 > 50_000
    assert known.likely(0, len(known.words)) == pytest.approx(1)
    assert np.all(np.diff(known.ends) > 0)
    for name in ("street", "mueller", "barcelona", "the"):
        assert known.word(name, *known.going_on(name, 0, len(known.words))) > 0
    the, rare = (
        known.word(w, *known.going_on(w, 0, len(known.words))) for w in ("the", "barcelona")
    )
    assert math.log(the / rare) > 1
