"""Calibration of several sets together."""

import numpy as np
import pytest

from hcr_batch.recognition.calibration import temperature_scale
from hcr_batch.training.classifier.held_out_calibration import NetworkOutputs, calibration
from hcr_batch.training.classifier.targets import CLASSES, OUTPUTS
from hcr_batch.training.datasets.character_sets import new_set


def outputs(name, count=4000, sharpness=2.0, wrong=0.0, seed=1, **kind):
    """Logits that are `sharpness` times too sure, and labels drawn by the true ones."""
    rng = np.random.default_rng(seed)
    logits = np.full((count, OUTPUTS), -20.0, np.float32)
    logits[:, :10] = rng.normal(0, 3, (count, 10))
    chances = temperature_scale(logits[:, :10], 1.0)
    labels = np.array([CLASSES[rng.choice(10, p=row / row.sum())] for row in chances])
    labels[: round(wrong * count)] = "0"
    glyphs = np.zeros((count, 28, 28), np.uint8)
    return NetworkOutputs(new_set(name, glyphs, labels), sharpness * logits, **kind)


def test_calibration_undoes_overconfidence():
    found = calibration([outputs("a"), outputs("b", seed=2)], seed=0)
    assert found["temperature"] == pytest.approx(2.0, rel=0.05)
    digits = found["calibration"]["sets"]["a"]["digits"]
    assert digits["ece_before"] > 0.05
    assert digits["ece_after"] < 2 * digits["ece_by_chance"]


def test_sets_that_are_not_fitted_are_measured_alone():
    alone = calibration([outputs("a")], seed=0)
    beside = calibration([outputs("a"), outputs("b", sharpness=9.0, fitted=False)], seed=0)
    assert beside["temperature"] == alone["temperature"]
    assert beside["thresholds"] == alone["thresholds"]
    assert beside["calibration"]["sets"].keys() == {"a", "b"}


def test_thresholds_come_from_clean_labels():
    clean = calibration([outputs("a"), outputs("b", wrong=0.3, clean=False)], seed=0)
    all_of_them = calibration([outputs("a"), outputs("b", wrong=0.3)], seed=0)
    loosest = [found["thresholds"]["digits"][-1] for found in (clean, all_of_them)]
    assert loosest[0]["accept_rate"] > loosest[1]["accept_rate"]


def test_charsets_without_a_character_have_no_thresholds():
    assert calibration([outputs("a")], seed=0)["thresholds"].keys() == {"alnum", "digits"}


def test_sets_of_uncertain_case_are_measured_without_it_too():
    logits = np.full((200, OUTPUTS), -20.0, np.float32)
    logits[:, CLASSES.index("H")] = 0.0
    labels = np.array(["H", "h"] * 100)
    glyphs = np.zeros((200, 28, 28), np.uint8)
    sets = [new_set(name, glyphs, labels, cases=name) for name in ("merged", "known")]
    outputs = [NetworkOutputs(one, logits) for one in sets]
    found = calibration(outputs, seed=0)["calibration"]["sets"]
    assert found["merged"]["alnum"]["ece_before"] == pytest.approx(0.5)
    assert found["merged"]["36"]["ece_before"] == pytest.approx(0.0, abs=1e-3)
    assert "36" not in found["known"]
