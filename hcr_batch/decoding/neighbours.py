"""What the neighbours in a field say: digits stand with digits, letters make words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import BAR, CHARACTERS, REPORTED_AS
from hcr_batch.arrays.groups import Groups

__all__ = ["CAPITALS", "SMALL", "letter_habits", "letter_pairs", "with_context"]


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
        [0.010, 0.005, 0.000, 0.005, 0.977, 0.003],
        [0.010, 0.000, 0.005, 0.010, 0.005, 0.970],
    ]
)
"""Probability of each mode (column) after another (row), inside a run of characters. A writer
does not change case within a word."""
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
PLAIN, MIXED = (0, 1, 3, 4), tuple(range(len(MODES)))
"""Modes of those who write capitals and digits alone, and of all others."""
SMALL_LETTERS = 0.1
"""Share of fields that have small letters, where nothing else is known."""
PAGES_LIKE = 2.0
"""That share counts as so many fields, beside those of a page."""
ALIKE = 0.4
"""Likelihood of a shape, given a character that looks like the one for which it was taken.
0.3 to 0.5 read most of the samples' characters right; 1 has every doubtful stroke taken for I."""
UNKNOWN_PAIRS = 0.05
"""Share of letters in words that follow no habit: foreign names, abbreviations."""
LEAST = 1e-7
"""Likelihoods below this are all the same."""


