import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.word_support import with_known_words


def rows_of(*cells):
    """A row of probabilities for each cell: a character for sure, or several with theirs."""
    rows = np.full((len(cells), len(CHARACTERS)), 1e-4, np.float32)
    for row, cell in zip(rows, cells, strict=True):
        for character, chance in ({cell: 0.99} if isinstance(cell, str) else cell).items():
            row[CHARACTERS.index(character)] = chance
    return rows


def weighed(*cells, field=None, after_blank=None):
    count = len(cells)
    field = np.zeros(count, int) if field is None else np.array(field)
    blank = np.zeros(count, bool) if after_blank is None else np.array(after_blank)
    return with_known_words(rows_of(*cells), field, blank)


def text(rows):
    return "".join(CHARACTERS[number] for number in rows.argmax(axis=1))


DOUBTED = {"F": 0.5, "E": 0.45}


def test_a_doubtful_letter_is_that_of_a_known_word():
    rows = weighed("S", "T", "R", DOUBTED, "E", "T")
    assert text(rows) == "STREET"
    assert rows[3].max() > 0.8


def test_a_letter_that_is_sure_stays_though_a_known_word_has_another():
    assert text(weighed("S", "T", "R", "F", "E", "T")) == "STRFET"


def test_what_is_no_known_word_stays_as_it_was():
    cells = ("Q", "X", DOUBTED, "K", "V")
    assert weighed(*cells) == pytest.approx(rows_of(*cells), abs=2e-3)


def test_words_end_at_fields_at_blanks_and_at_digits():
    cells = ("S", "T", "R", DOUBTED, "E", "T")
    for parted in (
        weighed(*cells, field=[0, 0, 0, 1, 1, 1]),
        weighed(*cells, after_blank=[False, False, False, True, False, False]),
    ):
        assert parted == pytest.approx(rows_of(*cells))
    assert text(weighed("7", *cells, "9")) == "7STREET9"


def test_small_letters_stay_small_and_sums_stay():
    cells = ("s", "t", "r", {"f": 0.5, "e": 0.4}, "e", "t")
    rows = weighed(*cells)
    assert text(rows) == "street"
    assert rows.sum(axis=1) == pytest.approx(rows_of(*cells).sum(axis=1), rel=1e-4)


def test_short_runs_and_nothing_are_left_alone():
    assert weighed("T", DOUBTED) == pytest.approx(rows_of("T", DOUBTED))
    nothing = np.zeros((0, len(CHARACTERS)), np.float32)
    assert with_known_words(nothing, np.zeros(0, int), np.zeros(0, bool)).shape == nothing.shape
