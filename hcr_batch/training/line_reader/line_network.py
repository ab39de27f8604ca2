"""The network of the line reader: convolutions alone, so that a strip may have any width."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.characters.line_strip import STRIP_HEIGHT

__all__ = ["learned_weights", "line_network"]

STEPS = 2
"""Columns of the answer for each column of the features: narrow letters stand close."""
DILATIONS = (1, 2, 4, 1, 8, 2)
"""Steps between the inputs of the residual convolutions along the line, in columns of features."""
SMALL = 0.1
"""Weight that a residual convolution begins with: next to nothing, so that the first may settle."""
UNLIKELY = -4.0
"""Logit that a character which has not been learned begins with."""


def line_network(
    widths: tuple[int, int, int, int] = (24, 48, 64, 96),
    context: int = 192,
    dilations: Sequence[int] = DILATIONS,
) -> keras.Model:
    """Convolutions over the strip, then along it, for connectionist temporal classification.

    The features have a column for four of the strip; each answers twice. The
    residual convolutions along the line see some six characters to either
    side.

    Parameters
    ----------
    widths : tuple of int
        Channels at half the strip's height (two layers), at a quarter and at an eighth.
    context : int
        Channels along the line.
    dilations : sequence of int
        Of the residual convolutions.

    Returns
    -------
    keras.Model
        From strips (N, 40, columns, 1), 0 to 255, to logits (N, columns / 2,
        characters + 1); columns are a multiple of 4.
    """
    first, second, third, fourth = widths
    strip = layers.Input((STRIP_HEIGHT, None, 1), name="strip")
    x = layers.Rescaling(1 / 255)(strip)
    x = _convolution(x, first, 5, strides=2)
    x = _convolution(x, second, 3)
    x = layers.MaxPooling2D(2)(x)
    x = _convolution(x, third, 3)
    x = _convolution(x, third, 3)
    x = layers.MaxPooling2D((2, 1))(x)
    x = _convolution(x, fourth, 3)
    x = _convolution(x, fourth, 3)
    x = _convolution(x, context, (STRIP_HEIGHT // 8, 1), padding="valid")
    for dilation in dilations:
        y = _convolution(x, context, (1, 5), SMALL, dilation_rate=(1, dilation))
        x = layers.Add()([x, layers.Dropout(0.05)(y)])
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(STEPS * (GAP + 1), 1, dtype="float32")(x)
    return keras.Model(strip, layers.Reshape((-1, GAP + 1), dtype="float32")(x), name="lines")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    kernel: int | tuple[int, int],
    weight: float = 1.0,
    padding: str = "same",
    **options: object,
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, padding=padding, use_bias=False, **options)(x)
    scale = keras.initializers.Constant(weight)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98, gamma_initializer=scale)(x))


def learned_weights(
    model: keras.Model, learned: keras.Model, characters: Sequence[str]
) -> list[np.ndarray]:
    """Weights of a line network that begins with what another has learned.

    Parameters
    ----------
    model : keras.Model
        As :func:`line_network` makes it.
    learned : keras.Model
        Of the same shape or with fewer residual convolutions, in the same order.
    characters : sequence of str
        Of its outlets, without the gap.

    Raises
    ------
    ValueError
        The two do not go together.
    """
    fresh = [np.array(weight) for weight in model.get_weights()]
    older = learned.get_weights()
    body = older[:-2]
    if [one.shape for one in body] != [one.shape for one in fresh[: len(body)]]:
        raise ValueError("the two networks have other layers")
    fresh[: len(body)] = body
    shared = [(n, LINE_CHARACTERS.index(c)) for n, c in enumerate(characters)]
    shared.append((len(characters), GAP))
    before, after = zip(*shared, strict=True)
    for new, old in zip(fresh[-2:], older[-2:], strict=True):
        # The last axis runs over steps, then outlets.
        old_outlets = old.reshape(*old.shape[:-1], STEPS, len(characters) + 1)
        outlets = new.reshape(*new.shape[:-1], STEPS, GAP + 1)
        outlets[...] = UNLIKELY if new.ndim == 1 else 0.0
        outlets[..., after] = old_outlets[..., before]
    return fresh
