"""Choose how a line of ink is parted into characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hcr_batch.alphabet import BLANK
from hcr_batch.arrays.quantiles import quantile_of_few
from hcr_batch.characters.string_candidates import Candidate, TextLine
from hcr_batch.forms.automata import Automaton

__all__ = ["LEAST", "best_constrained_path", "best_path", "candidate_costs"]

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
BEAM = 2000
"""States of a rule that are kept at each place of a line."""
CUT_COST = 1.5
"""Natural logarithm of how much rarer touching characters are than separate ones."""


def best_path(line: TextLine, sure: np.ndarray) -> list[int]:
    """The most probable way to cover all pieces of a line.

    Dynamic programming over the pieces. Each candidate counts once for every
    piece it covers, or few wide characters would beat many narrow ones.

    Parameters
    ----------
    line : TextLine
    sure : ndarray of float, shape (candidates,)
        Of each candidate, as :func:`shape_confidence` gives it.

    Returns
    -------
    list of int
        Numbers of the chosen candidates, from left to right.
    """
    best = np.full(line.pieces + 1, -np.inf)
    best[0] = 0.0
    came_by = np.full(line.pieces + 1, -1)
    gains = np.log(np.maximum(sure, LEAST))
    costs = candidate_costs(line)
    for number, candidate in enumerate(line.candidates):
        covered = candidate.last - candidate.first + 1
        score = best[candidate.first] + covered * gains[number] - costs[number]
        if score > best[candidate.last + 1]:
            best[candidate.last + 1] = score
            came_by[candidate.last + 1] = number
    path: list[int] = []
    end = line.pieces
    while end > 0:
        path.append(int(came_by[end]))
        end = line.candidates[path[-1]].first
    return path[::-1]


def best_constrained_path(
    lines: Sequence[TextLine], symbols: np.ndarray, automaton: Automaton
) -> list[int] | None:
    """The most probable way to cover all pieces whose text an automaton accepts.

    Dynamic programming over the pieces and the automaton's states, the text
    running on from line to line.

    Parameters
    ----------
    lines : sequence of TextLine
    symbols : ndarray of float, shape (candidates of all lines, 63)
        Probabilities of the symbols.
    automaton : Automaton

    Returns
    -------
    list of int or None
        Numbers of the chosen candidates among those of all lines; None where
        nothing is accepted.
    """
    gains = np.log(np.maximum(symbols, LEAST))
    fronts = [_Front.at_start(automaton)]
    number = 0
    for line in lines:
        base, costs = len(fronts) - 1, candidate_costs(line)
        arriving: list[list[_Front]] = [[] for _ in range(line.pieces)]
        for candidate, cost in zip(line.candidates, costs, strict=True):
            place = base + candidate.first
            if place == len(fronts):
                fronts.append(_Front.merged(arriving[candidate.first - 1]))
            covered = candidate.last - candidate.first + 1
            gain = covered * gains[number] - cost
            arriving[candidate.last].append(fronts[place].stepped(automaton, gain, number, place))
            number += 1
        fronts.append(_Front.merged(arriving[-1]))
    return _traced(fronts, automaton)


@dataclass(frozen=True)
class _Front:
    """The states of an automaton at one place, with their scores and how each was reached.

    Attributes
    ----------
    states, scores : ndarray, shape (N,)
    candidate, place, before : ndarray of int, shape (N,)
        The candidate that led here, the place it began at, and the number of
        the state there.
    """

    states: np.ndarray
    scores: np.ndarray
    candidate: np.ndarray
    place: np.ndarray
    before: np.ndarray

    @classmethod
    def at_start(cls, automaton: Automaton) -> _Front:
        none = np.full(1, -1)
        return cls(np.array([automaton.start]), np.zeros(1), none, none, none)

    @classmethod
    def merged(cls, fronts: list[_Front]) -> _Front:
        """The best way to each state, the best states alone."""
        names = ("states", "scores", "candidate", "place", "before")
        parts = [[getattr(front, name) for front in fronts] for name in names]
        states, scores, *others = (np.concatenate(part or [np.zeros(0, int)]) for part in parts)
        order = np.argsort(-scores, kind="stable")
        _, first = np.unique(states[order], return_index=True)
        kept = order[np.sort(first)[:BEAM]]
        return cls(states[kept], scores[kept], *(other[kept] for other in others))

    def stepped(self, automaton: Automaton, gain: np.ndarray, number: int, place: int) -> _Front:
        """After one more candidate; `gain` (63,) is that of each symbol."""
        before, leaving = automaton.leaving(self.states)
        # A piece of writing is never a blank.
        inked = automaton.symbol[leaving] != BLANK
        before, leaving = before[inked], leaving[inked]
        scores = self.scores[before] + gain[automaton.symbol[leaving]]
        same = np.ones(len(leaving), int)
        return _Front(automaton.target[leaving], scores, same * number, same * place, before)


def _traced(fronts: list[_Front], automaton: Automaton) -> list[int] | None:
    last = fronts[-1]
    ends = np.flatnonzero(automaton.accepting[last.states])
    if not len(ends):
        return None
    path: list[int] = []
    front, state = last, int(ends[np.argmax(last.scores[ends])])
    while front.place[state] >= 0:
        path.append(int(front.candidate[state]))
        front, state = fronts[front.place[state]], int(front.before[state])
    return path[::-1]


def candidate_costs(line: TextLine) -> list[float]:
    """Natural logarithm of what speaks against each candidate, by its place and size alone."""
    usual = _usual_gap(line)
    return [_cost(candidate, line.height, usual) for candidate in line.candidates]


def _usual_gap(line: TextLine) -> float:
    """Letter heights of paper that commonly stand between two pieces; 0 in tight writing."""
    gaps = {c.first: c.gap for c in line.candidates if c.first and not c.starts_at_cut}
    return quantile_of_few(list(gaps.values()), 0.75) if gaps else 0.0


def _cost(candidate: Candidate, height: float, usual_gap: float) -> float:
    """What speaks against a character beginning here and being like this."""
    cost = SMALL_COST * (candidate.box.height < SMALL * height)
    if candidate.starts_at_cut:
        return cost + CUT_COST
    is_close = candidate.first > 0 and candidate.gap < CLOSE * usual_gap
    return cost + CLOSE_COST * (is_close and usual_gap > WIDE_GAP)
