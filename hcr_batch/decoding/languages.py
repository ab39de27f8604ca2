"""What texts there are, told character by character, and where a text leaves such a language."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hcr_batch.alphabet import BLANK, LINE_CHARACTERS, SYMBOLS
from hcr_batch.forms.automata import Automaton

__all__ = ["AutomatonLanguage", "BothLanguages", "Junction", "Junctions", "Language"]

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
class BothLanguages:
    """The texts that two languages share, their weights multiplied."""

    one: Language
    other: Language

    @property
    def start(self) -> tuple[Hashable, Hashable]:
        """Of both."""
        return self.one.start, self.other.start

    def follow(self, state: Any, character: int) -> tuple[Any, float] | None:
        """A step in both."""
        first = self.one.follow(state[0], character)
        second = first and self.other.follow(state[1], character)
        if first is None or second is None:
            return None
        return (first[0], second[0]), first[1] + second[1]

    def most(self, state: Any) -> float:
        """What neither exceeds."""
        return self.one.most(state[0]) * self.other.most(state[1])

    def ending(self, state: Any) -> float | None:
        """Where both may end."""
        first, second = self.one.ending(state[0]), self.other.ending(state[1])
        return None if first is None or second is None else first + second


class Junction:
    """A state of the language, and what follows it, as far as that was asked for.

    Many texts come to one state: what the language says of it is asked for once.
    """

    __slots__ = ("most", "state", "steps")

    def __init__(self, state: Any, most: float) -> None:
        self.state, self.most = state, most
        self.steps: dict[int, tuple[Junction, float] | None] | None = None


class Junctions:
    """The junctions of a language, made as they are come to."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._known: dict[Hashable, Junction] = {}

    def at(self, state: Hashable) -> Junction:
        """The junction of a state."""
        junction = self._known.get(state)
        if junction is None:
            junction = self._known[state] = Junction(state, self._language.most(state))
        return junction

    def step(self, junction: Junction, character: int) -> tuple[Junction, float] | None:
        """Where a character leads, and its weight; None for never."""
        found = self._language.follow(junction.state, character)
        return found and (self.at(found[0]), math.exp(found[1]))


assert LINE_CHARACTERS[: BLANK + 1] == SYMBOLS, "automata number their symbols so"
