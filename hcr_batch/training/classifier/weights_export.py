"""From a fitted network to the files that are shipped, keeping what loses no accuracy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.inference.weights import file_hash
from hcr_batch.recognition.model_card import CARD_NAME, read_card, write_card

__all__ = [
    "KINDS",
    "WeightsCandidate",
    "choose",
    "convert",
    "count_flops",
    "export_h5",
    "glyphs_per_second",
    "try_candidates",
]

KINDS = ("float32", "float16", "dynamic_int8", "full_int8")
"""Forms of the weights (and for full_int8 of the arithmetic), plainest first."""
ALLOWED_LOSS = 0.001
"""Accuracy, 0 to 1, that a faster form may lose against float32."""
TIMED_GLYPHS = 4096


@dataclass(frozen=True)
class WeightsCandidate:
    """One exported form: its file, accuracy (0 to 1) and speed (glyphs a second of CPU time)."""

    kind: str
    path: Path
    accuracy: float
    speed: float


def convert(saved: Path, kind: str, samples: np.ndarray) -> bytes:
    """Convert a network to a .tflite file's content.

    Parameters
    ----------
    saved : Path
        TensorFlow SavedModel, float32, input (N, 28, 28, 1) from 0 to 255.
    kind : str
        One of :data:`KINDS`.
    samples : ndarray of uint8, shape (N, 28, 28)
        Typical glyphs, from which full int8 takes its ranges.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "full_int8":
        converter.representative_dataset = lambda: (
            [glyph[None, ..., None].astype(np.float32)] for glyph in samples
        )
    return converter.convert()


def try_candidates(
    model: keras.Model,
    folder: Path,
    samples: np.ndarray,
    glyphs: np.ndarray,
    accuracy: Callable[[np.ndarray], float],
) -> tuple[WeightsCandidate, ...]:
    """Export every form into `folder`, measure its accuracy on `glyphs` and its speed.

    Parameters
    ----------
    accuracy : callable
        From logits (N, 64) of `glyphs` to an accuracy, 0 to 1.
    """
    saved = folder / "saved"
    # The converter's own export of a Keras model prints to standard output.
    model.export(saved, format="tf_saved_model", verbose=False)
    found = []
    for kind in KINDS:
        path = folder / f"{kind}.tflite"
        path.write_bytes(convert(saved, kind, samples))
        network = LiteRTNetwork(path)
        speed = glyphs_per_second(network, glyphs)
        found.append(WeightsCandidate(kind, path, accuracy(network(glyphs)), speed))
    return tuple(found)


def choose(candidates: tuple[WeightsCandidate, ...]) -> WeightsCandidate:
    """The fastest form that loses no more than :data:`ALLOWED_LOSS` against the first."""
    wanted = candidates[0].accuracy - ALLOWED_LOSS
    good = [candidate for candidate in candidates if candidate.accuracy >= wanted]
    return max(good, key=lambda candidate: candidate.speed)


def count_flops(model: keras.Model) -> int:
    """Floating-point operations for one glyph, two a multiplication with its addition."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            rows, columns = layer.output.shape[1:3]
            total += 2 * rows * columns * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += 2 * int(np.prod(layer.kernel.shape))
    return total


def glyphs_per_second(network: LiteRTNetwork, glyphs: np.ndarray) -> float:
    """Speed on one core, by CPU time: what else the machine does counts little."""
    timed = np.resize(glyphs, (TIMED_GLYPHS, *glyphs.shape[1:]))
    network(timed[:256])
    rates = []
    for _ in range(3):
        started = time.process_time()
        network(timed)
        rates.append(TIMED_GLYPHS / (time.process_time() - started))
    return float(np.median(rates))


def export_h5(folder: Path) -> Path:
    """Write the network in the older format of Keras beside model.keras; enter it in the card."""
    path = folder / "model.h5"
    keras.saving.load_model(folder / "model.keras", compile=False).save(path)
    document = read_card(folder / CARD_NAME).document
    files = {**document["files"], path.name: file_hash(path)}
    write_card(folder / CARD_NAME, {**document, "files": files})
    return path
