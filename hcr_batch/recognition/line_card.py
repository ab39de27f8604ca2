"""The card of the line reader: what stands beside its weights, and checks them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.weights import UNREADABLE, verify_file
from hcr_batch.recognition.line_confidence import CharacterConfidence, LineConfidence
from hcr_batch.recognition.model_card import Threshold, parse_thresholds, threshold_of

__all__ = [
    "LINE_CARD",
    "LINE_NETWORK",
    "LineCard",
    "copy_line_reader",
    "line_folder",
    "read_line_card",
]

LINE_CARD, LINE_NETWORK = "line_reader.json", "line_reader.tflite"
THRESHOLDS = ("thresholds", "character_thresholds")
"""What is accepted, in the JSON and in :class:`LineCard`."""


@dataclass(frozen=True)
class LineCard:
    """What is known about a line reader.

    Attributes
    ----------
    characters : str
        In the order of its outlets.
    strip_version : int
    temperature : float
        Of its columns.
    letter_weight, letter_bonus : float
        Share of the letter model in the choice of a text, and gain of each character.
    sharpness : float
        Exponent that turns shares of texts among those found into probabilities of
        their characters.
    trust : LineConfidence
        Turns the share of the best text into the probability that it is right.
    character_trust : CharacterConfidence
        Turns what speaks for a character into the probability that it is right.
    thresholds : tuple of Threshold
        Probability of whole strings from which they need no person, one a target error
        of strings.
    character_thresholds : tuple of Threshold
        The same of characters of strings that are not sure as a whole.
    files : mapping
        SHA-256 (hex) by file name.
    document : mapping
        The whole card as it lies in the file.
    """

    characters: str
    strip_version: int
    temperature: float
    letter_weight: float
    letter_bonus: float
    sharpness: float
    trust: LineConfidence
    character_trust: CharacterConfidence
    thresholds: tuple[Threshold, ...]
    character_thresholds: tuple[Threshold, ...]
    files: Mapping[str, str]
    document: Mapping[str, Any]

    def threshold(self, target_error: float) -> float:
        """Least probability of a string to accept so that at most `target_error` are wrong."""
        return threshold_of(self.thresholds, target_error)

    def character_threshold(self, target_error: float) -> float:
        """Least probability of a character to accept, so that at most `target_error` are wrong."""
        return threshold_of(self.character_thresholds, target_error)

    def verify(self, path: Path) -> None:
        """Check that a weights file is the one this card speaks of.

        Raises
        ------
        ModelError
        """
        verify_file(path, self.files, LINE_CARD)


def line_folder(folder: Path) -> Path:
    """The model folder, or that of the default model where it has no line reader of its own."""
    has_own = (folder / LINE_NETWORK).is_file()
    return folder if has_own else data_folder("models") / DEFAULT_MODEL


def copy_line_reader(folder: Path, out: Path) -> None:
    """Give a new model folder the line reader that a model folder has of its own."""
    default = data_folder("models") / DEFAULT_MODEL
    if (folder / LINE_NETWORK).is_file() and not folder.samefile(default):
        for name in (LINE_NETWORK, LINE_CARD):
            shutil.copyfile(folder / name, out / name)


def read_line_card(path: Path) -> LineCard:
    """Read the card of a line reader.

    Raises
    ------
    ModelError
        It is missing, or is no such card.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return LineCard(
            characters=str(document["characters"]),
            strip_version=int(document["strip_version"]),
            temperature=float(document["temperature"]),
            letter_weight=float(document["letter_weight"]),
            letter_bonus=float(document["letter_bonus"]),
            sharpness=float(document["sharpness"]),
            trust=LineConfidence(
                **{name: float(value) for name, value in document["trust"].items()}
            ),
            character_trust=CharacterConfidence(
                **{name: float(value) for name, value in document["character_trust"].items()}
            ),
            **parse_thresholds({name: document[name] for name in THRESHOLDS}),
            files=dict(document["files"]),
            document=document,
        )
    except FileNotFoundError as error:
        raise ModelError(f"{path}: missing; restore the model folder") from error
    except UNREADABLE as error:
        raise ModelError(f"{path}: not a readable card ({error}); restore it") from error
