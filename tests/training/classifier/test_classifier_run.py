"""A whole training, shortened: from data to a model folder that scans."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import write_sets

pytest.importorskip("tensorflow")

from hcr_batch.alphabet import CHARSETS
from hcr_batch.cli import cli
from hcr_batch.errors import ConfigError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.classifier.batches import Mixture
from hcr_batch.training.classifier.classifier_fit import read_history
from hcr_batch.training.classifier.training_data import load_data
from hcr_batch.training.recipe import load_recipe

WRITTEN = ("model.tflite", "model.keras", "history.csv", "history.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Result of `hcr-batch train --limit`, and the folder it worked in."""
    folder = tmp_path_factory.mktemp("training")
    recipe = write_sets(folder)
    words = ["train", "--config", recipe, "--data", folder, "--out", folder / "model"]
    result = CliRunner().invoke(cli, [*map(str, words), "--limit", "100", "--quiet"])
    assert result.exception is None, repr(result.exception)
    return result, folder


def test_training_leaves_a_model_that_loads(trained):
    _, folder = trained
    recognizer = load_recognizer(folder / "model")
    with np.load(folder / "later.npz") as stored:
        assert recognizer.probabilities(stored["images"]).shape == (20, 62)
    assert all((folder / "model" / name).exists() for name in WRITTEN)


def test_card_tells_sources_figures_and_thresholds(trained):
    card = load_recognizer(trained[1] / "model").card
    assert [source["name"] for source in card.document["data"]] == ["unipen", "boxed"]
    assert set(card.document["metrics"]) == {"unipen", "boxed", "later"}
    assert set(card.thresholds) == set(CHARSETS)
    assert card.document["export"]["kept"] in card.document["export"]


def test_history_has_a_row_an_epoch(trained):
    with (trained[1] / "model" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])


def test_figures_go_to_standard_error(trained):
    result, _ = trained
    assert "unipen" in result.stderr
    assert result.stdout == ""


def test_resumed_run_has_nothing_left_to_fit(trained):
    from hcr_batch.training.classifier.classifier_run import train

    _, folder = trained
    work = folder / "model.work"
    before = (work / "history.csv").read_text()
    config = folder / "recipe.toml"
    train(config, folder, folder / "again", work, resume=True, limit=100, verbose=False)
    assert (work / "history.csv").read_text() == before
    assert same_weights(folder / "model", folder / "again")


def same_weights(one, other):
    """Not their figures: which exported form is the fastest may change from run to run."""
    first, second = (load_recognizer(folder / "model.keras") for folder in (one, other))
    glyphs = np.random.default_rng(5).integers(0, 256, (9, 28, 28)).astype(np.uint8)
    return np.allclose(first.network(glyphs), second.network(glyphs), atol=1e-3)


def polish_recipe(folder, start):
    text = (folder / "recipe.toml").read_text()
    path = folder / "polish.toml"
    text = text.replace('start_from = ""', f'start_from = "{start.as_posix()}"')
    path.write_text(text.replace("learning_rate = 0.003", "learning_rate = 0.0001"))
    return path


def test_run_begins_with_the_weights_of_an_earlier_one(trained):
    from hcr_batch.training.classifier.classifier_run import train

    _, folder = trained
    config = polish_recipe(folder, folder / "model" / "model.keras")
    card = train(config, folder, folder / "fine", folder / "fine.work", limit=100, verbose=False)
    last = read_history(folder / "model" / "history.csv")[-1]
    first = read_history(folder / "fine" / "history.csv")[0]
    assert float(first["held_loss"]) < 1.1 * float(last["held_loss"])
    assert card["started_from"]["recipe"]["file"] == "recipe.toml"
    assert card["recipe"]["file"] == "polish.toml"


def test_start_kept_whole_gives_its_figures_again(trained):
    from hcr_batch.training.classifier.classifier_run import train

    _, folder = trained
    config = polish_recipe(folder, folder / "model" / "model.keras")
    config.write_text(config.read_text().replace("keep_start = 0.0", "keep_start = 1.0"))
    train(config, folder, folder / "kept", folder / "kept.work", limit=100, verbose=False)
    assert same_weights(folder / "model", folder / "kept")


def test_missing_weights_to_begin_with_are_named(trained):
    from hcr_batch.training.classifier.classifier_run import train

    _, folder = trained
    config = polish_recipe(folder, folder / "nowhere.keras")
    with pytest.raises(ConfigError, match=r"nowhere\.keras: .* start_from"):
        train(config, folder, folder / "none", folder / "none.work", limit=100, verbose=False)


def test_an_epoch_has_its_own_batches_whether_resumed_or_not(trained, tmp_path, monkeypatch):
    from hcr_batch.training.classifier.classifier_run import train

    seen: dict[int, set[int]] = {}
    make = Mixture.batch

    def noted(self, epoch, number):
        seen.setdefault(epoch, set()).add(number)
        return make(self, epoch, number)

    monkeypatch.setattr(Mixture, "batch", noted)
    _, folder = trained
    config = folder / "recipe.toml"
    train(config, folder, tmp_path / "new", tmp_path / "work", limit=40, verbose=False)
    assert seen.keys() == {0, 1}
    assert seen[0] == seen[1] == set(range(len(seen[0])))


def test_missing_data_is_one_line_with_the_remedy(tmp_path):
    words = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "model")]
    result = CliRunner().invoke(cli, words)
    assert "unipen.npz" in str(result.exception)
    assert not (tmp_path / "model").exists()


@pytest.fixture
def mixture(tmp_path):
    recipe = load_recipe(write_sets(tmp_path))
    data = load_data(tmp_path, recipe)
    return Mixture(data.sources, data.printed, recipe)


def test_batches_repeat_with_their_numbers_and_differ_otherwise(mixture):
    first, again, other = mixture.batch(1, 2), mixture.batch(1, 2), mixture.batch(2, 2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_batches_hold_foreign_ink_and_only_trained_writers(mixture):
    targets = np.concatenate([mixture.batch(0, number)[1] for number in range(20)])
    assert 0.05 < targets[:, 62].mean() < 0.16
    assert (targets[:, :62].sum(axis=1) > 0).sum() + targets[:, 62].sum() == len(targets)


def test_last_epochs_are_averaged(tmp_path):
    from hcr_batch.training.classifier.classifier_fit import fit

    changes = {"network": "vgg", "epochs": 2, "epoch_glyphs": 64, "averaged_epochs": 2}
    recipe = load_recipe(write_sets(tmp_path), **changes)
    data = load_data(tmp_path, recipe)
    mixture = Mixture(data.sources, data.printed, recipe)
    model = fit(recipe, mixture, mixture.batch(0, 0), tmp_path, resume=False, verbose=False)
    first, last = (np.load(tmp_path / f"weights_{epoch}.npz") for epoch in (1, 2))
    means = [(first[name] + last[name]) / 2 for name in first.files]
    pairs = zip(model.get_weights(), means, strict=True)
    assert all(np.allclose(*pair, atol=1e-6) for pair in pairs)
    assert not np.allclose(first["arr_0"], last["arr_0"], atol=1e-6)
