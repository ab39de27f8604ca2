"""How well a recognizer does on labelled glyphs; arrays in, plain numbers out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hcr_batch.alphabet import CHARACTERS, REPORTED_AS
from hcr_batch.probabilities import best_in_charset, folded_within
from hcr_batch.recognition.calibration import expected_calibration_error

__all__ = ["SetMetrics", "area_under_curve", "correct_readings", "fold_labels", "measure_set"]


@dataclass(frozen=True)
class SetMetrics:
    """Accuracy and calibration on one set, shares from 0 to 1.

    Attributes
    ----------
    samples : int
    charset : str
        Charset under which it was read.
    accuracy : float
        Of the folded classes (15 look-alike pairs merged).
    top3 : float
        Share with the right character among the first three.
    calibration_error : float
        Expected calibration error of the confidence.
    """

    samples: int
    charset: str
    accuracy: float
    top3: float
    calibration_error: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, rounded to five decimals."""
        return {k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(self).items()}


def fold_labels(labels: np.ndarray) -> np.ndarray:
    """Index of each label among the 62 characters, look-alikes under their capital."""
    names = (REPORTED_AS.get(str(label), str(label)) for label in labels)
    return np.array([CHARACTERS.index(name) for name in names], np.int64)


def correct_readings(
    probabilities: np.ndarray, labels: np.ndarray, charset: str = "alnum"
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence (N,) of the best character and whether it is right (N,)."""
    index, confidence = best_in_charset(probabilities, charset)
    return confidence, index == fold_labels(labels)


def measure_set(
    probabilities: np.ndarray, labels: np.ndarray, charset: str = "alnum"
) -> SetMetrics:
    """Measure probabilities (N, 62), N at least 1, against labels (N,) under a charset."""
    confidence, correct = correct_readings(probabilities, labels, charset)
    folded = folded_within(probabilities, charset)
    order = np.argsort(-folded, axis=1)[:, :3]
    return SetMetrics(
        samples=len(labels),
        charset=charset,
        accuracy=float(correct.mean()),
        top3=float((order == fold_labels(labels)[:, None]).any(axis=1).mean()),
        calibration_error=expected_calibration_error(confidence, correct),
    )


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive's score is above a negative's (area under the ROC curve)."""
    scores = np.concatenate([positive, negative])
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))
