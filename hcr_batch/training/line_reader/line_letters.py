"""The letter model of the line reader, counted from lists of words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hcr_batch.decoding.letter_model import EDGE, STEPS_PER_NAT

__all__ = ["letter_table", "write_letters"]

DISCOUNT = 0.75
"""Taken from every count for what has not been seen (absolute discounting)."""
ORDER = 4


def letter_table(words: Iterable[str]) -> np.ndarray:
    """Logarithm of the probability of each letter after three, float64 (27, 27, 27, 27).

    Counts of four letters, backed off to three, two and one with absolute
    discounting (Ney, Essen and Kneser 1994). Case does not count.

    Parameters
    ----------
    words : iterable of str
        Of the letters A to Z, each as often as it shall count.
    """
    size = EDGE + 1
    counts = np.zeros((size,) * ORDER)
    for word in words:
        letters = [ord(letter) - ord("a") for letter in word.lower()]
        padded = np.array([EDGE] * (ORDER - 1) + letters + [EDGE])
        places = tuple(padded[n : len(padded) - ORDER + 1 + n] for n in range(ORDER))
        np.add.at(counts, places, 1)
    probability = np.full(size, 1 / size)
    for order in range(1, ORDER + 1):
        seen = counts.sum(axis=tuple(range(ORDER - order))) if order < ORDER else counts
        total = seen.sum(axis=-1, keepdims=True)
        kinds = np.count_nonzero(seen, axis=-1)[..., None]
        share = np.maximum(seen - DISCOUNT, 0) / np.maximum(total, 1)
        left = np.where(total > 0, DISCOUNT * kinds / np.maximum(total, 1), 1.0)
        probability = share + left * probability
    return np.log(probability)


def write_letters(path: Path, words: Iterable[str]) -> None:
    """Write the table as :func:`~hcr_batch.decoding.letter_model.letter_model` reads it."""
    steps = np.clip(np.round(-letter_table(words) * STEPS_PER_NAT), 0, 255).astype(np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, minus_log=steps)
