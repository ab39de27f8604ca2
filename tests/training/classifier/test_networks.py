"""The loss, the networks and the pace of learning."""

import numpy as np
import pytest

from hcr_batch.training.classifier.targets import (
    CLASSES,
    FOREIGN,
    OUTPUTS,
    allowed_matrix,
    target_rows,
)

keras = pytest.importorskip("keras")

from hcr_batch.training.classifier.classifier_fit import learning_rate  # noqa: E402
from hcr_batch.training.classifier.networks import NETWORKS, GlyphLoss, character_accuracy  # noqa: E402
from hcr_batch.training.classifier.weights_export import count_flops  # noqa: E402
from hcr_batch.training.recipe import load_recipe  # noqa: E402


def target(character: str, cases: str = "known", printed: float = 0.0) -> np.ndarray:
    row = allowed_matrix(cases)[character]
    return target_rows(row[None], np.array([printed]), np.array([0.5]))


def logits(**values: float) -> np.ndarray:
    row = np.zeros((1, OUTPUTS), np.float32)
    for name, value in values.items():
        row[0, FOREIGN + 1 if name == "printed" else CLASSES.index(name)] = value
    return row


def loss(y_true, y_pred) -> float:
    return float(GlyphLoss(smoothing=0.0)(y_true, y_pred))


def test_merged_label_allows_either_case():
    merged = target("S", "merged")
    assert loss(merged, logits(s=20.0)) == pytest.approx(loss(merged, logits(S=20.0)), abs=1e-3)
    assert loss(merged, logits(S=20.0)) < loss(merged, logits(T=20.0)) - 5


def test_known_case_prefers_the_right_one():
    known = target("S")
    assert loss(known, logits(S=20.0)) < loss(known, logits(s=20.0)) < loss(known, logits(T=20.0))


def test_machine_print_has_its_own_loss():
    printed = target("A", printed=1.0)
    right = loss(printed, logits(A=20.0, printed=9.0))
    assert right < loss(printed, logits(A=20.0, printed=-9.0)) - 4


def test_accuracy_counts_allowed_outlets():
    y_true = np.concatenate([target("S", "merged"), target("A")])
    y_pred = np.concatenate([logits(s=5.0), logits(a=5.0)])
    found = keras.ops.convert_to_numpy(character_accuracy(y_true, y_pred))
    assert found.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_map_glyphs_to_logits(name):
    network = NETWORKS[name]()
    assert network(np.zeros((2, 28, 28, 1), np.float32)).shape == (2, OUTPUTS)


def test_shipped_network_stays_within_its_budget():
    network = NETWORKS["vgg_small"]()
    assert network.count_params() <= 1_000_000
    assert count_flops(network) <= 26e6


def test_pace_rises_then_falls_to_almost_nothing():
    from hcr_batch.config import data_folder

    recipe = load_recipe(data_folder("configs") / "train" / "default.toml")
    rates = [learning_rate(recipe, epoch) for epoch in np.linspace(0, recipe.epochs, 200)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(recipe.learning_rate, rel=0.01)
    assert peak / 200 * recipe.epochs == pytest.approx(recipe.warmup_epochs, abs=0.2)
    assert rates[-1] < 0.01 * recipe.learning_rate
