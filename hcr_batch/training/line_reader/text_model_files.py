"""The text model of the line reader, counted from lists of words and names."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from hcr_batch.decoding.known_words import WORD_STEPS_PER_NAT
from hcr_batch.decoding.text_model import EDGE, STEPS_PER_NAT

__all__ = ["letter_table", "word_shares", "write_letters", "write_words"]

DISCOUNT = 0.75
"""Taken from every count for what has not been seen (absolute discounting)."""
ORDER = 4
LEVELS = {10: 0.36, 20: 0.12, 35: 0.14, 40: 0.03, 50: 0.05, 55: 0.02, 60: 0.03}
"""Levels of SCOWL, from the most common words on, and which share of all that is written is of
each; Zipf's law, by hand."""
SPELLINGS = ("english", "american", "british")
KINDS = ("words", "upper", "proper-names")
NAMES = 0.25
"""Share of names of people and places."""
COUNTRIES = 2
"""In fewer a name is left out."""
FLATTER = 0.7
"""Power of the number of countries that a name is as common as."""
LONGEST = 16
"""Letters of a word."""
FREQUENT_SHARE = 0.5
"""Share that the frequencies of English words have in what is written in English, and the lists
theirs,"""
MOST_ENGLISH = 40_000
FOREIGN_SHARE = 0.12
MOST_FOREIGN = 5_000
"""share of other languages, all alike, and their most frequent words. Of 734 words of held-out
writers, most of them English, 67.0 of 100 are read right with both (66.1 without, 64.4 where others
have 0.3), of 565 frequent words of fifteen other languages, composed of held-out writers'
characters, 65.1 (60.0)."""
NAMED = re.compile(
    "first_name|last_name|cit(y|ies)|state|countr|region|municipal|provin|street_name"
)
"""Tables of Faker with names."""
DOTLESS = "\N{LATIN SMALL LETTER DOTLESS I}"
UNLIKE = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "ł": "l", "Ł": "L", "đ": "d", DOTLESS: "i"}
)
"""Letters that are none with a mark."""


def letter_table(words: Iterable[str]) -> np.ndarray:
    """Logarithm of the probability of each letter after three, float64 (27, 27, 27, 27).

    Counts of four letters, backed off to three, two and one with absolute
    discounting (Ney, Essen and Kneser 1994). Case does not count.

    Parameters
    ----------
    words : iterable of str
        Of the letters A to Z, each as often as it shall count.
    """
    size = EDGE + 1
    counts = np.zeros((size,) * ORDER)
    for word in words:
        letters = [ord(letter) - ord("a") for letter in word.lower()]
        padded = np.array([EDGE] * (ORDER - 1) + letters + [EDGE])
        places = tuple(padded[n : len(padded) - ORDER + 1 + n] for n in range(ORDER))
        np.add.at(counts, places, 1)
    probability = np.full(size, 1 / size)
    for order in range(1, ORDER + 1):
        seen = counts.sum(axis=tuple(range(ORDER - order))) if order < ORDER else counts
        total = seen.sum(axis=-1, keepdims=True)
        kinds = np.count_nonzero(seen, axis=-1)[..., None]
        share = np.maximum(seen - DISCOUNT, 0) / np.maximum(total, 1)
        left = np.where(total > 0, DISCOUNT * kinds / np.maximum(total, 1), 1.0)
        probability = share + left * probability
    return np.log(probability)


def write_letters(path: Path, words: Iterable[str]) -> None:
    """Write the table as :func:`~hcr_batch.decoding.text_model.text_model` reads it."""
    steps = np.clip(np.round(-letter_table(words) * STEPS_PER_NAT), 0, 255).astype(np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, minus_log=steps)


def word_shares(
    scowl: Path, faker: Path, frequencies: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Words and names, in small letters a to z, each with the share of it in what is written.

    Parameters
    ----------
    scowl : Path
        Folder with the lists of SCOWL (Debian: package `scowl`).
    faker : Path
        Folder `providers` of the Python package Faker: its tables are read, not run.
    frequencies : mapping
        Of words, by language, `en` among them, as `get_frequency_dict` of the Python package
        wordfreq gives them.
    """
    others = [
        _most_frequent(words, MOST_FOREIGN)
        for language, words in sorted(frequencies.items())
        if language != "en"
    ]
    parts = [
        ((1 - FOREIGN_SHARE) * (1 - FREQUENT_SHARE), _listed(scowl, faker)),
        ((1 - FOREIGN_SHARE) * FREQUENT_SHARE, _most_frequent(frequencies["en"], MOST_ENGLISH)),
        *((FOREIGN_SHARE / len(others), words) for words in others),
    ]
    shares: defaultdict[str, float] = defaultdict(float)
    for weight, words in parts:
        for word, share in words.items():
            shares[word] += weight * share
    return dict(shares)


def _most_frequent(frequencies: Mapping[str, float], most: int) -> dict[str, float]:
    """The most frequent words that have letters a to z, without marks; their shares sum to 1."""
    found: defaultdict[str, float] = defaultdict(float)
    for word, frequency in sorted(frequencies.items(), key=lambda pair: -pair[1]):
        plain = _plain(word)
        if _is_word(plain) and (plain in found or len(found) < most):
            found[plain] += frequency
    total = sum(found.values())
    return {word: frequency / total for word, frequency in found.items()}


def _listed(scowl: Path, faker: Path) -> dict[str, float]:
    """Words of English, by how common they are, and names of people and places."""
    shares: Counter[str] = Counter()
    for level, share in LEVELS.items():
        lists = [scowl / f"{spelling}-{kind}.{level}" for spelling in SPELLINGS for kind in KINDS]
        text = " ".join(path.read_text(encoding="latin-1") for path in lists if path.exists())
        words = {*filter(_is_word, text.lower().split())} - shares.keys()
        shares.update(dict.fromkeys(words, share / max(1, len(words))))
    names = Counter(
        name
        for topic in ("person", "address")
        for path in sorted((faker / topic).glob("*/__init__.py"))
        for name in {*_names(path)}
    )
    common = {name: count**FLATTER for name, count in names.items() if count >= COUNTRIES}
    total = sum(common.values())
    shares.update({name: NAMES * count / total for name, count in common.items()})
    return dict(shares)


def write_words(path: Path, shares: Mapping[str, float]) -> None:
    """Write words as :func:`~hcr_batch.decoding.known_words.known_words` reads them."""
    words = sorted(shares)
    logs = -np.log([shares[word] for word in words]) * WORD_STEPS_PER_NAT
    text = np.frombuffer("\n".join(words).encode("ascii"), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, text=text, minus_log=np.round(logs).astype(np.uint8))


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalpha() and 2 <= len(text) <= LONGEST


def _names(module: Path) -> Iterator[str]:
    """The words of the names in a module of Faker, small and without marks."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and NAMED.search(getattr(node.targets[0], "id", "")):
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    words = re.split(r"[\s\-'.,/()]+", _plain(part.value))
                    yield from filter(_is_word, words)


def _plain(text: str) -> str:
    parted = unicodedata.normalize("NFD", text.translate(UNLIKE))
    return "".join(c for c in parted if not unicodedata.combining(c)).lower()
