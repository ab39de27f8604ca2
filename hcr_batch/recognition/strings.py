"""Choose how a line of ink is parted into characters."""

from __future__ import annotations

import numpy as np

from hcr_batch.glyphs.strings import TextLine

__all__ = ["best_path"]

LEAST = 1e-4
"""Probabilities below this are all the same to the choice."""
CUT_COST = 1.5
"""Natural logarithm of how much rarer touching characters are than separate ones."""


def best_path(line: TextLine, sureness: np.ndarray) -> list[int]:
    """The most probable way to cover all pieces of a line.

    Dynamic programming over the pieces. Each candidate counts once for every
    piece it covers, or few wide characters would beat many narrow ones.

    Parameters
    ----------
    line : TextLine
    sureness : ndarray of float, shape (candidates,)
        Probability of each candidate's likeliest character.

    Returns
    -------
    list of int
        Numbers of the chosen candidates, from left to right.
    """
    best = np.full(line.pieces + 1, -np.inf)
    best[0] = 0.0
    came_by = np.full(line.pieces + 1, -1)
    gains = np.log(np.maximum(sureness, LEAST))
    for number, candidate in enumerate(line.candidates):
        covered = candidate.last - candidate.first + 1
        score = best[candidate.first] + covered * gains[number]
        score -= CUT_COST * candidate.starts_at_cut
        if score > best[candidate.last + 1]:
            best[candidate.last + 1] = score
            came_by[candidate.last + 1] = number
    path: list[int] = []
    end = line.pieces
    while end > 0:
        path.append(int(came_by[end]))
        end = line.candidates[path[-1]].first
    return path[::-1]
