"""What is measured on a fitted network, and the model folder made of it."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.evaluation.glyphs import charsets_of
from hcr_batch.evaluation.metrics import (
    area_under_curve,
    correct_readings,
    measure_set,
)
from hcr_batch.glyphs.normalize import NORMALIZER_VERSION, normalize_ink
from hcr_batch.recognition.calibration import (
    CHARSETS,
    expected_calibration_error,
    fit_temperature,
    temperature_scale,
    thresholds_for,
)
from hcr_batch.recognition.card import CARD_NAME, file_hash, write_card
from hcr_batch.recognition.litert import LiteRTNetwork
from hcr_batch.training.data import TrainingData
from hcr_batch.training.degrade import scanned
from hcr_batch.training.export import choose, count_flops, try_candidates
from hcr_batch.training.foreign import FOREIGN_KINDS
from hcr_batch.training.recipe import Recipe
from hcr_batch.training.sets import CharacterSet
from hcr_batch.training.targets import CLASSES, FOREIGN, allowed_matrix

__all__ = ["TARGET_ERRORS", "ship"]

TARGET_ERRORS = (0.001, 0.002, 0.005, 0.01, 0.02)
"""Error rates among accepted readings for which the card holds thresholds."""
MADE = 1500
"""Foreign and printed glyphs made for measuring."""
CALIBRATION_CAP = 2500
"""A set counts for no more than this many glyphs, so that no source dominates."""


def ship(
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
        Receives model.keras, model.tflite and card.json.
    source : Path
        The recipe's file, named in the card.

    Returns
    -------
    dict
        The card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = [one for one in data.held if len(one)]
    glyphs = np.concatenate([one.images for one in held])
    labels = np.concatenate([one.labels for one in held])
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        candidates = try_candidates(
            model, Path(scratch), _typical(data), glyphs, lambda z: _accuracy(z, labels)
        )
        best = choose(candidates)
        best.path.replace(folder / "model.tflite")
    model.save(folder / "model.keras")
    network = LiteRTNetwork(folder / "model.tflite")
    logits = [network(one.images) for one in held]
    temperature = _temperature(held, logits, recipe)
    card = {
        "name": folder.name,
        "classes": list(CLASSES),
        "outputs": "62 characters, foreign ink, machine print (logits)",
        "normalizer_version": NORMALIZER_VERSION,
        "input": "28 x 28, white ink (255) on black (0)",
        "temperature": temperature,
        "calibration": _calibration_report(held, logits, temperature),
        "thresholds": _thresholds(held, logits, temperature, recipe.seed),
        "metrics": {
            one.name: _metrics(one, network(one.images), temperature)
            for one in (*held, *data.tests)
        },
        "foreign": _foreign_report(network, data, recipe, temperature),
        "printed": _printed_report(network, data, held, recipe),
        "export": {
            c.kind: {
                "accuracy": round(c.accuracy, 5),
                "glyphs_per_second": round(c.glyphs_per_second),
            }
            for c in candidates
        }
        | {"kept": best.kind},
        "parameters": model.count_params(),
        "flops": count_flops(model),
        "data": [
            {"name": s.name, "terms": s.terms, "glyphs": len(w.labels)}
            for s, w in zip(recipe.sources, data.sources, strict=True)
        ],
        "recipe": {"file": source.name, **recipe.as_dict()},
        "files": {name: file_hash(folder / name) for name in ("model.tflite", "model.keras")},
    }
    write_card(folder / CARD_NAME, card)
    return card


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    _, correct = correct_readings(_probabilities(logits, 1.0), labels)
    return float(correct.mean())


def _typical(data: TrainingData, count: int = 300) -> np.ndarray:
    """Some glyphs of every source."""
    part = -(-count // len(data.sources))
    return np.concatenate([source.images[:part] for source in data.sources])


def _evaluation_weights(one: CharacterSet) -> np.ndarray:
    """Weight of each glyph in calibration: trust, capped by set."""
    return one.weights * min(1.0, CALIBRATION_CAP / len(one))


def _temperature(held: list[CharacterSet], logits: list[np.ndarray], recipe: Recipe) -> float:
    folded = allowed_matrix(case_known=False)
    allowed = np.concatenate([[folded[str(label)] for label in one.labels] for one in held])
    weights = np.concatenate([_evaluation_weights(one) for one in held])
    outlets = np.concatenate(logits)[:, : FOREIGN + 1]
    return round(fit_temperature(outlets, allowed > 0, weights), 4)


def _probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    return temperature_scale(logits[:, : FOREIGN + 1], temperature)[:, :FOREIGN]


def _metrics(one: CharacterSet, logits: np.ndarray, temperature: float) -> dict[str, Any]:
    probabilities = _probabilities(logits, temperature)
    charsets = charsets_of(one.labels)
    return {c: measure_set(probabilities, one.labels, c).as_dict() for c in charsets}


def _readings(
    held: list[CharacterSet], logits: list[np.ndarray], temperature: float, charset: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Confidence and rightness on each set, of the glyphs whose label the charset holds."""
    found = []
    for one, z in zip(held, logits, strict=True):
        inside = np.isin(one.labels, list(CHARSETS[charset]))
        probabilities = _probabilities(z[inside], temperature)
        found.append(correct_readings(probabilities, one.labels[inside], charset))
    return found


