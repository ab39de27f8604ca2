"""The texts that two languages share."""

import math

from hcr_batch.alphabet import LINE_CHARACTERS
from hcr_batch.decoding.languages import AutomatonLanguage, BothLanguages
from hcr_batch.decoding.text_model import text_model
from hcr_batch.forms.automata import of_words


def weight(language, text):
    """Logarithm of the weight of a text; None where it is none of the language."""
    state, total = language.start, 0.0
    for character in text:
        step = language.follow(state, LINE_CHARACTERS.index(character))
        if step is None:
            return None
        assert step[1] <= math.log(language.most(state)) + 1e-6
        state, total = step[0], total + step[1]
    ending = language.ending(state)
    return None if ending is None else total + ending


def test_a_text_of_both_languages_has_the_weights_of_both():
    rule, habits = AutomatonLanguage(of_words(["THE", "TAX"])), text_model(0.35, 0.9)
    both = BothLanguages(rule, habits)
    for text in ("THE", "TAX"):
        assert math.isclose(weight(both, text), weight(rule, text) + weight(habits, text))
    assert weight(both, "TH") is weight(both, "TOE") is None
