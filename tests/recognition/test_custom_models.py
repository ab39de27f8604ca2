"""Classifiers trained elsewhere read forms, in every format that Keras users have."""

import csv
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from demo_models import ALNUM36, demo_glyphs, save_forms, train_demo, write_own_card

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.cli import cli
from hcr_batch.config import data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.input_shapes import shaped
from hcr_batch.recognition import load_recognizer
from hcr_batch.recognition.custom_models import CustomNetwork, full_card, read_custom_card
from hcr_batch.recognition.recognizers import NetworkRecognizer

keras = pytest.importorskip("keras")

FORMS = ("keras", "h5", "tflite", "int8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Glyphs, class numbers and the demo trained on them, saved in every form with a card."""
    data = os.environ.get("HCR_DATA")
    glyphs, numbers = demo_glyphs(Path(data) if data else None)
    paths = save_forms(train_demo(glyphs, numbers), tmp_path_factory.mktemp("demo"))
    for path in paths.values():
        write_own_card(path)
    return glyphs, numbers, paths


@pytest.mark.parametrize("form", FORMS)
def test_every_form_reads_its_own_training_glyphs(demo, form):
    glyphs, numbers, paths = demo
    recognizer = load_recognizer(paths[form])
    probabilities = recognizer.probabilities(glyphs[::7])
    best = np.array(recognizer.classes)[probabilities.argmax(axis=1)]
    assert probabilities.shape == (len(glyphs[::7]), 62)
    assert probabilities.sum(axis=1).max() <= 1 + 1e-4
    assert (best == np.array(list(ALNUM36))[numbers[::7]]).mean() > 0.85
    assert probabilities[:, CHARACTERS.index("a") :].max() < 1e-6


def test_forms_agree(demo):
    glyphs, _, paths = demo
    first, *others = (load_recognizer(paths[form]).probabilities(glyphs[::50]) for form in FORMS)
    assert np.abs(others[0] - first).max() < 1e-4
    assert np.abs(others[1] - first).max() < 1e-3
    assert np.abs(others[2] - first).mean() < 0.01


@pytest.mark.parametrize("form", ["h5", "tflite"])
def test_a_form_is_scanned_with_it(demo, form, tmp_path):
    sheet = data_folder("configs").parent / "samples" / "forms" / "payment-slip.png"
    out = tmp_path / "results.csv"
    words = ["scan", sheet, "--out", out, "--jobs", "1", "--model", demo[2][form], "--quiet"]
    result = CliRunner().invoke(cli, [*map(str, words), "--threshold", "0.5"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    with out.open() as file:
        rows = [row for row in csv.DictReader(file) if row["character"]]
    assert len(rows) >= 30
    assert {row["character"] for row in rows} <= set(ALNUM36)
    assert any(row["flagged"] == "false" for row in rows)


def test_without_thresholds_of_its_own_everything_is_flagged(demo):
    card = load_recognizer(demo[2]["tflite"]).card
    assert card.threshold(0.005) > 1
    weights = demo[2]["tflite"]
    found = {"target_error": 0.01, "threshold": 0.9, "accept_rate": 0.8, "error_bound": 0.02}
    write_own_card(weights, thresholds={"alnum": [found]})
    try:
        assert load_recognizer(weights).card.threshold(0.01) == 0.9
    finally:
        write_own_card(weights)


def test_missing_card_is_suggested_with_the_usual_classes(demo, tmp_path):
    copy = tmp_path / "mine.h5"
    copy.write_bytes(demo[2]["h5"].read_bytes())
    with pytest.raises(ModelError, match=rf'write mine\.json, .*"classes": "{ALNUM36}"'):
        load_recognizer(copy)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ('{"classes": "0123456789", "scaling": "0..1"}', "36 outputs, its card 10 classes"),
        ('{"scaling": "0..1"}', "'classes' is missing"),
        ("classes: 36", "not a readable card"),
        ('{"classes": "00", "scaling": "0..1"}', "'0' stands twice"),
        ('{"classes": "01", "scaling": "half"}', r"scaling must be one of 0\.\.1"),
        ('{"classes": "01", "scaling": "0..1", "inks": 1}', "unknown key inks"),
        ('{"classes": ["yes", "no"], "scaling": "0..1"}', "none is a character"),
    ],
)
def test_wrong_cards_are_told_in_one_line(demo, tmp_path, card, message):
    copy = tmp_path / "mine.tflite"
    copy.write_bytes(demo[2]["tflite"].read_bytes())
    copy.with_suffix(".json").write_text(card)
    with pytest.raises(ModelError, match=message) as caught:
        load_recognizer(copy)
    assert "\n" not in str(caught.value)


def answering(outputs):
    return lambda glyphs: np.tile(np.float32(outputs), (len(glyphs), 1))


def own(tmp_path, answer, classes, **keys) -> np.ndarray:
    """Logits (64,) of a network that always answers `outputs`."""
    card = read_custom_card(write_own_card(tmp_path / "n.h5", classes, **keys))
    return CustomNetwork(answering(answer), card, Path("n.h5"))(np.zeros((1, 28, 28), np.uint8))[0]


def test_classes_that_are_no_characters_count_as_foreign_ink(tmp_path):
    logits = own(tmp_path, [0.2, 0.5, 0.3], ["A", "@", "not"])
    assert np.exp(logits[CHARACTERS.index("A")]) == pytest.approx(0.2, abs=1e-5)
    assert np.exp(logits[62]) == pytest.approx(0.8, abs=1e-5)


def test_logits_are_declared(tmp_path):
    with pytest.raises(ModelError, match='"outputs": "logits"'):
        own(tmp_path, [3.0, 5.0], "01")
    logits = own(tmp_path, [3.0, 5.0], "01", outputs="logits")
    assert np.exp(logits[:2]).sum() == pytest.approx(1, abs=1e-5)


def test_ink_scaling_and_orientation_are_as_the_card_says(tmp_path):
    seen = []

    def network(glyphs):
        seen.append(glyphs)
        return np.full((len(glyphs), 2), 0.5, np.float32)

    keys = {"ink": "dark", "scaling": "-1..1", "transposed": True}
    card = read_custom_card(write_own_card(tmp_path / "n.h5", "01", **keys))
    glyph = np.zeros((1, 28, 28), np.uint8)
    glyph[0, 3, 20] = 255
    CustomNetwork(network, card, Path("n.h5"))(glyph)
    assert seen[-1][0, 20, 3] == pytest.approx(-1)
    assert seen[-1][0, 3, 20] == pytest.approx(1)


@pytest.mark.parametrize(
    "shape", [(784,), (28, 28), (28, 28, 1), (1, 28, 28), (32, 32, 1), (32, 32, 3)]
)
def test_inputs_of_other_shapes_are_filled(shape):
    glyphs = np.random.default_rng(1).random((3, 28, 28)).astype(np.float32)
    filled = shaped(glyphs, shape)
    assert filled.shape == (3, *shape)
    assert filled.mean() == pytest.approx(glyphs.mean(), abs=0.02)


def test_inputs_that_are_no_picture_are_refused():
    with pytest.raises(ModelError, match="28 x 28"):
        shaped(np.zeros((1, 28, 28), np.float32), (5,))


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_code_in_a_model_never_runs(tmp_path, ending):
    mark = tmp_path / "ran"
    inputs = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(inputs)
    code = keras.layers.Lambda(lambda x, path=str(mark): (open(path, "w").close(), x)[1])
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(code(flat)))
    path = tmp_path / f"bad.{ending}"
    model.save(path)
    mark.unlink(missing_ok=True)
    write_own_card(path, "0123456789")
    with pytest.raises(ModelError, match="Keras cannot load it"):
        load_recognizer(path)
    assert not mark.exists()


