"""Probabilities of the 62 characters: cases folded, kept to a charset, shapes told apart."""

from __future__ import annotations

import numpy as np

from hcr_batch.alphabet import BAR, CHARACTERS, CHARSETS, REPORTED_AS

__all__ = [
    "best_in_charset",
    "fold_cases",
    "folded_charset",
    "folded_within",
    "given_inside",
    "shape_confidence",
]

LOOK_ALIKES = ("0O", "1I", "2Z", "5S", "6Gb", "8B", "9gq")
"""Characters, by their folded names, that only their neighbours tell apart."""


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


def shape_confidence(characters: np.ndarray) -> np.ndarray:
    """How sure the recognizer is that glyphs are whole characters, whichever they are.

    A stroke is as good a character whether it is a 1, an l or an I.

    Parameters
    ----------
    characters : ndarray of float32, shape (N, 62)

    Returns
    -------
    ndarray of float32, shape (N,)
        Probability of the likeliest shape.
    """
    shapes = fold_cases(characters)
    for alike in LOOK_ALIKES:
        members = [CHARACTERS.index(character) for character in alike]
        shapes[:, members[0]] = shapes[:, members].sum(axis=1)
    return shapes.max(axis=1, initial=0.0)
