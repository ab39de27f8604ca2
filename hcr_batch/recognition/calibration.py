"""Probabilities that mean what they say: temperature, calibration error, thresholds."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

import numpy as np

from hcr_batch.recognition.card import Threshold

__all__ = [
    "BAR",
    "CHARACTERS",
    "CHARSETS",
    "MERGED_PAIRS",
    "REPORTED_AS",
    "best_in_charset",
    "chance_calibration_error",
    "clopper_pearson_upper",
    "expected_calibration_error",
    "fit_temperature",
    "fold_cases",
    "folded_charset",
    "folded_within",
    "given_inside",
    "temperature_scale",
    "thresholds_for",
]

MERGED_PAIRS = "CIJKLMOPSUVWXYZ"
"""Letters whose two cases look alike: the 15 that EMNIST Balanced merges."""
CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""The 62 characters in the order of every network and every array of probabilities."""
CHARSETS = {
    "alnum": CHARACTERS,
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
}
"""Charsets for which a model card holds thresholds."""
BAR = "l"
"""The one small letter of the pairs whose usual shape, a bar, is not its capital's but an I's."""
REPORTED_AS = {c.lower(): c for c in MERGED_PAIRS} | {BAR: "I"}
"""Small letters that nobody can tell from a capital, and that capital."""


def temperature_scale(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of `logits` (N, K) divided by a positive temperature, float32 (N, K)."""
    scaled = np.asarray(logits, np.float32) / np.float32(temperature)
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    return scaled / scaled.sum(axis=1, keepdims=True)


def fold_cases(probabilities: np.ndarray) -> np.ndarray:
    """Sum small letters into the capitals that they look like.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, 62) or (N, 63)

    Returns
    -------
    ndarray of float, same shape
        Zero at the keys of :data:`REPORTED_AS`.
    """
    folded = probabilities.copy()
    for small, capital in REPORTED_AS.items():
        folded[:, CHARACTERS.index(capital)] += folded[:, CHARACTERS.index(small)]
        folded[:, CHARACTERS.index(small)] = 0
    return folded


def folded_charset(charset: str) -> np.ndarray:
    """Which characters a charset leaves after folding: bool (62,), capitals for look-alikes."""
    inside = [REPORTED_AS.get(character, character) for character in CHARSETS[charset]]
    return np.array([character in inside for character in CHARACTERS])


def folded_within(probabilities: np.ndarray, charset: str) -> np.ndarray:
    """Probabilities with cases folded, zero outside a charset.

    Where small letters cannot be, the probability of l is left out: it says
    nothing of what a bar is, a 1 or an I.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, 62)
    charset : str
        A key of :data:`CHARSETS`.

    Returns
    -------
    ndarray of float, same shape
    """
    if BAR not in CHARSETS[charset]:
        probabilities = probabilities.copy()
        probabilities[:, CHARACTERS.index(BAR)] = 0
    return fold_cases(probabilities) * folded_charset(charset)


def given_inside(inside: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Probabilities given that a glyph is of certain characters or foreign ink.

    Parameters
    ----------
    inside : ndarray of float, shape (N, K)
        Those of the characters in question, 0 for all others.
    probabilities : ndarray of float, shape (N, 62)
        What they were taken from; what is missing to 1 is foreign ink.

    Returns
    -------
    ndarray of float, shape (N, K)
    """
    foreign = np.clip(1 - probabilities.sum(axis=1, keepdims=True), 0, 1)
    return inside / np.maximum(inside.sum(axis=1, keepdims=True) + foreign, 1e-12)


def best_in_charset(
    probabilities: np.ndarray, charset: str = "alnum"
) -> tuple[np.ndarray, np.ndarray]:
    """Likeliest character of a charset and the confidence in it.

    Cases that look alike are summed (:func:`folded_within`). The
    confidence is conditional: probability of the character over that of the
    charset and of foreign ink together.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, 62)
        Sums to at most 1; the rest is foreign ink.
    charset : str
        A key of :data:`CHARSETS`.

    Returns
    -------
    index : ndarray of int, shape (N,)
        Into the 62 characters; a capital for letters whose cases look alike.
    confidence : ndarray of float, shape (N,)
    """
    folded = folded_within(probabilities, charset)
    index = folded.argmax(axis=1)
    return index, given_inside(folded, probabilities)[np.arange(len(folded)), index]


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
