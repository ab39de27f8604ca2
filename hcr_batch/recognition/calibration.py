"""Probabilities that mean what they say: temperature, calibration error, thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hcr_batch.recognition.model_card import Threshold

__all__ = [
    "chance_calibration_error",
    "clopper_pearson_upper",
    "expected_calibration_error",
    "fit_temperature",
    "temperature_scale",
    "thresholds_for",
]


def temperature_scale(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of `logits` (N, K) divided by a positive temperature, float32 (N, K)."""
    scaled = np.asarray(logits, np.float32) / np.float32(temperature)
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    return scaled / scaled.sum(axis=1, keepdims=True)


def fit_temperature(logits: np.ndarray, allowed: np.ndarray, weights: np.ndarray) -> float:
    """Temperature with the least negative log likelihood of the allowed outlets.

    Parameters
    ----------
    logits : ndarray of float, shape (N, K)
    allowed : ndarray of bool, shape (N, K)
        True at every outlet that counts as right.
    weights : ndarray of float, shape (N,)

    Returns
    -------
    float
        Between 0.3 and 3.
    """

    def loss(log_temperature: float) -> float:
        likelihood = (temperature_scale(logits, np.exp(log_temperature)) * allowed).sum(axis=1)
        return float(-np.average(np.log(likelihood + 1e-9), weights=weights))

    return float(np.exp(_golden_section(loss, np.log(0.3), np.log(3.0))))


def _golden_section(
    function: Callable[[float], float], low: float, high: float, steps: int = 30
) -> float:
    """Place of the minimum of a function with one valley."""
    ratio = (5**0.5 - 1) / 2
    for _ in range(steps):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if function(left) < function(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def expected_calibration_error(
    confidence: np.ndarray, correct: np.ndarray, bins: int = 15
) -> float:
    """Mean distance of confidence and accuracy over equally filled bins, 0 to 1.

    Parameters
    ----------
    confidence : ndarray of float, shape (N,)
    correct : ndarray of bool, shape (N,)
    bins : int

    Notes
    -----
    Naeini, Cooper and Hauskrecht, 2015; bins of equal filling, because most
    confidences of a good recognizer lie within the last hundredth.
    """
    if not len(confidence):
        return 0.0
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(confidence[part].mean() - correct[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(order))


def chance_calibration_error(confidence: np.ndarray, draws: int = 20, seed: int = 0) -> float:
    """The expected calibration error that sampling alone makes of perfect confidences, 0 to 1.

    Parameters
    ----------
    confidence : ndarray of float, shape (N,)
    draws : int
        Simulated sets of rightness, over which the mean is taken.
    seed : int
    """
    rng = np.random.default_rng(seed)
    drawn = (rng.random(len(confidence)) < confidence for _ in range(draws))
    return float(np.mean([expected_calibration_error(confidence, right) for right in drawn]))


def clopper_pearson_upper(errors: int, count: int, level: float = 0.95) -> float:
    """One-sided upper bound of an error rate after `errors` in `count` trials.

    The bound is the rate p at which `errors` or fewer still happen with
    probability 1 - level; found by bisection on the binomial sum.
    """
    if errors >= count:
        return 1.0
    low, high = errors / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_at_most(errors, count, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _binomial_at_most(errors: int, count: int, rate: float) -> float:
    """Probability of at most `errors` events in `count` trials."""
    if rate >= 1.0:
        return float(errors >= count)
    k = np.arange(1, errors + 1, dtype=np.float64)
    steps = np.log((count - k + 1) / k) + np.log(rate / (1 - rate))
    logs = count * np.log1p(-rate) + np.concatenate([[0.0], np.cumsum(steps)])
    return float(np.exp(logs).sum())


def thresholds_for(
    confidence: np.ndarray, correct: np.ndarray, targets: Sequence[float]
) -> tuple[Threshold, ...]:
    """For each target error the lowest threshold whose accepted readings meet it.

    Parameters
    ----------
    confidence : ndarray of float, shape (N,)
    correct : ndarray of bool, shape (N,)
    targets : sequence of float
        Wanted error rates among accepted readings, 0 to 1.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    errors = np.cumsum(~correct[order].astype(bool))
    counts = np.arange(1, len(order) + 1)
    # Readings of equal confidence are accepted together or not at all.
    last_of_equal = np.append(np.diff(sorted_confidence) != 0, True)[: len(order)]
    return tuple(
        _threshold(target, sorted_confidence, errors, counts, last_of_equal) for target in targets
    )


def _threshold(
    target: float,
    confidence: np.ndarray,
    errors: np.ndarray,
    counts: np.ndarray,
    last_of_equal: np.ndarray,
) -> Threshold:
    meets = np.flatnonzero((errors <= target * counts) & last_of_equal)
    if not len(meets):
        return Threshold(target, 1.01, 0.0, 1.0)
    last = int(meets[-1])
    bound = clopper_pearson_upper(int(errors[last]), int(counts[last]))
    return Threshold(target, float(confidence[last]), float(counts[last] / len(counts)), bound)
