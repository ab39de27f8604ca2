"""The network of the line reader: convolutions alone, so that a strip may have any width."""

from __future__ import annotations

import keras
from keras import layers

from hcr_batch.alphabet import GAP
from hcr_batch.characters.line_strip import STRIP_HEIGHT

__all__ = ["line_network"]

STEPS = 2
"""Columns of the answer for each column of the features: narrow letters stand close."""


def line_network(
    widths: tuple[int, int, int, int] = (24, 48, 64, 96), context: int = 192
) -> keras.Model:
    """Convolutions over the strip, then along it, for connectionist temporal classification.

    The features have a column for four of the strip; each answers twice. Five
    residual convolutions along the line see some four characters to either
    side.

    Parameters
    ----------
    widths : tuple of int
        Channels at half the strip's height (two layers), at a quarter and at an eighth.
    context : int
        Channels along the line.

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
    for dilation in (1, 2, 4, 1):
        y = _convolution(x, context, (1, 5), dilation_rate=(1, dilation))
        x = layers.Add()([x, layers.Dropout(0.05)(y)])
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(STEPS * (GAP + 1), 1, dtype="float32")(x)
    return keras.Model(strip, layers.Reshape((-1, GAP + 1), dtype="float32")(x), name="lines")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    kernel: int | tuple[int, int],
    padding: str = "same",
    **options: object,
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, padding=padding, use_bias=False, **options)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.98)(x))
