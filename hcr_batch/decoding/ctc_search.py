"""Texts of a line from the columns of the line reader, under what its field lets be written.

Prefix beam search (Graves 2012, Hannun et al. 2014): texts grow column by
column, each with the probability of all ways in which the columns may spell
it. What may follow, and how likely it is, a `Language` says: a soft letter
model, or the automaton of a rule.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from hcr_batch.alphabet import BLANK, GAP, LINE_CHARACTERS
from hcr_batch.decoding.languages import Junction, Junctions, Language

__all__ = ["Hypothesis", "best_texts", "likeliest_answer", "telling_columns"]

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
NEARLY = 1 - 1e-9
"""Of a bound on a probability: what rounding could put below it is looked at too."""


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
    """A text that grows: its last character, and where that leaves the language.

    `weight` is that of all its characters, and none of its `children` has more than `most`.
    `in_gap` and `in_ink` are the probabilities of all ways that end in a gap, and in the last
    character; `next_gap` and `next_ink` those after the column at hand, `reached`. `column` is
    where the last character is clearest, by `peak`, once the search has ended.
    """

    __slots__ = (
        *("before", "character", "junction", "weight", "most", "children"),
        *("reached", "in_gap", "in_ink", "next_gap", "next_ink", "peak", "column"),
    )
    in_gap: float
    in_ink: float
    next_gap: float
    next_ink: float

    def __init__(
        self, before: _Node | None, character: int, junction: Junction, weight: float
    ) -> None:
        self.before = before
        self.character = character
        self.junction = junction
        self.weight = weight
        self.most = weight * junction.most
        self.reached = self.column = -1
        self.peak = 0.0
        self.children: dict[int, _Node] | None = None  # most texts are not kept, and have none


_Beam = list[_Node]
"""Texts that are still likely, the weightiest first."""


class _Column:
    """What a column shows, and the texts that it found.

    `likely` are characters with their probabilities, the greatest of which is `top`; `gap` is that
    of the gap. The `beam` is that before the column, with `in_gap` and `in_ink` of its texts;
    `least` is the weight from which a text is tried.
    """

    __slots__ = ("_chosen", "_sorted", "beam", "ends", "gap", "least", "likely", "number", "top")

    def __init__(self, number: int, likely: Iterable[tuple[int, float]], gap: float) -> None:
        self.number, self.gap, self.likely = number, gap, dict(likely)
        self._sorted = sorted(self.likely.values())
        self.top = max(self._sorted, default=0.0)
        self._chosen: dict[int, list[tuple[int, float]]] = {len(self._sorted): []}
        self.beam: _Beam = []
        self.ends: list[tuple[float, float]] = []
        self.least = 0.0

    def with_least(self, probability: float) -> list[tuple[int, float]]:
        """Those of the characters that are so likely, with their probabilities."""
        first = bisect_left(self._sorted, probability)
        chosen = self._chosen.get(first)
        if chosen is None:
            least = self._sorted[first]
            chosen = [pair for pair in self.likely.items() if pair[1] >= least]
            self._chosen[first] = chosen
        return chosen


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
    junctions = Junctions(language)
    nothing = _Node(None, -1, junctions.at(language.start), 1.0)
    nothing.in_gap, nothing.in_ink = 1.0, 0.0
    beam, lost = [nothing], 0.0
    columns = list(_columns(probabilities, least))
    for column in columns:
        column.beam = beam
        grown = _grown(column, junctions, width, far)
        beam, change = _pruned(grown, width, far)
        lost += change
    return _finished(beam, lost, language, columns)


def _columns(probabilities: np.ndarray, least: float) -> Iterator[_Column]:
    """The columns that say something, with the characters that are so likely at least."""
    telling = telling_columns(probabilities)
    rows = probabilities[telling]
    numbers, characters = np.nonzero(rows[:, :GAP] >= least)
    pairs = zip(characters.tolist(), rows[numbers, characters].tolist(), strict=True)
    counts = np.bincount(numbers, minlength=len(rows)).tolist()
    for number, count, gap in zip(telling.tolist(), counts, rows[:, GAP].tolist(), strict=True):
        yield _Column(number, islice(pairs, count), gap)


def telling_columns(probabilities: np.ndarray) -> np.ndarray:
    """The columns that say something: of those that are gaps for sure, one of each run."""
    empty = probabilities[:, GAP] >= EMPTY
    return np.flatnonzero(~(empty & np.append(False, empty[:-1])))


def _grown(column: _Column, junctions: Junctions, width: int, far: float) -> _Beam:
    """All texts after one more column, but for those that will not be kept."""
    beam, number, top = column.beam, column.number, column.top
    kept = _stayed(column, width, far)
    least = column.least
    found = list(beam)
    for node in beam:
        in_gap, both = node.in_gap, node.in_gap + node.in_ink
        most = both * node.most
        if most * top < kept:
            continue
        weight, last, steps = node.weight, node.character, node.junction.steps
        children = node.children = node.children or {}
        # No calls in this loop: it runs ten times a column.
        for character, probability in column.with_least(NEARLY * kept / most):
            share = (in_gap if character == last else both) * probability
            if share * weight < least:
                continue
            if character not in steps:
                junctions.step(node.junction, character)
            step = steps[character]
            if step is None or share * (weight * step[1]) < kept:
                continue
            child = children.get(character)
            if child is None:
                child = children[character] = _Node(node, character, step[0], weight * step[1])
            if child.reached != number:
                child.reached, child.next_gap, child.next_ink = number, 0.0, share
                found.append(child)
    return found


def _stayed(column: _Column, width: int, far: float) -> float:
    """Have all texts stay as they are for a column, or grow into each other.

    Returns a weight that those which will be kept after it have at least.
    """
    beam, likely, gap, number = column.beam, column.likely, column.gap, column.number
    column.ends = ends = [(node.in_gap, node.in_ink) for node in beam]
    weights, most = [], 0.0
    for node, (in_gap, in_ink) in zip(beam, ends, strict=True):
        stays, weight = in_ink * likely.get(node.character, 0.0), node.weight
        both = in_gap + in_ink
        if both * weight > most:
            most = both * weight
        node.reached, node.next_ink = number, stays
        node.next_gap = left = both * gap
        weights.append((left + stays) * weight)
    column.least = least = far * most
    for node in beam:
        before, character = node.before, node.character
        if before is not None and before.reached == number and character in likely:
            start = before.in_gap
            if character != before.character:
                start = before.in_gap + before.in_ink
            share = start * likely[character]
            if share * before.weight >= least:
                node.next_ink += share
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


def _finished(
    beam: _Beam, lost: float, language: Language, columns: Sequence[_Column]
) -> list[Hypothesis]:
    found = []
    for node in beam:
        share, ending = node.in_gap + node.in_ink, language.ending(node.junction.state)
        if ending is not None and share > 0:
            sound = math.log(share)
            weight = node.weight if node.before else NOTHING
            found.append((sound + math.log(weight) + ending, sound + lost, node))
    if not found:
        return []
    best = max(score for score, _, _ in found)
    total = sum(math.exp(score - best) for score, _, _ in found)
    _find_columns([node for _, _, node in found], columns)
    made = [
        Hypothesis(*_spelled(node), math.exp(score - best) / total, sound)
        for score, sound, node in found
    ]
    return sorted(made, key=lambda one: -one.weight)


def _spelled(node: _Node) -> tuple[tuple[int, ...], tuple[int, ...]]:
    walk = _beginnings(node)
    return tuple(one.character for one in walk), tuple(one.column for one in walk)


def _beginnings(node: _Node) -> list[_Node]:
    """The beginnings of a text, from its first character to the whole."""
    found = []
    while node.before is not None:
        found.append(node)
        node = node.before
    return found[::-1]


def _find_columns(texts: Sequence[_Node], columns: Sequence[_Column]) -> None:
    """Find where each character of some texts is clearest: by the ways that end in it there."""
    ending: defaultdict[_Node | None, list[_Node]] = defaultdict(list)
    for part in {part for text in texts for part in _beginnings(text)}:
        ending[part].append(part)
        ending[part.before].append(part)
    for column in columns:
        for node, (in_gap, in_ink) in zip(column.beam, column.ends, strict=True):
            for part in ending.get(node, ()):
                character = part.character
                if character not in column.likely:
                    continue
                start = in_gap if character == node.character else in_gap + in_ink
                share = (in_ink if part is node else start) * column.likely[character]
                if share > part.peak and (part is node or share * node.weight >= column.least):
                    part.peak, part.column = share, column.number
