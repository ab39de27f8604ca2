"""What the line reader learns from: words as pen strokes, and hands to compose strings with."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import LINE_CHARACTERS, MARKS, SIGNS
from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.errors import NoInputError
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    load_set,
    read_arrays,
    split_by_writer,
)
from hcr_batch.training.line_reader.line_drawing import Glyph, Hand
from hcr_batch.training.synthesis.printing import latin_fonts, set_text

__all__ = [
    "Hands",
    "WordSet",
    "is_held",
    "load_hands",
    "load_words",
    "printed_signs",
    "stroke_hands",
    "unseen_writers",
    "with_signs",
]

HELD_OF_100 = 8
"""Of a hundred writers of words, so many are kept for evaluation."""
LEAST_CHARACTERS = 12
"""A hand with fewer different characters composes nothing."""
MOST_GLYPHS = 40
"""Glyphs of one character of one hand that are kept."""
SIGN_EM = 80
"""Pixels of the em that printed signs are set with, once."""
SIGN_FONTS = 60
"""Fonts of printed signs at most, evenly taken."""
CASE_SURE = 0.9
"""Probability from which a guessed case is believed."""


def is_held(writer: str) -> bool:
    """Whether a writer of words is kept for evaluation: told by the name alone."""
    return zlib.crc32(writer.encode()) % 100 < HELD_OF_100


@dataclass(frozen=True)
class WordSet:
    """Words and lines of text as pen strokes, end to end.

    Attributes
    ----------
    points : ndarray of int16, shape (M, 2)
    strokes : ndarray of int64, shape (S + 1,)
        First point of each stroke, and the end.
    words : ndarray of int64, shape (N + 1,)
        First stroke of each word, and the end.
    texts, writers, styles : ndarray of str, shape (N,)
    """

    points: np.ndarray
    strokes: np.ndarray
    words: np.ndarray
    texts: np.ndarray
    writers: np.ndarray
    styles: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> list[np.ndarray]:
        """Strokes of one word as float32 arrays of points (n, 2)."""
        ends = self.strokes[self.words[index] : self.words[index + 1] + 1]
        return [
            self.points[first:last].astype(np.float32)
            for first, last in zip(ends, ends[1:], strict=False)
            if last > first
        ]

    def readable(self, most: int) -> np.ndarray:
        """Which words hold only characters of the line reader, `most` at most; bool (N,)."""
        known = set(LINE_CHARACTERS)
        return np.array([0 < len(text) <= most and set(text) <= known for text in self.texts])


def load_words(path: Path) -> WordSet:
    """Read words with `points`, `stroke_offset`, `item_offset`, `text`, `writer`, `style`.

    Raises
    ------
    NoInputError
        The file is missing or is no such set.
    """
    values = read_arrays(path)
    try:
        points = values["points"]
        return WordSet(
            points,
            np.append(values["stroke_offset"], len(points)).astype(np.int64),
            np.append(values["item_offset"], len(values["stroke_offset"])).astype(np.int64),
            np.array([" ".join(str(text).split()) for text in values["text"]]),
            values["writer"].astype(str),
            values["style"].astype(str),
        )
    except KeyError as error:
        raise NoInputError(f"{path}: has no array {error}; it holds no words") from error


def unseen_writers(data: CharacterSet, held: float, seed: int) -> set[str]:
    """Writers that the classifier's recipe keeps for evaluation."""
    return set(split_by_writer(data, held, seed)[1].writers.tolist())


Hands = Sequence[Hand]


