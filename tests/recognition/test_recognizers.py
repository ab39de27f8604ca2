"""The recognizer that comes with the program, and what happens to damaged ones."""

import json
import shutil

import numpy as np
import pytest

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.config import data_folder
from hcr_batch.errors import ExitCode, ModelError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.classifier.pen_strokes import draw_strokes


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


@pytest.fixture
def model_copy(tmp_path):
    return shutil.copytree(data_folder("models") / "default", tmp_path / "model")


@pytest.fixture(scope="module")
def glyphs() -> np.ndarray:
    """Glyphs with ink of many shapes."""
    rng = np.random.default_rng(5)
    walks = [np.cumsum(rng.normal(0, 1, (30, 2)), 0).astype(np.float32) for _ in range(150)]
    return np.stack([normalize_ink(draw_strokes([walk], rng)) for walk in walks])


def test_classes_are_the_62_characters_in_order(recognizer):
    assert len(recognizer.classes) == 62
    assert "".join(recognizer.classes[8:12]) == "89AB"
    assert recognizer.classes[-1] == "z"


def test_probabilities_leave_room_for_foreign_ink(recognizer, glyphs):
    probabilities = recognizer.probabilities(glyphs)
    assert probabilities.shape == (len(glyphs), 62)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.sum(axis=1).max() <= 1 + 1e-5


def test_check_marks_are_called_foreign(recognizer):
    rng = np.random.default_rng(2)
    tick = np.array([(0, 60), (20, 90), (80, 0)], np.float32)
    glyphs = np.stack([normalize_ink(draw_strokes([tick], rng, 0.3)) for _ in range(50)])
    assert np.median(recognizer.probabilities(glyphs).sum(axis=1)) < 0.1


def test_results_do_not_depend_on_the_batch(recognizer, glyphs):
    whole = recognizer.scores(glyphs)
    singles = [recognizer.scores(glyph[None]) for glyph in glyphs[:20]]
    assert np.array_equal(whole.characters[:20], np.concatenate([s.characters for s in singles]))
    assert np.array_equal(whole.printed[:20], np.concatenate([s.printed for s in singles]))


def test_no_glyphs_give_empty_arrays(recognizer):
    scores = recognizer.scores(np.empty((0, 28, 28), np.uint8))
    assert scores.characters.shape == (0, 62)
    assert scores.printed.shape == (0,)


def test_a_weights_file_can_be_given_itself(model_copy):
    assert load_recognizer(model_copy / "model.tflite").card.temperature > 0


def test_keras_file_agrees_with_litert(model_copy, glyphs, recognizer):
    pytest.importorskip("keras")
    keras_scores = load_recognizer(model_copy / "model.keras").scores(glyphs)
    difference = np.abs(keras_scores.characters - recognizer.scores(glyphs).characters)
    assert difference.mean() < 0.002


def test_missing_model_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="--model") as caught:
        load_recognizer(tmp_path / "nothing")
    assert caught.value.exit_code == ExitCode.BAD_MODEL


def test_empty_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"model\.tflite"):
        load_recognizer(tmp_path)


def test_damaged_weights_are_refused(model_copy):
    weights = model_copy / "model.tflite"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_recognizer(model_copy)


def test_another_normalizer_version_is_refused(model_copy):
    card = json.loads((model_copy / "card.json").read_text())
    card["normalizer_version"] += 1
    (model_copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="normalizer"):
        load_recognizer(model_copy)


def test_weights_litert_cannot_run_are_refused(model_copy):
    from hcr_batch.inference.weights import file_hash

    weights = model_copy / "model.tflite"
    weights.write_bytes(b"no network at all")
    card = json.loads((model_copy / "card.json").read_text())
    card["files"]["model.tflite"] = file_hash(weights)
    (model_copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="LiteRT"):
        load_recognizer(model_copy)


def test_shipped_card_names_data_terms_and_figures():
    document = load_recognizer().card.document
    terms = {source["name"]: source["terms"] for source in document["data"]}
    assert "research" in terms["unipen"]
    assert document["parameters"] <= 1_500_000
    assert document["metrics"]["emnist_balanced_part"]["alnum"]["accuracy"] > 0.8


def test_reads_digits_of_writers_it_never_saw(recognizer, hcr_data):
    with np.load(hcr_data / "characters" / "mnist_test.npz") as stored:
        glyphs, labels = stored["images"][:2000], stored["labels"][:2000].astype(int)
    best = recognizer.probabilities(glyphs)[:, :10].argmax(axis=1)
    assert (best == labels).mean() > 0.98