def _calibration_report(
    held: list[CharacterSet], logits: list[np.ndarray], temperature: float
) -> dict[str, float]:
    """Expected calibration error over all held-out glyphs, before and after."""
    report = {}
    for name, value in (("ece_before", 1.0), ("ece_after", temperature)):
        pairs = _readings(held, logits, value, "alnum")
        confidence, correct = (np.concatenate(part) for part in zip(*pairs, strict=True))
        report[name] = round(expected_calibration_error(confidence, correct), 5)
    return report


def _thresholds(
    held: list[CharacterSet], logits: list[np.ndarray], temperature: float, seed: int
) -> dict[str, list[dict[str, float]]]:
    """Thresholds by charset, over sets of which none counts for more than the cap."""
    rng = np.random.default_rng(seed)
    report = {}
    for charset in CHARSETS:
        pairs = [
            (confidence[chosen], correct[chosen])
            for confidence, correct in _readings(held, logits, temperature, charset)
            for chosen in [rng.permutation(len(correct))[:CALIBRATION_CAP]]
        ]
        confidence, correct = (np.concatenate(part) for part in zip(*pairs, strict=True))
        report[charset] = [asdict(t) for t in thresholds_for(confidence, correct, TARGET_ERRORS)]
    return report


def _foreign_report(
    network: LiteRTNetwork, data: TrainingData, recipe: Recipe, temperature: float
) -> dict[str, float]:
    """Share of foreign ink, by kind, whose foreign outlet wins, and of characters lost to it."""
    held = [one for one in data.held if len(one)]
    report = {}
    for kind, (_, make) in FOREIGN_KINDS.items():
        rng = np.random.default_rng((recipe.seed, len(kind)))

        def pick(rng: np.random.Generator = rng) -> tuple[np.ndarray, str]:
            one = held[rng.integers(len(held))]
            index = int(rng.integers(len(one)))
            return one.images[index], str(one.labels[index])

        count = MADE // len(FOREIGN_KINDS)
        glyphs = np.stack([normalize_ink(make(pick, rng)) for _ in range(count)])
        report[kind] = round(_foreign_share(network(glyphs), temperature), 4)
    every = np.concatenate([one.images for one in held])
    report["characters_called_foreign"] = round(_foreign_share(network(every), temperature), 5)
    return report


def _foreign_share(logits: np.ndarray, temperature: float) -> float:
    return float((_probabilities(logits, temperature).sum(axis=1) < 0.5).mean())


def _printed_report(
    network: LiteRTNetwork, data: TrainingData, held: list[CharacterSet], recipe: Recipe
) -> dict[str, Any]:
    """How well machine print in fonts never seen is told from each held-out set."""
    if not len(data.held_printed):
        return {}
    rng = np.random.default_rng(recipe.seed)
    index = rng.integers(len(data.held_printed), size=MADE)
    glyphs = np.stack([scanned(data.held_printed.inks[i], rng) for i in index])
    logits = network(glyphs)
    probabilities = _probabilities(logits, 1.0)
    _, correct = correct_readings(probabilities, data.held_printed.labels[index])
    print_logits = logits[:, FOREIGN + 1]
    areas = {
        one.name: round(area_under_curve(print_logits, network(one.images)[:, FOREIGN + 1]), 4)
        for one in held
    }
    return {
        "fonts_held_out": len(np.unique(data.held_printed.fonts)),
        "characters_read": round(float(correct.mean()), 4),
        "area_under_curve": areas,
    }
