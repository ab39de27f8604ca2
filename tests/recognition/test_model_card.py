"""The model card: reading, checking, thresholds by target error."""

import json

import pytest

from hcr_batch.errors import ModelError, UsageError
from hcr_batch.inference.weights import file_hash, verify_file
from hcr_batch.recognition.model_card import read_card, write_card


def entry(target: float, threshold: float) -> dict:
    return {
        "target_error": target,
        "threshold": threshold,
        "accept_rate": 0.9,
        "error_bound": 2 * target,
    }


@pytest.fixture
def document() -> dict:
    return {
        "classes": list("0123456789"),
        "normalizer_version": 1,
        "temperature": 1.2,
        "thresholds": {
            "alnum": [entry(0.001, 0.99), entry(0.01, 0.9)],
            "digits": [entry(0.001, 0.8)],
        },
        "files": {},
    }


@pytest.fixture
def card_path(tmp_path, document):
    write_card(tmp_path / "card.json", document)
    return tmp_path / "card.json"


def test_card_survives_writing_and_reading(card_path, document):
    card = read_card(card_path)
    assert card.classes == tuple("0123456789")
    assert card.temperature == 1.2
    assert card.document == document


def test_threshold_of_a_target_in_the_card(card_path):
    card = read_card(card_path)
    assert card.threshold(0.01) == 0.9
    assert card.threshold(0.001, "digits") == 0.8


def test_threshold_between_targets_takes_the_stricter(card_path):
    assert read_card(card_path).threshold(0.005) == 0.99


@pytest.mark.parametrize("target", [0.0, 0.0005, 0.011, 0.5])
def test_a_target_beyond_what_was_measured_is_refused_with_the_range(card_path, target):
    with pytest.raises(UsageError, match=r"from 0\.1% to 1%"):
        read_card(card_path).check_target(target)


def test_a_target_within_the_range_is_taken(card_path, document):
    for target in (0.001, 0.005, 0.01):
        read_card(card_path).check_target(target)
    write_card(card_path, {**document, "thresholds": {}})
    read_card(card_path).check_target(0.9)


def test_a_target_that_too_few_characters_were_measured_for_is_told(card_path, document):
    assert read_card(card_path).unproven(0.01) == ""
    document["thresholds"]["alnum"][0]["error_bound"] = 0.0047
    write_card(card_path, document)
    assert "below 0.47%" in read_card(card_path).unproven(0.001)
    assert read_card(card_path).unproven(0.01) == ""


def test_target_below_all_accepts_nothing(card_path):
    assert read_card(card_path).threshold(0.0001) > 1


def test_unknown_charset_is_treated_as_alnum(card_path):
    assert read_card(card_path).threshold(0.01, "ABC") == 0.9


@pytest.mark.parametrize("text", ["", "[]", '{"classes": []}', "{"])
def test_damaged_card_is_a_model_error_naming_the_file(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        read_card(path)


def test_missing_card_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        read_card(tmp_path / "card.json")


def test_weights_are_checked_against_the_card(tmp_path, document):
    weights = tmp_path / "model.tflite"
    weights.write_bytes(b"weights")
    document["files"] = {"model.tflite": file_hash(weights)}
    write_card(tmp_path / "card.json", document)
    card = read_card(tmp_path / "card.json")
    verify_file(weights, card.files, "card.json")
    weights.write_bytes(b"weightz")
    with pytest.raises(ModelError, match=r"model\.tflite: damaged"):
        verify_file(weights, card.files, "card.json")


def test_a_failed_write_leaves_the_old_card(card_path, document):
    before = card_path.read_text()
    with pytest.raises(TypeError):
        write_card(card_path, {"classes": object()})
    assert json.loads(before) == json.loads(card_path.read_text())
