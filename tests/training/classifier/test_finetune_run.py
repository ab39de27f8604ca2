"""A model fitted further on one's own writing: a new one, that reads it better."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import LABELS, cell, write_sets

pytest.importorskip("tensorflow")

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.cli import cli
from hcr_batch.errors import ModelError, NoInputError, OutputError, UsageError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.classifier.finetune_run import gather, split_user_data
from hcr_batch.training.datasets.character_sets import new_set

QUICK = ("--limit", 40)


def run(*words):
    return CliRunner().invoke(cli, ["train", *map(str, words), "--quiet"])


def own_hand(folder, name="mine", count=90):
    """Cells of a writer who leans everything far to the left."""
    rng = np.random.default_rng(9)
    text = [LABELS[i % len(LABELS)] for i in range(count)]
    lean = np.float32([[1, 0.7, -20], [0, 1, 0]])
    import cv2

    cells = [cv2.warpAffine(255 - cell(c, rng), lean, (64, 64)) for c in text]
    glyphs = np.stack([normalize_ink(one) for one in cells])
    np.savez(folder / f"{name}.npz", images=glyphs, labels=np.array(text))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of sets with a short-trained model, exported also as .h5."""
    folder = tmp_path_factory.mktemp("continuing")
    recipe = write_sets(folder)
    words = ["--config", recipe, "--data", folder, "--out", folder / "model", "--limit", 100]
    result = run(*words, "--export", "h5")
    assert result.exception is None, repr(result.exception)
    own_hand(folder)
    return folder


@pytest.fixture(scope="module")
def continued(trained):
    """The result of training on, and the card of the new model."""
    words = ["--continue", trained / "model", "--data", trained, "--out", trained / "ours"]
    result = run(*words, *QUICK)
    assert result.exception is None, repr(result.exception)
    return result, json.loads((trained / "ours" / "card.json").read_text())


def test_h5_is_another_form_of_the_same_network(trained):
    with np.load(trained / "later.npz") as stored:
        glyphs = stored["images"]
    first, second = (
        load_recognizer(trained / "model" / name).probabilities(glyphs)
        for name in ("model.keras", "model.h5")
    )
    assert np.allclose(first, second, atol=1e-5)


def test_before_and_after_is_a_table_with_ones_own_first(continued):
    lines = continued[0].stdout.splitlines()
    assert lines[0].split() == ["set", "glyphs", "before", "%", "after", "%", "errors"]
    assert lines[1].startswith("mine (yours)")
    assert {line.split()[0] for line in lines[2:]} == {"unipen", "boxed", "later"}


def test_own_writing_is_read_better(continued):
    own = continued[1]["continued"]["accuracy"]["mine"]
    assert own["after"] > own["before"]


def test_new_model_has_a_name_a_card_and_leaves_the_old_one(trained, continued):
    card = continued[1]
    old = json.loads((trained / "model" / "card.json").read_text())
    assert (card["name"], card["continued"]["from"]) == ("ours", "model")
    assert card["files"]["model.keras"] != old["files"]["model.keras"]
    assert card["continued"]["rehearsed"] == ["unipen", "boxed"]
    load_recognizer(trained / "model")
    assert load_recognizer(trained / "ours").card.threshold(0.02) > 0


def test_without_old_sets_it_goes_on_all_the_same(trained, tmp_path):
    shutil.copy(trained / "mine.npz", tmp_path / "mine.npz")
    words = ["--continue", trained / "model", "--data", tmp_path, "--out", tmp_path / "new"]
    result = run(*words, *QUICK)
    assert result.exception is None, repr(result.exception)
    assert len(result.stdout.splitlines()) == 2
    old, new = (load_recognizer(folder).card for folder in (trained / "model", tmp_path / "new"))
    assert new.thresholds == old.thresholds


def test_nothing_is_written_over(trained):
    words = ["--continue", trained / "model", "--data", trained, "--out", trained / "model"]
    assert isinstance(run(*words).exception, OutputError)


def test_what_does_not_go_together_is_refused(trained, tmp_path):
    words = ["--continue", trained / "model", "--data", trained, "--out", tmp_path / "x"]
    assert "--resume" in str(run(*words, "--resume").exception)
    assert isinstance(run("--own", "mine", "--data", trained).exception, UsageError)
    (trained / "empty").mkdir(exist_ok=True)
    words[1] = trained / "empty"
    assert isinstance(run(*words).exception, ModelError)


def test_without_own_sets_it_says_how_to_make_one(trained, tmp_path):
    write_sets(tmp_path)
    card = load_recognizer(trained / "model").card
    with pytest.raises(NoInputError, match="data import corrections"):
        gather(tmp_path, card.document["recipe"], (), 1)
    own_hand(tmp_path, count=12)
    with pytest.raises(NoInputError, match="12 characters of your own; 20"):
        gather(tmp_path, card.document["recipe"], ("mine",), 1)


@pytest.mark.parametrize(("writers", "whole"), [(8, True), (2, False)])
def test_whole_writers_are_held_out_where_there_are_enough(writers, whole):
    names = np.array([f"w{i % writers}" for i in range(80)])
    own = new_set("o", np.zeros((80, 28, 28), np.uint8), np.array(list("ABCD") * 20), names)
    learned, held = split_user_data(own, 1)
    assert len(held) == 20
    assert (not set(learned.writers) & set(held.writers)) == whole
