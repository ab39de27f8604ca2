"""Temperature, calibration error, thresholds and case folding."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.probabilities import best_in_charset, fold_cases
from hcr_batch.recognition.calibration import (
    chance_calibration_error,
    clopper_pearson_upper,
    expected_calibration_error,
    fit_temperature,
    temperature_scale,
    thresholds_for,
)


def one_glyph(**shares: float) -> np.ndarray:
    """Probabilities (1, 62) with the given shares; keyword d0 stands for the digit 0."""
    row = np.zeros((1, len(CHARACTERS)), np.float32)
    for name, share in shares.items():
        row[0, CHARACTERS.index(name[-1])] = share
    return row


def test_temperature_one_is_softmax():
    logits = np.array([[0.0, np.log(3.0)]], np.float32)
    assert temperature_scale(logits, 1.0) == pytest.approx(np.array([[0.25, 0.75]]))


def test_high_temperature_flattens_and_keeps_the_order():
    logits = np.array([[4.0, 1.0, -2.0]], np.float32)
    sharp, flat = temperature_scale(logits, 0.5)[0], temperature_scale(logits, 5.0)[0]
    assert flat[0] < sharp[0]
    assert list(np.argsort(flat)) == list(np.argsort(sharp))
    assert flat.sum() == pytest.approx(1.0)


def test_temperature_survives_huge_logits_and_no_glyphs():
    assert temperature_scale(np.array([[1e4, 0.0]]), 1.0)[0, 0] == 1.0
    assert temperature_scale(np.empty((0, 63), np.float32), 1.0).shape == (0, 63)


def test_fitted_temperature_recovers_overconfidence():
    rng = np.random.default_rng(3)
    true_logits = rng.normal(0, 2, (20_000, 5))
    labels = np.array([rng.choice(5, p=p) for p in temperature_scale(true_logits, 1.0)])
    allowed = np.eye(5, dtype=bool)[labels]
    found = fit_temperature(2.5 * true_logits, allowed, np.ones(len(labels)))
    assert found == pytest.approx(2.5, rel=0.05)


def test_calibration_error_is_zero_when_confidence_is_frequency():
    confidence = np.full(1000, 0.8)
    correct = np.arange(1000) % 5 != 0
    assert expected_calibration_error(confidence, correct) == pytest.approx(0.0, abs=0.02)


def test_calibration_error_measures_overconfidence():
    correct = np.arange(1000) % 2 == 0
    assert expected_calibration_error(np.full(1000, 0.9), correct) == pytest.approx(0.4, abs=0.02)


def test_chance_alone_makes_less_error_of_more_glyphs():
    confidence = np.random.default_rng(1).uniform(0.5, 1.0, 20_000)
    few, many = chance_calibration_error(confidence[:200]), chance_calibration_error(confidence)
    assert many < 0.01 < few
    right = np.random.default_rng(2).random(20_000) < confidence
    assert expected_calibration_error(confidence, right) < 2 * many


@pytest.mark.parametrize(
    ("errors", "count", "bound"),
    # Exact values of the beta distribution's 95 % point (tables; 0 errors: 1 - 0.05 ** (1 / n)).
    [(0, 100, 1 - 0.05 ** (1 / 100)), (1, 100, 0.046557), (5, 100, 0.102253), (7, 7, 1.0)],
)
def test_clopper_pearson(errors, count, bound):
    assert clopper_pearson_upper(errors, count) == pytest.approx(bound, abs=1e-4)


def test_clopper_pearson_of_large_samples_is_finite():
    assert 0.0009 < clopper_pearson_upper(100, 100_000) < 0.0013


def test_threshold_accepts_as_much_as_the_target_allows():
    confidence = np.array([0.99, 0.98, 0.97, 0.96, 0.5, 0.4])
    correct = np.array([True, True, True, True, False, True])
    (strict, loose) = thresholds_for(confidence, correct, [0.0, 0.2])
    assert (strict.threshold, strict.accept_rate) == (0.96, pytest.approx(4 / 6))
    assert (loose.threshold, loose.accept_rate) == (0.4, 1.0)
    assert loose.error_bound > 1 / 6


def test_threshold_keeps_equal_confidences_together():
    confidence = np.array([0.9, 0.9, 0.9, 0.9])
    correct = np.array([True, True, True, False])
    (only,) = thresholds_for(confidence, correct, [0.1])
    assert only.accept_rate == 0.0
    assert only.threshold > 1


def test_fold_adds_look_alike_cases_and_leaves_others():
    folded = fold_cases(one_glyph(S=0.3, s=0.4, A=0.1, a=0.2))
    shares = dict(zip(CHARACTERS, folded[0], strict=True))
    assert shares["S"] == pytest.approx(0.7)
    assert shares["s"] == 0
    assert (shares["A"], shares["a"]) == (pytest.approx(0.1), pytest.approx(0.2))


def test_charset_excludes_letters_from_digits():
    index, confidence = best_in_charset(one_glyph(O=0.8, d0=0.1), "digits")
    assert CHARACTERS[index[0]] == "0"
    # 0.1 that is left for foreign ink competes with the 0.1 of the digit.
    assert confidence[0] == pytest.approx(0.5)


def test_capitals_only_charset_counts_both_look_alike_cases():
    index, confidence = best_in_charset(one_glyph(s=0.6, S=0.3, d5=0.1), "upper")
    assert CHARACTERS[index[0]] == "S"
    assert confidence[0] == pytest.approx(1.0)


def test_a_bar_counts_for_the_capital_i_and_never_for_l():
    folded = fold_cases(one_glyph(l=0.5, I=0.1, i=0.1, L=0.2))
    shares = dict(zip(CHARACTERS, folded[0], strict=True))
    assert (shares["I"], shares["L"]) == (pytest.approx(0.7), pytest.approx(0.2))
    assert shares["l"] == 0


def test_lower_charset_counts_look_alike_pairs_and_no_other_capitals():
    index, confidence = best_in_charset(one_glyph(S=0.3, s=0.2, A=0.4, a=0.1), "lower")
    assert CHARACTERS[index[0]] == "S"
    assert confidence[0] == pytest.approx(0.5 / 0.6)


def test_a_bar_is_no_l_among_capitals():
    bar = one_glyph(l=0.5, I=0.3, L=0.1)
    assert CHARACTERS[best_in_charset(bar, "upper")[0][0]] == "I"
    assert CHARACTERS[best_in_charset(bar, "lower")[0][0]] == "I"
