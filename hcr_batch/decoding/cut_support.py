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
    """A line with what the classifier says of its candidates, float (candidates, 62)."""

    line: TextLine
    rows: np.ndarray


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
    costs = candidate_costs(cut.line)
    best = np.full((cut.line.pieces + 1, len(texts), characters.shape[1] + 1), NEVER)
    best[0, :, 0] = 0
    for number, candidate in enumerate(cut.line.candidates):
        covered = candidate.last - candidate.first + 1
        before, after = best[candidate.first], best[candidate.last + 1]
        gain = covered * gains[number][characters] - costs[number]
        np.maximum(after[:, 1:], before[:, :-1] + gain, out=after[:, 1:])
        np.maximum(after, before + (covered * np.log(STRAY) - costs[number]), out=after)
    return np.asarray(best[-1, every, lengths])
