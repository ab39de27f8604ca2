"""Labelled glyphs as a recognizer reads them, in as many classes as one wants to tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hcr_batch.alphabet import BAR, CHARACTERS, CHARSETS, MERGED_PAIRS, REPORTED_AS
from hcr_batch.probabilities import folded_charset, given_inside
from hcr_batch.recognition.calibration import expected_calibration_error

__all__ = ["READINGS", "LabelledPredictions", "class_of", "labelled_predictions", "readings_for"]

READINGS = {
    "62": "every character, cases told apart",
    "47": "the 15 look-alike pairs merged, as EMNIST Balanced",
    "36": "cases merged, as MNIST with A-Z",
    "digits": "the answer is known to be a digit",
    "upper": "the answer is known to be a capital",
    "lower": "the answer is known to be a small letter",
    "letters": "the answer is known to be a letter",
}
"""Classes that are told apart, or the charset that a form's field allows."""

CASE_READINGS = {"known": ("62", "47", "36"), "merged": ("47", "36"), "folded": ("36",)}
"""Readings that a set can be measured in, by what its capitals stand for."""


@dataclass(frozen=True)
class LabelledPredictions:
    """A set under one reading.

    Attributes
    ----------
    reading : str
        A key of :data:`READINGS`.
    truth, best : ndarray of int, shape (N,)
        Class of the label, likeliest class; as an index into the 62 characters.
    confidence : ndarray of float, shape (N,)
        Probability of `best` among what the reading allows and foreign ink.
    among3 : ndarray of bool, shape (N,)
        Whether the right class is among the three likeliest.
    """

    reading: str
    truth: np.ndarray
    best: np.ndarray
    confidence: np.ndarray
    among3: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def correct(self) -> np.ndarray:
        """Whether the likeliest class is the right one, bool (N,)."""
        return self.best == self.truth

    def metrics(self) -> dict[str, float | int | str]:
        """Size, accuracy, accuracy of the first three, expected calibration error."""
        return {
            "reading": self.reading,
            "samples": len(self),
            "accuracy": round(float(self.correct.mean()), 5),
            "top3": round(float(self.among3.mean()), 5),
            "calibration_error": round(
                expected_calibration_error(self.confidence, self.correct), 5
            ),
        }


def labelled_predictions(
    probabilities: np.ndarray, labels: np.ndarray, reading: str
) -> LabelledPredictions:
    """What a recognizer says of labelled glyphs, in one reading.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, 62)
        What is missing to 1 is foreign ink.
    labels : ndarray of str, shape (N,)
    reading : str
        A key of :data:`READINGS` whose classes hold all labels.
    """
    classes = class_of(reading)
    grouped = np.zeros_like(probabilities)
    for index, target in enumerate(classes):
        if target >= 0:
            grouped[:, target] += probabilities[:, index]
    truth = classes[[CHARACTERS.index(label) for label in labels]]
    order = np.argsort(-grouped, axis=1)[:, :3]
    best = order[:, 0]
    confidence = given_inside(grouped, probabilities)[np.arange(len(best)), best]
    return LabelledPredictions(
        reading, truth, best, confidence, (order == truth[:, None]).any(axis=1)
    )


def class_of(reading: str) -> np.ndarray:
    """Class of each of the 62 characters under a reading; -1 where it is not allowed."""
    if reading == "62":
        return np.arange(len(CHARACTERS))
    capitals = {"36": str.upper, "47": _as_emnist}.get(reading, _as_reported)
    names = [capitals(character) for character in CHARACTERS]
    classes = np.array([CHARACTERS.index(name) for name in names])
    if reading in CHARSETS:
        classes[~folded_charset(reading)[classes]] = -1
        if BAR not in CHARSETS[reading]:
            classes[CHARACTERS.index(BAR)] = -1
    return classes


def _as_emnist(character: str) -> str:
    """The class of EMNIST Balanced, where an l is an L."""
    return character.upper() if character.upper() in MERGED_PAIRS else character


def _as_reported(character: str) -> str:
    return REPORTED_AS.get(character, character)


def readings_for(labels: np.ndarray, cases: str) -> tuple[str, ...]:
    """Readings in which a set can be measured: number of classes, and charsets that hold it all.

    Parameters
    ----------
    labels : ndarray of str, shape (N,)
    cases : str
        What a capital stands for, `known`, `merged` or `folded`.
    """
    found = set(np.unique(labels).tolist())
    lettered = any(label.isalpha() for label in found)
    counts = CASE_READINGS[cases] if lettered else ("47",)
    charsets = ("digits", "upper", "lower", "letters") if cases != "folded" else ("digits",)
    narrow = [name for name in charsets if found <= set(CHARSETS[name])]
    return (*counts, *narrow[:1])
