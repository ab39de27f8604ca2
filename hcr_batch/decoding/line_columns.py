"""Texts of a line from the columns of the line reader, under what its field lets be written.

Prefix beam search (Graves 2012, Hannun et al. 2014): texts grow column by
column, each with the probability of all ways in which the columns may spell
it. What may follow, and how likely it is, a `Language` says: a soft letter
model, or the automaton of a rule.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hcr_batch.alphabet import BLANK, GAP, LINE_CHARACTERS, SYMBOLS
from hcr_batch.forms.automata import Automaton

__all__ = ["AutomatonLanguage", "Hypothesis", "Language", "best_texts"]

EMPTY = 0.999
"""Probability of the gap from which a column says nothing but that there is one."""
LEAST, LEAST_RULED = 1e-3, 3e-6
"""Probability below which a character is not tried in a column; under a rule, which may ask for
what the writing hardly shows."""
WIDTH, RULED_WIDTH = 12, 60
"""Texts kept at each column; more where most of them will turn out to break the rule."""
FAR, RULED_FAR = 1e-4, 1e-10
"""Share of the best text's weight below which one is given up."""
NOTHING = 0.02
"""Weight of the empty text: a line is where something is written."""
EPSILON = 0.3
"""Weight of a mark or blank that a rule passes over: the writer puts them as he likes."""


class Language(Protocol):
    """What texts there are, told character by character."""

    @property
    def start(self) -> Hashable:
        """State before the first character."""

    def follow(self, state: Any, character: int) -> tuple[Any, float] | None:
        """State after a character (its number), and the logarithm of its weight; None for never."""

    def ending(self, state: Any) -> float | None:
        """Logarithm of the weight of a text that ends here; None where it may not."""


@dataclass(frozen=True)
class AutomatonLanguage:
    """The texts of a rule; marks, and blanks it does not know, stand where they like."""

    automaton: Automaton

    @property
    def start(self) -> int:
        """The automaton's."""
        return self.automaton.start

    def follow(self, state: int, character: int) -> tuple[int, float] | None:
        """One step; all that are allowed weigh the same."""
        automaton = self.automaton
        if character <= BLANK:
            first, last = automaton.first[state], automaton.first[state + 1]
            found = np.flatnonzero(automaton.symbol[first:last] == character)
            if len(found):
                return int(automaton.target[first + found[0]]), 0.0
        return (state, math.log(EPSILON)) if character >= BLANK else None

    def ending(self, state: int) -> float | None:
        """Whether the text is accepted."""
        return 0.0 if self.automaton.accepting[state] else None


@dataclass(frozen=True)
class Hypothesis:
    """A text that the columns may spell.

    Attributes
    ----------
    characters : tuple of int
        Numbers in `LINE_CHARACTERS`.
    columns : tuple of int
        In which column each is seen most clearly.
    weight : float
        Share among the texts found, 0 to 1.
    sound : float
        Logarithm of the probability that the columns alone give it.
    """

    characters: tuple[int, ...]
    columns: tuple[int, ...]
    weight: float
    sound: float

    @property
    def text(self) -> str:
        """As written, marks and blanks included."""
        return "".join(LINE_CHARACTERS[number] for number in self.characters)


class _Node:
    """A text that grows: its last character, and what the language says of it.

    `weight` is that of all its characters, `column` where the last is clearest.
    """

    __slots__ = ("before", "character", "children", "column", "peak", "state", "weight")

    def __init__(self, before: _Node | None, character: int, state: Any, weight: float) -> None:
        self.before = before
        self.character = character
        self.state = state
        self.weight = weight
        self.peak = 0.0
        self.column = 0
        self.children: dict[int, _Node | None] = {}

    def child(self, character: int, language: Language) -> _Node | None:
        """The text with one more character; None where there is none."""
        if character not in self.children:
            step = language.follow(self.state, character)
            self.children[character] = step and _Node(
                self, character, step[0], self.weight * math.exp(step[1])
            )
        return self.children[character]

    def see(self, column: int, share: float) -> None:
        """Remember the column in which most ways enter the last character, or stay in it."""
        if share > self.peak:
            self.peak, self.column = share, column


_Beam = dict[_Node, tuple[float, float]]
"""Texts, each with the probability of all ways that end in a gap, and in its last character."""


