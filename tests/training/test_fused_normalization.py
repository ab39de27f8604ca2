"""Batch normalization as one operation computes what Keras's own does."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from hcr_batch.training.classifier.networks import vgg  # noqa: E402
from hcr_batch.training.fused_normalization import fused_copy  # noqa: E402


@pytest.fixture
def networks():
    plain = vgg((4, 6, 8), 16)
    return plain, fused_copy(plain)


@pytest.fixture
def glyphs():
    return np.random.default_rng(1).integers(0, 256, (6, 28, 28, 1)).astype(np.float32)


def test_answers_are_the_same(networks, glyphs):
    plain, fused = networks
    assert np.allclose(plain(glyphs), fused(glyphs), atol=1e-4)


def test_statistics_follow_the_batches_alike(networks, glyphs):
    for network in networks:
        for _ in range(20):
            network(glyphs, training=True)
    plain, fused = (
        [w for w in network.get_weights() if w.ndim == 1][2:4] for network in networks
    )
    # TensorFlow divides the variance by one less than the number of pixels.
    assert all(np.allclose(a, b, rtol=0.01) for a, b in zip(plain, fused))
