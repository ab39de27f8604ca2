"""Calibration of a network on characters that it has not learned from, and cards made anew."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hcr_batch.alphabet import BAR, CHARSETS
from hcr_batch.errors import NoInputError, OutputError
from hcr_batch.evaluation.glyph_sets import charsets_of
from hcr_batch.evaluation.labelled_predictions import labelled_predictions
from hcr_batch.evaluation.metrics import correct_readings, measure_set
from hcr_batch.recognition.calibration import (
    chance_calibration_error,
    expected_calibration_error,
    fit_temperature,
    temperature_scale,
    thresholds_for,
)
from hcr_batch.recognition.line_card import copy_line_reader
from hcr_batch.recognition.model_card import CARD_NAME, write_card
from hcr_batch.recognition.recognizers import NetworkRecognizer, model_files
from hcr_batch.training.classifier.targets import FOREIGN, allowed_matrix
from hcr_batch.training.datasets.character_sets import CharacterSet, unseen_part

__all__ = [
    "TARGET_ERRORS",
    "NetworkOutputs",
    "calibration",
    "calibration_metrics",
    "character_probabilities",
    "check_free",
    "common_temperature",
    "recalibrated",
    "set_metrics",
    "threshold_metrics",
    "write_calibrated",
]

TARGET_ERRORS = (0.001, 0.002, 0.005, 0.01, 0.02)
"""Error rates among accepted readings for which the card holds thresholds."""
CAP = 2500
"""A set counts for no more than this many glyphs, so that no source dominates."""
CASELESS = "36"
"""The reading, of :data:`~hcr_batch.evaluation.labelled_predictions.READINGS`, in which either
case is right."""


@dataclass(frozen=True)
class NetworkOutputs:
    """A set of characters and the network's logits (N, 64) on it.

    Attributes
    ----------
    clean : bool
        Its labels are right often enough to count rare errors by them.
    fitted : bool
        It takes part in the calibration, and is not measured alone.
    """

    characters: CharacterSet
    logits: np.ndarray
    clean: bool = True
    fitted: bool = True


def calibration(outputs: Sequence[NetworkOutputs], seed: int) -> dict[str, Any]:
    """What a model card says of its calibration.

    Parameters
    ----------
    outputs : sequence of NetworkOutputs
        At least one that is fitted.
    seed : int
        Of the choice of glyphs where a set has too many.

    Returns
    -------
    dict
        `temperature`; `calibration`, the expected calibration error before and
        after, pooled and by set; `thresholds` by charset.
    """
    fitted = [one for one in outputs if one.fitted]
    clean = [one for one in fitted if one.clean] or fitted
    temperature = common_temperature(fitted)
    by_set = {one.characters.name: calibration_by_charset(one, temperature) for one in outputs}
    return {
        "temperature": temperature,
        "calibration": {**calibration_metrics(fitted, temperature), "sets": by_set},
        "thresholds": threshold_metrics(clean, temperature, seed),
    }


def character_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (N, 62) of the characters from logits (N, 64)."""
    return temperature_scale(logits[:, : FOREIGN + 1], temperature)[:, :FOREIGN]


def common_temperature(fitted: Sequence[NetworkOutputs]) -> float:
    """Temperature that fits all sets, each up to its cap, glyphs by trust in their labels."""
    folded = allowed_matrix("merged")
    labels = np.concatenate([one.characters.labels for one in fitted])
    allowed = np.stack([folded[str(label)] > 0 for label in labels])
    weights = np.concatenate(
        [one.characters.weights * min(1.0, CAP / len(one.characters)) for one in fitted]
    )
    logits = np.concatenate([one.logits for one in fitted])[:, : FOREIGN + 1]
    return round(fit_temperature(logits, allowed, weights), 4)


def calibration_metrics(fitted: Sequence[NetworkOutputs], temperature: float) -> dict[str, float]:
    """Expected calibration error over all fitted glyphs, before and after."""
    metrics = {}
    for name, value in (("ece_before", 1.0), ("ece_after", temperature)):
        confidence, correct = _pooled(fitted, value, "alnum")
        metrics[name] = round(expected_calibration_error(confidence, correct), 5)
    return metrics


def calibration_by_charset(one: NetworkOutputs, temperature: float) -> dict[str, dict[str, float]]:
    """The same of one set under each charset that fits it, and what chance alone makes.

    Where labels tell only the letter that was asked for, also without regard to case:
    writers of NIST's hand print who were asked for an h now and then wrote an H.
    """
    labels = one.characters.labels
    raw = character_probabilities(one.logits)
    cooled = character_probabilities(one.logits, temperature)
    metrics = {
        charset: _calibration_row(
            correct_readings(raw, labels, charset), correct_readings(cooled, labels, charset)
        )
        for charset in charsets_of(labels)
    }
    if one.characters.cases != "known" and any(label.islower() for label in set(labels.tolist())):
        before, after = (labelled_predictions(part, labels, CASELESS) for part in (raw, cooled))
        metrics[CASELESS] = _calibration_row(
            (before.confidence, before.correct), (after.confidence, after.correct)
        )
    return metrics


