"""What the neighbours in a field say: digits stand with digits, letters make words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from hcr_batch.glyphs.groups import Groups
from hcr_batch.recognition.calibration import CHARACTERS, fold_cases

__all__ = ["letter_pairs", "with_context"]

PAIRS_FILE = Path(__file__).with_name("letter_pairs.csv")
"""How often a letter follows another in names of people and places and in words."""
MODES = ("digit", "code capital", "code small", "first letter", "capital", "small letter")
"""What a writer may be at: a number, a code of either case, the first letter of a word,
or a later one of either case."""
START = np.array([0.5, 0.10, 0.04, 0.27, 0.0, 0.09])
"""Probability of each mode where a field begins: digits as often as letters."""
CHANGE = np.array(
    [
        [0.940, 0.030, 0.010, 0.015, 0.000, 0.005],
        [0.040, 0.920, 0.030, 0.010, 0.000, 0.000],
        [0.040, 0.030, 0.920, 0.010, 0.000, 0.000],
        [0.005, 0.005, 0.000, 0.010, 0.490, 0.490],
        [0.010, 0.005, 0.000, 0.005, 0.950, 0.030],
        [0.010, 0.000, 0.005, 0.010, 0.040, 0.935],
    ]
)
"""Probability of each mode (column) after another (row), inside a run of characters."""
CHANGE_AT_BLANK = np.array(
    [
        [0.80, 0.05, 0.02, 0.10, 0.00, 0.03],
        [0.20, 0.60, 0.05, 0.15, 0.00, 0.00],
        [0.20, 0.05, 0.60, 0.05, 0.00, 0.10],
        [0.15, 0.05, 0.00, 0.70, 0.00, 0.10],
        [0.15, 0.03, 0.00, 0.80, 0.00, 0.02],
        [0.15, 0.00, 0.02, 0.50, 0.00, 0.33],
    ]
)
"""The same where a blank stands between."""
WORDLIKE = np.array([False, False, False, True, True, True])
DIGITS, CAPITALS, SMALL = slice(0, 10), slice(10, 36), slice(36, 62)
SPANS = (DIGITS, CAPITALS, SMALL, CAPITALS, CAPITALS, SMALL)
"""The 62 characters that each mode writes."""
UNKNOWN_PAIRS = 0.05
"""Share of letters in words that follow no habit: foreign names, abbreviations."""
LEAST = 1e-7
"""Likelihoods below this are all the same."""


def with_context(
    probabilities: np.ndarray,
    after_blank: np.ndarray | None = None,
    field: np.ndarray | None = None,
) -> np.ndarray:
    """Weigh each character's probabilities by those of its neighbours.

    A hidden Markov model with the forward-backward algorithm (Rabiner 1989):
    a state is a mode and a character. A circle among digits is a zero; in
    words letters follow each other as they do in names, in codes as they
    like. One character alone gives digits and letters equal chances.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, 62)
        Of the characters of fields in order, from a recognizer that holds
        all 62 for equally likely; rows sum to at most 1.
    after_blank : ndarray of bool, shape (N,), optional
        True where a blank stands before the character.
    field : ndarray of int, shape (N,), optional
        The field that each character is of; all of one where left out.

    Returns
    -------
    ndarray of float32, shape (N, 62)
        Cases that look alike folded; each row sums to what it did before.
    """
    if not len(probabilities):
        return probabilities
    nothing = np.zeros(len(probabilities), int)
    fields = Groups(nothing if field is None else field)
    longest_first = np.argsort(-fields.sizes, kind="stable")
    numbers = fields.table(np.arange(len(nothing)), 0)[longest_first]
    likelihood = np.maximum(probabilities[:, _characters()], LEAST)[numbers]
    blanks = (nothing > 0 if after_blank is None else after_blank)[numbers]
    posterior = np.empty(likelihood.shape)
    posterior[longest_first] = _posterior(likelihood, blanks, fields.sizes[longest_first])
    weighted = posterior[fields.of, fields.place] @ np.eye(len(CHARACTERS))[_characters()]
    total = probabilities.sum(axis=1, keepdims=True)
    return fold_cases(weighted * total).astype(np.float32)


@cache
def letter_pairs() -> np.ndarray:
    """Counts of letter pairs, float64 (27, 26): the last row holds first letters of words."""
    return np.loadtxt(PAIRS_FILE, delimiter=",")


@cache
def _characters() -> np.ndarray:
    """The character of each state, int (states,)."""
    return np.concatenate([np.arange(len(CHARACTERS))[span] for span in SPANS])


@cache
def _model() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First probabilities (states,) and the two tables of changes (states, states)."""
    pairs = _habits(letter_pairs())
    start = np.concatenate([p * _alone(mode, pairs) for mode, p in enumerate(START)])
    return start, _changes(CHANGE, pairs), _changes(CHANGE_AT_BLANK, pairs, broken=True)


