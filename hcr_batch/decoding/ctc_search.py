"""Texts of a line from the columns of the line reader, under what its field lets be written.

Prefix beam search (Graves 2012, Hannun et al. 2014): texts grow column by
column, each with the probability of all ways in which the columns may spell
it. What may follow, and how likely it is, a `Language` says: a soft letter
model, or the automaton of a rule.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    character; `next_gap` and `next_ink` those after the column at hand, `reached`. After the column
    `kept` it was in the beam.
    """

    __slots__ = (
        *("before", "character", "junction", "weight", "most", "children"),
        *("reached", "kept", "in_gap", "in_ink", "next_gap", "next_ink"),
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
        self.reached = self.kept = -1
        self.children: dict[int, _Node] | None = None


_Beam = list[_Node]
"""Texts that are still likely, the weightiest first."""


class _Column:
    """What a column shows, and the texts that it found.

    `likely` are characters with their probabilities, the greatest of which is `top`; `gap` is that
    of the gap. The `beam` is that before the column, with `in_gap` and `in_ink` of its texts;
    `least` is the weight from which a text is tried.
    """

    __slots__ = ("beam", "ends", "gap", "least", "likely", "number", "top")
    ends: list[tuple[float, float]]
    least: float

    def __init__(self, number: int, likely: Iterable[tuple[int, float]], gap: float) -> None:
        self.number, self.gap, self.likely = number, gap, dict(likely)
        self.top = max(self.likely.values(), default=0.0)
        self.beam: _Beam = []


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
        beam, change = _pruned(grown, column.number, width, far)
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
    likely = column.likely.items()
    kept = _stayed(column, width, far)
    least = column.least
    found = list(beam)
    for node in beam:
        in_gap, both = node.in_gap, node.in_gap + node.in_ink
        most = both * node.most
        if most * top < kept:
            continue
        weight, last, junction = node.weight, node.character, node.junction
        # Of the texts that are kept few grow: only these have room for more.
        steps = junction.steps = junction.steps or {}
        children = node.children = node.children or {}
        lowest = NEARLY * kept / most
        # No calls in this loop: it runs a hundred times a column.
        for character, probability in likely:
            if probability < lowest:
                continue
            share = (in_gap if character == last else both) * probability
            if share * weight < least:
                continue
            if character in steps:
                step = steps[character]
            else:
                step = steps[character] = junctions.step(junction, character)
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
    column.ends = [(node.in_gap, node.in_ink) for node in beam]
    column.least = least = far * max((node.in_gap + node.in_ink) * node.weight for node in beam)
    last = beam[0].kept
    weights = []
    for node in beam:
        character, both = node.character, node.in_gap + node.in_ink
        probability = likely.get(character, 0.0)
        stays = node.in_ink * probability
        node.next_gap = left = both * gap
        weights.append((left + stays) * node.weight)
        before = node.before
        if probability and before is not None and before.kept == last:
            start = before.in_gap
            if character != before.character:
                start += before.in_ink
            share = start * probability
            if share * before.weight >= least:
                stays += share
        node.reached, node.next_ink = number, stays
    behind = far * max(weights)
    return max(behind, min(weights)) if len(beam) == width else behind


def _pruned(found: _Beam, number: int, width: int, far: float) -> tuple[_Beam, float]:
    """The weightiest texts, their probabilities scaled; and the logarithm of the scale."""
    weights = [(node.next_gap + node.next_ink) * node.weight for node in found]
    # Of equal ones the later first.
    later_first = range(len(found) - 1, -1, -1)
    ranked = sorted(later_first, key=weights.__getitem__, reverse=True)[:width]
    least = far * weights[ranked[0]]
    kept = [found[number] for number in ranked if weights[number] >= least]
    top = max(node.next_gap + node.next_ink for node in kept)
    for node in kept:
        node.in_gap, node.in_ink, node.kept = node.next_gap / top, node.next_ink / top, number
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
    clearest = _clearest([node for _, _, node in found], columns)
    made = [
        Hypothesis(*_spelled(node, clearest), math.exp(score - best) / total, sound)
        for score, sound, node in found
    ]
    return sorted(made, key=lambda one: -one.weight)


def _spelled(
    node: _Node, clearest: Mapping[_Node, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    walk = _beginnings(node)
    return tuple(one.character for one in walk), tuple(clearest[one] for one in walk)


def _beginnings(node: _Node) -> list[_Node]:
    """The beginnings of a text, from its first character to the whole."""
    found = []
    while node.before is not None:
        found.append(node)
        node = node.before
    return found[::-1]


def _clearest(texts: Sequence[_Node], columns: Sequence[_Column]) -> dict[_Node, int]:
    """Where the last character of some texts and of their beginnings is clearest.

    That is the column in which the ways that end in it are likeliest.
    """
    ending: defaultdict[_Node | None, list[_Node]] = defaultdict(list)
    parts = {part for text in texts for part in _beginnings(text)}
    for part in parts:
        ending[part].append(part)
        ending[part.before].append(part)
    peak = dict.fromkeys(parts, (0.0, -1))
    for column in columns:
        likely = column.likely
        for node, (in_gap, in_ink) in zip(column.beam, column.ends, strict=True):
            for part in ending.get(node, ()):
                character = part.character
                if character not in likely:
                    continue
                start = in_gap if character == node.character else in_gap + in_ink
                share = (in_ink if part is node else start) * likely[character]
                if share > peak[part][0] and (
                    part is node or share * node.weight >= column.least
                ):
                    peak[part] = share, column.number
    return {part: number for part, (_, number) in peak.items()}
