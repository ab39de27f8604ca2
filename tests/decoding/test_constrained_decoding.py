"""The most probable text under a rule, and how sure it is."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.constrained_decoding import SYMBOLS, cell_chances, decode, restricted
from hcr_batch.forms.rules import charset_of, make_rule

DIGITS = "0123456789"


def rows(text, doubts=()):
    """Probabilities of a sure reading; `doubts` are (place, other character, its share)."""
    result = np.full((len(text), 62), 0.02 / 62)
    for place, character in enumerate(text):
        result[place, CHARACTERS.index(character)] += 0.97
    for place, other, share in doubts:
        result[place] *= 1 - share
        result[place, CHARACTERS.index(other)] += share
    return result


def decoded(text, rule, doubts=(), blanks=0):
    inked = np.arange(len(text) + blanks) < len(text)
    return decode(cell_chances(rows(text, doubts), rule.charset, inked, 0.999), rule)


def text_of(result):
    return "".join(SYMBOLS[symbol] if symbol >= 0 else "?" for symbol in result.symbols).strip()


def test_a_charset_takes_the_probability_of_what_it_excludes():
    row = np.zeros((1, 62))
    row[0, CHARACTERS.index("O")], row[0, CHARACTERS.index("0")] = 0.6, 0.3
    characters, foreign = restricted(row, DIGITS)
    assert characters[0, CHARACTERS.index("0")] == pytest.approx(0.3 / 0.4)
    assert foreign[0] == pytest.approx(0.1 / 0.4)


def test_either_case_of_letters_that_look_alike_counts():
    row = np.zeros((1, 62))
    row[0, CHARACTERS.index("c")], row[0, CHARACTERS.index("C")] = 0.5, 0.4
    for charset, character in ((charset_of("upper"), "C"), (charset_of("lower"), "c")):
        characters, foreign = restricted(row, charset)
        assert characters[0, CHARACTERS.index(character)] == pytest.approx(0.9)
        assert foreign[0] == pytest.approx(0.1)


def test_a_reading_that_keeps_the_rule_stays_and_gains():
    result = decoded("79927398713", make_rule(DIGITS, check="luhn"), [(4, "1", 0.2)])
    assert text_of(result) == "79927398713"
    assert not result.breaks
    assert result.posterior[4, 7] > 0.95
    assert result.joint > 0.9


def test_a_check_digit_corrects_a_doubtful_digit():
    result = decoded("79927398718", make_rule(DIGITS, check="luhn"), [(10, "3", 0.3)])
    assert text_of(result) == "79927398713"
    assert result.breaks
    assert result.corrected == (10,)
    assert 0.8 < result.joint <= 1


def test_sure_digits_that_break_the_rule_are_kept():
    result = decoded("79927398718", make_rule(DIGITS, check="luhn"))
    assert text_of(result) == "79927398718"
    assert result.breaks
    assert not result.corrected
    assert result.joint < 0.5


def test_two_ways_to_correct_share_the_confidence():
    rule = make_rule(DIGITS, "1[12]|2[12]")
    result = decoded("77", rule, [(0, "1", 0.2), (0, "2", 0.2), (1, "1", 0.4)])
    assert text_of(result) in ("11", "21")
    assert result.posterior[0].max() < 0.6
    assert result.posterior[1, 1] > 0.9


def test_blank_cells_after_the_text_are_no_fault_and_inside_it_are():
    rule = make_rule(DIGITS, "[0-9]{4}")
    assert text_of(decoded("1234", rule, blanks=3)) == "1234"
    assert not decoded("1234", rule, blanks=3).breaks
    assert decoded("123", rule, blanks=1).breaks


def test_the_pattern_decides_on_the_case():
    rule = make_rule(charset_of("letters"), "[A-Z][a-z]+")
    result = decoded("CoOp", rule)
    assert text_of(result) == "Coop"
    assert not result.breaks


def test_the_marginals_agree_with_all_texts_tried_one_by_one():
    rule = make_rule(DIGITS, "[0-9]{3}", "luhn")
    chance = np.random.default_rng(3).dirichlet(np.ones(62) * 0.3, 3) * 0.98
    chances = cell_chances(chance, DIGITS, np.ones(3, bool), 0.999)
    weights = {
        f"{n:03d}": np.prod([chances.symbols[i, int(d)] for i, d in enumerate(f"{n:03d}")])
        for n in range(1000)
        if rule.allows(f"{n:03d}")
    }
    best = max(weights, key=weights.get)
    result = decode(chances, rule)
    assert text_of(result) == best
    share = sum(w for t, w in weights.items() if t[0] == best[0]) / sum(weights.values())
    assert result.posterior[0, int(best[0])] == pytest.approx(share, abs=0.05)


def test_a_large_lexicon_corrects_and_leaves_strangers(tmp_path):
    letters = np.random.default_rng(1).integers(0, 26, (30_000, 8))
    words = ["".join(chr(65 + letter) for letter in row) for row in letters]
    (tmp_path / "words.txt").write_text("\n".join(words))
    upper = charset_of("upper")
    rule = make_rule(upper, check="lexicon:words.txt", folder=tmp_path)
    word = words[17]
    other = "Q" if word[3] != "Q" else "B"
    wrong = word[:3] + other + word[4:]
    assert text_of(decoded(wrong, rule, [(3, word[3], 0.3)], blanks=4)) == word
    stranger = decoded("ZZZQQQZZ", rule)
    assert text_of(stranger) == "ZZZQQQZZ"
    assert stranger.breaks
