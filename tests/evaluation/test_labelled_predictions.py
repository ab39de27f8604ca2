"""Classes that are told apart, and what follows from them."""

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.evaluation.labelled_predictions import class_of, labelled_predictions, readings_for
from hcr_batch.evaluation.plots import confusion_matrix, reject_curve, reliability, strip
from hcr_batch.evaluation.set_report import accepted_at, class_metrics, worst_confusions


def probabilities(*rows: dict[str, float]) -> np.ndarray:
    found = np.zeros((len(rows), 62), np.float32)
    for row, shares in zip(found, rows, strict=True):
        for character, share in shares.items():
            row[CHARACTERS.index(character)] = share
    return found


@pytest.mark.parametrize(
    ("reading", "classes"),
    [("62", 62), ("47", 47), ("36", 36), ("digits", 10), ("upper", 26), ("letters", 37)],
)
def test_readings_have_as_many_classes_as_they_say(reading, classes):
    groups = class_of(reading)
    assert len(set(groups[groups >= 0])) == classes


@pytest.mark.parametrize(
    ("labels", "cases", "readings"),
    [
        ("0a", "known", ("62", "47", "36")),
        ("0A", "merged", ("47", "36")),
        ("0A", "folded", ("36",)),
        ("AB", "folded", ("36",)),
        ("07", "known", ("47", "digits")),
        ("AB", "merged", ("47", "36", "upper")),
        ("ab", "known", ("62", "47", "36", "lower")),
    ],
)
def test_sets_are_measured_in_what_their_labels_tell(labels, cases, readings):
    assert readings_for(np.array(list(labels)), cases) == readings


def test_merging_counts_either_case_and_sums_their_probability():
    scores = probabilities({"s": 0.4, "S": 0.3, "5": 0.25}, {"a": 0.2, "A": 0.5})
    labels = np.array(["S", "a"])
    assert labelled_predictions(scores, labels, "62").correct.tolist() == [False, False]
    merged = labelled_predictions(scores, labels, "47")
    assert merged.correct.tolist() == [True, False]
    assert merged.confidence[0] == pytest.approx(0.7)
    assert labelled_predictions(scores, labels, "36").correct.tolist() == [True, True]


def test_a_charset_shuts_out_what_it_does_not_hold():
    scores, labels = probabilities({"O": 0.6, "0": 0.3}), np.array(["0"])
    predictions = labelled_predictions(scores, labels, "digits")
    assert predictions.correct.all()
    assert predictions.confidence[0] == pytest.approx(0.75)


def test_figures_of_classes_confusions_and_rejection():
    scores = probabilities(
        {"1": 0.9}, {"1": 0.8}, {"7": 0.7, "1": 0.2}, {"7": 0.95}, {"1": 0.6, "7": 0.1}
    )
    predictions = labelled_predictions(scores, np.array(list("11177")), "digits")
    counts, classes = confusion_matrix(predictions)
    assert counts.tolist() == [[2, 1], [1, 1]]
    assert [CHARACTERS[index] for index in classes] == ["1", "7"]
    one = class_metrics(predictions)[0]
    assert (one["recall"], one["precision"]) == (pytest.approx(2 / 3, abs=1e-4),) * 2
    pairs = {(row["is"], row["read"]): row["where"] for row in worst_confusions(predictions)}
    assert pairs == {("1", "7"): [2], ("7", "1"): [4]}
    accepted, error = reject_curve(predictions)
    assert accepted[-1] == 1
    assert error[-1] == pytest.approx(0.4)
    assert accepted_at(predictions, 0.0) == pytest.approx(0.6)
    assert reliability(predictions)[:, 2].sum() == 5


def test_examples_stand_side_by_side_dark_on_light():
    glyphs = np.zeros((5, 28, 28), np.uint8)
    glyphs[0, 14, 14] = 255
    picture = strip(glyphs, columns=3)
    assert picture.shape == (2 * 90, 3 * 90)
    assert picture[45, 45] == 0
    assert (picture[0:90, 90:] > 200).all()
