"""Answers of a review become thresholds."""

from dataclasses import replace

import pytest

from hcr_batch.evaluation.feedback import (
    FEWEST_ANSWERS,
    ReadCharacter,
    calibrated_card,
    fit_feedback,
)
from hcr_batch.recognition import load_card, load_recognizer
from hcr_batch.recognition.model_card import ModelCard, Threshold

DIGITS, ALL = "0123456789", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CARD = ModelCard(
    tuple(ALL),
    1,
    1.0,
    {
        "digits": (Threshold(0.005, 0.6, 0.9, 0.01), Threshold(0.02, 0.5, 0.9, 0.03)),
        "alnum": (Threshold(0.005, 0.9, 0.9, 0.01),),
        "strings": (Threshold(0.005, 0.97, 0.7, 0.01),),
    },
    {},
    {},
)


def read(count, confidence, right=True, flagged=False, charset=DIGITS, field="", string=False):
    return [ReadCharacter(confidence, flagged, right, charset, field, string)] * count


def only(characters, wanted=0.005):
    (found,) = fit_feedback(characters, CARD, wanted)
    return found


def test_errors_among_the_unflagged_raise_the_threshold():
    found = only(read(600, 0.99) + read(60, 0.7) + read(12, 0.7, right=False))
    assert (found.group, found.answers, found.old) == ("digits", 672, 0.6)
    assert found.new == 0.99
    assert found.before.rate == pytest.approx(12 / 672)
    assert found.after.wrong == 0


def test_enough_right_ones_among_the_flagged_lower_it():
    found = only(read(500, 0.99) + read(300, 0.4, flagged=True))
    assert found.new == 0.4


def test_few_answers_without_an_error_prove_nothing():
    found = only(read(110, 0.99) + read(20, 0.4, flagged=True))
    assert found.new == found.old == 0.6


def test_answers_stand_for_those_of_their_kind_that_were_not_looked_at():
    """Two per cent of the unflagged were looked at, and all that are flagged."""
    sampled = read(99, 0.99) + read(1, 0.7, right=False)
    unseen = read(4900, 0.99, right=None)
    found = only(sampled + unseen + read(300, 0.55, flagged=True))
    assert found.new == 0.99
    assert found.before.wrong == 1
    assert found.thresholds[0].accept_rate < 0.98


def test_each_target_of_the_card_has_its_threshold():
    found = only(read(900, 0.99) + read(90, 0.7) + read(10, 0.7, right=False))
    by_target = {entry.target_error: entry.threshold for entry in found.thresholds}
    assert by_target == {0.005: 0.99, 0.02: 0.7}


def test_nothing_is_accepted_where_even_the_surest_are_wrong():
    assert only(read(150, 0.99) + read(15, 0.99, right=False)).new > 1


def test_a_field_of_a_form_has_its_own_where_there_are_enough():
    few = read(FEWEST_ANSWERS - 1, 0.99, field="club.name")
    many = read(FEWEST_ANSWERS, 0.99, field="club.number")
    groups = [one.group for one in fit_feedback(few + many, CARD, 0.005)]
    assert groups == ["digits", "club.number"]


def test_charsets_are_told_apart():
    groups = fit_feedback(read(200, 0.99) + read(200, 0.95, charset=ALL), CARD, 0.005)
    assert [one.group for one in groups] == ["alnum", "digits"]


def test_strings_have_thresholds_of_their_own_where_the_model_reads_them_whole():
    characters = read(600, 0.99, string=True) + read(12, 0.98, right=False, string=True)
    cells = read(200, 0.99)
    strings, digits = sorted(
        fit_feedback(characters + cells, CARD, 0.005), key=lambda one: one.answers, reverse=True
    )
    assert (strings.group, strings.old, strings.new) == ("strings", 0.97, 0.99)
    assert digits.group == "digits"
    without = {name: found for name, found in CARD.thresholds.items() if name != "strings"}
    (alone,) = fit_feedback(characters + cells, replace(CARD, thresholds=without), 0.005)
    assert alone.group == "digits"


def test_thresholds_of_strings_go_on_from_those_of_the_line_reader():
    card = load_card()
    assert "strings" not in card.thresholds
    characters = read(600, 0.99, string=True) + read(12, 0.98, right=False, string=True)
    document, (found,) = calibrated_card(card, characters, 0.005, 0.0)
    assert found.old == load_recognizer().line_reader.card.character_threshold(0.005)
    assert document["thresholds"]["strings"]


def test_flagged_ones_alone_say_nothing_of_silent_errors():
    assert fit_feedback(read(500, 0.4, flagged=True), CARD, 0.005) == ()
