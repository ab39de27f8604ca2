"""Decoding under a rule: the most probable text that keeps it, and how probable that is."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hcr_batch.alphabet import BAR, BLANK, CHARACTERS, REPORTED_AS, SYMBOLS
from hcr_batch.forms.automata import Automaton
from hcr_batch.forms.rules import Rule

__all__ = [
    "FOREIGN",
    "CellChances",
    "Decoded",
    "cell_chances",
    "charset_weights",
    "decode",
    "restricted",
]

FOREIGN = -1
"""Stands for ink that is no character of the field."""
OTHER_CASE = 0.1
"""How likely a writer is to use the case that the charset has not, where the shapes differ."""
BREAKS_RULE = 0.002
"""Weight of a text that breaks the rule beside one that keeps it: writers err."""
SLIP = 0.002
"""Share of characters that are something else altogether, whatever the network says."""
MOSTLY_FOREIGN = 0.5
DIRT = 0.3
"""From the first probability of foreign ink, the share in which it is no answer at all: the
cell is blank."""
BEAM = 4000
"""States kept at each cell."""
MAX_TEXTS = 2000
"""Texts tried, in the order of their probability, where a rule is no automaton."""


@dataclass(frozen=True)
class CellChances:
    """What may stand in the cells of a field.

    Attributes
    ----------
    symbols : ndarray of float64, shape (cells, 63)
        Probability of each character of the charset and of a blank. Both
        cases of letters that look alike have the probability of the shape.
    foreign : ndarray of float64, shape (cells,)
        Probability of ink that is none of them.
    """

    symbols: np.ndarray
    foreign: np.ndarray


@dataclass(frozen=True)
class Decoded:
    """A field's text under its rule.

    Attributes
    ----------
    symbols : tuple of int
        One a cell: its number in `SYMBOLS`, or `FOREIGN`.
    posterior : ndarray of float64, shape (cells, 63)
        Probability of each symbol in each cell, given the rule.
    joint : float
        Probability that the whole text is right, given the rule.
    breaks : bool
        The most probable text of all broke the rule.
    corrected : tuple of int
        The cells, from 0, in which `symbols` differ from it to keep the rule;
        empty where nothing that keeps the rule came near.
    """

    symbols: tuple[int, ...]
    posterior: np.ndarray
    joint: float
    breaks: bool = False
    corrected: tuple[int, ...] = ()


def restricted(rows: np.ndarray, charset: str) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of glyphs, given that they are characters of a charset or foreign ink.

    A shape that is the other case of a character counts for it: in full where
    both look alike, little where they do not.

    Parameters
    ----------
    rows : ndarray of float, shape (N, 62)
        Calibrated; what is missing to 1 is foreign ink.
    charset : str

    Returns
    -------
    characters : ndarray of float64, shape (N, 62)
        Of letters that look alike the capital stands for both, if it is in
        the charset.
    foreign : ndarray of float64, shape (N,)
    """
    kept, _ = _sources(charset)
    chances = rows.astype(np.float64)
    outside = np.clip(1 - chances.sum(axis=1), 0, 1)
    allowed = chances @ charset_weights(charset)
    # Foreign ink keeps its odds against the shapes as the network saw them.
    seen, counted = (chances @ kept).sum(axis=1), allowed.sum(axis=1)
    outside = outside * np.where(seen > 0, counted / np.maximum(seen, 1e-12), 1.0)
    total = np.maximum(counted + outside, 1e-12)
    return allowed / total[:, None], outside / total


def charset_weights(charset: str) -> np.ndarray:
    """How much each of the 62 classes (rows) counts for each character (columns) of a charset."""
    kept, weight = _sources(charset)
    return kept * weight


@lru_cache(maxsize=64)
def _sources(charset: str) -> tuple[np.ndarray, np.ndarray]:
    """Which of the 62 classes (rows) count for which character (columns), and how much."""
    kept = np.zeros((len(CHARACTERS), len(CHARACTERS)))
    weight = np.ones_like(kept)
    for source, character in enumerate(CHARACTERS):
        other = character.swapcase()
        capital = REPORTED_AS.get(character, character)
        if character == BAR and BAR not in charset:
            continue  # where small letters cannot be, it does not say whether a bar is 1 or I
        if capital in charset:
            kept[source, CHARACTERS.index(capital)] = 1
        elif character in charset:
            kept[source, source] = 1
        elif other in charset:
            target = CHARACTERS.index(other)
            kept[source, target] = 1
            alike = REPORTED_AS.get(character.lower()) == character.upper()
            weight[source, target] = 1 if alike else OTHER_CASE
    return kept, weight