def best_texts(
    probabilities: np.ndarray, language: Language, ruled: bool = False
) -> list[Hypothesis]:
    """The likeliest texts of a line, from the best on.

    Parameters
    ----------
    probabilities : ndarray of float, shape (columns, characters + 1)
        The gap last.
    language : Language
    ruled : bool
        Keep more, and less likely, texts.

    Returns
    -------
    list of Hypothesis
        Empty where no text is possible.
    """
    width, least, far = (
        (RULED_WIDTH, LEAST_RULED, RULED_FAR) if ruled else (WIDTH, LEAST, FAR)
    )
    beam: _Beam = {_Node(None, -1, language.start, 1.0): (1.0, 0.0)}
    lost = 0.0
    for column in _telling(probabilities).tolist():
        row = probabilities[column]
        likely = np.flatnonzero(row[:GAP] >= least)
        pairs = list(zip(likely.tolist(), row[likely].tolist(), strict=True))
        beam = _grown(beam, column, pairs, float(row[GAP]), language, far)
        beam, change = _pruned(beam, width, far)
        lost += change
    return _finished(beam, lost, language)


def _telling(probabilities: np.ndarray) -> np.ndarray:
    """Columns that say something: of those that are gaps for sure, one of each run."""
    empty = probabilities[:, GAP] >= EMPTY
    return np.flatnonzero(~(empty & np.append(False, empty[:-1])))


def _grown(
    beam: _Beam,
    column: int,
    likely: list[tuple[int, float]],
    gap: float,
    language: Language,
    far: float,
) -> _Beam:
    """All texts after one more column, but for those far behind."""
    least = far * max(sum(pair) * node.weight for node, pair in beam.items())
    gaps: dict[_Node, float] = {}
    inks: dict[_Node, float] = {}
    for node, (in_gap, in_ink) in beam.items():
        both = in_gap + in_ink
        gaps[node] = both * gap
        for character, probability in likely:
            came = both
            if character == node.character:
                inks[node] = inks.get(node, 0.0) + in_ink * probability
                node.see(column, in_ink * probability)
                came = in_gap
            if came * probability * node.weight < least:
                continue
            child = node.child(character, language)
            if child is not None:
                inks[child] = inks.get(child, 0.0) + came * probability
                child.see(column, came * probability)
    return {node: (gaps.get(node, 0.0), inks.get(node, 0.0)) for node in {**gaps, **inks}}


def _pruned(beam: _Beam, width: int, far: float) -> tuple[_Beam, float]:
    """The weightiest texts, their probabilities scaled; and the logarithm of the scale."""
    ranked = sorted(
        ((sum(pair) * node.weight, number) for number, (node, pair) in enumerate(beam.items())),
        reverse=True,
    )
    least = far * ranked[0][0]
    nodes = list(beam)
    kept = [nodes[number] for weight, number in ranked[:width] if weight >= least]
    top = max(sum(beam[node]) for node in kept)
    return {n: (beam[n][0] / top, beam[n][1] / top) for n in kept}, math.log(top)


def _finished(
    beam: dict[_Node, tuple[float, float]], lost: float, language: Language
) -> list[Hypothesis]:
    found = []
    for node, pair in beam.items():
        ending = language.ending(node.state)
        if ending is not None and sum(pair) > 0:
            sound = math.log(sum(pair))
            weight = node.weight if node.before else NOTHING
            found.append((sound + math.log(weight) + ending, sound + lost, node))
    if not found:
        return []
    best = max(score for score, _, _ in found)
    total = sum(math.exp(score - best) for score, _, _ in found)
    made = [
        Hypothesis(*_spelled(node), math.exp(score - best) / total, sound)
        for score, sound, node in found
    ]
    return sorted(made, key=lambda one: -one.weight)


def _spelled(node: _Node) -> tuple[tuple[int, ...], tuple[int, ...]]:
    characters, columns = [], []
    walk: _Node | None = node
    while walk is not None and walk.character >= 0:
        characters.append(walk.character)
        columns.append(walk.column)
        walk = walk.before
    return tuple(reversed(characters)), tuple(reversed(columns))


assert LINE_CHARACTERS[: BLANK + 1] == SYMBOLS, "automata number their symbols so"
