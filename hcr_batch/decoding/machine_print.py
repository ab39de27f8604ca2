"""Machine print inside boxes: hints, examples, labels. It is not an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.characters.field_ink import FieldInk, InkSource
from hcr_batch.characters.isolate import CellInk
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.probabilities import shape_confidence
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Field

__all__ = [
    "NOTHING_KNOWN",
    "Surroundings",
    "TextKind",
    "are_hints",
    "is_example_cross",
    "printed_among_written",
    "surroundings",
    "text_kind",
]

SURE = 3.0
"""No single glyph says more than this, as a logit, about its line."""
CERTAIN = 0.5
"""Mean logit of a line above which it is print without doubt."""
LIKELY = -1.0
"""Above which it is rather print: not read, but a person is told. Of 32 real pages, 4,090 glyphs of
what the segmentation takes for print have 0.0 in the middle, 9,379 of writing -6.0."""
DOUBTFUL = -1.8
"""Above which it is rather handwriting: read, and a person is told."""
FEW = 2
DOUBTFUL_FEW = -4.0
"""Likewise for so few glyphs: one alone proves little..."""
PEN_WORTH, UNSURE = 3.4, 0.02
"""...unless the page segmentation surely sees a pen there: then `LIKELY` is the bound, and below it
by the logit of the pen's share times this, whose rest is at least so much. Of 1,128 short strings
that are written on 87 drawn pages and 120 filled blanks 1,087 are read (1,014 by `DOUBTFUL_FEW`),
of 124 printed ones on the blanks 59 (51)."""
ODD = 2.5
"""Logit of a single glyph above which it is print among handwriting."""
MIN_NEIGHBOURS = 4
MIN_PRINTED = 5
CHARACTER = 0.9
"""A field counts as written where one of its glyphs is a character this surely, and the page
segmentation holds it for written: torn print, too, looks little like print."""
WRITTEN_SHARE = 0.2
"""A page with so many fields of print, and no more written ones for each of them, is blank."""
MIN_COLUMN = 3
"""So many printed fields above each other, likewise, are a column of print: numbers of rows."""
SAME_COLUMN = 0.1
"""Fields of one column begin and end within this share of their width."""
EVEN = 0.75
"""Share of a cross that covers its mirror images: of 1,900 written ones 0.5 % are as even."""
CENTRED = 0.08
"""Share of its box's sides by which the middle of a printed cross may miss that of the box."""


HINTS = "DMYJATHRGN/-."
"""What is printed into the cells of dates: day, month and year in ten languages."""


class TextKind(Enum):
    """Who wrote a line."""

    WRITTEN = "written"
    RATHER_WRITTEN = "rather written"
    RATHER_PRINTED = "rather printed"
    PRINTED = "printed"


@dataclass(frozen=True)
class Surroundings:
    """Whether what else stands on its page, or in its column of a table, is print."""

    page_is_print: bool = False
    column_is_print: bool = False


NOTHING_KNOWN = Surroundings()


def surroundings(inks: Sequence[FieldInk], scores: Sequence[GlyphScores]) -> list[Surroundings]:
    """What stands around each field of a page.

    Parameters
    ----------
    inks : sequence of FieldInk
        Of the fields.
    scores : sequence of GlyphScores
        Of the glyphs of each field.
    """
    kinds = [text_kind(score.printed) for score in scores]
    is_print = np.array([_is_print(*pair) for pair in zip(kinds, inks, strict=True)], bool)
    if np.count_nonzero(is_print) < min(MIN_PRINTED, MIN_COLUMN):
        return [NOTHING_KNOWN] * len(inks)
    is_written = np.array(
        [
            kind is TextKind.WRITTEN
            and ink.source is InkSource.PEN
            and shape_confidence(score.characters).max(initial=0.0) >= CHARACTER
            for kind, ink, score in zip(kinds, inks, scores, strict=True)
        ],
        bool,
    )
    is_free = np.array([ink.field.kind == "free" for ink in inks], bool)
    page = {
        free: _mostly_print(is_print[is_free == free], is_written[is_free == free], MIN_PRINTED)
        for free in (False, True)
    }
    left = np.array([ink.field.box.x for ink in inks], float)
    right = np.array([ink.field.box.right for ink in inks], float)
    around = []
    for number, (start, end) in enumerate(zip(left, right, strict=True)):
        slack = SAME_COLUMN * (end - start)
        column = (abs(left - start) <= slack) & (abs(right - end) <= slack)
        column[number] = False
        printed = _mostly_print(is_print[column], is_written[column], MIN_COLUMN)
        around.append(Surroundings(page[bool(is_free[number])], printed))
    return around


