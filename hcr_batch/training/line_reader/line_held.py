"""Strings of writers that the line reader has not learned from, always the same."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from hcr_batch.characters.line_strip import Strip, line_strip
from hcr_batch.training.line_reader.line_damage import damaged
from hcr_batch.training.line_reader.line_drawing import Drawing, compose, draw_word
from hcr_batch.training.line_reader.line_recipe import LineRecipe
from hcr_batch.training.line_reader.line_samples import LineData, LineSample, fits, fitting_text
from hcr_batch.training.line_reader.line_sets import Hands
from hcr_batch.training.line_reader.line_texts import form_text

__all__ = ["Damage", "HeldLine", "held_lines", "words_by_writer"]

Damage = Callable[[Drawing, np.random.Generator], np.ndarray]
"""From a drawing to its soft ink, uint8 of the same shape, as it comes off a page."""

A_WRITER = 20
"""Words of one writer at most: nobody's hand decides."""
COMPOSED = 300
"""Strings composed of each source's characters."""
SHORTEST, LONGEST = 2, 14
"""Characters of the words that are measured."""



@dataclass(frozen=True)
class HeldLine:
    """A string to measure with.

    Attributes
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink as on a page, damaged as there.
    strip : Strip
        Of it.
    text : str
    kind : str
        `words`, `digits` or `strings`.
    style, writer : str
        Of words; of composed strings the source.
    """

    ink: np.ndarray
    strip: Strip
    text: str
    kind: str
    style: str
    writer: str

    @property
    def sample(self) -> LineSample:
        """As the fitting measures it."""
        return LineSample(self.strip.image, self.text, self.kind == "words")


def held_lines(
    data: LineData, recipe: LineRecipe, limit: int | None = None, damage: Damage = damaged
) -> list[HeldLine]:
    """Words of held-out writers, digit strings and other strings of held-out characters.

    Parameters
    ----------
    data : LineData
    recipe : LineRecipe
    limit : int, optional
        At most so many of each kind, for a quick try.
    damage : callable, optional
        As in training where left out.
    """
    rng = np.random.default_rng(recipe.seed)
    make = partial(_line, rng=rng, damage=damage)
    made = [*_words(data, rng, make)][:limit]
    for source, hands in zip(recipe.sources, data.held_hands, strict=True):
        if hands:
            made += _composed(hands, source.name, data.vocabulary, rng, limit or COMPOSED, make)
    return made


def words_by_writer(data: LineData, rng: np.random.Generator) -> dict[str, list[int]]:
    """Rows of the words of each held-out writer that are measured, in any order."""
    words = data.words
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in rng.permutation(data.held_rows):
        text = str(words.texts[row])
        if text.isalnum() and SHORTEST <= len(text) <= LONGEST and words.styles[row] != "CURSIVE":
            found[str(words.writers[row])].append(int(row))
    return found


def _words(
    data: LineData, rng: np.random.Generator, make: Callable[..., list[HeldLine]]
) -> Iterator[HeldLine]:
    words, by_writer = data.words, words_by_writer(data, rng)
    for place in range(A_WRITER):
        for writer, rows in by_writer.items():
            if place < len(rows):
                row = rows[place]
                drawing, text = draw_word(words[row], rng), str(words.texts[row])
                yield from make(drawing, text, "words", str(words.styles[row]), writer)


def _composed(
    hands: Hands,
    source: str,
    vocabulary: Sequence[str],
    rng: np.random.Generator,
    count: int,
    make: Callable[..., list[HeldLine]],
) -> list[HeldLine]:
    made: list[HeldLine] = []
    while len(made) < count:
        hand = hands[int(rng.integers(len(hands)))]
        kind = "digits" if source == "cell_digits" else "strings"
        text = (
            "".join(rng.choice(list(string.digits), int(rng.integers(3, 11))))
            if kind == "digits"
            else form_text(rng, vocabulary)
        )
        text = fitting_text(text, hand, rng)
        made += make(compose(text, hand, rng), text, kind, source, source)
    return made


def _line(
    drawing: Drawing,
    text: str,
    kind: str,
    style: str,
    writer: str,
    *,
    rng: np.random.Generator,
    damage: Damage,
) -> list[HeldLine]:
    ink = damage(drawing, rng)
    strip = line_strip(ink)
    if strip is None or not fits(strip.image.shape[1], text):
        return []
    return [HeldLine(ink, strip, text, kind, style, writer)]
