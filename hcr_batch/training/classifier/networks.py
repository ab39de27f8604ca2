"""Networks as short functions, and their loss; Keras 3, any backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from hcr_batch.characters.normalize import GLYPH_SIZE
from hcr_batch.training.classifier.targets import FOREIGN, OUTPUTS, TARGET_SIZE

__all__ = [
    "NETWORKS",
    "GlyphLoss",
    "character_accuracy",
    "demo",
    "demo_classifier",
    "label_loss",
    "outlet_probabilities",
    "print_loss",
    "vgg",
    "vgg_small",
    "vgg_wide",
]


def vgg(widths: tuple[int, int, int] = (32, 64, 128), dense: int = 256) -> keras.Model:
    """Five convolutions and two dense layers, batch-normalized.

    The first convolution has stride 2: on a CPU the full 28 x 28 resolution
    costs half of all time and gains nothing that more epochs do not.

    Parameters
    ----------
    widths : tuple of int
        Channels at 14 x 14 (first layer), at 14 x 14 and at 7 x 7.
    dense : int
        Width of the hidden dense layer.

    Returns
    -------
    keras.Model
        From (N, 28, 28, 1), 0 to 255, to (N, 64) logits.
    """
    first, second, third = widths
    glyph = layers.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(glyph)
    x = _convolution(x, first, kernel=5, strides=2)
    x = _convolution(x, second)
    x = _convolution(x, second)
    x = layers.MaxPooling2D(padding="same")(x)
    x = layers.Dropout(0.1)(x)
    x = _convolution(x, third)
    x = _convolution(x, third)
    x = layers.MaxPooling2D(padding="same")(x)
    return _classified(glyph, x, dense, (0.2, 0.3), "vgg")


def demo(width: int = 32, dense: int = 128) -> keras.Model:
    """The network of the usual demos, with the outputs that the recognizer needs."""
    glyph = layers.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyph")
    x = _demo_layers(layers.Rescaling(1 / 255)(glyph), width, dense)
    return keras.Model(glyph, layers.Dense(OUTPUTS, dtype="float32", name="logits")(x), name="demo")


def demo_classifier(classes: int, width: int = 32, dense: int = 128) -> keras.Model:
    """The network of the usual demos: from (N, 28, 28, 1), 0 to 1, to N x `classes` by softmax."""
    glyph = layers.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyph")
    x = _demo_layers(glyph, width, dense)
    softmax = layers.Dense(classes, activation="softmax", name="probabilities")
    return keras.Model(glyph, softmax(x), name="demo")


def _demo_layers(x: keras.KerasTensor, width: int, dense: int) -> keras.KerasTensor:
    """One convolution, pooling, one dense layer."""
    x = layers.Conv2D(width, 3, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    return layers.Dense(dense, activation="relu")(x)


def vgg_small() -> keras.Model:
    """A third of the work of :func:`vgg_wide`: more of it where a glyph is 4 x 4, less before."""
    glyph = layers.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(glyph)
    x = _convolution(x, 32, kernel=5, strides=2)
    x = _convolution(x, 48)
    x = layers.MaxPooling2D(padding="same")(x)
    x = _convolution(x, 104)
    x = _convolution(x, 104)
    x = layers.MaxPooling2D(padding="same")(x)
    x = _convolution(x, 144)
    return _classified(glyph, x, 256, (0.1, 0.1), "vgg_small")


def vgg_wide() -> keras.Model:
    """:func:`vgg` with a quarter to a half more channels."""
    return vgg((48, 80, 160))


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "vgg": vgg,
    "vgg_small": vgg_small,
    "vgg_wide": vgg_wide,
    "demo": demo,
}


def _classified(
    glyph: keras.KerasTensor,
    x: keras.KerasTensor,
    dense: int,
    dropouts: tuple[float, float],
    name: str,
) -> keras.Model:
    """A network that ends in two dense layers."""
    x = layers.Dropout(dropouts[0])(layers.Flatten()(x))
    x = layers.Dense(dense, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(dropouts[1])(x)
    return keras.Model(glyph, layers.Dense(OUTPUTS, dtype="float32", name="logits")(x), name=name)


def _convolution(
    x: keras.KerasTensor, filters: int, kernel: int = 3, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


@keras.saving.register_keras_serializable("hcr_batch")
class GlyphLoss(keras.losses.Loss):
    """Minus log of the probability of all allowed outlets, plus cross entropy of machine print.

    Parameters
    ----------
    smoothing : float
        Share of the target spread evenly over the 63 outlets; keeps wrong
        labels from being learned by force.
    teaching : float
        Weight, 0 to 1, of the teachers' readings where targets have them; the
        labels keep the rest.
    """

    def __init__(
        self,
        smoothing: float = 0.03,
        teaching: float = 0.0,
        name: str = "glyph_loss",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.smoothing = smoothing
        self.teaching = teaching

    def get_config(self) -> dict[str, Any]:
        """What Keras saves of it."""
        return {**super().get_config(), "smoothing": self.smoothing, "teaching": self.teaching}

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of each glyph (N,), from targets (N, 65) or, taught, (N, 129) and logits (N, 64)."""
        labelled = self._labelled(y_true, y_pred)
        if y_true.shape[-1] == TARGET_SIZE:
            return labelled
        return (1 - self.teaching) * labelled + self.teaching * _taught(y_true, y_pred)

    def _labelled(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor
    ) -> keras.KerasTensor:
        allowed, printed = y_true[:, : FOREIGN + 1], y_true[:, FOREIGN + 1]
        log_p = ops.log_softmax(y_pred[:, : FOREIGN + 1], axis=-1)
        spread = -ops.mean(log_p, axis=-1)
        hit = label_loss(allowed, log_p)
        character_loss = (1 - self.smoothing) * hit + self.smoothing * spread
        return character_loss + y_true[:, FOREIGN + 2] * print_loss(printed, y_pred)


