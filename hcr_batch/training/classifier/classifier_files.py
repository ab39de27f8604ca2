"""The model folder made of a fitted network: weights, card, metrics."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.characters.normalize import NORMALIZER_VERSION
from hcr_batch.evaluation.metrics import correct_readings
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.inference.weights import file_hash
from hcr_batch.recognition.model_card import CARD_NAME, read_card, write_card
from hcr_batch.training.classifier.card_metrics import foreign_ink_metrics, print_metrics
from hcr_batch.training.classifier.held_out_calibration import (
    NetworkOutputs,
    calibration,
    character_probabilities,
    set_metrics,
)
from hcr_batch.training.classifier.page_sets import PAGES
from hcr_batch.training.classifier.targets import CLASSES
from hcr_batch.training.classifier.training_data import TrainingData
from hcr_batch.training.classifier.weights_export import choose, count_flops, try_candidates
from hcr_batch.training.recipe import Recipe

__all__ = ["write_model"]

FLAG_ERROR = 0.005
"""Target error at which the card tells the share of foreign ink that is flagged."""


def write_model(
    model: keras.Model, data: TrainingData, recipe: Recipe, folder: Path, source: Path
) -> dict[str, Any]:
    """Export, calibrate and measure a network and write its model folder.

    Parameters
    ----------
    model : keras.Model
        Float32.
    data : TrainingData
    recipe : Recipe
    folder : Path
        Receives model.keras, model.tflite and, last, card.json.
    source : Path
        The recipe's file, named in the card.

    Returns
    -------
    dict
        The card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    export = _export(model, data, folder / "model.tflite")
    network = LiteRTNetwork(folder / "model.tflite")
    card = {
        "name": folder.name,
        "classes": list(CLASSES),
        "outputs": "62 characters, foreign ink, machine print (logits)",
        "input": "28 x 28, white ink (255) on black (0)",
        "normalizer_version": NORMALIZER_VERSION,
        **_figures(network, data, recipe),
        "export": export,
        "parameters": model.count_params(),
        "flops": count_flops(model),
        "data": _sources(data, recipe),
        "recipe": {"file": source.name, **recipe.as_dict()},
        "started_from": _origin(recipe),
        "files": {name: file_hash(folder / name) for name in ("model.tflite", "model.keras")},
    }
    write_card(folder / CARD_NAME, card)
    return card


def _origin(recipe: Recipe) -> dict[str, Any] | None:
    """The weights a run began with and, where a card lies beside them, what made those."""
    if not recipe.start_from:
        return None
    path = Path(recipe.start_from)
    origin: dict[str, Any] = {"file": path.name, "hash": file_hash(path)}
    if (path.parent / CARD_NAME).exists():
        made_by = read_card(path.parent / CARD_NAME).document.get("recipe", {})
        origin["recipe"] = {key: made_by.get(key) for key in ("file", "epochs", "seed")}
    return origin


def _export(model: keras.Model, data: TrainingData, path: Path) -> dict[str, Any]:
    """Write the fastest form that loses no accuracy; what each form measured."""
    glyphs = np.concatenate([one.images for one in data.held])
    labels = np.concatenate([one.labels for one in data.held])

    def accuracy(logits: np.ndarray) -> float:
        return float(correct_readings(character_probabilities(logits), labels)[1].mean())

    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        candidates = try_candidates(model, Path(scratch), _typical(data), glyphs, accuracy)
        best = choose(candidates)
        best.path.replace(path)
    metrics: dict[str, Any] = {
        one.kind: {"accuracy": round(one.accuracy, 5), "glyphs_per_second": round(one.speed)}
        for one in candidates
    }
    return metrics | {"kept": best.kind}


def _typical(data: TrainingData, count: int = 300) -> np.ndarray:
    """Some glyphs of every source."""
    part = -(-count // len(data.sources))
    return np.concatenate([source.images[:part] for source in data.sources])


def _figures(network: LiteRTNetwork, data: TrainingData, recipe: Recipe) -> dict[str, Any]:
    clean = {source.name for source in recipe.sources if source.clean} | {PAGES}
    held = [
        NetworkOutputs(one, network(one.images), one.name in clean, fitted=one.cases != "folded")
        for one in data.held
    ]
    tests = [NetworkOutputs(one, network(one.images), fitted=False) for one in data.tests]
    calibrated = calibration(held + tests, recipe.seed)
    temperature = calibrated["temperature"]
    alnum = calibrated["thresholds"]["alnum"]
    (default,) = (t for t in alnum if t["target_error"] == FLAG_ERROR)
    return {
        **calibrated,
        "metrics": {one.characters.name: set_metrics(one, temperature) for one in held + tests},
        "foreign": foreign_ink_metrics(
            network, held, temperature, default["threshold"], recipe.seed
        ),
        "printed": print_metrics(network, data.held_printed, held + tests, recipe.seed),
    }


def _sources(data: TrainingData, recipe: Recipe) -> list[dict[str, Any]]:
    return [
        {"name": source.name, "terms": source.terms, "glyphs": len(written.labels)}
        for source, written in zip(recipe.sources, data.sources, strict=True)
    ]