def _calibration_row(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    """Figures of confidence and rightness, with temperature 1 and with the fitted one."""
    confidence, correct = after
    return {
        "samples": len(correct),
        "accuracy": round(float(correct.mean()), 5),
        "ece_before": round(expected_calibration_error(*before), 5),
        "ece_after": round(expected_calibration_error(confidence, correct), 5),
        "ece_by_chance": round(chance_calibration_error(confidence), 5),
    }


def threshold_metrics(
    clean: Sequence[NetworkOutputs], temperature: float, seed: int
) -> dict[str, list[dict[str, float]]]:
    """Thresholds by charset, from sets whose labels are clean enough to count rare errors.

    A charset of which the sets hold no character is left out.
    """
    metrics = {}
    for charset in CHARSETS:
        confidence, correct = _pooled(clean, temperature, charset, CAP, seed)
        if len(confidence):
            found = thresholds_for(confidence, correct, TARGET_ERRORS)
            metrics[charset] = [asdict(threshold) for threshold in found]
    return metrics


def _pooled(
    sets: Sequence[NetworkOutputs],
    temperature: float,
    charset: str,
    cap: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and rightness of glyphs whose label the charset holds, up to `cap` a set."""
    pairs = []
    for one in sets:
        rng = np.random.default_rng((seed, *one.characters.name.encode()))
        inside = np.flatnonzero(np.isin(one.characters.labels, _certain(one, charset)))
        inside = rng.permutation(inside)[:cap]
        probabilities = character_probabilities(one.logits[inside], temperature)
        pairs.append(correct_readings(probabilities, one.characters.labels[inside], charset))
    confidence, correct = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return confidence, correct


def _certain(one: NetworkOutputs, charset: str) -> list[str]:
    """Labels of a charset that say what shape to expect: an L may hide an l in some sets."""
    doubtful = BAR.upper() if one.characters.cases != "known" else ""
    return [label for label in CHARSETS[charset] if label not in doubtful]


def set_metrics(outputs: NetworkOutputs, temperature: float) -> dict[str, Any]:
    """Accuracy and calibration of one set under each charset that fits it."""
    probabilities = character_probabilities(outputs.logits, temperature)
    labels = outputs.characters.labels
    return {c: measure_set(probabilities, labels, c).as_dict() for c in charsets_of(labels)}


def recalibrated(recognizer: NetworkRecognizer, paths: Sequence[Path]) -> dict[str, Any]:
    """Calibrate a model on what it has not learned from.

    Of a set that it was trained on only the writers held out of the training
    count; a set that its recipe keeps for testing is measured, not fitted;
    any other set counts whole.

    Parameters
    ----------
    recognizer : NetworkRecognizer
    paths : sequence of Path
        Sets, .npz.

    Returns
    -------
    dict
        The card with new `temperature`, `calibration`, `thresholds` and, for
        these sets, `metrics`.

    Raises
    ------
    NoInputError
        The sets hold nothing to calibrate on.
    """
    document = recognizer.card.document
    recipe = document.get("recipe", {})
    parts = (_outputs(recognizer, path, recipe) for path in paths)
    outputs = [part for part in parts if len(part.characters)]
    if not any(part.fitted for part in outputs):
        raise NoInputError(
            f"{paths[0].parent}: holds no set to calibrate on, beside those the model learned "
            "from or is tested on; name others with --set"
        )
    fitted = calibration(outputs, recipe.get("seed", 0))
    metrics = {one.characters.name: set_metrics(one, fitted["temperature"]) for one in outputs}
    return {**document, **fitted, "metrics": {**document.get("metrics", {}), **metrics}}


def _outputs(
    recognizer: NetworkRecognizer, path: Path, recipe: Mapping[str, Any]
) -> NetworkOutputs:
    part = unseen_part(path, recipe)
    unclean = {one["name"] for one in recipe.get("sources", ()) if not one["clean"]}
    return NetworkOutputs(
        part,
        recognizer.network(part.images),
        clean=part.name not in unclean,
        fitted=part.name not in recipe.get("test_sets", ()),
    )


def check_free(out: Path) -> None:
    """Refuse to write over a model or a card.

    Raises
    ------
    OutputError
        There is something at `out`.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already; give --out a new name")


def write_calibrated(document: Mapping[str, Any], model: Path | None, out: Path) -> None:
    """Write a card: alone where `out` ends in .json, else with its weights as a model folder.

    Parameters
    ----------
    document : mapping
        The card, from :func:`recalibrated`.
    model : Path, optional
        Where the model lies whose card it is; the default model where left out.
    out : Path
        Is not there yet.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    weights, card = model_files(model)
    document = {key: value for key, value in document.items() if key != "line_reader"}
    if card.name != CARD_NAME:
        # The short card of a classifier that was trained elsewhere.
        document = {key: document[key] for key in document.keys() - {"files", "metrics"}}
    try:
        if out.suffix == ".json":
            out.parent.mkdir(parents=True, exist_ok=True)
            write_card(out, document)
            return
        out.mkdir(parents=True)
        for name in document.get("files", (weights.name,)):
            # An installed program comes without model.keras.
            if (weights.parent / name).is_file():
                shutil.copyfile(weights.parent / name, out / name)
        copy_line_reader(weights.parent, out)
        # The card last: a folder without one is no model.
        write_card(out / card.name, {**document, "name": out.name})
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); check --out") from error
