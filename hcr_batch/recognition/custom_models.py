"""Classifiers that were trained elsewhere: their short card, and their answers in our form."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hcr_batch.alphabet import CHARACTERS, MERGED_PAIRS
from hcr_batch.characters.normalize import NORMALIZER_VERSION
from hcr_batch.errors import ModelError
from hcr_batch.recognition.model_card import ModelCard, parse_thresholds

__all__ = ["CustomCard", "CustomNetwork", "card_example", "full_card", "read_custom_card"]

USUAL_CLASSES = {
    len(classes): classes
    for classes in (
        string.digits,
        string.ascii_uppercase,
        string.digits + string.ascii_uppercase,
        "".join(c for c in CHARACTERS if c not in MERGED_PAIRS.lower()),
        CHARACTERS,
    )
}
"""What a classifier of so many classes usually tells apart: MNIST, A-Z, both, EMNIST."""

SCALINGS: Mapping[str, tuple[float, float]] = {
    "0..1": (1 / 255, 0.0),
    "0..255": (1.0, 0.0),
    "-1..1": (2 / 255, -1.0),
}
"""Factor and offset from a glyph's 0 to 255 to what the network was trained on."""
INKS = ("light", "dark")
OUTPUTS = ("probabilities", "logits")

IMPOSSIBLE = -30.0
"""Logit of a character that the classifier does not know."""
WRITTEN = -8.0
"""Logit of machine print where the classifier has no outlet for it: handwriting, without doubt."""
SUM_TOLERANCE = 0.1
"""Probabilities of 8-bit networks sum to 1 only within about this."""


@dataclass(frozen=True)
class CustomCard:
    """What must be known of a classifier to read with it.

    Attributes
    ----------
    classes : tuple of str
        In the order of its outputs; a class that is none of the 62 characters
        counts as foreign ink.
    ink : str
        `light` ink on black, as MNIST and EMNIST, or `dark` on white.
    scaling : str
        A key of :data:`SCALINGS`.
    transposed : bool
        Whether it was trained on EMNIST's glyphs as they lie in the files.
    outputs : str
        `probabilities` (softmax) or `logits`.
    temperature : float
        Divides the logits; 1 where the classifier was never calibrated.
    document : mapping
        The whole card.
    """

    classes: tuple[str, ...]
    ink: str
    scaling: str
    transposed: bool
    outputs: str
    temperature: float
    document: Mapping[str, Any]


