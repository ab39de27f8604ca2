"""The line reader of a model folder: loaded with its card, or told to be damaged, or not there."""

import json
import shutil

import numpy as np
import pytest

from hcr_batch import load_recognizer
from hcr_batch.alphabet import GAP
from hcr_batch.characters.line_strip import STRIP_HEIGHT
from hcr_batch.config import data_folder
from hcr_batch.errors import ModelError
from hcr_batch.recognition import load_card
from hcr_batch.recognition.line_confidence import (
    CharacterConfidence,
    CharacterEvidence,
    LineConfidence,
    comparable_text,
)
from hcr_batch.recognition.line_reader import load_line_reader
from hcr_batch.training.classifier.held_out_calibration import write_calibrated

FILES = ("line_reader.tflite", "line_reader.json")


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        shutil.copyfile(data_folder("models") / "default" / name, tmp_path / name)
    return tmp_path


def test_probabilities_come_for_strips_of_any_width_in_their_order(folder):
    reader = load_line_reader(folder)
    rng = np.random.default_rng(1)
    strips = [rng.integers(0, 256, (STRIP_HEIGHT, n), np.uint8) for n in (31, 200, 64, 31)]
    read = reader.probabilities(strips)
    assert [len(columns) for columns in read] == [16, 100, 32, 16]
    assert all(columns.shape[1] == GAP + 1 for columns in read)
    assert all(np.allclose(columns.sum(axis=1), 1, atol=1e-4) for columns in read)
    assert np.array_equal(read[3], reader.probabilities(strips[3:])[0])


def test_a_model_without_a_line_reader_goes_with_the_one_of_the_program(tmp_path):
    assert load_line_reader(tmp_path) is None
    for name in ("model.tflite", "card.json"):
        shutil.copyfile(data_folder("models") / "default" / name, tmp_path / name)
    assert load_recognizer(tmp_path).line_reader.card == load_recognizer().line_reader.card
    assert load_card(tmp_path).document == load_card().document


def test_a_calibrated_model_keeps_the_line_reader_of_its_own(folder, tmp_path):
    for name in ("model.tflite", "card.json"):
        shutil.copyfile(data_folder("models") / "default" / name, folder / name)
    path = folder / FILES[1]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"temperature": 1.5}))
    write_calibrated(load_card(folder).document, folder, tmp_path / "ours")
    assert load_recognizer(tmp_path / "ours").line_reader.card.temperature == 1.5
    write_calibrated(load_card().document, None, tmp_path / "default")
    assert not (tmp_path / "default" / FILES[0]).exists()


def test_a_changed_network_is_refused(folder):
    path = folder / FILES[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        load_line_reader(folder)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"characters": "AB"}', "[" * 100_000])
def test_a_card_that_is_none_is_refused(folder, content):
    path = folder / FILES[1]
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ModelError, match="restore"):
        load_line_reader(folder)


def test_a_reader_for_other_strips_is_refused(folder):
    path = folder / FILES[1]
    document = json.loads(path.read_text()) | {"strip_version": 99}
    path.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="train it again"):
        load_line_reader(folder)


def test_two_readings_that_agree_and_known_words_are_believed_more():
    trust = LineConfidence(-0.5, 0.8, 1.5, 1.0)
    alone = trust.probability(0.9, False, False)
    assert 0.5 < alone < trust.probability(0.9, False, True) < trust.probability(0.9, True, True)
    assert trust.probability(1.0, True, True) < 1
    assert trust.probability(0.0, False, False) > 0
    assert comparable_text("Oslo 12") == comparable_text("0SL012")


def test_a_character_is_surer_by_all_that_speaks_for_it_and_no_less_than_its_line():
    trust = CharacterConfidence(0.5, 0.1, 0.6, 0.2, 0.6)
    best = {"texts": 0.9, "shapes": 0.9, "cuts": 0.9, "line": 0.5}
    (whole,) = trust.probabilities(evidence(**best))
    for name in best:
        (less,) = trust.probabilities(evidence(**best | {name: 0.1}))
        assert less < whole
    sure = evidence(texts=0.5, shapes=0.5, cuts=0.0, line=0.95)
    assert trust.probabilities(sure).tolist() == [0.95]
    assert 0 < trust.probabilities(evidence(texts=0, shapes=0, cuts=0, line=0))[0] < 0.5


def evidence(texts, shapes, cuts, line):
    return CharacterEvidence(*(np.array([share]) for share in (texts, shapes, cuts)), line)


def test_another_line_reader_makes_another_model(folder):
    for name in ("model.tflite", "card.json"):
        shutil.copyfile(data_folder("models") / "default" / name, folder / name)
    before = load_card(folder).document
    path = folder / FILES[1]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"temperature": 1.5}))
    assert load_card(folder).document != before