def with_context(
    probabilities: np.ndarray,
    after_blank: np.ndarray | None = None,
    field: np.ndarray | None = None,
    case: str = "as_written",
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
    case : str
        One of :data:`~hcr_batch.config.CASES`.

    Returns
    -------
    ndarray of float32, shape (N, 62)
        Each row sums to what it did before.
    """
    if not len(probabilities):
        return probabilities
    nothing = np.zeros(len(probabilities), int)
    fields = Groups(nothing if field is None else field)
    longest_first = np.argsort(-fields.sizes, kind="stable")
    numbers = fields.table(np.arange(len(nothing)), 0)[longest_first]
    blanks = (nothing > 0 if after_blank is None else after_blank)[numbers]
    lengths = fields.sizes[longest_first]
    weights = np.empty((*numbers.shape, len(CHARACTERS)), np.float32)
    if case == "as_written":
        shapes = np.maximum(probabilities, LEAST)[numbers]
        weights[longest_first] = _weights(_forward(shapes, blanks, lengths, MIXED))
    else:
        shapes = np.maximum(_shapes(probabilities), LEAST)[numbers]
        weights[longest_first] = _of_either_case(shapes, blanks, lengths)
    if case == "upper":
        weights[..., CAPITALS] += weights[..., SMALL]
        weights[..., SMALL] = 0
    total = probabilities.sum(axis=1, keepdims=True)
    return weights[fields.of, fields.place] * total


def _of_either_case(shapes: np.ndarray, blanks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Weights of the characters where nobody says whether there are small letters.

    Fields are written in capitals and digits, or they are not; what the other
    fields of a page show counts for each.
    """
    plain, mixed = (_forward(shapes, blanks, lengths, modes) for modes in (PLAIN, MIXED))
    evidence = mixed.evidence - plain.evidence
    small = _logistic(evidence + _logit(SMALL_LETTERS))
    share = (small.sum() + PAGES_LIKE * SMALL_LETTERS) / (len(small) + PAGES_LIKE)
    small = _logistic(evidence + _logit(share))[:, None, None].astype(np.float32)
    return small * _weights(mixed) + (1 - small) * _weights(plain)


def _shapes(probabilities: np.ndarray) -> np.ndarray:
    """Likelihoods of what was seen, given each character: other writers' look-alikes count too."""
    shapes = probabilities.copy()
    for one, other in (*REPORTED_AS.items(), (BAR, "1")):
        pair = [CHARACTERS.index(one), CHARACTERS.index(other)]
        shapes[:, pair] = np.maximum(shapes[:, pair], ALIKE * probabilities[:, pair[::-1]])
    return shapes


@cache
def letter_pairs() -> np.ndarray:
    """Counts of letter pairs, float64 (27, 26): the last row holds first letters of words."""
    return np.loadtxt(PAIRS_FILE, delimiter=",")


@dataclass(frozen=True)
class _Model:
    """Habits of writing in some modes.

    Attributes
    ----------
    characters : ndarray of int, shape (states,)
        The character of each state.
    start : ndarray of float32, shape (states,)
        First probabilities.
    inside, at_blank : ndarray of float32, shape (states, states)
        Of changes, inside a run of characters and over a blank.
    """

    characters: np.ndarray
    start: np.ndarray
    inside: np.ndarray
    at_blank: np.ndarray


@cache
def _model(modes: tuple[int, ...]) -> _Model:
    pairs = letter_habits()
    characters = [np.arange(len(CHARACTERS))[span] for span in SPANS]
    kept = np.isin(np.repeat(range(len(MODES)), [len(one) for one in characters]), modes)
    start = np.concatenate([p * _alone(mode, pairs) for mode, p in enumerate(START)])
    changes = (_changes(CHANGE, pairs), _changes(CHANGE_AT_BLANK, pairs, broken=True))
    inside, at_blank = (_shares(table[np.ix_(kept, kept)]) for table in changes)
    return _Model(np.concatenate(characters)[kept], _shares(start[kept]), inside, at_blank)


def _shares(weights: np.ndarray) -> np.ndarray:
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


def letter_habits() -> np.ndarray:
    """Probability of each letter after another (and, last row, of first letters), (27, 26)."""
    counts = letter_pairs()
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


@dataclass(frozen=True)
class _Passed:
    """F fields, side by side, gone through once from their beginnings.

    Attributes
    ----------
    model : _Model
    seen, states : ndarray of float32, shape (F, longest, states)
        Likelihoods; probabilities given what was seen up to there.
    blanks : ndarray of bool, shape (F, longest)
    counts : list of int
        How many fields reach each place.
    evidence : ndarray of float, shape (F,)
        Logarithm of how likely such writing is at all.
    """

    model: _Model
    seen: np.ndarray
    states: np.ndarray
    blanks: np.ndarray
    counts: list[int]
    evidence: np.ndarray


def _forward(
    shapes: np.ndarray, blanks: np.ndarray, lengths: np.ndarray, modes: tuple[int, ...]
) -> _Passed:
    """Go through fields from their beginnings.

    Parameters
    ----------
    shapes : ndarray of float32, shape (F, longest, 62)
        Likelihoods.
    blanks : ndarray of bool, shape (F, longest)
        True where a blank stands before a place.
    lengths : ndarray of int, shape (F,)
        How many places each has, from the most to the fewest; what is behind them means nothing.
    modes : tuple of int
        Of :data:`MODES`.
    """
    model = _model(modes)
    seen = shapes[:, :, model.characters]
    states, evidence = np.zeros_like(seen), np.zeros(len(lengths))
    prior = model.start[None]
    counts = np.count_nonzero(lengths > np.arange(lengths[0])[:, None], axis=1).tolist()
    for place, count in enumerate(counts):
        state = prior[:count] * seen[:count, place]
        total = state.sum(axis=1, keepdims=True)
        evidence[:count] += np.log(total[:, 0])
        states[:count, place] = state / total
        if place + 1 < len(counts):
            prior = _changed(states[:count, place], model, blanks[:count, place + 1])
    return _Passed(model, seen, states, blanks, counts, evidence)


def _weights(passed: _Passed) -> np.ndarray:
    """Go back: probability of each character at each place, float32 (F, longest, 62)."""
    model, back = passed.model, replace(
        passed.model, inside=passed.model.inside.T, at_blank=passed.model.at_blank.T
    )
    states = passed.states.copy()
    after = np.ones((len(states), len(model.start)), np.float32)
    for place, count in reversed(list(enumerate(passed.counts))):
        state = states[:count, place] * after[:count]
        states[:count, place] = state / state.sum(axis=1, keepdims=True)
        if place:
            seen = passed.seen[:count, place] * after[:count]
            behind = _changed(seen, back, passed.blanks[:count, place])
            after[:count] = behind / behind.max(axis=1, keepdims=True)
    return states @ np.eye(len(CHARACTERS), dtype=np.float32)[model.characters]


def _changed(states: np.ndarray, model: _Model, blanks: np.ndarray) -> np.ndarray:
    """States (F, states) one place on, each inside a run or over a blank."""
    changed = states @ model.inside
    if blanks.any():
        changed[blanks] = states[blanks] @ model.at_blank
    return changed


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -50, 50)))
