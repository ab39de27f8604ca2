"""The line reader's part of a model folder: weights, card, metrics."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.alphabet import LINE_CHARACTERS
from hcr_batch.characters.line_strip import STRIP_VERSION
from hcr_batch.inference.weights import file_hash
from hcr_batch.recognition.line_card import LINE_CARD, LINE_NETWORK, LineCard
from hcr_batch.recognition.line_confidence import (
    CharacterConfidence,
    LineConfidence,
    comparable_text,
)
from hcr_batch.recognition.line_reader import LineNetwork, LineReader, widened
from hcr_batch.recognition.model_card import write_card
from hcr_batch.recognition.recognizers import load_recognizer
from hcr_batch.training.line_reader.line_cuts import ReadTwice, cuts_of
from hcr_batch.training.line_reader.line_held import HeldLine
from hcr_batch.training.line_reader.line_metrics import (
    HeldRead,
    edit_distance,
    held_reads,
    line_metrics,
)
from hcr_batch.training.line_reader.line_recipe import LineRecipe
from hcr_batch.training.line_reader.line_trust import (
    character_thresholds,
    character_trust,
    judged_lines,
    line_thresholds,
    line_trust,
)

__all__ = ["write_line_reader"]

LINE_KERAS = "line_reader.keras"
TYPICAL = 150
"""Strips from which the int8 form takes its ranges."""
TEMPERATURES = (0.9, 1.1, 1.35)
LETTERS = ((0.0, 0.0), (0.15, 0.35), (0.25, 0.6), (0.35, 0.9), (0.5, 1.3))
"""Weights and bonuses of the letter model that are tried."""
SHARPNESSES = tuple(np.round(np.arange(0.2, 2.01, 0.1), 2).tolist())
UNKNOWN = LineConfidence(0.0, 1.0, 0.0, 0.0), CharacterConfidence(0.0, 1.0, 0.0, 0.0, 0.0)
"""Not fitted yet, of lines and of characters."""
TRIED = 300
"""Words that the letter model's weight is chosen by."""


def write_line_reader(
    model: keras.Model,
    recipe: LineRecipe,
    held: Sequence[HeldLine],
    folder: Path,
    source: Path,
    classifier: Path | None = None,
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
    classifier : Path, optional
        The recognizer that reads the same lines cut into characters; the default one.

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
    cuts = cuts_of(held, load_recognizer(classifier))
    reads = held_reads(LineReader(network, card), held, [cut.line for cut in cuts])
    card = replace(card, sharpness=_sharpness(reads))
    pairs = [ReadTwice(read, cut.text) for read, cut in zip(reads, cuts, strict=True)]
    trust = line_trust(pairs)
    judged = list(judged_lines(LineReader(network, card), pairs, cuts, trust))
    trust_of_characters = character_trust(judged)
    document = {
        "characters": LINE_CHARACTERS,
        "strip_version": STRIP_VERSION,
        "input": "strips 40 rows high, white ink (255) on black (0)",
        "temperature": card.temperature,
        "letter_weight": card.letter_weight,
        "letter_bonus": card.letter_bonus,
        "sharpness": card.sharpness,
        "trust": asdict(trust),
        "thresholds": [asdict(entry) for entry in line_thresholds(pairs, trust)],
        "character_trust": asdict(trust_of_characters),
        "character_thresholds": [
            asdict(entry) for entry in character_thresholds(judged, trust_of_characters)
        ],
        "metrics": line_metrics(reads),
        "with_cuts": _with_cuts(pairs),
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
        fitted = temperature, weight, bonus, 1.0
        card = LineCard(LINE_CHARACTERS, STRIP_VERSION, *fitted, *UNKNOWN, (), (), {}, {})
        reads = [one for one in held_reads(LineReader(network, card), tried) if not one.doubted]
        wrong = sum(
            edit_distance(comparable_text(one.text), comparable_text(one.line.text))
            for one in reads
        )
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


def _with_cuts(pairs: Sequence[ReadTwice]) -> dict[str, dict[str, float]]:
    """By kind, strings read right cut and whole; how often both agree, and are right then."""
    found = {}
    for kind in dict.fromkeys(one.read.line.kind for one in pairs):
        group = [one for one in pairs if one.read.line.kind == kind]
        cut = [comparable_text(one.cut) == comparable_text(one.read.line.text) for one in group]
        found[kind] = {
            "cut": _share(cut),
            "whole": _share([one.read.right for one in group]),
            "agree": _share([one.agrees for one in group]),
            "right_where_agreed": _share([one.read.right for one in group if one.agrees]),
        }
    return found


def _share(flags: Sequence[bool]) -> float:
    return round(float(np.mean(flags)), 4) if flags else 0.0
