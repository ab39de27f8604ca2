"""What the characters cut out of a line say of the texts that the line reader proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hcr_batch.alphabet import BLANK, CHARACTERS
from hcr_batch.characters.string_candidates import TextLine
from hcr_batch.decoding.ctc_search import Hypothesis
from hcr_batch.decoding.cut_paths import LEAST, candidate_costs
from hcr_batch.recognition.line_confidence import LOOK_ALIKES

__all__ = ["CutLine", "supported"]

SUPPORT = 0.25
"""Weight of the logarithm of what the cut characters say, beside the line reader's and the text
model's. Measured with the two below on words and strings of held-out writers: of words 67.7 of
100 are right with it (66.8 without), of digit strings 83.8 (80.7), of others 68.6 (64.2)."""
MOST = 6.0
"""Natural logarithm; no text is held for further behind: joined writing can't be cut."""
MARK = 0.1
"""Probability that a candidate is a comma or a dash, where the text has one,"""
STRAY = 1e-3
"""and that a piece is none of the text."""
NEVER = -1e9
ALIKE = LOOK_ALIKES.astype(float)


@dataclass(frozen=True)
class CutLine:
    """Lines running on from one to the next, with what the classifier says of their candidates.

    Attributes
    ----------
    pieces : int
    first, last : ndarray of int, shape (candidates,)
        Pieces that each begins and ends with.
    costs : ndarray of float, shape (candidates,)
        Logarithm of how much rarer each is than others.
    rows : ndarray of float, shape (candidates, 62)
    """

    pieces: int
    first: np.ndarray
    last: np.ndarray
    costs: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, lines: Sequence[TextLine], rows: np.ndarray) -> CutLine:
        """Lines with the rows of their candidates, those of all behind each other."""
        before = np.cumsum([0, *(line.pieces for line in lines)])
        spans = [
            (start + one.first, start + one.last)
            for line, start in zip(lines, before[:-1].tolist(), strict=True)
            for one in line.candidates
        ]
        first, last = np.array(spans, int).reshape(-1, 2).T
        costs = np.concatenate([candidate_costs(line) for line in lines])
        return cls(int(before[-1]), first, last, costs, rows)


def supported(found: Sequence[Hypothesis], cut: CutLine) -> list[Hypothesis]:
    """The texts of a line, weighed by how well its pieces can be parted into their characters.

    Case and look-alikes count for one: the neighbours tell them apart.

    Parameters
    ----------
    found : sequence of Hypothesis
        Their weights may have any sum.
    cut : CutLine

    Returns
    -------
    list of Hypothesis
        From the likeliest on; weights sum to 1.
    """
    if not found:
        return []
    inks = [[number for number in one.characters if number != BLANK] for one in found]
    says = _best_ways(cut, inks)
    says = np.maximum(says, says.max() - MOST)
    odds = np.log([max(one.weight, 1e-300) for one in found]) + SUPPORT * says
    weights = np.exp(odds - odds.max())
    weights /= weights.sum()
    made = [replace(one, weight=float(w)) for one, w in zip(found, weights, strict=True)]
    return sorted(made, key=lambda one: -one.weight)


def _best_ways(cut: CutLine, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """Logarithm of the best way to part a line into the characters of each of N texts; (N,).

    Dynamic programming over the pieces, for all texts at once.
    """
    lengths = np.array([len(text) for text in texts])
    every = np.arange(len(texts))
    characters = np.zeros((len(texts), int(lengths.max(initial=0))), int)
    for row, text in zip(characters, texts, strict=True):
        row[: len(text)] = text
    gains = np.log(np.maximum(cut.rows @ ALIKE, LEAST))
    # Marks, all numbers behind the characters, share a column.
    gains = np.column_stack([gains, np.full(len(gains), np.log(MARK))])
    characters = np.minimum(characters, len(CHARACTERS))
    best = np.full((cut.pieces + 1, len(texts), characters.shape[1] + 1), NEVER)
    best[0, :, 0] = 0
    candidates = zip(cut.first.tolist(), cut.last.tolist(), cut.costs, gains, strict=True)
    for first, last, cost, gain in candidates:
        covered = last - first + 1
        before, after = best[first], best[last + 1]
        read = covered * gain[characters] - cost
        np.maximum(after[:, 1:], before[:, :-1] + read, out=after[:, 1:])
        np.maximum(after, before + (covered * np.log(STRAY) - cost), out=after)
    return np.asarray(best[-1, every, lengths])