def cell_chances(
    rows: np.ndarray, charset: str, inked: np.ndarray, blank: float
) -> CellChances:
    """Chances of the cells of a field.

    Parameters
    ----------
    rows : ndarray of float, shape (inked cells, 62)
    charset : str
    inked : ndarray of bool, shape (cells,)
    blank : float
        Probability that a cell without ink is blank.
    """
    characters, outside = restricted(rows, charset)
    symbols = np.zeros((len(inked), len(SYMBOLS)))
    foreign = np.full(len(inked), 1 - blank)
    symbols[~inked, BLANK] = blank
    for small, capital in REPORTED_AS.items():
        if capital in charset and small in charset:
            shape = characters[:, CHARACTERS.index(capital)] * _share_of(small, rows)
            characters[:, CHARACTERS.index(small)] = shape
    symbols[inked, :BLANK] = characters
    dirt = np.where(outside >= MOSTLY_FOREIGN, DIRT * outside, 0.0)
    symbols[inked, BLANK] = dirt
    foreign[inked] = outside - dirt
    return CellChances(symbols, foreign)


def _share_of(small: str, rows: np.ndarray) -> np.ndarray:
    """Of what is reported as a capital, the share (N,) that this small letter can be, 0 to 1.

    A dotted i is no l, though both are reported as I.
    """
    rivals = [one for one, capital in REPORTED_AS.items() if capital == REPORTED_AS[small]]
    others = [CHARACTERS.index(one) for one in rivals if one != small]
    alike = [CHARACTERS.index(one) for one in (small, REPORTED_AS[small])]
    share = rows[:, alike].sum(axis=1)
    return share / np.maximum(share + rows[:, others].sum(axis=1), 1e-12)


def decode(chances: CellChances, rule: Rule) -> Decoded:
    """The most probable text of a field under its rule.

    Bayes' theorem with two kinds of writers: those who keep the rule, whose
    texts are all equally likely, and few who break it. The sums over all
    texts that keep it run over the automaton (forward-backward algorithm,
    Rabiner 1989), the best one is found by Viterbi's.

    Parameters
    ----------
    chances : CellChances
    rule : Rule
        Binding.

    Returns
    -------
    Decoded
        The text that was most probable in the first place, where nothing
        that keeps the rule comes near.
    """
    plain = _likeliest(chances)
    scale = np.maximum(chances.symbols.max(axis=1), chances.foreign)
    scale = np.maximum(scale, 1e-12)
    # Relative to the most probable text of all, whose weight is 1.
    weights = _with_slips(chances.symbols, rule.charset) / scale[:, None]
    total = float(np.exp(-np.log(scale).sum()))
    texts = _sums(weights, rule)
    keeps = FOREIGN not in plain and rule.allows(_text(plain))
    if texts.best is not None and _shapes(texts.best) == _shapes(plain):
        plain, keeps = texts.best, True
    corrected = not keeps and texts.best is not None and texts.best_weight > BREAKS_RULE
    chosen = texts.best if corrected and texts.best is not None else plain
    everything = max(texts.total + BREAKS_RULE * total, 1e-300)
    posterior = (texts.cells + BREAKS_RULE * total * chances.symbols) / everything
    weight = texts.best_weight if corrected else 1.0
    joint = weight * (BREAKS_RULE + (keeps or corrected)) / everything
    changed = tuple(n for n, pair in enumerate(zip(chosen, plain, strict=True)) if len({*pair}) > 1)
    return Decoded(chosen, np.minimum(posterior, 1), min(joint, 1.0), not keeps, changed)


@dataclass(frozen=True)
class _Sums:
    """Sums over the texts that keep a rule: of all, by cell and symbol; and the best text."""

    total: float
    cells: np.ndarray
    best: tuple[int, ...] | None
    best_weight: float


@dataclass(frozen=True)
class _Step:
    """The steps of an automaton across one cell, between numbered states before and after."""

    source: np.ndarray
    symbol: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    after: int


def _likeliest(chances: CellChances) -> tuple[int, ...]:
    best = chances.symbols.argmax(axis=1)
    most = chances.symbols.max(axis=1)
    return tuple(np.where(chances.foreign > most, FOREIGN, best).tolist())


def _with_slips(symbols: np.ndarray, charset: str) -> np.ndarray:
    """Chances in which no character of an inked cell is impossible."""
    allowed = np.array([symbol in charset for symbol in SYMBOLS])
    inked = symbols[:, allowed].sum(axis=1) > 0
    result = symbols.copy()
    result[np.ix_(inked, allowed)] *= 1 - SLIP
    result[np.ix_(inked, allowed)] += SLIP / allowed.sum()
    return result


def _shapes(symbols: tuple[int, ...]) -> tuple[int, ...]:
    """The symbols, of letters that look alike the capital."""
    reported = [SYMBOLS.index(REPORTED_AS.get(symbol, symbol)) for symbol in SYMBOLS]
    return tuple(symbol if symbol == FOREIGN else reported[symbol] for symbol in symbols)


