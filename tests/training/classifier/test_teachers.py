"""A small network learns what larger ones read, beside the labels."""

import numpy as np
import pytest

pytest.importorskip("keras")

from hcr_batch.config import data_folder
from hcr_batch.errors import ConfigError
from hcr_batch.training.classifier.networks import GlyphLoss
from hcr_batch.training.classifier.targets import CLASSES, FOREIGN, OUTPUTS, TARGET_SIZE
from hcr_batch.training.classifier.teachers import TaughtMixture, Teachers

DEFAULT = data_folder("models") / "default"


class OneBatch:
    """A mixture of four glyphs, all of them said to be A."""

    def batch(self, epoch, number):
        glyphs = np.zeros((4, 28, 28, 1), np.uint8)
        glyphs[:, 4:24, 12:16] = 255
        targets = np.zeros((4, TARGET_SIZE), np.float32)
        targets[:, CLASSES.index("A")] = 1
        return glyphs, targets, np.ones(4, np.float32)


def test_readings_of_teachers_are_averaged_and_stand_behind_the_labels():
    teachers = Teachers([DEFAULT, DEFAULT])
    glyphs, targets, _ = TaughtMixture(OneBatch(), teachers).batch(0, 0)
    assert targets.shape == (4, TARGET_SIZE + OUTPUTS)
    assert targets.dtype == np.float32
    read = targets[:, TARGET_SIZE:]
    np.testing.assert_allclose(read[:, : FOREIGN + 1].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(read, Teachers([DEFAULT])(glyphs[..., 0]), atol=1e-6)
    assert CLASSES[read[0, :FOREIGN].argmax()] in "1Il"


def test_what_teachers_read_counts_as_much_as_the_recipe_says():
    _, targets, _ = TaughtMixture(OneBatch(), Teachers([DEFAULT])).batch(0, 0)
    read = np.log(targets[:, TARGET_SIZE : TARGET_SIZE + FOREIGN + 1] + 1e-6)
    as_read = np.concatenate([read, np.zeros((4, 1), np.float32)], axis=1)
    as_labelled = np.where(targets[:, :OUTPUTS] > 0, 10, 0).astype(np.float32)
    taught, labelled = GlyphLoss(0.0, teaching=0.9), GlyphLoss(0.0)
    assert taught(targets, as_read) < taught(targets, as_labelled)
    labels = targets[:, :TARGET_SIZE]
    assert labelled(labels, as_read) > labelled(labels, as_labelled)


def test_a_folder_without_a_network_is_no_teacher(tmp_path):
    with pytest.raises(ConfigError, match="teachers"):
        Teachers([tmp_path])
