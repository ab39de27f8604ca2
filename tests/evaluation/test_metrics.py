"""Metrics on labelled glyphs."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.evaluation.metrics import (
    area_under_curve,
    correct_readings,
    fold_labels,
    measure_set,
)


def certain(characters: str, confidence: float = 0.9) -> np.ndarray:
    rows = np.zeros((len(characters), len(CHARACTERS)), np.float32)
    rows[np.arange(len(characters)), [CHARACTERS.index(c) for c in characters]] = confidence
    return rows


def test_look_alike_cases_share_a_label():
    assert fold_labels(np.array(list("sSaA"))).tolist() == [
        CHARACTERS.index(c) for c in ("S", "S", "a", "A")
    ]


def test_wrong_case_of_a_look_alike_letter_is_right():
    _, correct = correct_readings(certain("sOA"), np.array(list("Soa")))
    assert correct.tolist() == [True, True, False]


def test_accuracy_and_calibration_of_a_set():
    found = measure_set(certain("12345"), np.array(list("12344")))
    assert found.accuracy == pytest.approx(0.8)
    assert found.samples == 5
    assert found.calibration_error > 0


def test_charset_turns_letters_into_the_digits_they_look_like():
    probabilities = certain("O", 0.8)
    probabilities[0, 0] = 0.15
    labels = np.array(["0"])
    assert measure_set(probabilities, labels).accuracy == 0
    assert measure_set(probabilities, labels, "digits").accuracy == 1


@pytest.mark.parametrize(
    ("positive", "negative", "area"),
    [([3, 4], [1, 2], 1.0), ([1, 2], [3, 4], 0.0), ([1, 1], [1, 1], 0.5), ([1, 3], [2], 0.5)],
)
def test_area_under_curve(positive, negative, area):
    assert area_under_curve(np.array(positive), np.array(negative)) == pytest.approx(area)
