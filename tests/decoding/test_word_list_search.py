"""Words of a list in the columns of the line reader."""

import itertools
import math

import numpy as np
import pytest

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.decoding.word_list_search import CHARACTER_BONUS, likeliest_words
from hcr_batch.forms.automata import of_words, with_outer_blanks


def columns(rng, count, sharp=2.0):
    """Columns that speak for anything, some things more than others."""
    rows = np.exp(sharp * rng.normal(size=(count, GAP + 1)))
    return rows / rows.sum(axis=1, keepdims=True)


def spelled_every_way(rows, word):
    """Probability that columns spell a word: the sum over all ways, one by one."""
    numbers = [LINE_CHARACTERS.index(character) for character in word]
    total = 0.0
    for way in itertools.product([*set(numbers), GAP], repeat=len(rows)):
        shown = [number for number, _ in itertools.groupby(way) if number != GAP]
        if shown == numbers:
            total += math.prod(row[number] for row, number in zip(rows, way, strict=True))
    return total


@pytest.fixture
def rows():
    found = columns(np.random.default_rng(3), 5)
    found[:, LINE_CHARACTERS.index(" ") : GAP] = 0  # marks count for gaps
    return found


@pytest.mark.parametrize("words", [["cat", "car", "at"], ["oo", "o"], ["a", "aa", "ab"]])
def test_each_word_has_the_probability_of_all_ways_to_spell_it(rows, words):
    for automaton in (of_words(words), with_outer_blanks(of_words(words))):
        found = {one.text: one for one in likeliest_words(rows, automaton)}
        assert found.keys() == set(words)
        for word in words:
            assert math.exp(found[word].sound) == pytest.approx(spelled_every_way(rows, word))
        assert sum(one.weight for one in found.values()) == pytest.approx(1)


def test_blanks_within_an_entry_are_read():
    rows = np.full((5, GAP + 1), 1e-6)
    for column, character in enumerate("a b"):
        rows[2 * column, LINE_CHARACTERS.index(character)] = 0.9
    rows[1::2, GAP] = 1
    found = likeliest_words(rows, with_outer_blanks(of_words(["ab", "a b", "b"])))
    assert [one.text for one in found[:2]] == ["a b", "ab"]


def test_longer_words_gain_by_each_character(rows):
    found = {one.text: one for one in likeliest_words(rows, of_words(["vqx", "qx"]))}
    gained = math.log(found["vqx"].weight / found["qx"].weight)
    assert gained == pytest.approx(found["vqx"].sound - found["qx"].sound + CHARACTER_BONUS)


def test_of_two_that_are_shown_alike_the_commoner_comes_first():
    rows = np.full((3, GAP + 1), 1e-6)
    for column, shown in enumerate(("h", "ox", "t")):
        for character in shown:
            rows[column, LINE_CHARACTERS.index(character)] = 1 / len(shown)
    assert [one.text for one in likeliest_words(rows, of_words(["hxt", "hot"]))] == ["hot", "hxt"]


def test_characters_have_the_columns_in_which_they_are_clearest():
    rows = np.full((6, GAP + 1), 1e-6)
    rows[:, GAP] = 1
    for column, character, share in ((1, "h", 0.3), (2, "h", 0.9), (4, "i", 0.9), (5, "i", 0.2)):
        rows[column, GAP] = 1 - share
        rows[column, LINE_CHARACTERS.index(character)] = share
    found = likeliest_words(rows, of_words(["hi", "ho", "oh"]))
    assert found[0].text == "hi"
    assert found[0].columns == (2, 4)


def test_what_shows_no_word_finds_none():
    rows = np.zeros((4, GAP + 1))
    rows[:, LINE_CHARACTERS.index("x")] = 1
    assert likeliest_words(rows, of_words(["cat"])) == []
