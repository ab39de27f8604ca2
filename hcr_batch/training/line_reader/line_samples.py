"""Samples for the line reader: strips with their texts, drawn without end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import LINE_CHARACTERS, MARKS
from hcr_batch.characters.line_strip import line_strip
from hcr_batch.training.datasets.character_sets import load_set, set_folder
from hcr_batch.training.line_reader.line_damage import damaged, jittered
from hcr_batch.training.line_reader.line_drawing import Drawing, Glyph, Hand, compose, draw_word
from hcr_batch.training.line_reader.line_recipe import HandSource, LineRecipe
from hcr_batch.training.line_reader.line_sets import (
    Hands,
    WordSet,
    is_held,
    load_hands,
    load_words,
    printed_signs,
    stroke_hands,
    unseen_writers,
    with_signs,
)
from hcr_batch.training.line_reader.line_texts import form_text, read_words

__all__ = ["LineData", "LineSample", "Sampler", "fits", "fitting_text", "load_line_data"]

WIDEST = 704
"""Columns of a strip; wider ones are left out of training."""
COLUMN = 2
"""Columns of a strip for each column of the network's answer."""
STROKES = "unipen"
"""The set whose characters are drawn from the pen strokes in `<set>_strokes`."""


@dataclass(frozen=True)
class LineSample:
    """A strip (rows, columns) uint8 with its text; `real` where it was written as one word."""

    strip: np.ndarray
    text: str
    real: bool


@dataclass(frozen=True)
class LineData:
    """Words and hands to learn from, and those of other writers to evaluate on.

    `word_rows` and `held_rows` are the places of the words in the word set;
    `hands` and `held_hands` stand in the order of the recipe's sources.
    """

    words: WordSet
    word_rows: np.ndarray
    held_rows: np.ndarray
    hands: tuple[Hands, ...]
    held_hands: tuple[Hands, ...]
    vocabulary: tuple[str, ...]


def load_line_data(folder: Path, recipe: LineRecipe) -> LineData:
    """Read and split everything that a recipe names.

    Raises
    ------
    NoInputError
        A file is missing or damaged.
    """
    folder = set_folder(folder)
    words = load_words(folder / f"{recipe.words}.npz")
    marks = load_words(folder / f"{recipe.symbols}.npz") if recipe.symbols else None
    pool = _pool(marks)
    signs = printed_signs(Path(recipe.fonts)) if recipe.fonts else {}
    unseen: set[str] = set()
    pairs = []
    for source in recipe.sources:
        if source.name == STROKES:
            kept, held, apart = _unipen(folder, source, recipe, marks)
            unseen |= apart
        else:
            kept, held = load_hands(folder, source.name, source.held, recipe.seed, pool)
        pairs.append(tuple(with_signs(hands, signs) for hands in (kept, held)))
    is_apart = np.array([is_held(name) or name in unseen for name in words.writers])
    readable = words.readable(recipe.longest)
    return LineData(
        words,
        np.flatnonzero(readable & ~is_apart),
        np.flatnonzero(readable & is_apart),
        tuple(kept for kept, _ in pairs),
        tuple(held for _, held in pairs),
        read_words(Path(recipe.word_lists)),
    )


def _pool(marks: WordSet | None) -> Hand:
    if marks is None:
        return {}
    chosen = [row for row in range(len(marks)) if not is_held(marks.writers[row])]
    return {
        mark: [Glyph(tuple(marks[row])) for row in chosen if marks.texts[row] == mark]
        for mark in MARKS
    }


def _unipen(
    folder: Path, source: HandSource, recipe: LineRecipe, marks: WordSet | None
) -> tuple[Hands, Hands, set[str]]:
    """Hands of UNIPEN's writers to learn from and held out, and who is held out."""
    data = load_set(folder, source.name)
    apart = unseen_writers(data, source.held, recipe.seed)
    strokes = _stroke_set(folder / f"{source.name}_strokes.npz")
    held = np.array([is_held(name) or name in apart for name in data.writers])
    plain = strokes.styles != "CURSIVE"
    return (
        stroke_hands(strokes, data.labels, plain & ~held, marks),
        stroke_hands(strokes, data.labels, plain & held, None),
        apart,
    )


