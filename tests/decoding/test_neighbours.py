"""Digits stand with digits, letters make words; the sums of probabilities stay."""

from itertools import chain

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.neighbours import with_context
from hcr_batch.probabilities import fold_cases


def rows(*choices):
    """Probabilities from dicts of characters; the rest is foreign."""
    table = np.zeros((len(choices), 62), np.float32)
    for row, choice in zip(table, choices):
        for character, share in choice.items():
            row[CHARACTERS.index(character)] = share
    return table


def read(table):
    return "".join(CHARACTERS[index] for index in fold_cases(with_context(table)).argmax(axis=1))


CIRCLE = {"0": 0.45, "O": 0.3, "o": 0.24}
STROKE = {"1": 0.4, "I": 0.35, "l": 0.2}


def sure(text):
    return [{character: 0.99} for character in text]


def test_a_circle_is_a_zero_among_digits_and_an_o_among_letters():
    assert read(rows(*sure("19"), CIRCLE, *sure("4"))) == "1904"
    assert read(rows(*sure("D"), CIRCLE, *sure("R"))) == "DOR"
    assert read(rows(*sure("M"), STROKE, *sure("LLER"))) == "MILLER"
    assert read(rows(*sure("20"), STROKE, *sure("7"))) == "2017"


def test_all_doubtful_ones_agree():
    assert read(rows(CIRCLE, STROKE, *sure("5"), CIRCLE)) == "0150"


def test_letters_follow_each_other_as_in_names():
    bowl = {"n": 0.4, "r": 0.3, "h": 0.25}
    assert read(rows(*sure("Ha"), bowl, *sure("s"))) == "HanS"
    assert read(rows(*sure("T"), {"n": 0.5, "h": 0.4}, *sure("omas"))) == "ThOMaS"
    assert read(rows(*sure("HOM"), {"E": 0.4, "F": 0.55})) == "HOME"


def test_words_begin_anew_after_a_blank():
    first = {"V": 0.55, "N": 0.42}
    text = rows(*sure("FRIED"), first, *sure("AN"))
    blank = np.array([False] * 5 + [True] + [False] * 2)
    joined, parted = with_context(text), with_context(text, blank)
    assert joined[5, CHARACTERS.index("N")] > parted[5, CHARACTERS.index("N")]


def test_a_clear_character_stays_whatever_stands_beside_it():
    assert read(rows(*sure("123K456"))) == "123K456"
    assert read(rows(*sure("AB7CD"))) == "AB7CD"


def test_each_row_sums_to_what_it_did():
    random = np.random.default_rng(4).random((40, 62)).astype(np.float32) ** 8
    random /= random.sum(axis=1, keepdims=True)
    random *= np.linspace(0.01, 1, 40, dtype=np.float32)[:, None]
    weighed = with_context(random)
    assert weighed.dtype == np.float32
    assert (weighed >= 0).all()
    assert weighed.sum(axis=1) == pytest.approx(random.sum(axis=1), rel=1e-4)


CAPITALS = ("MARTHA", "JOHN", "BERLIN", "GERTRUD")
SMALL_A = {"a": 0.6, "A": 0.38}


def page(*texts):
    """Rows and fields of texts, of sure characters or choices."""
    fields = [sure(text) if isinstance(text, str) else text for text in texts]
    return rows(*chain(*fields)), np.repeat(np.arange(len(fields)), [len(f) for f in fields])


def read_last(case, *texts):
    table, field = page(*texts)
    near = with_context(table, None, field, case)
    return "".join(CHARACTERS[index] for index in near[field == field[-1]].argmax(axis=1))


def test_pages_in_capitals_have_no_small_letters():
    doubtful = [*sure("H"), {"a": 0.75, "A": 0.24}]
    assert read_last("auto", *CAPITALS, doubtful) == "HA"
    assert read_last("as_written", *CAPITALS, doubtful) == "Ha"


def test_small_letters_stay_where_a_field_shows_some():
    doubtful = [*sure("D"), SMALL_A, *sure("gegend")]
    assert read_last("auto", *CAPITALS, doubtful) == "Dagegend"


def test_what_the_page_shows_counts_for_a_field_that_shows_little():
    doubtful = [*sure("D"), {"a": 0.8, "A": 0.19}]
    small = ("Martha", "Berger", "Dresden", "Gertrude")
    assert read_last("auto", *small, doubtful) == "Da"
    assert read_last("auto", *CAPITALS, doubtful) == "DA"


def test_all_letters_can_be_asked_for_as_capitals():
    assert read_last("upper", "Dagegen") == "DAGEGEN"
    assert read_last("upper", "Miller") == "MILLER"


def test_a_bar_among_capitals_and_digits_is_no_small_letter():
    bar = {"l": 0.6, "1": 0.25, "I": 0.1}
    assert read_last("auto", [*sure("20"), bar, *sure("7")]) == "2017"
    assert read_last("auto", [*sure("MART"), bar, *sure("N")]) == "MARTIN"


def test_no_characters_and_foreign_ink_are_no_error():
    assert with_context(np.zeros((0, 62), np.float32)).shape == (0, 62)
    assert not with_context(np.zeros((3, 62), np.float32)).any()
    assert np.isfinite(with_context(np.zeros((200, 62), np.float32))).all()


def test_fields_side_by_side_are_weighed_as_each_alone_as_written():
    texts = [rows(*sure("19"), CIRCLE, *sure("4")), rows(CIRCLE), rows(*sure("MI"), STROKE, CIRCLE)]
    blanks = [np.array([False, False, True, False]), np.array([True]), np.array([False] * 4)]
    together = with_context(
        np.concatenate(texts), np.concatenate(blanks), np.repeat([7, 3, 5], [4, 1, 4])
    )
    alone = np.concatenate([with_context(*field) for field in zip(texts, blanks, strict=True)])
    np.testing.assert_allclose(together, alone, rtol=1e-5)
