"""`hcr-batch calibrate`: a new card for own writing, never over the old one."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.cli import cli
from hcr_batch.config import data_folder
from hcr_batch.errors import NoInputError, OutputError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.datasets.character_sets import new_set, write_set

LABELS = np.array(list("0123456789ABDEFGHNRTabdefghnrt" * 10))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A set of 300 characters, and the same under the name of a set the model is tested on."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(2)
    glyphs = np.stack([normalize_ink(255 - cell(label, rng)) for label in LABELS])
    for name in ("mine", "mnist_test"):
        write_set(folder / f"{name}.npz", new_set(name, glyphs, LABELS))
    return folder


def run(data, *words):
    return CliRunner().invoke(cli, ["calibrate", "--data", str(data), *map(str, words)])


def test_tables_are_printed_and_nothing_written(data, tmp_path):
    result = run(data)
    assert result.exception is None
    assert "by chance" in result.stdout
    assert {"alnum", "digits", "upper", "lower", "letters"} <= set(result.stdout.split())
    assert list(tmp_path.iterdir()) == []


def test_new_model_folder_has_its_own_confidence(data, tmp_path):
    out = tmp_path / "mine"
    assert run(data, "--set", "mine", "--out", out).exception is None
    before, after = load_recognizer(), load_recognizer(out)
    assert after.card.files == before.card.files
    assert after.card.temperature != before.card.temperature
    assert after.card.document["calibration"]["sets"].keys() == {"mine"}
    assert set(after.card.document["metrics"]) == {*before.card.document["metrics"], "mine"}
    entries = after.card.thresholds["alnum"]
    assert after.card.threshold(0.02) == entries[-1].threshold
    assert all(0 < entry.error_bound < 1 for entry in entries)


def test_confidence_fits_the_set_better_than_before(data):
    text = run(data, "--set", "mine").stdout
    row = next(line.split() for line in text.splitlines() if line.startswith("mine"))
    assert float(row[5]) < float(row[4])


def test_what_is_there_is_not_written_over(data, tmp_path):
    card = tmp_path / "card.json"
    card.write_text("{}")
    result = run(data, "--set", "mine", "--out", card)
    assert isinstance(result.exception, OutputError)
    assert card.read_text() == "{}"


def test_a_card_alone(data, tmp_path):
    assert run(data, "--set", "mine", "--out", tmp_path / "new" / "card.json").exception is None
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["card.json"]


def test_sets_kept_for_testing_are_not_calibrated_on(data):
    result = run(data, "--set", "mnist_test")
    assert isinstance(result.exception, NoInputError)
    assert "--set" in str(result.exception)


def test_classifier_trained_elsewhere_keeps_its_short_card(data, tmp_path):
    default = data_folder("models") / "default" / "model.tflite"
    shutil.copyfile(default, tmp_path / "own.tflite")
    classes = [*load_recognizer().classes, "?", "#"]
    card = {"classes": classes, "scaling": "0..255", "outputs": "logits"}
    (tmp_path / "own.json").write_text(json.dumps(card))
    out = tmp_path / "mine"
    given = ("--model", tmp_path / "own.tflite")
    assert run(data, "--set", "mine", *given, "--out", out).exception is None
    recognizer = load_recognizer(out / "own.tflite")
    assert recognizer.card.temperature != 1.0
    assert recognizer.card.threshold(0.01) < 1.01
