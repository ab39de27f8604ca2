"""Characters of a line read whole: their places, their probabilities, blanks between words."""

import string
from dataclasses import replace

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS, GAP, LINE_CHARACTERS
from hcr_batch.characters.line_strip import line_strip
from hcr_batch.decoding.transcription import transcribe, transcribe_ruled
from hcr_batch.forms.automata import of_words
from hcr_batch.forms.rules import make_rule
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.line_confidence import CharacterConfidence, LineConfidence

TRUST = LineConfidence(0, 1, 2, 1), CharacterConfidence(0, 1, 1, 1, 1)
CARD = LineCard(LINE_CHARACTERS, 1, 1.0, 0.0, 0.0, 1.0, *TRUST, (), (), {}, {})
EVERYTHING = CHARACTERS


@pytest.fixture
def line():
    """The strip of three bars, 40 pixels high and apart, at (100, 50) of the page."""
    ink = np.zeros((60, 150), np.uint8)
    for x in (20, 70, 120):
        ink[10:50, x : x + 4] = 255
    return line_strip(ink, 100, 50)


def told(strip, *characters):
    """Columns that show these characters, each mapping at its bar."""
    rows = np.full((-(-strip.image.shape[1] // 2), GAP + 1), 1e-9)
    rows[:, GAP] = 1
    ink = strip.image.sum(axis=0) > 0
    starts = np.flatnonzero(ink & ~np.append(False, ink[:-1]))
    for start, shares in zip(starts, characters, strict=True):
        row = rows[start // 2 + 1]
        for character, probability in shares.items():
            row[LINE_CHARACTERS.index(character)] = probability
        row[GAP] = 1 - sum(shares.values())
    return rows


def listed(*words):
    """The rule of a list of words."""
    rule = make_rule(string.ascii_letters, blanks=False)
    return replace(rule, automaton=of_words(words), words=True)


def texts(whole):
    return "".join(CHARACTERS[row.argmax()] for row in whole.rows)


def test_each_character_has_its_place_on_the_page(line):
    whole = transcribe(line, told(line, {"1": 0.9}, {"4": 0.9}, {"7": 0.9}), EVERYTHING, CARD)
    assert texts(whole) == "147"
    for box, x in zip(whole.boxes, (120, 170, 220), strict=True):
        assert abs(box.x - x) <= 3
        assert abs(box.right - (x + 4)) <= 3
        assert abs(box.y - 60) <= 3
        assert abs(box.bottom - 100) <= 3


def test_doubt_about_one_character_is_doubt_about_the_line_but_not_about_the_others(line):
    whole = transcribe(
        line, told(line, {"1": 0.99}, {"4": 0.6, "9": 0.39}, {"7": 0.99}), EVERYTHING, CARD
    )
    assert whole.rows[1, 4] == pytest.approx(0.6, abs=0.03)
    assert whole.rows[1, 9] == pytest.approx(0.39, abs=0.03)
    assert whole.rows[0, 1] > 0.97
    assert whole.share == pytest.approx(0.6, abs=0.05)


def test_marks_are_left_out_and_blanks_part_words(line):
    whole = transcribe(line, told(line, {"1": 0.9}, {" ": 0.9}, {"7": 0.9}), EVERYTHING, CARD)
    assert texts(whole) == "17"
    assert whole.after_blank.tolist() == [False, True]
    whole = transcribe(line, told(line, {"1": 0.9}, {"-": 0.9}, {"7": 0.9}), EVERYTHING, CARD)
    assert texts(whole) == "17"
    assert not whole.after_blank.any()


@pytest.mark.parametrize(("slash", "text"), [(0.4, "2/9"), (0.02, "219")])
def test_what_may_well_be_a_slash_is_none_of_the_characters(line, slash, text):
    bar = {"1": 0.97 - slash, "/": slash}
    whole = transcribe(line, told(line, {"2": 0.95}, bar, {"9": 0.95}), EVERYTHING, CARD)
    assert (whole.text, texts(whole)) == (text, text.replace("/", ""))


def test_a_letter_that_may_be_a_slash_stays_a_letter(line):
    shown = told(line, {"o": 0.95}, {"f": 0.6, "/": 0.35}, {"a": 0.95})
    assert texts(transcribe(line, shown, EVERYTHING, CARD)) == "ofa"


def test_a_charset_takes_shapes_of_the_other_case(line):
    shown = told(line, {"c": 0.9}, {"a": 0.9}, {"s": 0.9})
    assert texts(transcribe(line, shown, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", CARD)) == "CAS"


def test_a_rule_runs_on_from_line_to_line(line):
    rule = make_rule("0123456789", "[0-9]{5}7", blanks=False)
    shown = [
        told(line, {"1": 0.9}, {"2": 0.9}, {"3": 0.9}),
        told(line, {"4": 0.9}, {"5": 0.9}, {"1": 0.6, "7": 0.3}),
    ]
    found = transcribe_ruled([line, line], shown, rule, CARD)
    assert [len(whole.rows) for whole in found] == [3, 3]
    assert len(found[1].boxes) == 3
    assert [texts(whole) for whole in found] == ["123", "457"]


def test_a_name_of_a_list_is_found_on_two_lines(line):
    shown = [
        told(line, {"N": 0.9}, {"E": 0.9}, {"V": 0.6, "W": 0.3}),
        told(line, {"T": 0.9}, {"O": 0.9}, {"N": 0.9}),
    ]
    found = transcribe_ruled([line, line], shown, listed("NEW TON", "OLD TON"), CARD)
    assert [texts(whole) for whole in found] == ["NEW", "TON"]
    # As sure as the whole name is.
    assert found[0].share == found[1].share > 0.9


def test_a_word_of_a_list_is_read_where_single_characters_say_otherwise(line):
    rule = listed("COT", "DOG")
    shown = told(line, {"C": 0.9}, {"A": 0.5, "O": 0.4}, {"T": 0.9})
    (word,) = transcribe_ruled([line], [shown], rule, CARD)
    assert texts(word) == "COT"
    assert [box.x for box in word.boxes] == sorted(box.x for box in word.boxes)
    assert word.share > 0.9


def test_a_word_that_stands_in_no_list_is_not_surely_one_that_does(line):
    shown = told(line, {"C": 0.98}, {"A": 0.97, "O": 0.01}, {"T": 0.98})
    (word,) = transcribe_ruled([line], [shown], listed("COT", "DOG"), CARD)
    assert texts(word) == "COT"
    assert word.share < 0.6


def test_marks_within_a_word_of_a_list_leave_it_sure(line):
    shown = told(line, {"C": 0.98}, {"-": 0.98}, {"T": 0.98})
    (word,) = transcribe_ruled([line], [shown], listed("CT", "DOG"), CARD)
    assert texts(word) == "CT"
    assert word.share > 0.9


def test_what_shows_no_word_of_a_list_is_none(line):
    shown = told(line, {"1": 0.9}, {"2": 0.9}, {"3": 0.9})
    shown[:, [LINE_CHARACTERS.index(one) for one in "COTDGcotdg"]] = 0
    assert transcribe_ruled([line], [shown], listed("COT", "DOG"), CARD) is None


def test_letters_follow_their_habits_under_a_pattern_too(line):
    shown = told(line, {"T": 0.9}, {"H": 0.4, "K": 0.45}, {"E": 0.9})
    rule = make_rule("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "[A-Z]{3}", blanks=False)
    assert texts(*transcribe_ruled([line], [shown], rule, CARD)) == "TKE"
    habits = replace(CARD, letter_weight=0.35, letter_bonus=0.9)
    assert texts(*transcribe_ruled([line], [shown], rule, habits)) == "THE"


def test_a_number_whose_check_digit_is_wrong_is_not_the_one(line):
    rule = make_rule("0123456789", "[0-9]{3}", check="luhn", blanks=False)
    shown = told(line, {"1": 0.9}, {"8": 0.9}, {"2": 0.3, "7": 0.65})
    (number,) = transcribe_ruled([line], [shown], rule, CARD)
    assert texts(number) == "182"
    unchecked = make_rule("0123456789", "[0-9]{3}", blanks=False)
    assert texts(*transcribe_ruled([line], [shown], unchecked, CARD)) == "187"


def test_a_text_that_breaks_its_pattern_is_not_surely_one_that_keeps_it(line):
    shown = told(line, {"1": 0.98}, {"4": 0.98}, {"A": 0.97, "4": 0.01})
    (number,) = transcribe_ruled([line], [shown], make_rule("0123456789A", "[0-9]{3}"), CARD)
    assert number.share < 0.6


def test_a_rule_that_nothing_fits_finds_nothing(line):
    rule = make_rule("0123456789", "[0-9]{7}", blanks=False)
    shown = told(line, {"1": 0.9}, {"2": 0.9}, {"3": 0.9})
    assert transcribe_ruled([line], [shown], rule, CARD) is None


def test_a_narrow_first_character_may_be_clearest_before_its_ink(line):
    columns = told(line, {"1": 0.9}, {"4": 0.9}, {"7": 0.9})
    first = int(columns[:, LINE_CHARACTERS.index("1")].argmax())
    early = np.roll(columns[: first + 1], -3, axis=0)
    whole = transcribe(line, np.vstack([early, columns[first + 1 :]]), EVERYTHING, CARD)
    assert texts(whole) == "147"
    assert whole.rows[0].sum() > 0.8


def test_readings_that_differ_in_marks_alone_are_one_answer(line):
    columns = told(line, {"1": 0.99}, {",": 0.3, ".": 0.3, "4": 0.38}, {"7": 0.99})
    whole = transcribe(line, columns, EVERYTHING, CARD)
    assert texts(whole) == "17"
    assert whole.share == pytest.approx(0.6, abs=0.05)
    assert set(whole.text) & set(",.")


def test_what_an_alternative_inserts_is_no_reading_of_the_character_beside_it(line):
    columns = told(line, {"6": 0.99}, {",": 0.5, "1": 0.48}, {"3": 0.99})
    whole = transcribe(line, columns, EVERYTHING, CARD)
    assert texts(whole) == "63"
    assert whole.rows.sum(axis=1).max() <= 1.001


def test_a_sign_alone_holds_no_characters(line):
    whole = transcribe(line, told(line, {"$": 0.99}, {}, {}), EVERYTHING, CARD)
    assert (len(whole.rows), whole.text) == (0, "$")
    assert whole.share > 0.95
