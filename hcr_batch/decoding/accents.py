"""Letters with marks above are read as what they are below; commas and slashes not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.alphabet import BARS, CHARACTERS
from hcr_batch.characters.isolate import CellInk
from hcr_batch.characters.marks import BaseLetter, commas, is_sharp_s, slashes
from hcr_batch.recognition.recognizers import GlyphScores

__all__ = ["punctuation", "with_base_letters"]

TAKES_MARKS = frozenset("ACDEGLNORSTUYZacdegnorstuyz")
"""Letters that have marks above in some language; i and j have a dot of their own."""
STANDS_OFF = frozenset("5TFEZ7ijJ")
"""Characters whose top often does not touch the rest: without it they are something else."""
LEAST_BASE = 0.5
"""Probability of a letter that takes marks from which the ink below some is one."""
SURE = 0.8
"""Probability from which a digit, or ink with a single mark, is what it looks like as a whole."""
ZERO, ROUND = CHARACTERS.index("0"), CHARACTERS.index("O")
LETTERS = np.array([character.isalpha() for character in CHARACTERS])
ARE_BARS = np.array([character in BARS for character in CHARACTERS])
"""Characters that may be a mere stroke."""


def with_base_letters(
    cells: Sequence[CellInk], bases: Mapping[int, BaseLetter], scores: GlyphScores
) -> tuple[tuple[CellInk, ...], GlyphScores]:
    """The cells of a field with their scores, those of base letters where there are accents.

    Parameters
    ----------
    cells : sequence of CellInk
        N of them with ink.
    bases : mapping of int to BaseLetter
        What stands below marks, by place among the cells with ink.
    scores : GlyphScores
        Of the N inks and, after them, of the bases.

    Returns
    -------
    cells : tuple of CellInk
        Accented ones told.
    scores : GlyphScores
        Of the N inks.
    """
    count = len(scores.characters) - len(bases)
    characters = scores.characters[:count].copy()
    accented = set()
    for (place, base), row in zip(bases.items(), scores.characters[count:], strict=True):
        letters = _letters(row, base.dots)
        if _is_accented(characters[place], letters, base.dots):
            characters[place] = letters
            accented.add(place)
    places = iter(range(count))
    marked = tuple(
        cell
        if cell.ink is None
        else _marked(cell, (place := next(places)) in accented, characters[place])
        for cell in cells
    )
    return marked, GlyphScores(characters, scores.printed[:count])


def _marked(cell: CellInk, accented: bool, row: np.ndarray) -> CellInk:
    """The cell, told to be accented where it is, or a B with the shape of ß."""
    if not accented and CHARACTERS[int(row.argmax())] == "B" and cell.ink is not None:
        accented = is_sharp_s(cell.ink)
    return replace(cell, accented=True) if accented else cell


def _letters(row: np.ndarray, dots: int) -> np.ndarray:
    """Probabilities of a base letter: no digit has two dots, so that a circle is an O."""
    if dots < 2:
        return row
    letters = np.where(LETTERS, row, 0)
    letters[ROUND] += row[ZERO]
    return letters


def _is_accented(whole: np.ndarray, base: np.ndarray, dots: int) -> bool:
    """Whether the ink below marks is a letter that takes some, and the whole nothing else."""
    letter, seen = CHARACTERS[int(base.argmax())], CHARACTERS[int(whole.argmax())]
    if letter not in TAKES_MARKS or base.max() < LEAST_BASE:
        return False
    if letter.upper() == seen.upper().replace("0", "O"):
        return True
    doubtful = whole.max() < SURE
    return seen not in STANDS_OFF and (doubtful or (dots == 2 and seen.isalpha()))


def punctuation(
    fields: Sequence[tuple[Sequence[CellInk], np.ndarray, np.ndarray]],
) -> Iterator[np.ndarray]:
    """Which characters of the fields of a page are commas, points or slashes.

    Parameters
    ----------
    fields : sequence of tuple
        Of each the N cells with ink, their probabilities (N, 62), and which of
        them are taken for characters, bool (N,).

    Yields
    ------
    ndarray of bool, shape (N,)
        One a field.
    """
    bars = [ARE_BARS[rows.argmax(axis=1)] & plain for _, rows, plain in fields]
    inks = [
        cell.ink
        for (cells, _, _), chosen in zip(fields, bars, strict=True)
        for cell, is_bar in zip(cells, chosen, strict=True)
        if is_bar and cell.ink is not None
    ]
    are_slashes = slashes(inks)
    for (cells, _, _), chosen in zip(fields, bars, strict=True):
        marks = commas([cell.box for cell in cells])
        count = int(chosen.sum())
        marks[chosen] |= are_slashes[:count]
        are_slashes = are_slashes[count:]
        yield marks
