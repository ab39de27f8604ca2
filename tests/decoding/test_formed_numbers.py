import pytest

from hcr_batch.alphabet import LINE_CHARACTERS
from hcr_batch.decoding.ctc_search import Hypothesis
from hcr_batch.decoding.formed_numbers import with_formed_numbers


def weighed(**weights):
    """Weights of texts; `_` stands for a blank."""
    found = [
        Hypothesis(
            tuple(map(LINE_CHARACTERS.index, text)), tuple(range(len(text))), weight, 0.0
        )
        for text, weight in weights.items()
    ]
    return {one.text: one.weight for one in with_formed_numbers(found)}


@pytest.mark.parametrize(
    ("formed", "other"),
    [
        ("48,000", "481000"),
        ("$1.250,75", "$1.250175"),
        ("24/12/26", "24112126"),
        ("2/9", "219"),
        ("31/1", "3111"),
        ("1/31", "1131"),
        ("11/2026", "1112026"),
        ("24.12.2026", "24.1212026"),
        ("646-555-0111", "646-55510111"),
        ("590.50 net", "590150 net"),
        ("$ 4500", "0 4500"),
        ("#12", "412"),
    ],
)
def test_a_number_with_its_signs_in_place_is_likelier(formed, other):
    found = weighed(**{formed: 0.3, other: 0.7})
    assert next(iter(found)) == formed
    assert sum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize("odd", ["4,8000", "01101/2090", "1/2/3/4"])
def test_digits_parted_in_no_known_way_are_less_likely(odd):
    assert weighed(**{odd: 0.6, "481000": 0.4})["481000"] > 0.5


@pytest.mark.parametrize("digits", ["2610 447 183", "4410", "13113"])
def test_what_would_be_no_day_stays_a_number(digits):
    found = weighed(**{digits: 0.6, digits.replace("1", "/", 1): 0.4})
    assert next(iter(found)) == digits


def test_words_and_other_numbers_stay_as_they_are():
    given = {"O'Brien": 0.4, "481000": 0.3, "Jean-Luc": 0.15, "1.5": 0.1, "3-4": 0.05}
    assert weighed(**given) == pytest.approx(given)


def test_what_is_surely_a_digit_stays_one():
    assert next(iter(weighed(**{"481000": 0.97, "48,000": 0.03}))) == "481000"


def test_nothing_stays_nothing():
    assert with_formed_numbers([]) == []
