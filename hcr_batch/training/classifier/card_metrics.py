"""What is measured on a fitted network for its card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.evaluation.metrics import area_under_curve, correct_readings
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.probabilities import best_in_charset
from hcr_batch.training.classifier.distortions import scanned
from hcr_batch.training.classifier.font_glyphs import PrintedSet
from hcr_batch.training.classifier.foreign_ink import FOREIGN_KINDS
from hcr_batch.training.classifier.held_out_calibration import (
    NetworkOutputs,
    character_probabilities,
)
from hcr_batch.training.classifier.targets import FOREIGN

__all__ = ["foreign_ink_metrics", "print_metrics"]

MADE = 1500
"""Foreign and printed glyphs made for measuring."""


def foreign_ink_metrics(
    network: LiteRTNetwork,
    held: Sequence[NetworkOutputs],
    temperature: float,
    threshold: float,
    seed: int,
) -> dict[str, Any]:
    """How well foreign ink made from held-out characters is found, and at which cost.

    Returns
    -------
    dict
        `outlet_wins`: share, by kind, for which the foreign outlet is likelier
        than all characters together; `flagged_by_kind`: share with a confidence
        below `threshold`, `flagged`: the same of all, in the shares in which
        they are made; `characters_called_foreign`: share of true characters
        lost to the outlet.
    """
    wins, flags = {}, {}
    for kind, (_, make) in FOREIGN_KINDS.items():
        glyphs = _made(make, held, np.random.default_rng((seed, *kind.encode())))
        probabilities = character_probabilities(network(glyphs), temperature)
        wins[kind] = round(float((probabilities.sum(axis=1) < 0.5).mean()), 4)
        flags[kind] = round(float((best_in_charset(probabilities)[1] < threshold).mean()), 4)
    shares = {kind: share for kind, (share, _) in FOREIGN_KINDS.items()}
    real = np.concatenate([character_probabilities(one.logits, temperature) for one in held])
    return {
        "outlet_wins": wins,
        "flagged": round(float(np.average(list(flags.values()), weights=list(shares.values()))), 4),
        "flagged_by_kind": flags,
        "characters_called_foreign": round(float((real.sum(axis=1) < 0.5).mean()), 5),
    }


def _made(make: Any, held: Sequence[NetworkOutputs], rng: np.random.Generator) -> np.ndarray:
    def pick() -> tuple[np.ndarray, str]:
        characters = held[int(rng.integers(len(held)))].characters
        index = int(rng.integers(len(characters)))
        return characters.images[index], str(characters.labels[index])

    count = MADE // len(FOREIGN_KINDS)
    return np.stack([normalize_ink(make(pick, rng)) for _ in range(count)])


def print_metrics(
    network: LiteRTNetwork, printed: PrintedSet, held: Sequence[NetworkOutputs], seed: int
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