def _text(symbols: tuple[int, ...]) -> str:
    return "".join(SYMBOLS[symbol] for symbol in symbols).strip(" ")


def _sums(weights: np.ndarray, rule: Rule) -> _Sums:
    assert rule.automaton is not None, "a rule that does not bind"
    steps, ends = _steps(weights, rule.automaton)
    if not ends.any():
        return _Sums(0.0, np.zeros_like(weights), None, 0.0)
    if rule.valid is not None:
        return _listed(steps, ends, weights, rule)
    before, after = _forward(steps), _backward(steps, ends, np.add)
    cells = np.zeros_like(weights)
    for place, step in enumerate(steps):
        flow = before[place][step.source] * step.weight * after[place + 1][step.target]
        cells[place] = np.bincount(step.symbol, flow, minlength=len(SYMBOLS))
    best, weight = next(_by_weight(steps, ends), (None, 0.0))
    return _Sums(float(after[0][0]), cells, best, weight)


def _listed(steps: list[_Step], ends: np.ndarray, weights: np.ndarray, rule: Rule) -> _Sums:
    """The sums over the likeliest texts that pass a test; there is no automaton of it."""
    total, cells, best, most = 0.0, np.zeros_like(weights), None, 0.0
    # What weighs less than a text that breaks the rule is not worth finding.
    for number, (symbols, weight) in enumerate(_by_weight(steps, ends)):
        if number >= MAX_TEXTS or weight < BREAKS_RULE * max(most, 1.0):
            break
        if rule.allows(_text(symbols)):
            if best is None:
                best, most = symbols, weight
            total += weight
            cells[np.arange(len(symbols)), symbols] += weight
    return _Sums(total, cells, best, most)


def _steps(weights: np.ndarray, automaton: Automaton) -> tuple[list[_Step], np.ndarray]:
    """Unroll an automaton over the cells, the likeliest states at each; and where it may end."""
    states, likely = np.array([automaton.start]), np.ones(1)
    steps = []
    for row in weights:
        source, leaving = automaton.leaving(states)
        weight = row[automaton.symbol[leaving]]
        possible = weight > 0
        source, leaving, weight = source[possible], leaving[possible], weight[possible]
        states, target = np.unique(automaton.target[leaving], return_inverse=True)
        reached = np.zeros(len(states))
        np.maximum.at(reached, target, likely[source] * weight)
        if len(states) > BEAM:
            kept = np.sort(np.argpartition(-reached, BEAM)[:BEAM])
            number = np.full(len(states), -1)
            number[kept] = np.arange(BEAM)
            inside = number[target] >= 0
            source, leaving, weight = source[inside], leaving[inside], weight[inside]
            states, reached, target = states[kept], reached[kept], number[target[inside]]
        steps.append(_Step(source, automaton.symbol[leaving], target, weight, len(states)))
        likely = reached
    return steps, automaton.accepting[states]


def _forward(steps: list[_Step]) -> list[np.ndarray]:
    flows: list[np.ndarray] = [np.ones(1)]
    for step in steps:
        flows.append(np.bincount(step.target, flows[-1][step.source] * step.weight, step.after))
    return flows


def _backward(steps: list[_Step], ends: np.ndarray, gather: np.ufunc) -> list[np.ndarray]:
    """What follows each state: the sum over its continuations, or with np.maximum the best."""
    flows = [ends.astype(np.float64)]
    before = [1, *(step.after for step in steps)]
    for step, count in zip(reversed(steps), reversed(before[:-1]), strict=True):
        flow = np.zeros(count)
        gather.at(flow, step.source, step.weight * flows[-1][step.target])
        flows.append(flow)
    return flows[::-1]


def _by_weight(
    steps: list[_Step], ends: np.ndarray
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Texts from the likeliest on, with their weights: a best-first search that looks ahead."""
    ahead = _backward(steps, ends, np.maximum)
    order = [np.argsort(step.source, kind="stable") for step in steps]
    first = [
        np.searchsorted(step.source[by], np.arange(count + 1))
        for step, by, count in zip(steps, order, [1, *(s.after for s in steps)], strict=False)
    ]
    start: tuple[int, ...] = ()
    queue = [(-float(ahead[0][0]), start, 1.0, 0)]
    while queue:
        promise, symbols, weight, state = heapq.heappop(queue)
        place = len(symbols)
        if not promise:
            return
        if place == len(steps):
            yield symbols, weight
            continue
        step = steps[place]
        for edge in order[place][first[place][state] : first[place][state + 1]]:
            target = int(step.target[edge])
            grown = weight * float(step.weight[edge])
            promised = grown * float(ahead[place + 1][target])
            if promised:
                heapq.heappush(
                    queue, (-promised, (*symbols, int(step.symbol[edge])), grown, target)
                )