def _taught(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Cross entropy between the teachers' readings and the network's."""
    read = y_true[:, TARGET_SIZE:]
    log_p = ops.log_softmax(y_pred[:, : FOREIGN + 1], axis=-1)
    character_loss = -ops.sum(read[:, : FOREIGN + 1] * log_p, axis=-1)
    return character_loss + y_true[:, FOREIGN + 2] * print_loss(read[:, FOREIGN + 1], y_pred)


def label_loss(allowed: keras.KerasTensor, log_p: keras.KerasTensor) -> keras.KerasTensor:
    """Minus log of the probability of all allowed outlets (N,), from two (N, 63)."""
    # Logarithm of a sum of probabilities, with the zero allowances out of reach.
    return -ops.logsumexp(log_p + ops.log(allowed + 1e-9), axis=-1)


def print_loss(printed: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Cross entropy (N,) of machine print, 0 to 1 (N,), and its logit among logits (N, 64)."""
    logit = y_pred[:, FOREIGN + 1]
    return ops.softplus(logit) - printed * logit


def outlet_probabilities(logits: np.ndarray) -> np.ndarray:
    """Of 63 outlets that exclude each other, and of print; float32 (N, 64), from logits (N, 64)."""
    outlets = ops.softmax(logits[:, : FOREIGN + 1], axis=-1)
    printed = ops.sigmoid(logits[:, FOREIGN + 1 :])
    return np.concatenate([ops.convert_to_numpy(outlets), ops.convert_to_numpy(printed)], axis=1)


@keras.saving.register_keras_serializable("hcr_batch")
def character_accuracy(
    y_true: keras.KerasTensor, y_pred: keras.KerasTensor
) -> keras.KerasTensor:
    """Share of glyphs whose likeliest outlet is an allowed one."""
    best = ops.argmax(y_pred[:, : FOREIGN + 1], axis=-1)
    allowed = ops.take_along_axis(y_true[:, : FOREIGN + 1], best[:, None], axis=-1)[:, 0]
    return ops.cast(allowed > 0, "float32")
