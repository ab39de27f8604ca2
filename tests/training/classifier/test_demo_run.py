"""The usual demo, end to end: labelled characters, curves, files that a scan can use."""

import csv
import json
import string

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import cell

pytest.importorskip("tensorflow")

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.cli import cli
from hcr_batch.config import data_folder
from hcr_batch.errors import ConfigError, UsageError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.classifier.demo_run import is_demo_recipe
from hcr_batch.training.datasets.character_sets import new_set, write_set

RECIPES = data_folder("configs") / "train"
FILES = ("demo.keras", "demo.h5", "demo.json", "history.csv", "history.png")


def train(config, data, out, *words):
    options = ("--config", config, "--data", data, "--out", out, "--quiet", *words)
    return CliRunner().invoke(cli, ["train", *map(str, options)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Result of a training on drawn digits and capitals, and where its files are."""
    folder = tmp_path_factory.mktemp("demo")
    rng = np.random.default_rng(1)
    for name, characters in (("mine", string.digits), ("az", "ABEFHKRT"), ("later", "0123")):
        labels = np.array(list(characters * 25))
        glyphs = np.stack([normalize_ink(255 - cell(str(label), rng)) for label in labels])
        write_set(folder / f"{name}.npz", new_set(name, glyphs, labels))
    text = (RECIPES / "demo.toml").read_text(encoding="utf-8")
    text = text.replace('["mnist_train", "az_kaggle_sample"]', '["mine", "az"]')
    text = text.replace("mnist_test", "later").replace("batch_size = 128", "batch_size = 16")
    (folder / "demo.toml").write_text(text, encoding="utf-8")
    return train(folder / "demo.toml", folder, folder / "out"), folder


def test_the_shipped_recipe_is_one():
    assert is_demo_recipe(RECIPES / "demo.toml")
    assert not is_demo_recipe(RECIPES / "default.toml")


def test_files_and_pictures_are_there(made):
    result, folder = made
    assert result.exception is None, repr(result.exception)
    assert all((folder / "out" / name).exists() for name in FILES)
    for name in ("confusion.png", "classes.png"):
        assert (folder / "out" / name).stat().st_size > 1000


def test_the_accuracy_of_what_was_kept_out_and_of_test_sets_is_told(made):
    rows = [line.split() for line in made[0].stderr.splitlines()]
    shares = {row[0]: float(row[-1]) for row in rows if row[-1].startswith(("0.", "1."))}
    assert shares["held"] > 0.8
    assert shares["later"] > 0.8


def test_the_curves_have_a_row_an_epoch(made):
    with (made[1] / "out" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == list("12345")
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert float(rows[-1]["held_accuracy"]) > 0.8


@pytest.mark.parametrize("name", ["demo.keras", "demo.h5"])
def test_each_form_reads_with_its_own_thresholds(made, name):
    recognizer = load_recognizer(made[1] / "out" / name)
    with np.load(made[1] / "later.npz") as stored:
        best = recognizer.probabilities(stored["images"]).argmax(axis=1)
        assert (np.array(recognizer.classes)[best] == stored["labels"]).mean() > 0.8
    card = json.loads((made[1] / "out" / "demo.json").read_text())
    assert card["classes"] == "0123456789ABEFHKRT"
    assert recognizer.card.threshold(0.02, "digits") <= 1


def test_a_form_is_scanned_with_it(made, tmp_path):
    form = data_folder("configs").parent / "samples" / "forms" / "payment-slip.png"
    words = ["scan", form, "--out", tmp_path / "r.csv", "--model", made[1] / "out" / "demo.keras"]
    result = CliRunner().invoke(cli, [*map(str, words), "--jobs", "1", "--quiet"])
    assert result.exit_code == 0, result.output
    assert len((tmp_path / "r.csv").read_text().splitlines()) > 10


def test_a_misspelt_key_is_told(made, tmp_path):
    recipe = tmp_path / "demo.toml"
    recipe.write_text((made[1] / "demo.toml").read_text() + "filter = 3\n")
    assert isinstance(train(recipe, made[1], tmp_path / "out").exception, ConfigError)


def test_options_that_are_not_for_a_demo_are_refused(made, tmp_path):
    result = train(made[1] / "demo.toml", made[1], tmp_path / "out", "--resume")
    assert isinstance(result.exception, UsageError)