def stroke_hands(
    strokes: WordSet, labels: np.ndarray, allowed: np.ndarray, marks: WordSet | None
) -> Hands:
    """The writers of single characters as pen strokes, with marks of their own or of others.

    Parameters
    ----------
    strokes : WordSet
        Of single characters.
    labels : ndarray of str, shape (N,)
    allowed : ndarray of bool, shape (N,)
        Which characters may be used.
    marks : WordSet, optional
        Of single marks; its texts are the marks.
    """
    found: dict[str, dict[str, list[Glyph]]] = {}
    pool: dict[str, list[Glyph]] = {}
    sources = [(strokes, labels, allowed)]
    if marks is not None:
        sources.append((marks, marks.texts, np.isin(marks.texts, list(MARKS))))
    for source, names, chosen in sources:
        for index in np.flatnonzero(chosen):
            lines = tuple(source[int(index)])
            if not lines:
                continue
            glyph, name = Glyph(lines), str(names[index])
            of_writer = found.setdefault(str(source.writers[index]), {})
            _keep(of_writer.setdefault(name, []), glyph)
            if name in MARKS:
                pool.setdefault(name, []).append(glyph)
    return _with_marks(found, pool)


def _keep(glyphs: list[Glyph], glyph: Glyph) -> None:
    if len(glyphs) < MOST_GLYPHS:
        glyphs.append(glyph)


def _with_marks(
    found: dict[str, dict[str, list[Glyph]]], pool: dict[str, list[Glyph]]
) -> list[Hand]:
    return [
        {**pool, **hand}
        for hand in found.values()
        if len(hand.keys() - set(MARKS)) >= LEAST_CHARACTERS
    ]


def printed_signs(folder: Path) -> Hand:
    """The signs beside numbers as the fonts below a folder print them."""
    fonts = latin_fonts(folder)
    chosen = fonts[:: max(1, len(fonts) // SIGN_FONTS)]
    return {sign: [Glyph(ink=ink) for ink in _printed(sign, chosen)] for sign in SIGNS}


def _printed(sign: str, fonts: Sequence[str]) -> list[np.ndarray]:
    inks = (_tight(set_text(sign, font, SIGN_EM)) for font in fonts)
    return [ink for ink in inks if ink is not None]


def with_signs(hands: Hands, signs: Hand) -> Hands:
    """The hands, which draw each sign as often as not printed, as on a form."""
    return [
        {**hand, **{sign: [*hand.get(sign, ()), *printed] for sign, printed in signs.items()}}
        for hand in hands
    ]


def load_hands(folder: Path, name: str, held: float, seed: int, pool: Hand) -> tuple[Hands, Hands]:
    """The hands of a set of glyphs: of its writers, or one of all where they are not known.

    Parameters
    ----------
    folder : Path
    name : str
        Of the set.
    held : float
        Share of the writers kept for evaluation, parted as the classifier's training does.
    seed : int
    pool : Hand
        Marks, for hands that have none.

    Returns
    -------
    kept, held : sequence of Hand
    """
    data = load_set(folder, name)
    data = _with_cases(data, read_arrays(folder / f"{name}.npz"))
    known = len(np.unique(data.writers)) < len(data)
    parts = split_by_writer(data, held, seed)
    kept, apart = (_hands(part, known, pool) for part in parts)
    return kept, apart


def _with_cases(data: CharacterSet, values: dict[str, np.ndarray]) -> CharacterSet:
    """Only characters whose case is known, where another reader guessed it."""
    if "case_guess" not in values:
        return data
    sure = values["case_p"][data.rows] >= CASE_SURE
    return replace(data, labels=values["case_guess"][data.rows].astype("U1")).take(sure)


def _hands(data: CharacterSet, known: bool, pool: Hand) -> list[Hand]:
    writers = data.writers if known else np.zeros(len(data), int)
    hands: list[Hand] = []
    for writer in np.unique(writers):
        hand: dict[str, list[Glyph]] = {}
        for index in np.flatnonzero(writers == writer):
            raw = data.images[index] if data.raw is None else isolate_cell(data.raw[index])
            ink = _tight(raw)
            if ink is not None:
                hand.setdefault(str(data.labels[index]), []).append(Glyph(ink=ink))
        if len(hand) >= LEAST_CHARACTERS or not known:
            hands.append({**pool, **hand})
    return hands


def _tight(ink: np.ndarray) -> np.ndarray | None:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 60), np.flatnonzero(ink.max(axis=0) > 60)
    if len(rows) < 3 or not len(columns):
        return None
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
