"""The letter model, counted from words."""

import numpy as np

from hcr_batch.decoding.letter_model import EDGE
from hcr_batch.training.line_reader.line_letters import letter_table


def number(letter):
    return EDGE if letter == "." else ord(letter) - ord("a")


def chance(table, text):
    return np.exp(table[tuple(map(number, text))])


def test_letters_after_three_are_probabilities_that_follow_the_words():
    table = letter_table(["anna", "anne", "hanna"] * 10)
    assert np.allclose(np.exp(table).sum(axis=-1), 1)
    assert chance(table, "anna") > 5 * chance(table, "annz") > 0
    assert chance(table, "nna.") > chance(table, "nnaq")
    assert chance(table, "zqxn") > chance(table, "zqxb"), "what is unknown follows shorter habits"