def _habits(counts: np.ndarray) -> np.ndarray:
    """Probability of each letter after another (and, last row, of first letters)."""
    letters = counts.sum(axis=0) / counts.sum()
    # A pair seen seldom counts as likely as its letter is: a weight of 20 pairs.
    share = (counts + 20 * letters) / (counts.sum(axis=1, keepdims=True) + 20)
    return (1 - UNKNOWN_PAIRS) * share + UNKNOWN_PAIRS / len(letters)


def _alone(mode: int, pairs: np.ndarray) -> np.ndarray:
    """Probability of each character of a mode that nothing leads to."""
    size = SPANS[mode].stop - SPANS[mode].start
    return pairs[-1] if WORDLIKE[mode] else np.full(size, 1 / size)


def _changes(modes: np.ndarray, pairs: np.ndarray, broken: bool = False) -> np.ndarray:
    rows = []
    for before, chances in enumerate(modes):
        size = SPANS[before].stop - SPANS[before].start
        blocks = [
            chance * (
                pairs[:-1]
                if WORDLIKE[before] and WORDLIKE[mode] and MODES[mode] != "first letter"
                and not broken
                else np.tile(_alone(mode, pairs), (size, 1))
            )
            for mode, chance in enumerate(chances)
        ]
        rows.append(np.hstack(blocks))
    return np.vstack(rows)


def _posterior(likelihood: np.ndarray, blanks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Probability of each state at each place, float64, shape of `likelihood`.

    Parameters
    ----------
    likelihood : ndarray of float, shape (F, longest, states)
        Of F fields, side by side.
    blanks : ndarray of bool, shape (F, longest)
        True where a blank stands before a place.
    lengths : ndarray of int, shape (F,)
        How many places each has, from the most to the fewest; what is behind them means nothing.
    """
    start, inside, at_blank = _model()
    states = np.empty(likelihood.shape)
    prior = start[None]
    counts = np.count_nonzero(lengths > np.arange(lengths[0])[:, None], axis=1).tolist()
    for place, count in enumerate(counts):
        state = prior[:count] * likelihood[:count, place]
        states[:count, place] = state / state.sum(axis=1, keepdims=True)
        if place + 1 < len(counts):
            prior = _changed(states[:count, place], inside, at_blank, blanks[:count, place + 1])
    after = np.ones((len(lengths), len(start)))
    for place, count in reversed(list(enumerate(counts))):
        state = states[:count, place] * after[:count]
        states[:count, place] = state / state.sum(axis=1, keepdims=True)
        if place:
            seen = likelihood[:count, place] * after[:count]
            behind = _changed(seen, inside.T, at_blank.T, blanks[:count, place])
            after[:count] = behind / behind.max(axis=1, keepdims=True)
    return states


def _changed(
    states: np.ndarray, inside: np.ndarray, at_blank: np.ndarray, blanks: np.ndarray
) -> np.ndarray:
    """States (F, states) one place on, each inside a run or over a blank."""
    changed = states @ inside
    if blanks.any():
        changed[blanks] = states[blanks] @ at_blank
    return changed