def test_weights_alone_are_no_model(demo, tmp_path):
    path = tmp_path / "demo.weights.h5"
    keras.saving.load_model(demo[2]["keras"]).save_weights(path)
    write_own_card(path)
    with pytest.raises(ModelError, match="Keras cannot load it"):
        load_recognizer(path)


def test_layers_within_layers_without_end_are_refused(demo, tmp_path):
    path = tmp_path / "deep.keras"
    head = '{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": ['
    with zipfile.ZipFile(demo[2]["keras"]) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = head.encode() * 5000 + content + b"]}}" * 5000
            new.writestr(name, content)
    write_own_card(path)
    with pytest.raises(ModelError, match="Keras cannot load it"):
        load_recognizer(path)


@pytest.mark.parametrize("answer", [[np.nan, 1.0], [np.inf, 0.0]])
def test_answers_that_are_no_numbers_are_no_readings(tmp_path, answer):
    card = read_custom_card(write_own_card(tmp_path / "n.h5", "01", outputs="logits"))
    network = CustomNetwork(answering(answer), card, Path("n.h5"))
    (tmp_path / "n.h5").write_bytes(b"")
    recognizer = NetworkRecognizer(network, full_card(card, tmp_path / "n.h5"))
    with pytest.raises(ModelError, match="does not answer 64 finite numbers a glyph"):
        recognizer.scores(np.zeros((1, 28, 28), np.uint8))
