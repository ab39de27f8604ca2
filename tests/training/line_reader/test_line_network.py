"""A line reader that goes on from what another has learned."""

import numpy as np
import pytest

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.training.line_reader.line_network import STEPS, learned_weights, line_network

SMALL = {"widths": (2, 3, 4, 5), "context": 6}


def outlets(weights, count):
    """Kernel and bias of the last layer by step and outlet."""
    return [one.reshape(*one.shape[:-1], STEPS, count) for one in weights[-2:]]


def test_further_convolutions_and_outlets_are_added_to_what_was_learned():
    model = line_network(**SMALL, dilations=(1, 2, 4))
    learned = line_network(**SMALL, dilations=(1, 2))
    before = LINE_CHARACTERS  # of a reader with the same outlets
    weights = learned_weights(model, learned, before)
    old = learned.get_weights()
    for one, other in zip(weights[: len(old) - 2], old[:-2], strict=True):
        np.testing.assert_array_equal(one, other)
    model.set_weights(weights)
    assert model(np.zeros((1, 40, 32, 1), np.float32)).shape == (1, 16, GAP + 1)


def test_characters_keep_their_outlets_wherever_they_stand():
    model = line_network(**SMALL, dilations=(1,))
    learned = line_network(**SMALL, dilations=(1,))
    rng = np.random.default_rng(1)
    learned.set_weights([rng.normal(size=weight.shape) for weight in learned.get_weights()])
    swapped = LINE_CHARACTERS[::-1]
    found = outlets(learned_weights(model, learned, swapped), GAP + 1)
    given = outlets(learned.get_weights(), GAP + 1)
    for new, old in zip(found, given, strict=True):
        np.testing.assert_allclose(new[..., :GAP], old[..., :GAP][..., ::-1], rtol=1e-6)
        np.testing.assert_allclose(new[..., GAP], old[..., GAP], rtol=1e-6)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="other layers"):
        learned_weights(line_network(**SMALL), line_network((2, 3, 4, 6), 6), LINE_CHARACTERS)
