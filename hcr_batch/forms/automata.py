"""Finite automata over the characters of a field: what a rule lets be written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import BLANK, SYMBOLS
from hcr_batch.arrays.groups import counted_out

__all__ = [
    "Automaton",
    "RuleError",
    "accepts",
    "automaton_of",
    "both",
    "of_length",
    "of_pattern",
    "of_steps",
    "of_words",
]

DEAD = -1
MAX_STATES = 20_000
"""A rule with more states would slow every field down."""
MAX_PATTERN = 500
"""Characters of a regular expression."""
PATTERN_SECONDS = 5
"""CPU seconds; a regular expression that takes longer to compile is refused: some grow without
end."""
BUSY = 12
"""On a busy machine, or where CPU time cannot be limited, so many times that are waited for."""
COMPILER = Path(__file__).with_name("compile_pattern.py")


class RuleError(ValueError):
    """A rule cannot be followed; the message says why, without its place."""


@dataclass(frozen=True)
class Machine:
    """An automaton as a table, for building.

    Attributes
    ----------
    table : ndarray of int32, shape (states, 63)
        The next state for each symbol; -1 for none.
    start : int
    accepting : ndarray of bool, shape (states,)
    """

    table: np.ndarray
    start: int
    accepting: np.ndarray


@dataclass(frozen=True)
class Automaton:
    """An automaton as a list of steps, for decoding.

    Attributes
    ----------
    first : ndarray of int64, shape (states + 1,)
        Steps `first[s]` to `first[s + 1]` leave state s.
    symbol, target : ndarray of int32, shape (steps,)
    start : int
    accepting : ndarray of bool, shape (states,)
    """

    first: np.ndarray
    symbol: np.ndarray
    target: np.ndarray
    start: int
    accepting: np.ndarray

    def leaving(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The steps that leave some states: of which of these, int (N,), and their numbers."""
        source, place = counted_out(self.first[states + 1] - self.first[states])
        return source, self.first[states][source] + place


