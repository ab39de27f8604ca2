"""A soft model of what follows what in strings: letters in words, digits among digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import LINE_CHARACTERS, MARKS

__all__ = ["EDGE", "LETTERS_FILE", "LetterModel", "letter_model"]

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


@dataclass(frozen=True)
class LetterModel:
    """Weights of characters by what stands before them.

    Attributes
    ----------
    letters : memoryview of float32, shape (27, 27, 27, 27)
        Logarithm of the probability of a letter (or a word's end) after three.
    kinds : memoryview of float64, shape (7, 5)
        Logarithm of :data:`FOLLOWS`; both views, for single numbers are taken from them: an
        array takes three times as long for one.
    weight : float
        Share of the model in the choice.
    bonus : float
        Gain of each character: what the model takes from every long text, given back.
    """

    letters: memoryview
    kinds: memoryview
    weight: float
    bonus: float

    @property
    def start(self) -> tuple[int, int, int, int]:
        """Three letters before, and the kind of the last character."""
        return EDGE, EDGE, EDGE, START

    def follow(
        self, state: tuple[int, int, int, int], character: int
    ) -> tuple[tuple[int, int, int, int], float] | None:
        """The state after a character (its number), and the logarithm of the character's weight."""
        a, b, c, before = state
        kind, letter = _KIND[character], _LETTER[character]
        gain: float = self.kinds[before, kind]
        if letter == EDGE:
            gain -= _CHOICES[kind]
            if c != EDGE:
                gain += 0.5 * self.letters[a, b, c, EDGE]
            following = (EDGE, EDGE, EDGE, kind)
        else:
            gain += self.letters[a, b, c, letter]
            again = kind == CAPITAL and before in (CAPITAL, FURTHER)
            following = (b, c, letter, FURTHER if again else kind)
        return following, self.weight * gain + self.bonus

    def ending(self, state: tuple[int, int, int, int]) -> float | None:
        """Logarithm of the weight of a text that ends here."""
        a, b, c, _ = state
        return self.weight * 0.5 * self.letters[a, b, c, EDGE] if c != EDGE else 0.0


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


@cache
def letter_model(weight: float, bonus: float) -> LetterModel:
    """The model that comes with the program; `weight` and `bonus` are the line reader's."""
    with np.load(LETTERS_FILE) as stored:
        logs = stored["minus_log"].astype(np.float32) / -STEPS_PER_NAT
    known = (1 - UNKNOWN) * np.exp(logs) + UNKNOWN / (EDGE + 1)
    kinds = np.log(np.maximum(FOLLOWS, 1e-6))
    return LetterModel(memoryview(np.log(known)), memoryview(kinds), weight, bonus)
