"""What the neighbours in a field say: digits stand with digits, letters with letters."""

from __future__ import annotations

import numpy as np

from hcr_batch.recognition.calibration import CHARACTERS, fold_cases

__all__ = ["with_context"]

STAY = 0.95
"""Probability that the next character is of the same kind, digit or letter."""
IS_DIGIT = np.array([character.isdigit() for character in CHARACTERS])


def with_context(probabilities: np.ndarray) -> np.ndarray:
    """Weigh each character's probabilities by the kinds of its neighbours.

    A hidden Markov model of two states, digit and letter, with the
    forward-backward algorithm (Rabiner 1989): a circle among digits is a zero,
    among letters an O. One character alone gives digits and letters equal
    chances.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, 62)
        Of the characters of one field in order, from a recognizer that holds
        all 62 for equally likely; rows sum to at most 1.

    Returns
    -------
    ndarray of float32, shape (N, 62)
        Cases that look alike folded; each row sums to what it did before.
    """
    if not len(probabilities):
        return probabilities
    folded = fold_cases(probabilities)
    total = folded.sum(axis=1, keepdims=True)
    kinds = np.stack([IS_DIGIT, ~IS_DIGIT])
    # Likelihood of the ink under each kind, all its characters equally likely.
    likelihood = np.maximum(folded @ (kinds / kinds.sum(axis=1, keepdims=True)).T, 1e-9)
    step = np.array([[STAY, 1 - STAY], [1 - STAY, STAY]])
    before = _forward(likelihood, step)
    after = _forward(likelihood[::-1], step)[::-1]
    weight = before * after
    weighted = folded * ((weight / kinds.sum(axis=1)) @ kinds)
    weighted *= total / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)
    return weighted.astype(np.float32)


def _forward(likelihood: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Probability of each kind at each place given all places before it alone."""
    prior = np.full(2, 0.5)
    result = np.empty_like(likelihood)
    for place, seen in enumerate(likelihood):
        result[place] = prior
        state = prior * seen
        prior = step @ (state / state.sum())
    return result