def read_custom_card(path: Path) -> CustomCard:
    """Read the JSON card of a classifier that was trained elsewhere.

    Raises
    ------
    ModelError
        It is no JSON, or a key is missing, unknown or has another value than allowed.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        keys = {"ink": "light", "transposed": False, "outputs": "probabilities", "temperature": 1.0}
        values = keys | document
        parse_thresholds(document.get("thresholds", {}))
        card = CustomCard(
            classes=_texts(values["classes"]),
            ink=str(values["ink"]),
            scaling=str(values["scaling"]),
            transposed=bool(values["transposed"]),
            outputs=str(values["outputs"]),
            temperature=float(values["temperature"]),
            document=document,
        )
    except KeyError as error:
        raise ModelError(f"{path}: {error} is missing; {card_example(10)}") from error
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: not a readable card ({error}); {card_example(10)}") from error
    _check(card, path)
    return card


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, (str, list)) or not all(isinstance(one, str) for one in values):
        raise TypeError("classes must be a text or a list of texts")
    return tuple(values)


def _check(card: CustomCard, path: Path) -> None:
    known = {"name", "classes", "ink", "scaling", "transposed", "outputs", "temperature"}
    unknown = sorted(card.document.keys() - known - {"thresholds", "calibration", "note"})
    if unknown:
        raise ModelError(f"{path}: unknown key {unknown[0]}; known are {', '.join(sorted(known))}")
    for name, allowed in (("ink", INKS), ("scaling", tuple(SCALINGS)), ("outputs", OUTPUTS)):
        if getattr(card, name) not in allowed:
            raise ModelError(f"{path}: {name} must be one of {', '.join(allowed)}")
    if not card.temperature > 0:
        raise ModelError(f"{path}: temperature must be more than 0")
    twice = [c for c in card.classes if card.classes.count(c) > 1]
    if twice or not set(card.classes) & set(CHARACTERS):
        reason = f"{twice[0]!r} stands twice" if twice else "none is a character 0-9, A-Z, a-z"
        raise ModelError(f"{path}: classes: {reason}; name each output's character in its order")


def card_example(outputs: int) -> str:
    """A card for a classifier with so many outputs, to be copied from an error message."""
    classes = USUAL_CLASSES.get(outputs, f"the {outputs} characters in the order of the outputs")
    return f'for example {{"classes": "{classes}", "ink": "light", "scaling": "0..1"}}'


def full_card(own: CustomCard, weights: Path) -> ModelCard:
    """The card that the rest of the program works with; its hash follows card and weights."""
    files = {weights.name: hashlib.sha256(weights.read_bytes()).hexdigest()}
    return ModelCard(
        classes=tuple(CHARACTERS),
        normalizer_version=NORMALIZER_VERSION,
        temperature=own.temperature,
        thresholds=parse_thresholds(own.document.get("thresholds", {})),
        files=files,
        document={"name": weights.stem, **own.document, "files": files},
    )


class CustomNetwork:
    """A classifier of other classes as a function from glyphs (N, 28, 28) to logits (N, 64).

    Parameters
    ----------
    network : callable
        From float32 (N, 28, 28) to its outputs float32 (N, K).
    card : CustomCard
    path : Path
        Named in errors.

    Raises
    ------
    ModelError
        It has another number of outputs than the card has classes.
    """

    def __init__(
        self, network: Callable[[np.ndarray], np.ndarray], card: CustomCard, path: Path
    ) -> None:
        self._network, self._card, self._path = network, card, path
        outputs = network(np.zeros((1, 28, 28), np.float32)).shape[-1]
        if outputs != len(card.classes):
            raise ModelError(
                f"{path}: has {outputs} outputs, its card {len(card.classes)} classes; "
                f"{card_example(outputs)}"
            )
        known = [(i, CHARACTERS.index(c)) for i, c in enumerate(card.classes) if c in CHARACTERS]
        self._from, self._to = (np.array(side) for side in zip(*known, strict=True))
        self._foreign = np.setdiff1d(np.arange(outputs), self._from)

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        """Logits (N, 64) of glyphs uint8 (N, 28, 28)."""
        own = self._log_probabilities(self._network(self._prepared(glyphs)))
        logits = np.full((len(glyphs), len(CHARACTERS) + 2), IMPOSSIBLE, np.float32)
        logits[:, self._to] = np.maximum(own[:, self._from], IMPOSSIBLE)
        if len(self._foreign) and len(glyphs):
            logits[:, -2:-1] = np.logaddexp.reduce(own[:, self._foreign], axis=1, keepdims=True)
        logits[:, -1] = WRITTEN
        return logits

    def _prepared(self, glyphs: np.ndarray) -> np.ndarray:
        inked = glyphs if self._card.ink == "light" else 255 - glyphs
        if self._card.transposed:
            inked = inked.transpose(0, 2, 1)
        factor, offset = SCALINGS[self._card.scaling]
        return np.ascontiguousarray(inked, np.float32) * np.float32(factor) + np.float32(offset)

    def _log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        if self._card.outputs == "logits":
            highest = outputs.max(axis=1, keepdims=True, initial=-np.inf)
            return outputs - highest - np.log(np.exp(outputs - highest).sum(axis=1, keepdims=True))
        sums = outputs.sum(axis=1)
        if len(outputs) and (outputs.min() < -0.01 or np.abs(sums - 1).max() > SUM_TOLERANCE):
            raise ModelError(
                f'{self._path}: its outputs are no probabilities; write "outputs": "logits" '
                "in its card, or end the network with a softmax"
            )
        return np.log(np.clip(outputs, 1e-9, 1) / np.maximum(sums, 1e-9)[:, None])
