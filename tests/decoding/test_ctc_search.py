"""Texts out of the columns of the line reader, free, by habit, and under a rule."""

import collections
import itertools
import math

import numpy as np
import pytest

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.decoding.ctc_search import FAR, LEAST, WIDTH, best_texts
from hcr_batch.decoding.languages import AutomatonLanguage
from hcr_batch.decoding.text_model import text_model
from hcr_batch.forms.rules import make_rule


def columns(*shares):
    """Columns from mappings of characters to probabilities; what is left is the gap."""
    rows = np.full((len(shares), GAP + 1), 1e-9)
    for row, share in zip(rows, shares, strict=True):
        for character, probability in share.items():
            row[LINE_CHARACTERS.index(character)] = probability
        row[GAP] = max(1e-9, 1 - sum(share.values()))
    return rows


def free(rows):
    return best_texts(rows, text_model(0.0, 0.0))


def under(rows, **rule):  # blanks in free areas count for nothing
    automaton = make_rule(blanks=False, **rule).automaton
    return best_texts(rows, AutomatonLanguage(automaton), ruled=True)


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ([{"A": 0.9}, {}, {"7": 0.9}], "A7"),
        ([{"o": 0.9}, {"o": 0.9}], "o"),
        ([{"o": 0.9}, {}, {}, {}, {"o": 0.9}], "oo"),
        ([{}, {}, {}], ""),
        ([{"a": 0.9}, {" ": 0.8}, {"b": 0.9}], "a b"),
    ],
)
def test_texts_are_spelled_column_by_column(shares, text):
    assert free(columns(*shares))[0].text == text


def test_all_ways_to_spell_a_text_count_together():
    # Of each column alone the gap is likeliest; of the texts, one a is.
    found = free(columns({"b": 0.999}, {}, {"a": 0.4}, {"a": 0.4}))
    assert found[0].text == "ba"
    assert found[0].weight == pytest.approx(0.64, abs=0.01)


def test_shares_of_the_texts_sum_to_one_and_each_character_has_its_column():
    found = free(columns({}, {"1": 0.6, "7": 0.4}, {}, {"3": 0.95}))
    assert sum(one.weight for one in found) == pytest.approx(1)
    assert [one.text for one in found[:2]] == ["13", "73"]
    assert found[0].columns == (1, 3)


def spelled_by_each_way(rows):
    """Every text with the probability of all ways through the columns, tried one by one."""
    found = collections.Counter()
    for way in itertools.product(*(np.flatnonzero(row > 1e-6) for row in rows)):
        runs = [number for number, _ in itertools.groupby(way) if number != GAP]
        text = "".join(LINE_CHARACTERS[number] for number in runs)
        found[text] += math.prod(row[number] for row, number in zip(rows, way, strict=True))
    return found


def test_texts_weigh_as_much_as_all_ways_together_that_spell_them():
    rows = columns({"a": 0.5, "b": 0.3}, {"a": 0.4, "b": 0.1}, {"b": 0.6, "a": 0.15})
    plain = spelled_by_each_way(rows)
    found = [one for one in free(rows) if one.text]
    assert len(found) >= 8
    for one in found:
        share = plain[one.text] / plain[found[0].text]
        assert one.weight / found[0].weight == pytest.approx(share, rel=1e-5), one.text


