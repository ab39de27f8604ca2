"""The line reader's part of a model folder: weights, card, figures."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.glyphs.strip import STRIP_VERSION
from hcr_batch.recognition.calibration import thresholds_for
from hcr_batch.recognition.card import file_hash, write_card
from hcr_batch.recognition.line_alphabet import LINE_CHARACTERS
from hcr_batch.recognition.line_card import LINE_CARD, LineCard
from hcr_batch.recognition.line_reader import LINE_NETWORK, LineNetwork, LineReader, widened
from hcr_batch.training.line_held import HeldLine
from hcr_batch.training.line_measures import HeldRead, edit_distance, figures, held_reads, plain
from hcr_batch.training.line_recipe import LineRecipe

__all__ = ["ship_lines"]

LINE_KERAS = "line_reader.keras"
TYPICAL = 150
"""Strips from which the int8 form takes its ranges."""
TARGETS = (0.004, 0.008, 0.02, 0.04, 0.08)
"""Error rates among accepted strings for which the card holds thresholds."""
TEMPERATURES = (0.8, 1.0, 1.25, 1.6)
LETTERS = ((0.0, 0.0), (0.15, 0.3), (0.25, 0.6), (0.35, 0.9), (0.5, 1.3))
"""Weights and bonuses of the letter model that are tried."""
SHARPNESSES = tuple(np.round(np.arange(0.2, 2.01, 0.1), 2).tolist())
TRIED = 300
"""Words that the letter model's weight is chosen by."""


def ship_lines(
    model: keras.Model, recipe: LineRecipe, held: Sequence[HeldLine], folder: Path, source: Path
) -> dict[str, Any]:
    """Export, calibrate and measure a line reader and write its files.

    Parameters
    ----------
    model : keras.Model
        Float32.
    recipe : LineRecipe
    held : sequence of HeldLine
    folder : Path
        Receives line_reader.keras, line_reader.tflite and, last, line_reader.json.
    source : Path
        The recipe's file, named in the card.

    Returns
    -------
    dict
        The card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / LINE_KERAS)
    strips = [line.strip.image for line in held]
    (folder / LINE_NETWORK).write_bytes(_int8(model, strips[:: max(1, len(strips) // TYPICAL)]))
    network = LineNetwork(folder / LINE_NETWORK)
    card = _calibrated(network, held)
    reads = held_reads(LineReader(network, card), held)
    card = replace(card, sharpness=_sharpness(reads))
    document = {
        "characters": LINE_CHARACTERS,
        "strip_version": STRIP_VERSION,
        "input": "strips 40 rows high, white ink (255) on black (0)",
        "temperature": card.temperature,
        "letter_weight": card.letter_weight,
        "letter_bonus": card.letter_bonus,
        "sharpness": card.sharpness,
        "thresholds": _thresholds(reads, card.sharpness),
        "metrics": figures(reads),
        "parameters": model.count_params(),
        "data": [{"name": recipe.words, "terms": recipe.terms}]
        + [{"name": one.name, "terms": one.terms} for one in recipe.sources],
        "recipe": {"file": source.name, **recipe.as_dict()},
        "files": {name: file_hash(folder / name) for name in (LINE_NETWORK, LINE_KERAS)},
    }
    write_card(folder / LINE_CARD, document)
    return document


def _int8(model: keras.Model, strips: Sequence[np.ndarray]) -> bytes:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as scratch:
        # The converter's own export of a Keras model prints to standard output.
        model.export(scratch, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [widened(strip)[None, ..., None].astype(np.float32)] for strip in strips
        )
        return bytes(converter.convert())


def _calibrated(network: LineNetwork, held: Sequence[HeldLine]) -> LineCard:
    """The temperature and the letter model that read most characters of words right."""
    words = [line for line in held if line.kind == "words"]
    tried = words[:: max(1, len(words) // TRIED)] or list(held[:TRIED])
    found = []
    for temperature, (weight, bonus) in product(TEMPERATURES, LETTERS):
        card = LineCard(
            LINE_CHARACTERS, STRIP_VERSION, temperature, weight, bonus, 1.0, (), {}, {}
        )
        reads = [one for one in held_reads(LineReader(network, card), tried) if not one.doubted]
        wrong = sum(edit_distance(plain(one.text), plain(one.line.text)) for one in reads)
        characters = sum(len(one.line.text) for one in reads)
        share = sum(one.right for one in reads) / max(1, len(reads))
        found.append((share - wrong / max(1, characters), card))
    return max(found, key=lambda pair: pair[0])[1]


def _sharpness(reads: Sequence[HeldRead]) -> float:
    """The exponent under which the shares of texts are the likeliest probabilities."""
    trusted = [one for one in reads if not one.doubted]
    right = np.array([one.right for one in trusted])
    shares = np.clip([one.weight for one in trusted], 1e-6, 1 - 1e-6)

    def loss(exponent: float) -> float:
        sure = np.clip(shares**exponent, 1e-6, 1 - 1e-6)
        return float(-np.mean(np.where(right, np.log(sure), np.log(1 - sure))))

    return float(min(SHARPNESSES, key=loss))


def _thresholds(reads: Sequence[HeldRead], sharpness: float) -> list[dict[str, float]]:
    trusted = [one for one in reads if not one.doubted]
    sure = np.array([one.weight for one in trusted]) ** sharpness
    right = np.array([one.right for one in trusted])
    return [asdict(entry) for entry in thresholds_for(sure, right, TARGETS)]
