"""A recognizer on sets of labelled glyphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hcr_batch.alphabet import CHARSETS
from hcr_batch.evaluation.labelled_predictions import (
    LabelledPredictions,
    labelled_predictions,
    readings_for,
)
from hcr_batch.recognition.recognizers import Recognizer

__all__ = ["SetResult", "charsets_of", "evaluate_set"]


@dataclass(frozen=True)
class SetResult:
    """What came of one set.

    Attributes
    ----------
    name : str
    images : ndarray of uint8, shape (N, 28, 28)
    predictions : tuple of LabelledPredictions
        One a reading.
    raw : tuple of LabelledPredictions
        The same characters through the program's own normalizer; empty where
        the set has no raw cells.
    """

    name: str
    images: np.ndarray
    predictions: tuple[LabelledPredictions, ...]
    raw: tuple[LabelledPredictions, ...] = ()

    @property
    def main(self) -> LabelledPredictions:
        """The reading closest to practice: under the set's charset, else in 47 or 36 classes."""
        plain = [one for one in self.predictions if one.reading != "62"]
        return plain[-1] if plain[-1].reading in CHARSETS else plain[0]

    def rows(self) -> list[dict[str, Any]]:
        """`set`, the metrics of each reading, and `raw_accuracy` with raw cells."""
        rows = [{"set": self.name, **one.metrics()} for one in self.predictions]
        for row, from_cells in zip(rows, self.raw, strict=False):
            row["raw_accuracy"] = from_cells.metrics()["accuracy"]
        return rows


def charsets_of(labels: np.ndarray) -> tuple[str, ...]:
    """`alnum`, and the narrower charset that holds all labels, if there is one."""
    found = set(labels.tolist())
    narrow = (name for name in ("digits", "upper") if found <= set(CHARSETS[name]))
    return ("alnum", *narrow)


def evaluate_set(
    recognizer: Recognizer,
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    cases: str,
    raw: np.ndarray | None = None,
    progress: Callable[[np.ndarray], Any] = iter,
) -> SetResult:
    """Measure a recognizer on one set, in every reading that fits it.

    Parameters
    ----------
    recognizer : Recognizer
    name : str
        Of the set.
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of str, shape (N,)
    cases : str
        What a capital stands for, `known`, `merged` or `folded`.
    raw : ndarray of uint8, shape (N, rows, columns), optional
        The same characters as gray cells; read through ``recognizer.normalize``.
    progress : callable
        Goes through the raw cells, the slow part.
    """
    readings = readings_for(labels, cases)

    def predictions(glyphs: np.ndarray) -> tuple[LabelledPredictions, ...]:
        probabilities = recognizer.probabilities(glyphs)
        return tuple(labelled_predictions(probabilities, labels, reading) for reading in readings)

    from_cells: tuple[LabelledPredictions, ...] = ()
    if raw is not None:
        from_cells = predictions(np.stack([recognizer.normalize(cell) for cell in progress(raw)]))
    return SetResult(name, images, predictions(images), from_cells)
