"""What is measured on a fitted network for its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hcr_batch.evaluation.glyphs import charsets_of
from hcr_batch.evaluation.metrics import area_under_curve, correct_readings, measure_set
from hcr_batch.glyphs.normalize import normalize_ink
from hcr_batch.recognition.calibration import (
    CHARSETS,
    best_in_charset,
    expected_calibration_error,
    fit_temperature,
    temperature_scale,
    thresholds_for,
)
from hcr_batch.recognition.litert import LiteRTNetwork
from hcr_batch.training.degrade import scanned
from hcr_batch.training.foreign import FOREIGN_KINDS
from hcr_batch.training.printed import PrintedSet
from hcr_batch.training.sets import CharacterSet
from hcr_batch.training.targets import FOREIGN, allowed_matrix

__all__ = [
    "TARGET_ERRORS",
    "Outputs",
    "calibration_figures",
    "character_probabilities",
    "common_temperature",
    "foreign_figures",
    "print_figures",
    "set_figures",
    "threshold_figures",
]

TARGET_ERRORS = (0.001, 0.002, 0.005, 0.01, 0.02)
"""Error rates among accepted readings for which the card holds thresholds."""
MADE = 1500
"""Foreign and printed glyphs made for measuring."""
CAP = 2500
"""A set counts for no more than this many glyphs, so that no source dominates."""


@dataclass(frozen=True)
class Outputs:
    """A set of characters and the network's logits (N, 64) on it."""

    characters: CharacterSet
    logits: np.ndarray


def character_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (N, 62) of the characters from logits (N, 64)."""
    return temperature_scale(logits[:, : FOREIGN + 1], temperature)[:, :FOREIGN]


def common_temperature(held: Sequence[Outputs]) -> float:
    """Temperature that fits all sets, each up to its cap, glyphs by trust in their labels."""
    folded = allowed_matrix(case_known=False)
    labels = np.concatenate([one.characters.labels for one in held])
    allowed = np.stack([folded[str(label)] > 0 for label in labels])
    weights = np.concatenate(
        [one.characters.weights * min(1.0, CAP / len(one.characters)) for one in held]
    )
    logits = np.concatenate([one.logits for one in held])[:, : FOREIGN + 1]
    return round(fit_temperature(logits, allowed, weights), 4)


def calibration_figures(held: Sequence[Outputs], temperature: float) -> dict[str, float]:
    """Expected calibration error over all held-out glyphs, before and after."""
    figures = {}
    for name, value in (("ece_before", 1.0), ("ece_after", temperature)):
        confidence, correct = _pooled(held, value, "alnum")
        figures[name] = round(expected_calibration_error(confidence, correct), 5)
    return figures


def threshold_figures(
    clean: Sequence[Outputs], temperature: float, seed: int
) -> dict[str, list[dict[str, float]]]:
    """Thresholds by charset, from sets whose labels are clean enough to count rare errors."""
    figures = {}
    for charset in CHARSETS:
        confidence, correct = _pooled(clean, temperature, charset, CAP, seed)
        figures[charset] = [asdict(t) for t in thresholds_for(confidence, correct, TARGET_ERRORS)]
    return figures


def _pooled(
    held: Sequence[Outputs],
    temperature: float,
    charset: str,
    cap: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and rightness of glyphs whose label the charset holds, up to `cap` a set."""
    rng = np.random.default_rng(seed)
    pairs = []
    for one in held:
        inside = np.flatnonzero(np.isin(one.characters.labels, list(CHARSETS[charset])))
        inside = rng.permutation(inside)[:cap]
        probabilities = character_probabilities(one.logits[inside], temperature)
        pairs.append(correct_readings(probabilities, one.characters.labels[inside], charset))
    confidence, correct = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return confidence, correct


def set_figures(outputs: Outputs, temperature: float) -> dict[str, Any]:
    """Accuracy and calibration of one set under each charset that fits it."""
    probabilities = character_probabilities(outputs.logits, temperature)
    labels = outputs.characters.labels
    return {c: measure_set(probabilities, labels, c).as_dict() for c in charsets_of(labels)}


def foreign_figures(
    network: LiteRTNetwork,
    held: Sequence[Outputs],
    temperature: float,
    threshold: float,
    seed: int,
) -> dict[str, Any]:
    """How well foreign ink made from held-out characters is found, and at which cost.

    Returns
    -------
    dict
        `outlet_wins`: share, by kind, for which the foreign outlet is likelier
        than all characters together; `flagged`: share of foreign ink with a
        confidence below `threshold`; `characters_called_foreign`: share of
        true characters lost to the outlet.
    """
    wins, flags = {}, []
    for kind, (share, make) in FOREIGN_KINDS.items():
        glyphs = _made(make, held, np.random.default_rng((seed, *kind.encode())))
        probabilities = character_probabilities(network(glyphs), temperature)
        wins[kind] = round(float((probabilities.sum(axis=1) < 0.5).mean()), 4)
        flags.append(share * float((best_in_charset(probabilities)[1] < threshold).mean()))
    shares = sum(share for share, _ in FOREIGN_KINDS.values())
    real = np.concatenate([character_probabilities(one.logits, temperature) for one in held])
    return {
        "outlet_wins": wins,
        "flagged": round(sum(flags) / shares, 4),
        "characters_called_foreign": round(float((real.sum(axis=1) < 0.5).mean()), 5),
    }


def _made(make: Any, held: Sequence[Outputs], rng: np.random.Generator) -> np.ndarray:
    def pick() -> tuple[np.ndarray, str]:
        characters = held[rng.integers(len(held))].characters
        index = int(rng.integers(len(characters)))
        return characters.images[index], str(characters.labels[index])

    count = MADE // len(FOREIGN_KINDS)
    return np.stack([normalize_ink(make(pick, rng)) for _ in range(count)])


def print_figures(
    network: LiteRTNetwork, printed: PrintedSet, held: Sequence[Outputs], seed: int
) -> dict[str, Any]:
    """How well print in fonts never seen is told from each set, and read; empty without fonts."""
    if not len(printed):
        return {}
    rng = np.random.default_rng(seed)
    index = rng.integers(len(printed), size=MADE)
    logits = network(np.stack([scanned(printed.inks[i], rng) for i in index]))
    _, correct = correct_readings(character_probabilities(logits), printed.labels[index])
    areas = {
        one.characters.name: round(
            area_under_curve(logits[:, FOREIGN + 1], one.logits[:, FOREIGN + 1]), 4
        )
        for one in held
    }
    return {
        "fonts_held_out": len(np.unique(printed.fonts)),
        "characters_read": round(float(correct.mean()), 4),
        "area_under_curve": areas,
    }
