"""What the neighbours in a field say: digits stand with digits, letters with letters."""

from __future__ import annotations

import numpy as np

from hcr_batch.recognition.calibration import CHARACTERS, fold_cases

__all__ = ["with_context"]

STAY = 0.92
"""Probability that the next character is of the same kind; the other two share the rest."""
KINDS = np.array(
    [
        [character.isdigit() for character in CHARACTERS],
        [character.isupper() for character in CHARACTERS],
        [character.islower() for character in CHARACTERS],
    ]
)
PRIOR = np.array([0.5, 0.25, 0.25])
"""Probability of each kind where nothing is known: digits as often as letters."""


def with_context(probabilities: np.ndarray) -> np.ndarray:
    """Weigh each character's probabilities by the kinds of its neighbours.

    A hidden Markov model of three states, digit, capital and small letter,
    with the forward-backward algorithm (Rabiner 1989): a circle among digits
    is a zero, a bar among small letters an l. One character alone gives
    digits and letters equal chances.

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
    total = probabilities.sum(axis=1, keepdims=True)
    sizes = KINDS.sum(axis=1)
    # Likelihood of the ink under each kind, all its characters equally likely.
    likelihood = np.maximum(probabilities @ (KINDS / sizes[:, None]).T, 1e-9)
    change = (1 - STAY) / (len(KINDS) - 1)
    step = np.full((len(KINDS), len(KINDS)), change) + np.eye(len(KINDS)) * (STAY - change)
    before = _forward(likelihood, step)
    after = _forward(likelihood[::-1], step)[::-1] / PRIOR
    weighted = probabilities * ((before * after / sizes) @ KINDS)
    weighted *= total / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)
    return fold_cases(weighted).astype(np.float32)


def _forward(likelihood: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Probability of each kind at each place given all places before it alone."""
    prior = PRIOR
    result = np.empty_like(likelihood)
    for place, seen in enumerate(likelihood):
        result[place] = prior
        state = prior * seen
        prior = step @ (state / state.sum())
    return result