def _is_print(kind: TextKind, ink: FieldInk) -> bool:
    """Whether a field is print by its glyphs; or by the segmentation, and not against them."""
    by_page = ink.source is InkSource.PRINT and kind is TextKind.RATHER_WRITTEN
    return by_page or kind in (TextKind.PRINTED, TextKind.RATHER_PRINTED)


def _mostly_print(is_print: np.ndarray, is_written: np.ndarray, least: int) -> bool:
    printed = np.count_nonzero(is_print)
    return bool(printed >= least and np.count_nonzero(is_written) <= WRITTEN_SHARE * printed)


def text_kind(
    logits: np.ndarray, around: Surroundings = NOTHING_KNOWN, pen_share: float | None = None
) -> TextKind:
    """Judge one line, by the mean opinion of its glyphs.

    Parameters
    ----------
    logits : ndarray of float32, shape (N,)
        The network's opinion of each glyph, positive for machine print.
    around : Surroundings
        Amid print what is doubtful is print, and in a column of print so is what is short.
    pen_share : float, optional
        Of a pen's, 0 to 1, in what the page segmentation sees there.
    """
    kind = _kind(logits, DOUBTFUL_FEW if pen_share is None else _bound_by_pen(pen_share))
    is_short = around.column_is_print and 0 < len(logits) <= FEW and kind is TextKind.WRITTEN
    is_doubtful = kind is TextKind.RATHER_WRITTEN and (
        around.page_is_print or around.column_is_print
    )
    return TextKind.RATHER_PRINTED if is_short or is_doubtful else kind


def _bound_by_pen(share: float) -> float:
    """Mean logit of few glyphs above which they are rather print, by the share of a pen there."""
    doubt = math.log((1 + UNSURE) / UNSURE) - math.log((share + UNSURE) / (1 - share + UNSURE))
    return max(DOUBTFUL_FEW, LIKELY - PEN_WORTH * doubt)


def _kind(logits: np.ndarray, doubtful_few: float) -> TextKind:
    if not len(logits):
        return TextKind.WRITTEN
    few = len(logits) <= FEW
    opinions = logits if few else np.minimum(np.maximum(logits, -SURE), SURE)
    opinion = float(opinions.sum() / len(opinions))
    doubtful = doubtful_few if few else DOUBTFUL
    if opinion > CERTAIN:
        return TextKind.PRINTED
    if opinion > LIKELY:
        return TextKind.RATHER_PRINTED
    return TextKind.RATHER_WRITTEN if opinion > doubtful else TextKind.WRITTEN


def printed_among_written(logits: np.ndarray) -> np.ndarray:
    """Which glyphs of a handwritten field are print: a letter or sign that stands before it.

    Parameters
    ----------
    logits : ndarray of float32, shape (N,)

    Returns
    -------
    ndarray of bool, shape (N,)
        Nowhere true in a field of fewer than `MIN_NEIGHBOURS` + 1 glyphs.
    """
    odd = logits > ODD
    if len(logits) <= MIN_NEIGHBOURS or odd.sum() != 1 or logits[~odd].mean() > DOUBTFUL:
        return np.zeros(len(logits), bool)
    return odd


def are_hints(characters: np.ndarray) -> bool:
    """Whether the print in the cells of a field says what to write there, and is no answer.

    Parameters
    ----------
    characters : ndarray of float32, shape (N, 62)
        Probabilities of what is printed.
    """
    return all(CHARACTERS[number].upper() in HINTS for number in characters.argmax(axis=1))


def is_example_cross(field: Field, cells: Sequence[CellInk], scores: GlyphScores) -> bool:
    """Whether a single box holds a cross as even as print, in its middle: how to tick a box.

    Parameters
    ----------
    field : Field
    cells : sequence of CellInk
        Of the field.
    scores : GlyphScores
        Of what is written in them.
    """
    if len(cells) != 1 or cells[0].ink is None:
        return False
    if CHARACTERS[int(scores.characters[0].argmax())] not in "Xx":
        return False
    ink, cell = cells[0].box, field.cells[0].box
    aside = abs(ink.x + ink.right - cell.x - cell.right) / (2 * cell.width)
    above = abs(ink.y + ink.bottom - cell.y - cell.bottom) / (2 * cell.height)
    return max(aside, above) <= CENTRED and _evenness(normalize_ink(cells[0].ink)) >= EVEN


def _evenness(glyph: np.ndarray) -> float:
    """Share of a glyph, uint8 (28, 28), in common with the mirror image that fits it worse."""
    steps = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(
        max(_shared(glyph, np.roll(mirrored, step, (0, 1))) for step in steps)
        for mirrored in (glyph[:, ::-1], glyph[::-1])
    )


def _shared(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.minimum(a, b).sum() / max(1, np.maximum(a, b).sum()))
