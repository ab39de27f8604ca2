"""Words in cells: what known words say of their doubtful letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

import numpy as np

from hcr_batch.decoding.known_words import known_words
from hcr_batch.decoding.neighbours import CAPITALS, SMALL, letter_habits

__all__ = ["with_known_words"]

SHORTEST = 4
"""Letters of a word that known ones may say something of."""
WEIGHT = 0.5
"""Power of how much likelier a known word is than its letters one after the other. Of capitals
of words that are known 97.6 of 100 are right with it (96.5 without) and 0.15 (0.38) of those
surer than 0.983 wrong; of words that are not, 97.1 and 0.20 as before."""
LETTER = 0.5
"""Probability of all letters from which a character is one."""
LEAST = 1e-3
"""No letter is less likely: the recognizer may be sure of a wrong one."""
FAR = 1e-6
"""Share of the likeliest word's weight below which one says nothing."""
_Words = tuple[np.ndarray, np.ndarray]
"""The M known words of a length: numbers of their letters, uint8 (length, M), and the logarithm of
how much likelier each is than its letters one after the other, float32 (M,)."""


def with_known_words(
    rows: np.ndarray, field: np.ndarray, after_blank: np.ndarray
) -> np.ndarray:
    """Probabilities of characters, weighed by the known words that they may spell.

    A run of letters is one of the known words of its length, or no known word;
    then its letters are as they were.

    Parameters
    ----------
    rows : ndarray of float, shape (N, 62)
        Given their neighbours; what is missing to 1 is that there is no character.
    field : ndarray of int, shape (N,)
        The field that each character is of, in order.
    after_blank : ndarray of bool, shape (N,)
        True where a blank stands before the character.

    Returns
    -------
    ndarray, same shape and dtype
        Each row sums to what it did before.
    """
    weighed = rows.copy()
    for first, last in _runs(rows, field, after_blank):
        words = _words_by_length().get(last - first)
        if words:
            weighed[first:last] = _weighed(rows[first:last], *words)
    return weighed


def _runs(
    rows: np.ndarray, field: np.ndarray, after_blank: np.ndarray
) -> Iterator[tuple[int, int]]:
    """First and one past the last of each run of letters that is long enough."""
    is_letter = rows[:, CAPITALS.start :].sum(axis=1) >= LETTER
    begins = np.append(True, (field[1:] != field[:-1]) | (is_letter[1:] != is_letter[:-1]))
    places = np.flatnonzero(begins[: len(rows)] | after_blank)
    for first, last in pairwise([*places.tolist(), len(rows)]):
        if is_letter[first] and last - first >= SHORTEST:
            yield first, last


def _weighed(rows: np.ndarray, words: np.ndarray, odds: np.ndarray) -> np.ndarray:
    total = rows.sum(axis=1, keepdims=True)
    letters = rows[:, CAPITALS] + rows[:, SMALL]
    seen = np.log(np.maximum(letters / np.maximum(total, LEAST), LEAST)).astype(np.float32)
    logs = odds + sum(one[word] for one, word in zip(seen, words, strict=True))
    # Against no known word, which weighs 1.
    top = max(float(logs.max()), 0.0)
    weights = np.exp(logs - top)
    chosen = np.flatnonzero(weights >= FAR)
    told = np.stack(
        [np.bincount(word[chosen], weights[chosen], minlength=26) for word in words]
    )
    nothing = np.exp(-top)
    told, nothing = told / (told[0].sum() + nothing), nothing / (told[0].sum() + nothing)
    capital = np.where(letters > 0, rows[:, CAPITALS] / np.maximum(letters, 1e-12), 1.0)
    result = nothing * rows
    result[:, CAPITALS] += total * told * capital
    result[:, SMALL] += total * told * (1 - capital)
    return np.asarray(result)


@cache
def _words_by_length() -> Mapping[int, _Words]:
    known = known_words()
    lengths = np.array([len(word) for word in known.words])
    chances = np.log(np.diff(np.asarray(known.ends)))
    found = {}
    for length in np.unique(lengths[lengths >= SHORTEST]).tolist():
        chosen = np.flatnonzero(lengths == length)
        spelled = "".join(known.words[number] for number in chosen.tolist()).encode("ascii")
        letters = np.frombuffer(spelled, np.uint8).reshape(-1, length).T - np.uint8(ord("a"))
        odds = WEIGHT * (chances[chosen] - _habit(letters))
        found[length] = np.ascontiguousarray(letters), odds.astype(np.float32)
    return found


def _habit(letters: np.ndarray) -> np.ndarray:
    """Logarithm of the probability of words, (length, M), by which letter follows which; (M,)."""
    logs = np.log(letter_habits())
    return np.asarray(logs[-1, letters[0]] + logs[letters[:-1], letters[1:]].sum(axis=0))
