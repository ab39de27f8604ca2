"""From the ink of a field and its scores to readings, under the field's rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.alphabet import BARS
from hcr_batch.arrays.box_sides import bounds
from hcr_batch.characters.unplaced import UNPLACED
from hcr_batch.decoding.cell_readings import (
    inked_cells,
    read_cells,
    whole_row,
    without_punctuation,
    without_rims,
)
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs, Thresholds
from hcr_batch.decoding.line_readings import read_lines
from hcr_batch.decoding.machine_print import Surroundings
from hcr_batch.decoding.readings import as_mark, as_print, expected_right
from hcr_batch.decoding.weighting import weighted_fields
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Reading

__all__ = ["FieldAnswer", "FieldGlyphs", "Thresholds", "read_answers"]

STRINGS = ("free", UNPLACED)
"""Kinds of fields whose writing is read as strings."""
LEAST_RIGHT = 0.8
"""Expected share of right characters of a line outside all fields, from which a person sees it
letter by letter, and not as one thing to look at,"""
LONGEST_OUTSIDE = 30
"""its most characters: longer ones are sentences of the form. Both together leave 25 of 252
characters of print on 60 filled blanks, and 301 of 428 of all else;"""
LEAST_CONFIRMED = 0.1
"""and how far its cut confirms it: smeared print may look like a word as a whole. On real blank
forms five such lines of print have less, and on filled ones 4 of 44 lines that a pen wrote."""
FEWEST_SEVENS, ONES = 4, 0.25
"""So many 7s on a page, and no more than this share of them in 1s, make one wonder whether they are
1s. On 119 drawn pages of 30 hands so 29 that would be accepted are flagged, 9 of them 1s; on 25
real ones none."""


def read_answers(
    written: Sequence[FieldGlyphs],
    scores: Sequence[GlyphScores],
    thresholds: Thresholds,
    around: Sequence[Surroundings],
    card: LineCard | None = None,
) -> list[FieldAnswer]:
    """Read the fields of a page.

    Parameters
    ----------
    written : sequence of FieldGlyphs
    scores : sequence of GlyphScores
        Of the `inks` of each field, in their order.
    thresholds : Thresholds
    around : sequence of Surroundings
        What else stands on the page, seen from each field.
    card : LineCard, optional
        Of the line reader, where it has read the strings too.
    """
    inked = without_punctuation(list(map(inked_cells, written, scores)))
    inked = without_rims(written, inked)
    # Marks and print say nothing about the kind of their neighbours.
    weighted = weighted_fields(
        [one.scores.characters[one.is_character] for one in inked],
        [glyphs.rule for glyphs in written],
        [np.diff(one.places[one.is_character], prepend=0) > 1 for one in inked],
    )
    answers = [
        read_lines(glyphs, score, thresholds, near, card)
        if glyphs.field.kind in STRINGS
        else read_cells(glyphs, one, rows, thresholds, near, whole_row(glyphs, score, card))
        for glyphs, score, one, rows, near in zip(
            written, scores, inked, weighted, around, strict=True
        )
    ]
    whole = [_completed(*given) for given in zip(answers, written, around, strict=True)]
    return _with_doubted_sevens(whole, written)


def _with_doubted_sevens(
    answers: Sequence[FieldAnswer], written: Sequence[FieldGlyphs]
) -> list[FieldAnswer]:
    """The answers of a page with its 7s in doubt, if nearly nothing on it is a 1.

    Many hands in Europe write a 1 as others do a 7; which this one is shows on the whole page.
    """
    read = "".join(reading.character for answer in answers for _, reading in answer.cells)
    sevens, ones = read.count("7"), read.count("1")
    if sevens < FEWEST_SEVENS or ones > ONES * sevens:
        return list(answers)
    return [
        answer if glyphs.rule.is_binding else _each(answer, _doubted_seven)
        for answer, glyphs in zip(answers, written, strict=True)
    ]


def _doubted_seven(reading: Reading) -> Reading:
    return reading.doubted("low_confidence") if reading.character == "7" else reading


def _each(answer: FieldAnswer, change: Callable[[Reading], Reading]) -> FieldAnswer:
    """The answer with another reading of each of its cells."""
    return replace(answer, cells=[(box, change(reading)) for box, reading in answer.cells])


def _completed(answer: FieldAnswer, glyphs: FieldGlyphs, around: Surroundings) -> FieldAnswer:
    """The answer as its page and its rule have it."""
    if around.page_is_print and _is_doubtful(glyphs, answer):
        answer = FieldAnswer([(box, as_print(reading)) for box, reading in answer.cells])
    inked = [cell for cell in answer.cells if cell[1].character or cell[1].flagged]
    if glyphs.field.kind == UNPLACED:
        return _unplaced(answer, inked, glyphs.faint)
    if glyphs.field.kind in STRINGS and len(inked) > 1 and all(map(_is_print, inked)):
        return FieldAnswer([_one_look(inked, "printed")])
    if glyphs.rule.required and not inked:
        box, reading = answer.cells[0]
        missing = replace(reading, flagged=True, reasons=("required",))
        return FieldAnswer([(box, missing), *answer.cells[1:]], answer.joint)
    return answer


def _is_print(cell: tuple[Box, Reading]) -> bool:
    """Whether a cell is a mark that is held for print."""
    return not cell[1].character and cell[1].reasons == ("printed",)


def _one_look(cells: Sequence[tuple[Box, Reading]], reason: str) -> tuple[Box, Reading]:
    """One thing to look at for a line of which nothing is read, and not one a character."""
    return bounds([box for box, _ in cells]), as_mark(cells[0][1], reason)


def _unplaced(
    answer: FieldAnswer, inked: Sequence[tuple[Box, Reading]], faint: bool
) -> FieldAnswer:
    """Writing outside all fields, if it is no print: a person looks at it."""
    if not inked:
        return FieldAnswer([])
    is_confirmed = answer.confirmed >= LEAST_CONFIRMED
    if faint or not is_confirmed or not _is_rather_written([reading for _, reading in inked]):
        return FieldAnswer([_one_look(inked, UNPLACED)])
    return _each(answer, _outside)


def _outside(reading: Reading) -> Reading:
    """As it is outside all fields; the gaps between words are nothing to look at."""
    return reading.doubted(UNPLACED) if reading.character or reading.flagged else reading


def _is_rather_written(readings: Sequence[Reading]) -> bool:
    """Whether a line outside all fields is worth a look a letter."""
    may_be_print = any("printed" in reading.reasons for reading in readings)
    # A single stroke is rather the rest of a wall.
    is_bar = len(readings) == 1 and readings[0].character in BARS
    is_right = expected_right(readings) >= LEAST_RIGHT
    return is_right and len(readings) <= LONGEST_OUTSIDE and not (may_be_print or is_bar)


def _is_doubtful(glyphs: FieldGlyphs, answer: FieldAnswer) -> bool:
    """Whether most characters of a field, neither ticked nor under a rule, are in doubt."""
    read = [reading for _, reading in answer.cells if reading.character]
    in_doubt = not read or _are_mostly_flagged(read)
    return in_doubt and not glyphs.rule.is_binding and glyphs.field.kind != "check"


def _are_mostly_flagged(readings: Sequence[Reading]) -> bool:
    return 2 * sum(reading.flagged for reading in readings) > len(readings)
