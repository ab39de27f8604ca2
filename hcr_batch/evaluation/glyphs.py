"""A recognizer on sets of labelled glyphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from hcr_batch.evaluation.metrics import measure_set
from hcr_batch.recognition.calibration import CHARSETS
from hcr_batch.recognition.models import Recognizer

__all__ = ["charsets_of", "evaluate_set"]


def charsets_of(labels: np.ndarray) -> tuple[str, ...]:
    """`alnum`, and the narrower charset that holds all labels, if there is one."""
    found = set(labels.tolist())
    narrow = (name for name in ("digits", "upper") if found <= set(CHARSETS[name]))
    return ("alnum", *narrow)


def evaluate_set(
    recognizer: Recognizer,
    name: str,
    glyphs: np.ndarray,
    labels: np.ndarray,
    raw: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Measure a recognizer on one set, under every charset that fits it.

    Parameters
    ----------
    recognizer : Recognizer
    name : str
        Of the set.
    glyphs : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of str, shape (N,)
    raw : ndarray of uint8, shape (N, rows, columns), optional
        The same characters as gray cells; read through ``recognizer.normalize``.

    Returns
    -------
    list of dict
        `set`, the fields of :class:`SetMetrics`, and `raw_accuracy` with raw cells.
    """
    probabilities = recognizer.probabilities(glyphs)
    through = None
    if raw is not None:
        own = np.stack([recognizer.normalize(cell) for cell in raw])
        through = recognizer.probabilities(own)
    rows = []
    for charset in charsets_of(labels):
        row = {"set": name, **measure_set(probabilities, labels, charset).as_dict()}
        if through is not None:
            row["raw_accuracy"] = measure_set(through, labels, charset).as_dict()["accuracy"]
        rows.append(row)
    return rows
