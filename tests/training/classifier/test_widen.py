"""A wide network that begins as a narrow one."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from hcr_batch.training.classifier.networks import NETWORKS, vgg  # noqa: E402
from hcr_batch.training.classifier.widen import widened  # noqa: E402


@pytest.fixture
def glyphs():
    return np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype(np.float32)


def test_wide_network_begins_with_the_answers_of_the_narrow_one(glyphs):
    narrow, wide = vgg((8, 12, 16), 24), vgg((12, 16, 20), 32)
    wide.set_weights(widened(wide.get_weights(), narrow.get_weights()))
    assert np.allclose(narrow(glyphs), wide(glyphs), atol=1e-4)


def test_new_channels_can_learn(glyphs):
    narrow, wide = vgg((8, 12, 16), 24), vgg((12, 16, 20), 32)
    wide.set_weights(widened(wide.get_weights(), narrow.get_weights()))
    assert all(np.any(one) for one in wide.layers[2].get_weights())
    kernel = wide.layers[2].get_weights()[0]
    assert np.any(kernel[..., 8:])


@pytest.mark.parametrize("other", [lambda: vgg((16, 20, 24), 32), NETWORKS["demo"]])
def test_wider_or_other_networks_are_refused(other):
    with pytest.raises(ValueError, match="network"):
        widened(vgg((12, 16, 20), 32).get_weights(), other().get_weights())