def _stroke_set(path: Path) -> WordSet:
    from hcr_batch.training.datasets.character_sets import read_arrays

    values = read_arrays(path)
    points = values["points"]
    return WordSet(
        points,
        np.append(values["stroke_offset"], len(points)).astype(np.int64),
        values["char_offset"].astype(np.int64),
        values["labels"].astype(str),
        values["writer"].astype(str),
        values["style"].astype(str),
    )


class Sampler:
    """Draws samples of a recipe's kinds.

    Parameters
    ----------
    data : LineData
    recipe : LineRecipe
    pages : sequence of LineSample
        Strings taken from made pages, shown among the others.
    """

    def __init__(
        self, data: LineData, recipe: LineRecipe, pages: Sequence[LineSample] = ()
    ) -> None:
        self.data = data
        self.recipe = recipe
        self.pages = pages
        shares = np.array([source.share for source in recipe.sources], float)
        shares *= [len(hands) > 0 for hands in data.hands]
        self._shares = shares / shares.sum()
        cursive = data.words.styles[data.word_rows] == "CURSIVE"
        chances = np.where(cursive, recipe.cursive_share, 1.0)
        self._ends = np.cumsum(chances / chances.sum())

    def sample(self, rng: np.random.Generator) -> LineSample:
        """One more sample; what comes out unreadable is drawn anew."""
        while True:
            made = self._of_page(rng) if self._is_of_page(rng) else self._drawn(rng)
            if made is None:
                continue
            image = jittered(made.strip, rng)
            if fits(image.shape[1], made.text):
                return replace(made, strip=image)

    def _is_of_page(self, rng: np.random.Generator) -> bool:
        return bool(self.pages) and rng.random() < self.recipe.page_share

    def _of_page(self, rng: np.random.Generator) -> LineSample:
        return self.pages[int(rng.integers(len(self.pages)))]

    def _drawn(self, rng: np.random.Generator) -> LineSample | None:
        drawing, text, real = self.drawing(rng)
        strip = line_strip(damaged(drawing, rng))
        return LineSample(strip.image, text, real) if strip else None

    def drawing(self, rng: np.random.Generator) -> tuple[Drawing, str, bool]:
        """One more string with its text, and whether it was written as one word."""
        real = rng.random() < self.recipe.word_share
        return (*(self._word(rng) if real else self._composed(rng)), real)

    def _word(self, rng: np.random.Generator) -> tuple[Drawing, str]:
        place = int(np.searchsorted(self._ends, rng.random()))
        row = int(self.data.word_rows[min(place, len(self.data.word_rows) - 1)])
        return draw_word(self.data.words[row], rng), str(self.data.words.texts[row])

    def _composed(self, rng: np.random.Generator) -> tuple[Drawing, str]:
        hands = self.data.hands[int(rng.choice(len(self._shares), p=self._shares))]
        hand = hands[int(rng.integers(len(hands)))]
        text = form_text(rng, self.data.vocabulary)[: self.recipe.longest]
        text = fitting_text(text, hand, rng)
        return compose(text, hand, rng), text


def fits(columns: int, text: str) -> bool:
    """Whether a strip of so many columns can hold a text in the network's answer."""
    repeats = sum(a == b for a, b in zip(text, text[1:], strict=False))
    return len(text) + repeats <= columns // COLUMN - 2 and columns <= WIDEST


def fitting_text(text: str, hand: Hand, rng: np.random.Generator) -> str:
    """The text with what a hand lacks replaced by its own characters of the same kind."""
    result = "".join(_fitting(character, hand, rng) for character in text)
    result = " ".join(result.split())
    return result or _fitting("0", hand, rng)


def _fitting(character: str, hand: Hand, rng: np.random.Generator) -> str:
    if character == " " or hand.get(character):
        return character
    if character in MARKS:
        return ""
    if hand.get(character.swapcase()):
        return character.swapcase()
    kinds: Sequence[str] = sorted(c for c in hand if c not in MARKS and hand[c])
    alike = [c for c in kinds if c.isdigit() == character.isdigit()]
    known = [c for c in alike or kinds if c in LINE_CHARACTERS]
    return known[int(rng.integers(len(known)))]
