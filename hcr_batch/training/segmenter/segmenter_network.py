"""The network that labels the pixels of a page, its loss, and its int8 form."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from hcr_batch.training.synthesis.samples import CHANNELS

__all__ = [
    "convert_page_network",
    "count_page_operations",
    "page_network",
    "patches",
    "pixel_loss",
    "save_page_network",
    "space_to_depth",
]

WIDTHS = (24, 32, 48, 64)
"""Channels at 50, 25, 12.5 and 6.25 dpi."""
FIRST_KERNEL = 4


@keras.saving.register_keras_serializable("hcr_batch")
class DepthToSpace(layers.Layer):
    """Twice as many rows and columns from a quarter of the channels.

    Behind a 1 x 1 convolution it is a transposed convolution of 2 x 2, but one
    that LiteRT can resize.
    """

    def call(self, inputs: Any) -> Any:
        """(N, H, W, 4 C) to (N, 2 H, 2 W, C)."""
        import tensorflow as tf

        return tf.nn.depth_to_space(inputs, 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of what comes out."""
        count, rows, columns, depth = input_shape
        return (count, rows and 2 * rows, columns and 2 * columns, (depth or 0) // 4)


def page_network(widths: tuple[int, ...] = WIDTHS) -> keras.Model:
    """A small U-Net whose convolutions all lie at 50 dpi and below.

    Returns
    -------
    keras.Model
        From (N, H, W, 4), gray at 200 dpi from -0.5 to 0.5 with each 2 x 2 block as four
        channels, to logits (N, H, W, 6) of :data:`CHANNELS`; H and W multiples of 16.
    """
    page = layers.Input((None, None, 4), name="page")
    x = _convolution(page, widths[0], FIRST_KERNEL, 2)
    skips = [x]
    for width in widths[1:]:
        x = _convolution(x, width, strides=2)
        x = _convolution(_convolution(x, width), width)
        skips.append(x)
    x = skips.pop()
    for skip in reversed(skips):
        width = skip.shape[-1]
        x = layers.Add()([_doubled(x, width), skip])
        x = _convolution(x, width)
    logits = layers.Activation("linear", dtype="float32", name="logits")
    return keras.Model(page, logits(_doubled(x, len(CHANNELS))), name="page_unet")


def _convolution(x: Any, filters: int, kernel: int = 3, strides: int = 1) -> Any:
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def _doubled(x: Any, filters: int) -> Any:
    return DepthToSpace()(layers.Conv2D(4 * filters, 1)(x))


def space_to_depth(gray: np.ndarray) -> np.ndarray:
    """Gray (N, 2 H, 2 W) uint8 to (N, H, W, 4), the blocks of 2 x 2 row by row."""
    count, rows, columns = gray.shape
    blocks = gray.reshape(count, rows // 2, 2, columns // 2, 2)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(count, rows // 2, columns // 2, 4)


def patches(gray: np.ndarray) -> np.ndarray:
    """Pages as the file takes them: squares of 4 x 4 pixels, float32 (N, H / 2 + 1, W / 2 + 1, 16).

    Parameters
    ----------
    gray : ndarray of uint8, shape (N, 2 H, 2 W)
        Two pixels are set around them, for the squares to begin where the first kernels do.
    """
    around = np.pad(gray / np.float32(255) - np.float32(0.5), [(0, 0), (2, 2), (2, 2)])
    count, rows, columns = around.shape
    squares = around.reshape(count, rows // 4, 4, columns // 4, 4).transpose(0, 1, 3, 2, 4)
    return squares.reshape(count, rows // 4, columns // 4, 16)


def _patch_network(model: keras.Model) -> keras.Model:
    """The same network, from patches: its first kernels of 4 x 4 blocks are 2 x 2 of those.

    That takes a fifteenth less time and a seventh less memory.
    """
    first = model.layers[1]
    (kernel,) = first.get_weights()
    # Of two blocks in a row, and two pixels in each, all four go together.
    halves = kernel.reshape(2, 2, 2, 2, 2, 2, first.filters).transpose(0, 2, 1, 4, 3, 5, 6)
    page = layers.Input((None, None, 16), name="page")
    stem = layers.Conv2D(first.filters, FIRST_KERNEL // 2, use_bias=False)
    rest = keras.Model(first.output, model.output)
    patched = keras.Model(page, rest(stem(page)))
    stem.set_weights([halves.reshape(2, 2, 16, first.filters)])
    return patched


def pixel_loss(logits: Any, truth: Any, known: Any, positive: Any) -> Any:
    """Cross entropy of each channel over the pixels where it is known, a float32 tensor.

    Parameters
    ----------
    logits : tensor, shape (N, H, W, 6)
    truth, known : tensor of uint8, shape (N, H, W)
        One bit a channel.
    positive : tensor, shape (6,)
        Weight of pixels where a channel is on; 1 where it is off.
    """
    import tensorflow as tf

    bits = tf.constant([1 << index for index in range(len(CHANNELS))], tf.uint8)
    wanted = tf.cast(tf.bitwise.bitwise_and(truth[..., None], bits) > 0, tf.float32)
    counted = tf.cast(tf.bitwise.bitwise_and(known[..., None], bits) > 0, tf.float32)
    weight = counted * (1 + wanted * (positive - 1))
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=wanted, logits=logits)
    return tf.reduce_sum(entropy * weight) / tf.reduce_sum(weight)


def convert_page_network(model: keras.Model, crops: Iterable[np.ndarray]) -> bytes:
    """The network as a .tflite file in int8 throughout, of any height and width.

    It takes :func:`patches`.

    Parameters
    ----------
    crops : iterable of ndarray of uint8, shape (2 H, 2 W)
        Typical gray crops, from which the ranges are taken.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    patched = _patch_network(model)

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 16), tf.float32)])
    def run(page: Any) -> Any:
        return patched(page, training=False)

    # Variables must be constants by now, or the converter's measuring of ranges fails.
    frozen = convert_variables_to_constants_v2(run.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([patches(crop[None])] for crop in crops)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def save_page_network(model: keras.Model, path: Path) -> None:
    """Write a .keras file, whole or not at all."""
    part = path.with_name(f"part_{path.name}")
    model.save(part)
    part.replace(path)


def count_page_operations(model: keras.Model, pixels: int = 1169 * 827) -> int:
    """Multiplications for a page of so many pixels at 100 dpi (A4)."""
    total = 0.0
    scale = 1.0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            scale /= layer.strides[0] ** 2
            total += scale * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, DepthToSpace):
            scale *= 4
    return round(total * pixels)