def searched_plainly(rows, language):
    """The texts that are left at the end, with the columns where their characters are clearest.

    All are grown at each column, then the best are kept.
    """
    beam = {(): (1.0, 0.0)}  # in a gap, in the last character
    states = {(): (language.start, 1.0)}
    clearest = collections.defaultdict(lambda: (0.0, -1))
    for column, row in enumerate(rows):
        grown = collections.defaultdict(lambda: [0.0, 0.0])
        far = FAR * max(sum(ends) * states[text][1] for text, ends in beam.items())
        for text, (in_gap, in_ink) in beam.items():
            grown[text][0] += (in_gap + in_ink) * row[GAP]
            for number in np.flatnonzero(row[:GAP] >= LEAST).tolist():
                again = text[-1:] == (number,)
                if again:
                    grown[text][1] += in_ink * row[number]
                    clearest[text] = max(clearest[text], (in_ink * row[number], column))
                share = (in_gap if again else in_gap + in_ink) * row[number]
                if share * states[text][1] < far:
                    continue
                state, gain = language.follow(states[text][0], number)
                longer = (*text, number)
                states[longer] = state, states[text][1] * math.exp(gain)
                grown[longer][1] += share
                clearest[longer] = max(clearest[longer], (share, column))
        weight = {text: sum(ends) * states[text][1] for text, ends in grown.items()}
        best = sorted(weight, key=weight.get, reverse=True)[:WIDTH]
        beam = {text: grown[text] for text in best if weight[text] >= FAR * weight[best[0]]}
        top = max(map(sum, beam.values()))
        beam = {text: [end / top for end in ends] for text, ends in beam.items()}
    return {
        text: tuple(clearest[text[:end]][1] for end in range(1, len(text) + 1)) for text in beam
    }


def test_texts_left_out_early_are_those_that_a_plain_search_leaves_out_late():
    random, habits = np.random.default_rng(1), text_model(0.4, 1.0)
    for _ in range(20):
        strength = random.gamma(0.03, size=(30, GAP + 1)) + 1e-9
        strength[random.random(30) < 0.3, GAP] += 3
        rows = strength / strength.sum(axis=1, keepdims=True)
        found = {one.characters: one.columns for one in best_texts(rows, habits)}
        assert found == searched_plainly(rows, habits)


def test_letters_follow_each_other_as_in_words_and_digits_stand_with_digits():
    habits = text_model(0.4, 1.0)
    word = columns(*[{c: 0.9} for c in "str"], {"a": 0.35, "0": 0.45}, {"n": 0.9}, {"d": 0.9})
    number = columns({"4": 0.9}, {}, {"O": 0.5, "0": 0.4}, {}, {"7": 0.9})
    assert best_texts(word, habits)[0].text == "strand"
    assert best_texts(number, habits)[0].text == "407"


def test_a_rule_finds_its_text_though_another_is_likelier():
    rows = columns({"1": 0.7, "I": 0.2}, {"2": 0.6, "Z": 0.3}, {}, {"B": 0.55, "8": 0.4})
    assert free(rows)[0].text == "12B"
    assert under(rows, charset="0123456789", pattern="[0-9]{3}")[0].text == "128"


def test_marks_stand_where_the_writer_likes_them():
    rows = columns({"1": 0.9}, {"-": 0.9}, {"2": 0.9}, {" ": 0.7}, {"3": 0.9})
    found = under(rows, charset="0123456789", pattern="[0-9]{3}")
    assert "".join(filter(str.isalnum, found[0].text)) == "123"


def test_a_rule_adds_no_character_that_is_not_written():
    rows = columns({"1": 0.9}, {"2": 0.9})
    assert not under(rows, charset="0123456789", pattern="[0-9]{5}")


def test_a_list_of_words_is_searched_whole(tmp_path):
    words = tmp_path / "places.txt"
    words.write_text("BERGEN\nBREMEN\nBERLIN\n")
    rows = columns(
        {"B": 0.9}, {"E": 0.5, "R": 0.3}, {"E": 0.45, "R": 0.5}, {"M": 0.8}, {"E": 0.9}, {"N": 0.9}
    )
    found = under(rows, charset="ABEGILMNR", check="lexicon:places.txt", folder=tmp_path)
    assert found[0].text == "BREMEN"


def test_a_character_keeps_its_place_though_its_like_comes_again():
    rows = columns({"o": 0.8}, {}, {"t": 0.95}, {}, {"t": 0.95}, {}, {"o": 0.99})
    assert free(rows)[0].columns == (0, 2, 4, 6)


def test_a_line_is_where_something_is_written():
    assert free(columns({"a": 0.2}))[0].text == "a"
    assert free(columns({"a": 0.001}))[0].text == ""
