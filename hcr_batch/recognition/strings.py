"""Choose how a line of ink is parted into characters."""

from __future__ import annotations

import numpy as np

from hcr_batch.glyphs.strings import Candidate, TextLine
from hcr_batch.recognition.calibration import CHARACTERS, fold_cases

__all__ = ["best_path", "sureness"]

LOOK_ALIKES = ("0O", "1IL", "2Z", "5S", "6Gb", "8B", "9gq")
"""Characters, by their folded names, that only their neighbours tell apart."""
LEAST = 1e-4
"""Probabilities below this are all the same to the choice."""
SMALL_COST = 1.5
SMALL = 0.5
"""Likewise of a character lower than this share of its line's letters: rather a part of one."""
WIDE_GAP = 0.3
CLOSE = 0.4
CLOSE_COST = 1.5
"""Likewise, where gaps are usually wider than the first, of one narrower than the second
share of the usual."""
CUT_COST = 1.5
"""Natural logarithm of how much rarer touching characters are than separate ones."""


def sureness(characters: np.ndarray) -> np.ndarray:
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


def best_path(line: TextLine, sure: np.ndarray) -> list[int]:
    """The most probable way to cover all pieces of a line.

    Dynamic programming over the pieces. Each candidate counts once for every
    piece it covers, or few wide characters would beat many narrow ones.

    Parameters
    ----------
    line : TextLine
    sure : ndarray of float, shape (candidates,)
        Of each candidate, as :func:`sureness` gives it.

    Returns
    -------
    list of int
        Numbers of the chosen candidates, from left to right.
    """
    best = np.full(line.pieces + 1, -np.inf)
    best[0] = 0.0
    came_by = np.full(line.pieces + 1, -1)
    gains = np.log(np.maximum(sure, LEAST))
    usual = _usual_gap(line)
    for number, candidate in enumerate(line.candidates):
        covered = candidate.last - candidate.first + 1
        score = best[candidate.first] + covered * gains[number]
        score -= _cost(candidate, line.height, usual)
        if score > best[candidate.last + 1]:
            best[candidate.last + 1] = score
            came_by[candidate.last + 1] = number
    path: list[int] = []
    end = line.pieces
    while end > 0:
        path.append(int(came_by[end]))
        end = line.candidates[path[-1]].first
    return path[::-1]


def _usual_gap(line: TextLine) -> float:
    """Letter heights of paper that commonly stand between two pieces; 0 in tight writing."""
    gaps = {c.first: c.gap for c in line.candidates if c.first and not c.starts_at_cut}
    return float(np.percentile(list(gaps.values()), 75)) if gaps else 0.0


def _cost(candidate: Candidate, height: float, usual_gap: float) -> float:
    """What speaks against a character beginning here and being like this."""
    cost = SMALL_COST * (candidate.box.height < SMALL * height)
    if candidate.starts_at_cut:
        return cost + CUT_COST
    is_close = candidate.first > 0 and candidate.gap < CLOSE * usual_gap
    return cost + CLOSE_COST * (is_close and usual_gap > WIDE_GAP)
