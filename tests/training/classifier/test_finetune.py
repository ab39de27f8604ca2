"""Fine-tuning forgets no more than it may."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.training.classifier.finetune import FineTuning, finetune
from hcr_batch.training.datasets.character_sets import new_set

QUICK = FineTuning(steps=60, batch_size=64, learning_rate=0.3, user_share=0.9, doubtful_share=0.0)


def blocks(shift=0, copies=4):
    """A bright block for each character, at a place of its own; labelled so many places further."""
    images = np.zeros((len(CHARACTERS), 28, 28), np.uint8)
    for place in range(len(CHARACTERS)):
        top, left = 3 * (place // 8) + 2, 3 * (place % 8) + 2
        images[place, top : top + 3, left : left + 3] = 255
    labels = np.roll(np.array(list(CHARACTERS)), -shift)
    return new_set("blocks", np.tile(images, (copies, 1, 1)), np.tile(labels, copies))


@pytest.fixture(scope="module")
def reader():
    """A network of one layer that reads the blocks."""
    glyphs = keras.layers.Input((28, 28, 1))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(glyphs))
    model = keras.Model(glyphs, keras.layers.Dense(len(CHARACTERS) + 2)(flat))
    kernel = np.zeros((28 * 28, len(CHARACTERS) + 2), np.float32)
    kernel[:, : len(CHARACTERS)] = blocks(copies=1).images.reshape(len(CHARACTERS), -1).T / 255
    bias = np.array([0.0] * len(CHARACTERS) + [-5.0, -5.0], np.float32)
    model.set_weights([kernel, bias])
    return model


def right(model, data):
    read = model.predict(data.images[..., None], verbose=0)[:, : len(CHARACTERS)].argmax(axis=1)
    return np.mean([CHARACTERS[place] == label for place, label in zip(read, data.labels)])


def test_wrong_corrections_are_held_back_by_old_writing(reader):
    old, wrong = blocks(), blocks(shift=1)
    assert right(reader, old) == 1
    bold = dataclasses.replace(QUICK, allowed_loss=1.0)
    assert right(finetune(reader, wrong, [old], [old], bold), old) < 0.9
    held = finetune(reader, wrong, [old], [old], QUICK)
    assert right(held, old) >= 1 - QUICK.allowed_loss
    assert right(reader, old) == 1