def of_pattern(pattern: str) -> Machine:
    """The automaton of a regular expression over a whole text, by interegular.

    Raises
    ------
    RuleError
        It is malformed, uses what no automaton can do, or is too big.
    """
    if len(pattern) > MAX_PATTERN:
        raise RuleError(f"longer than {MAX_PATTERN} characters; simplify it")
    try:
        done = subprocess.run(
            [sys.executable, str(COMPILER)],
            input=json.dumps(
                {"pattern": pattern, "symbols": SYMBOLS, "seconds": PATTERN_SECONDS}
            ),
            capture_output=True,
            text=True,
            timeout=BUSY * PATTERN_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise RuleError("too big for an automaton; simplify its repetitions") from error
    result = json.loads(done.stdout)
    if isinstance(result, str):
        raise RuleError(f"not understood ({result}); see docs/templates.md on patterns")
    table, start, finals = result
    if len(table) > MAX_STATES:
        raise RuleError(f"needs {len(table)} states of {MAX_STATES}; simplify its repetitions")
    accepting = np.zeros(len(table), bool)
    accepting[finals] = True
    return _trimmed(Machine(np.array(table, np.int32), start, accepting))


def of_steps(
    start: tuple[int, ...],
    follow: Callable[[tuple[int, ...], str], tuple[int, ...] | None],
    is_accepting: Callable[[tuple[int, ...]], bool],
    alphabet: str = SYMBOLS,
) -> Machine:
    """The automaton that a function from state and symbol to next state describes.

    Parameters
    ----------
    follow : callable
        None where there is no next state.
    alphabet : str
        Symbols that are tried.

    Raises
    ------
    RuleError
        It has too many states.
    """
    numbers = {start: 0}
    rows: list[list[int]] = []
    for state in (states := [start]):
        row = [DEAD] * len(SYMBOLS)
        for symbol in alphabet:
            following = follow(state, symbol)
            if following is None:
                continue
            if following not in numbers:
                numbers[following] = len(states)
                states.append(following)
            row[SYMBOLS.index(symbol)] = numbers[following]
        rows.append(row)
        if len(rows) > MAX_STATES:
            raise RuleError(f"pattern and check together need over {MAX_STATES} states; simplify")
    accepting = np.array([is_accepting(state) for state in states], bool)
    return _trimmed(Machine(np.array(rows, np.int32), 0, accepting))


def of_length(count: int) -> Machine:
    """All texts of `count` characters, blanks counted."""

    def follow(state: tuple[int, ...], _: str) -> tuple[int, ...] | None:
        return (state[0] + 1,) if state[0] < count else None

    return of_steps((0,), follow, lambda state: state[0] == count)


def both(a: Machine, b: Machine) -> Machine:
    """Texts that both automata accept.

    Raises
    ------
    RuleError
        The product has too many states.
    """

    def follow(state: tuple[int, ...], symbol: str) -> tuple[int, ...] | None:
        column = SYMBOLS.index(symbol)
        following = int(a.table[state[0], column]), int(b.table[state[1], column])
        return None if DEAD in following else following

    return of_steps(
        (a.start, b.start),
        follow,
        lambda state: bool(a.accepting[state[0]] and b.accepting[state[1]]),
    )


def accepts(machine: Machine | Automaton, text: str) -> bool:
    """Whether an automaton accepts a text; one with other characters never."""
    state = machine.start
    for character in text:
        state = _next(machine, state, SYMBOLS.find(character))
        if state == DEAD:
            return False
    return bool(machine.accepting[state])


def _next(machine: Machine | Automaton, state: int, symbol: int) -> int:
    if symbol < 0:
        return DEAD
    if isinstance(machine, Machine):
        return int(machine.table[state, symbol])
    steps = slice(machine.first[state], machine.first[state + 1])
    found = np.flatnonzero(machine.symbol[steps] == symbol)
    return int(machine.target[steps][found[0]]) if len(found) else DEAD


def automaton_of(machine: Machine, allowed: np.ndarray) -> Automaton:
    """The steps of a table, those with `allowed` symbols (bool, 63) alone."""
    table = np.where(allowed, machine.table, DEAD)
    state, symbol = np.nonzero(table != DEAD)
    return _automaton(state, symbol, table[state, symbol], machine.start, machine.accepting)


def of_words(words: Sequence[str]) -> Automaton:
    """The trie of a list of words, built level by level on whole arrays.

    Parameters
    ----------
    words : sequence of str
        Over `SYMBOLS`, not empty.
    """
    codes = _codes(words)
    longest = codes.shape[1]
    nodes = np.zeros(len(words), np.int64)
    lengths = np.array([len(word) for word in words])
    sources, symbols, targets = [], [], []
    ends = [nodes[lengths == 0]]
    count = 1
    for level in range(longest):
        alive = np.flatnonzero(codes[:, level] != DEAD)
        keys, which = np.unique(
            nodes[alive] * len(SYMBOLS) + codes[alive, level], return_inverse=True
        )
        nodes[alive] = count + which
        sources.append(keys // len(SYMBOLS))
        symbols.append(keys % len(SYMBOLS))
        targets.append(count + np.arange(len(keys)))
        ends.append(nodes[lengths == level + 1])
        count += len(keys)
    accepting = np.zeros(count, bool)
    accepting[np.concatenate(ends)] = True
    source, symbol, target = map(np.concatenate, (sources, symbols, targets))
    return _automaton(source, symbol, target, 0, accepting)


def _codes(words: Sequence[str]) -> np.ndarray:
    """Numbers of the symbols of each word, -1 after its end; int64 (words, longest)."""
    padded = np.array(words)
    points = padded.view(np.uint32).reshape(len(words), -1)
    numbers = np.full(128, DEAD, np.int64)
    numbers[[ord(symbol) for symbol in SYMBOLS]] = np.arange(len(SYMBOLS))
    return numbers[points]


def with_outer_blanks(automaton: Automaton) -> Automaton:
    """The same texts with any number of blank cells before and after.

    No text of the automaton itself may begin or end with a blank.
    """
    count = len(automaton.accepting)
    lead, tail = count, count + 1
    source = np.repeat(np.arange(count), np.diff(automaton.first))
    opening = source == automaton.start
    accepting = np.flatnonzero(automaton.accepting)
    blank = np.full(len(accepting), BLANK)
    return _automaton(
        np.concatenate([source, np.full(opening.sum(), lead), [lead], accepting, [tail]]),
        np.concatenate([automaton.symbol, automaton.symbol[opening], [BLANK], blank, [BLANK]]),
        np.concatenate(
            [automaton.target, automaton.target[opening], [lead], np.full(len(blank), tail), [tail]]
        ),
        lead,
        np.append(automaton.accepting, [automaton.accepting[automaton.start], True]),
    )


def _automaton(
    source: np.ndarray, symbol: np.ndarray, target: np.ndarray, start: int, accepting: np.ndarray
) -> Automaton:
    order = np.argsort(source, kind="stable")
    first = np.searchsorted(source[order], np.arange(len(accepting) + 1))
    return Automaton(
        first, symbol[order].astype(np.int32), target[order].astype(np.int32), start, accepting
    )


def _trimmed(machine: Machine) -> Machine:
    """Without the steps into states from which no text ends well."""
    table = machine.table
    live = machine.accepting.copy()
    while True:
        grown = live | ((table != DEAD) & live[table]).any(axis=1)
        if (grown == live).all():
            break
        live = grown
    kept = np.where((table != DEAD) & live[table], table, DEAD)
    return Machine(kept, machine.start, machine.accepting)
