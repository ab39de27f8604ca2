"""A soft model of texts: known words, letters as they follow each other, digits among digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hcr_batch.alphabet import LINE_CHARACTERS, MARKS
from hcr_batch.decoding.known_words import KnownWords, known_words

__all__ = ["EDGE", "LETTERS_FILE", "State", "TextModel", "text_model"]

LETTERS_FILE = Path(__file__).with_name("letters.npz")
"""How probable a letter is after the three before it, in words and names of twelve languages."""
EDGE = 26
"""Stands for the beginning or end of a word among the letters."""
KINDS = ("digit", "capital", "small letter", "mark", "blank", "start", "further capital")
CAPITAL, START, FURTHER = 1, 5, 6
FOLLOWS = np.array(
    [
        [0.800, 0.040, 0.010, 0.090, 0.060],
        [0.040, 0.450, 0.380, 0.060, 0.070],
        [0.010, 0.010, 0.850, 0.050, 0.080],
        [0.500, 0.180, 0.120, 0.050, 0.150],
        [0.400, 0.330, 0.240, 0.030, 0.000],
        [0.450, 0.330, 0.190, 0.030, 0.000],
        [0.030, 0.810, 0.020, 0.070, 0.070],
    ]
)
"""Probability of each kind of character (column) after another (row). Behind two capitals stands
seldom a small letter: a word begins with one capital, or is written in them."""
UNKNOWN = 0.08
"""Share of letters that follow no habit: foreign names, codes, abbreviations."""
STEPS_PER_NAT = 20
"""Of the stored logarithms."""


KNOWN, KNOWN_WEIGHT, KNOWN_BONUS = 4.0, 0.5, 1.2
"""Weight of a known word against one that only its letters speak for; share of its probability
in the choice; logarithm of the gain of each of its letters.
Of 734 words of held-out writers 53 of 100 are read right without known words and 66 with them;
of the 74 that are no known words 43 and 39. Larger weights gain nothing."""
END = 0.5
"""Share of the end of a word in the choice: a writer may break off anywhere."""


class State(NamedTuple):
    """What is left of a text that matters for what follows.

    Attributes
    ----------
    before : tuple of int
        The three letters before; :data:`EDGE` where there is none.
    kind : int
        Of the last character, in :data:`KINDS`.
    word : str
        What has been written of the word, in small letters.
    first, last : int
        Range of the known words that go on so.
    habit : float
        Logarithm of the weight that the letters of the word have by what they follow.
    given : float
        And by known words too: what the word has been given so far.
    """

    before: tuple[int, int, int]
    kind: int
    word: str
    first: int
    last: int
    habit: float
    given: float


@dataclass(frozen=True)
class TextModel:
    """Weights of texts, character by character.

    A word has the weight of its letters, each after the three before, and if it is
    known that of the known word on top; while it is being written, that of
    all known words that go on so.

    Attributes
    ----------
    letters : memoryview of float32, shape (27, 27, 27, 27)
        Logarithm of the probability of a letter (or a word's end) after three.
    kinds : memoryview of float64, shape (7, 5)
        Logarithm of :data:`FOLLOWS`; both views, for single numbers are taken from them: an
        array takes three times as long for one.
    known : KnownWords
    weight : float
        Share of letters and kinds in the choice; with 0 texts weigh the same but for their length.
    bonus : float
        Gain of each character: what the model takes from every long text, given back.
    """

    letters: memoryview
    kinds: memoryview
    known: KnownWords
    weight: float
    bonus: float

    @property
    def start(self) -> State:
        """Nothing is written."""
        return self._outsides[START]

    def follow(self, state: State, character: int) -> tuple[State, float]:
        """The state after a character (its number), and the logarithm of the character's weight."""
        (a, b, c), last_kind, word, first, last, habit, given_before = state
        kind, letter = _KIND[character], _LETTER[character]
        gain: float = self.weight * self.kinds[last_kind, kind]
        if letter == EDGE:
            gain += self.bonus - self.weight * _CHOICES[kind]
            return self._outsides[kind], gain + self.ending(state)
        if kind == CAPITAL and last_kind in (CAPITAL, FURTHER):
            kind = FURTHER
        habit = habit + self.weight * self.letters[a, b, c, letter] + self.bonus
        word += _SMALL[character]
        given = habit
        if first < last:
            first, last = self.known.going_on(word, first, last)
            if first < last:
                given = self._given(habit, self.known.likely(first, last), len(word))
        following = State((b, c, letter), kind, word, first, last, habit, given)
        return following, gain + given - given_before

    def most(self, state: State) -> float:
        """A weight that no character after a state exceeds.

        In a word that is a letter's of known words, or of any; at its beginning known words come
        on top, were it all of them.
        """
        return self._most[bool(state.word)]

    def ending(self, state: State) -> float:
        """Logarithm of the weight of a text, or of a word, that ends here."""
        if not state.word:
            return 0.0
        a, b, c = state.before
        habit = state.habit + self.weight * END * self.letters[a, b, c, EDGE]
        known = self.known.word(state.word, state.first, state.last)
        return self._given(habit, known, len(state.word)) - state.given

    @cached_property
    def _most(self) -> tuple[float, float]:
        letter, known = math.exp(self.bonus), math.exp(KNOWN_BONUS)
        return letter + KNOWN * known, max(letter, known)

    @cached_property
    def _outsides(self) -> list[State]:
        """States in which no word has begun, by the kind of the character before."""
        edges, count = (EDGE, EDGE, EDGE), len(self.known.words)
        return [State(edges, kind, "", 0, count, 0.0, 0.0) for kind in range(len(KINDS))]

    def _given(self, habit: float, known: float, length: int) -> float:
        """Logarithm of the weight of a word, or of its beginning, of so many letters."""
        if not known or not self.weight:
            return habit
        weight = KNOWN * known**KNOWN_WEIGHT * math.exp(KNOWN_BONUS * length)
        return math.log(math.exp(habit) + weight)


def _kind(character: str) -> int:
    if character.isdigit():
        return 0
    if character.isalpha():
        return 1 if character.isupper() else 2
    return 4 if character == " " else 3


_KIND = [_kind(character) for character in LINE_CHARACTERS]
_CHOICES = (math.log(10), 0.0, 0.0, math.log(len(MARKS)), 0.0)
"""Logarithm of how many characters of each kind there are, where all are as likely."""
_LETTER = [ord(c.lower()) - ord("a") if c.isalpha() else EDGE for c in LINE_CHARACTERS]


_SMALL = [character.lower() for character in LINE_CHARACTERS]


@cache
def text_model(weight: float, bonus: float) -> TextModel:
    """The model that comes with the program; `weight` and `bonus` are the line reader's."""
    with np.load(LETTERS_FILE) as stored:
        logs = stored["minus_log"].astype(np.float32) / -STEPS_PER_NAT
    known = (1 - UNKNOWN) * np.exp(logs) + UNKNOWN / (EDGE + 1)
    kinds = np.log(np.maximum(FOLLOWS, 1e-6))
    letters = memoryview(np.log(known))
    return TextModel(letters, memoryview(kinds), known_words(), weight, bonus)
