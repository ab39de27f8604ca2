"""Words and names that are often written, sorted, each with how often."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

__all__ = ["WORDS_FILE", "WORD_STEPS_PER_NAT", "KnownWords", "known_words"]

WORDS_FILE = Path(__file__).with_name("words.npz")
"""Words of English and the most frequent ones of 26 other languages, and names of people and places
of fifty countries; see words-sources.txt."""
WORD_STEPS_PER_NAT = 10
"""Of the stored logarithms."""
WORD = re.compile("[A-Za-z]+")
BEHIND = "{"
"""The character behind `z`: sorts after all words that go on."""
SHORT = 3
"""Letters of beginnings whose words are looked up once: four of five that are asked for."""


@dataclass(frozen=True)
class KnownWords:
    """Words that go on from what is read, and how likely they are together.

    Attributes
    ----------
    words : sequence of str
        Of the letters a to z, sorted.
    ends : sequence of float
        Probability of all words before each, and of all at the end: one more than words.
    """

    words: Sequence[str]
    ends: Sequence[float]

    def going_on(self, beginning: str, first: int, last: int) -> tuple[int, int]:
        """The range of those of the words `first` to `last` (without) that begin so."""
        if len(beginning) > SHORT:
            return self._going_on(beginning, first, last)
        if beginning not in self._short:
            self._short[beginning] = self._going_on(beginning, 0, len(self.words))
        return self._short[beginning]

    @cached_property
    def _short(self) -> dict[str, tuple[int, int]]:
        """The ranges of short beginnings that were asked for."""
        return {}

    def _going_on(self, beginning: str, first: int, last: int) -> tuple[int, int]:
        first = bisect_left(self.words, beginning, first, last)
        if first == last or not self.words[first].startswith(beginning):
            return first, first
        return first, bisect_left(self.words, beginning + BEHIND, first, last)

    def likely(self, first: int, last: int) -> float:
        """Probability of a range of words, 0 to 1."""
        return self.ends[last] - self.ends[first]

    def word(self, whole: str, first: int, last: int) -> float:
        """Probability of a word in the range of those that begin so; 0 where it is none."""
        is_known = first < last and self.words[first] == whole
        return self.likely(first, first + 1) if is_known else 0.0


    def hold(self, text: str) -> bool:
        """Whether a text, in any case, has words and knows all of them."""
        words = WORD.findall(text)
        return bool(words) and all(self.share(word.lower()) > 0 for word in words)

    def share(self, word: str) -> float:
        """Probability of a word of small letters among all; 0 where it is none."""
        place = bisect_left(self.words, word)
        return self.word(word, place, len(self.words))

    @cached_property
    def rarest(self) -> float:
        """Probability of the rarest of them."""
        return float(np.diff(self.ends).min())


@cache
def known_words() -> KnownWords:
    """The words that come with the program."""
    with np.load(WORDS_FILE) as stored:
        words = stored["text"].tobytes().decode("ascii").split("\n")
        each = np.exp(stored["minus_log"].astype(np.float64) / -WORD_STEPS_PER_NAT)
    ends = np.append(0.0, np.cumsum(each / each.sum()))
    return KnownWords(words, array("d", ends.tobytes()))
