"""One character a picture, with the network that comes with the program."""

import numpy as np
import pytest
from drawn_character import STROKES, draw

from hcr_batch import load_recognizer
from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.single_characters import predict_pictures

TARGET = 0.005


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


def read(recognizer, pictures, charset="alnum"):
    predictions = predict_pictures(pictures, recognizer, TARGET, charset)
    return [prediction.reading.character for prediction in predictions]


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"ink": 255, "paper": 0},
        {"pen": 1},
        {"size": 28, "pen": 2, "height": 0.75},
        {"size": 1600, "pen": 9, "height": 0.15, "centre": (0.3, 0.6)},
        {"ink": 150, "paper": 190},
    ],
    ids=["canvas", "white on black", "hairline", "like MNIST", "small and far", "faint"],
)
def test_drawn_characters_are_read(recognizer, style):
    pictures = [draw(character, **style) for character in STROKES]
    assert read(recognizer, pictures) == list(STROKES)


def test_nothing_and_scribbles_are_no_characters(recognizer):
    scribble = np.full((200, 200), 255, np.uint8)
    points = np.random.default_rng(5).integers(0, 200, (4000, 2))
    scribble[points[:, 0], points[:, 1]] = 0
    blank, noise = predict_pictures(
        [np.full((90, 60), 255, np.uint8), scribble], recognizer, TARGET
    )
    assert (blank.reading.character, blank.reading.flagged) == ("", False)
    assert not blank.probabilities.any()
    assert noise.reading.character == ""
    assert noise.reading.reasons == ("not_a_character",)


def test_probabilities_belong_to_the_reading(recognizer):
    (prediction,) = predict_pictures([draw("7")], recognizer, TARGET)
    reading, shares = prediction.reading, prediction.probabilities
    assert shares.shape == (62,)
    assert shares.sum() <= 1 + 1e-6
    assert CHARACTERS[shares.argmax()] == reading.character == "7"
    assert reading.confidence == pytest.approx(shares.max())


def test_a_charset_leaves_nothing_else(recognizer):
    ring = np.full((100, 100), 255, np.uint8)
    y, x = np.mgrid[:100, :100]
    ring[np.abs(np.hypot((x - 50) * 1.35, y - 50) - 38) < 4] = 0
    (digit,) = predict_pictures([ring], recognizer, TARGET, "digits")
    (capital,) = predict_pictures([ring], recognizer, TARGET, "upper")
    assert (digit.reading.character, capital.reading.character) == ("0", "O")
    assert digit.probabilities[10:].max() == 0


def test_no_picture_no_prediction(recognizer):
    assert predict_pictures([], recognizer, TARGET) == []


@pytest.mark.parametrize(
    ("name", "share"), [("drawn", 0.9), ("chars74k_hnd", 0.9), ("cell_digits", 0.95)]
)
def test_real_characters_are_read_dark_or_light(recognizer, hcr_data, name, share):
    with np.load(hcr_data / "characters" / f"{name}.npz") as data:
        pictures, labels = data["raw64"][::20], data["labels"][::20]
    pictures = [255 - picture if n % 2 else picture for n, picture in enumerate(pictures)]
    charset = "digits" if name == "cell_digits" else "alnum"
    right = [a.upper() == b.upper() for a, b in zip(read(recognizer, pictures, charset), labels)]
    assert np.mean(right) >= share
