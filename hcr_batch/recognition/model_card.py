"""The model card: what stands beside the weights, and checks them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.errors import ModelError, UsageError
from hcr_batch.inference.weights import UNREADABLE

__all__ = [
    "CARD_NAME",
    "STRINGS",
    "ModelCard",
    "Threshold",
    "parse_thresholds",
    "read_card",
    "threshold_of",
    "write_card",
]

CARD_NAME = "card.json"
UNPROVEN = 2.0
"""Times the target error that its 95 % bound is, from which the target is not promised."""
STRINGS = "strings"
"""Among charsets, the name of thresholds of characters in strings that are read whole."""
NOTHING_ACCEPTED = 1.01
"""A threshold no confidence reaches."""


@dataclass(frozen=True)
class Threshold:
    """A confidence above which readings are accepted.

    Attributes
    ----------
    target_error : float
        Wanted share of wrong readings among the accepted, 0 to 1.
    threshold : float
        Least confidence that is accepted; above 1 where nothing reaches the target.
    accept_rate : float
        Share of readings accepted on the held-out set, 0 to 1.
    error_bound : float
        One-sided 95 % upper bound of the error among the accepted (Clopper-Pearson).
    """

    target_error: float
    threshold: float
    accept_rate: float
    error_bound: float


@dataclass(frozen=True)
class ModelCard:
    """A model's card.

    Attributes
    ----------
    classes : tuple of str
        The 62 characters in the order of the network's outputs.
    normalizer_version : int
    temperature : float
    thresholds : mapping
        By charset (`alnum`, `digits`, `upper`), and by `form.field` where
        reviewed results told: one entry a target error.
    files : mapping
        SHA-256 (hex) by file name.
    document : mapping
        The whole card as it lies in the file: data and their terms,
        parameters, FLOPs, metrics of each held-out set, the recipe.
    """

    classes: tuple[str, ...]
    normalizer_version: int
    temperature: float
    thresholds: Mapping[str, tuple[Threshold, ...]]
    files: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the card, which itself holds the hashes of the model's files."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()

    def threshold(self, target_error: float, charset: str = "alnum", field: str = "") -> float:
        """Least confidence to accept so that at most `target_error` of the accepted is wrong.

        Between two targets of the card the stricter one holds; below the
        strictest nothing is accepted. A charset that the card does not know
        is treated as `alnum`; a field, `form.field`, that it does not know as
        its charset.
        """
        known = (self.thresholds.get(name) for name in (field, charset, "alnum"))
        return threshold_of(next(filter(None, known), ()), target_error)

    def unproven(self, target_error: float) -> str:
        """A sentence where too few characters were measured to promise a target; else empty."""
        entry = _loosest_met(self.thresholds.get("alnum", ()), target_error)
        if entry is None or entry.error_bound <= UNPROVEN * target_error:
            return ""
        return (
            f"target error {100 * target_error:g}%: too few characters were measured to promise"
            f" it; the error lies below {100 * entry.error_bound:.2g}% (95 % certainty)"
        )

    def check_target(self, target_error: float) -> None:
        """See that a target error lies between the strictest and the loosest that were measured.

        Below the strictest everything would be flagged, and above the loosest
        less would be accepted than was asked for. A card without thresholds
        promises nothing, and is not asked.

        Raises
        ------
        UsageError
            It does not; the message has the range.
        """
        targets = [
            entry.target_error for entry in self.thresholds.get("alnum", ()) if entry.threshold <= 1
        ]
        if targets and not min(targets) <= target_error <= max(targets):
            least, most = (f"{100 * target:g}%" for target in (min(targets), max(targets)))
            raise UsageError(
                f"target error {100 * target_error:g}%: the model was measured from {least} to"
                f" {most}; give one of these, or a --threshold"
            )


def threshold_of(entries: Sequence[Threshold], target_error: float) -> float:
    """Least confidence to accept by the loosest of the targets that is not beyond the one asked."""
    entry = _loosest_met(entries, target_error)
    return entry.threshold if entry else NOTHING_ACCEPTED


def _loosest_met(entries: Sequence[Threshold], target_error: float) -> Threshold | None:
    """The loosest of the measured targets that is not beyond the one asked for."""
    met = [entry for entry in entries if entry.target_error <= target_error + 1e-12]
    return max(met, key=lambda entry: entry.target_error, default=None)


def read_card(path: Path) -> ModelCard:
    """Read card.json.

    Raises
    ------
    ModelError
        It is missing, or is no model card.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return ModelCard(
            classes=tuple(document["classes"]),
            normalizer_version=int(document["normalizer_version"]),
            temperature=float(document["temperature"]),
            thresholds=parse_thresholds(document["thresholds"]),
            files=dict(document["files"]),
            document=document,
        )
    except FileNotFoundError as error:
        raise ModelError(f"{path}: missing; give --model a folder with {CARD_NAME}") from error
    except UNREADABLE as error:
        raise ModelError(f"{path}: not a readable model card ({error}); restore it") from error


def parse_thresholds(
    entries: Mapping[str, Sequence[Mapping[str, float]]],
) -> dict[str, tuple[Threshold, ...]]:
    """Thresholds by charset from the JSON of a card."""
    return {name: tuple(map(_threshold, group)) for name, group in entries.items()}


def _threshold(entry: Mapping[str, float]) -> Threshold:
    return Threshold(**{name: float(value) for name, value in entry.items()})


def write_card(path: Path, document: Mapping[str, Any]) -> None:
    """Write `document` as a card, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
