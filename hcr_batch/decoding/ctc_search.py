"""Texts of a line from the columns of the line reader, under what its field lets be written.

Prefix beam search (Graves 2012, Hannun et al. 2014): texts grow column by
column, each with the probability of all ways in which the columns may spell
it. What may follow, and how likely it is, a `Language` says: a soft letter
model, or the automaton of a rule.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

import numpy as np

from hcr_batch.alphabet import BLANK, GAP, LINE_CHARACTERS, SYMBOLS
from hcr_batch.forms.automata import Automaton

__all__ = ["AutomatonLanguage", "Hypothesis", "Language", "best_texts", "likeliest_answer"]

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
UNSEEN = (0.0, -1)
"""Peak and column of a character that no column has shown."""
EPSILON = 0.3
"""Weight of a mark or blank that a rule passes over: the writer puts them as he likes."""


class Language(Protocol):
    """What texts there are, told character by character."""

    @property
    def start(self) -> Hashable:
        """State before the first character."""

    def follow(self, state: Any, character: int) -> tuple[Any, float] | None:
        """State after a character (its number), and the logarithm of its weight; None for never."""

    def most(self, state: Any) -> float:
        """A weight, and no logarithm of one, that no character after a state exceeds."""

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

    def most(self, state: int) -> float:
        """That of an allowed character."""
        return 1.0

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

    @property
    def answer(self) -> tuple[int, ...]:
        """The characters without marks and blanks."""
        return tuple(number for number in self.characters if number < BLANK)


def likeliest_answer(found: Sequence[Hypothesis]) -> Hypothesis:
    """The best of the texts with one answer, with the weight of all that have it.

    Texts that differ in their marks and blanks alone share out among them what is one answer's.
    """
    weights: defaultdict[tuple[int, ...], float] = defaultdict(float)
    for one in found:
        weights[one.answer] += one.weight
    best = max(found, key=lambda one: (weights[one.answer], one.weight))
    return replace(best, weight=weights[best.answer])


class _Node:
    """A text that grows: its last character, and what the language says of it.

    `weight` is that of all its characters, and none of its `children` has more than `most`.
    `column` is where the last character is clearest, by `peak`; `early` has both for characters
    that have not become children yet. `in_gap` and `in_ink` are the probabilities of all ways that
    end in a gap, and in the last character; `next_gap` and `next_ink` those after the column at
    hand, `reached`.
    """

    __slots__ = (
        "before",
        "character",
        "children",
        "column",
        "early",
        "in_gap",
        "in_ink",
        "most",
        "next_gap",
        "next_ink",
        "peak",
        "reached",
        "state",
        "weight",
    )

    def __init__(
        self, before: _Node | None, character: int, state: Any, weight: float, most: float
    ) -> None:
        self.before = before
        self.character = character
        self.state = state
        self.weight = weight
        self.most = weight * most
        self.in_gap = self.in_ink = self.next_gap = self.next_ink = 0.0
        self.reached = -1
        self.peak, self.column = before.early.pop(character, UNSEEN) if before else UNSEEN
        self.children: dict[int, _Node | None] = {}
        self.early: dict[int, tuple[float, int]] = {}

    def grow(self, character: int, language: Language) -> None:
        """Make the text with one more character, or note that there is none."""
        step = language.follow(self.state, character)
        if step is None:
            self.children[character] = None
            return
        state, gain = step
        weight = self.weight * math.exp(gain)
        self.children[character] = _Node(self, character, state, weight, language.most(state))


_Beam = list[_Node]
"""Texts that are still likely, the weightiest first."""


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
    width, least, far = (RULED_WIDTH, LEAST_RULED, RULED_FAR) if ruled else (WIDTH, LEAST, FAR)
    nothing = _Node(None, -1, language.start, 1.0, language.most(language.start))
    nothing.in_gap = 1.0
    beam, lost = [nothing], 0.0
    columns = _telling(probabilities)
    told = zip(columns.tolist(), _likely(probabilities[columns], least), strict=True)
    for column, (likely, gap) in told:
        grown = _grown(beam, column, likely, gap, language, width, far)
        beam, change = _pruned(grown, width, far)
        lost += change
    return _finished(beam, lost, language)


_Likely = list[tuple[int, float]]
"""Characters that a column may show, with their probabilities."""


def _likely(rows: np.ndarray, least: float) -> Iterator[tuple[_Likely, float]]:
    """Of each column (a row here) the characters that are so likely at least, and its gap."""
    numbers, characters = np.nonzero(rows[:, :GAP] >= least)
    pairs = zip(characters.tolist(), rows[numbers, characters].tolist(), strict=True)
    counts = np.bincount(numbers, minlength=len(rows)).tolist()
    gaps = rows[:, GAP].tolist()
    return ((list(islice(pairs, count)), gap) for count, gap in zip(counts, gaps, strict=True))


def _telling(probabilities: np.ndarray) -> np.ndarray:
    """Columns that say something: of those that are gaps for sure, one of each run."""
    empty = probabilities[:, GAP] >= EMPTY
    return np.flatnonzero(~(empty & np.append(False, empty[:-1])))


def _grown(
    beam: _Beam,
    column: int,
    likely: _Likely,
    gap: float,
    language: Language,
    width: int,
    far: float,
) -> _Beam:
    """All texts after one more column, but for those that will not be kept."""
    least = far * max((node.in_gap + node.in_ink) * node.weight for node in beam)
    kept = _stayed(beam, column, dict(likely), gap, width, far)
    found = list(beam)
    for node in beam:
        in_gap, both = node.in_gap, node.in_gap + node.in_ink
        weight, most, last = node.weight, node.most, node.character
        children, early = node.children, node.early
        # All in one loop, and no calls in it: it runs a hundred times a column.
        for character, probability in likely:
            share = (in_gap if character == last else both) * probability
            if share * weight < least:
                continue
            if character not in children:
                if share * most < kept:
                    if share > early.get(character, UNSEEN)[0]:
                        early[character] = share, column
                    continue
                node.grow(character, language)
            child = children[character]
            if child is None:
                continue
            if child.reached == column:
                child.next_ink += share
            elif share * child.weight >= kept:
                child.reached, child.next_gap, child.next_ink = column, 0.0, share
                found.append(child)
            if share > child.peak:
                child.peak, child.column = share, column
    return found


def _stayed(
    beam: _Beam, column: int, likely: dict[int, float], gap: float, width: int, far: float
) -> float:
    """Have all texts stay as they are for a column.

    Returns a weight that those which will be kept after it have at least.
    """
    weights = []
    for node in beam:
        stays = node.in_ink * likely.get(node.character, 0.0)
        node.reached, node.next_ink = column, stays
        node.next_gap = (node.in_gap + node.in_ink) * gap
        if stays > node.peak:
            node.peak, node.column = stays, column
        weights.append((node.next_gap + stays) * node.weight)
    behind = far * max(weights)
    return max(behind, min(weights)) if len(beam) == width else behind


def _pruned(found: _Beam, width: int, far: float) -> tuple[_Beam, float]:
    """The weightiest texts, their probabilities scaled; and the logarithm of the scale."""
    weights = [(node.next_gap + node.next_ink) * node.weight for node in found]
    # Of equal ones the later first.
    later_first = range(len(found) - 1, -1, -1)
    ranked = sorted(later_first, key=weights.__getitem__, reverse=True)[:width]
    least = far * weights[ranked[0]]
    kept = [found[number] for number in ranked if weights[number] >= least]
    top = max(node.next_gap + node.next_ink for node in kept)
    for node in kept:
        node.in_gap, node.in_ink = node.next_gap / top, node.next_ink / top
    return kept, math.log(top)


def _finished(beam: _Beam, lost: float, language: Language) -> list[Hypothesis]:
    found = []
    for node in beam:
        share, ending = node.in_gap + node.in_ink, language.ending(node.state)
        if ending is not None and share > 0:
            sound = math.log(share)
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
