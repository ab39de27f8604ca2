"""From the ink of a field and its scores to readings, under the field's rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.characters.isolate import CellInk
from hcr_batch.characters.unplaced import UNPLACED
from hcr_batch.decoding.accents import punctuation, with_base_letters
from hcr_batch.decoding.constrained_readings import constrained_readings
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs, Thresholds
from hcr_batch.decoding.line_readings import read_lines
from hcr_batch.decoding.machine_print import (
    Surroundings,
    TextKind,
    are_hints,
    is_example_cross,
    printed_among_written,
    text_kind,
)
from hcr_batch.decoding.readings import (
    as_faint,
    as_mark,
    as_print,
    blank_reading,
    check_reading,
    glyph_reading,
    glyph_readings,
    mark_reading,
)
from hcr_batch.decoding.transcription import Transcription, transcribe
from hcr_batch.decoding.weighting import weighted_fields
from hcr_batch.geometry import shrunk
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Reading

__all__ = ["FieldAnswer", "FieldGlyphs", "Thresholds", "read_answers"]

STRINGS = ("free", UNPLACED)
"""Kinds of fields whose writing is read as strings."""
LEAST_JOINED = 3
"""Fewer characters that touch may be a hasty hand's."""
LIKELY = 0.9
"""Probability of a character from which print or a drawing is seldom taken for one."""
UNCONFIRMED = 0.8
"""What is left of the confidence of a character that the row read whole alone shows."""
IN_CELL = 0.35
"""Share of a cell's width that such a character's middle is from the cell's at most."""
NEVER = 1.1
"""A threshold that no character reaches: a person looks."""
CROSSING = ("touching", "out_of_cell")
"""Why a character that crosses a wall is flagged."""
MIDDLE = 0.5
"""Share of the sides of a check box that is its middle."""
LEAST_RIMS = 3
"""Check boxes of a page with ink around an empty middle, from which that is the form's,"""
MORE_RIM = 1.5
"""unless there is so many times as much of it as in most of them."""
INKED = 85
"""Of 255, ink is a stroke from here on."""
MARK = 0.3
"""How much a mark too small for a character still counts as one, where a rule asks for it."""


@dataclass(frozen=True)
class _Inked:
    """The N cells of a field with ink.

    Attributes
    ----------
    cells : list of CellInk
    places : ndarray of int, shape (N,)
        Which of the field's cells they are, from 0.
    scores : GlyphScores
    stray_print, is_character : ndarray of bool, shape (N,)
        Which are single letters of print, and which are characters.
    typed : ndarray of bool, shape (N,)
        Which are print where nothing is written.
    """

    cells: list[CellInk]
    places: np.ndarray
    scores: GlyphScores
    stray_print: np.ndarray
    is_character: np.ndarray
    typed: np.ndarray

    def blank(self) -> _Inked:
        """The same field without the ink."""
        nobody = self.is_character[:0]
        scores = GlyphScores(self.scores.characters[:0], self.scores.printed[:0])
        return _Inked([], self.places[:0], scores, nobody, nobody, nobody)


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
    inked = _without_punctuation(list(map(_inked, written, scores)))
    inked = _without_rims(written, inked)
    # Marks and print say nothing about the kind of their neighbours.
    weighted = weighted_fields(
        [one.scores.characters[one.is_character] for one in inked],
        [glyphs.rule for glyphs in written],
        [np.diff(one.places[one.is_character], prepend=0) > 1 for one in inked],
    )
    answers = [
        read_lines(glyphs, score, thresholds, near, card)
        if glyphs.field.kind in STRINGS
        else _read_cells(glyphs, one, rows, thresholds, near, _row(glyphs, score, card))
        for glyphs, score, one, rows, near in zip(
            written, scores, inked, weighted, around, strict=True
        )
    ]
    return [_completed(*given) for given in zip(answers, written, around, strict=True)]


def _inked(glyphs: FieldGlyphs, scores: GlyphScores) -> _Inked:
    if glyphs.cells:
        marked, scores = with_base_letters(glyphs.cells, glyphs.bases, scores)
        glyphs = replace(glyphs, cells=marked)
    places = np.array([n for n, cell in enumerate(glyphs.cells) if cell.ink is not None], int)
    printed = np.array([glyphs.cells[n].printed for n in places], bool)
    scores = GlyphScores(scores.characters[: len(places)], scores.printed[: len(places)])
    is_written = text_kind(scores.printed[printed]) in (TextKind.WRITTEN, TextKind.RATHER_WRITTEN)
    if is_written and glyphs.field.kind != "check":
        # The characters themselves are a better witness than the pixels of the page.
        printed[:] = False
    if printed.any() and are_hints(scores.characters[printed]):
        kept = ~printed
        places, printed = places[kept], printed[kept]
        scores = GlyphScores(scores.characters[kept], scores.printed[kept])
    cells = [glyphs.cells[place] for place in places]
    stray_print = printed_among_written(scores.printed) | printed
    is_character = np.array([not cell.small for cell in cells], bool) & ~stray_print
    return _Inked(cells, places, scores, stray_print, is_character, printed)


def _without_punctuation(inked: list[_Inked]) -> list[_Inked]:
    """The fields of a page with commas, points and slashes held for marks."""
    marks = punctuation([(one.cells, one.scores.characters, one.is_character) for one in inked])
    return [
        replace(one, is_character=one.is_character & ~mask)
        for one, mask in zip(inked, marks, strict=True)
    ]


def _without_rims(written: Sequence[FieldGlyphs], inked: list[_Inked]) -> list[_Inked]:
    """The fields of a page, its check boxes without rests of their walls.

    Round boxes, and boxes with a shadow, all have some: in several of them lies
    about as much ink, and none of it in the middle.
    """
    amounts = np.array([_rim_ink(*pair) for pair in zip(written, inked, strict=True)])
    if np.count_nonzero(amounts) < LEAST_RIMS:
        return inked
    most = MORE_RIM * np.median(amounts[amounts > 0])
    return [
        one.blank() if 0 < amount <= most else one
        for one, amount in zip(inked, amounts, strict=True)
    ]


def _rim_ink(glyphs: FieldGlyphs, inked: _Inked) -> float:
    """Share of its box that the ink of a check box takes, where it leaves the middle empty."""
    if glyphs.field.kind != "check" or not inked.cells:
        return 0.0
    cell, box = inked.cells[0], glyphs.field.cells[0].box
    if cell.ink is None or _is_in_the_middle(cell, box):
        return 0.0
    return float((cell.ink >= INKED).sum() / (box.width * box.height))


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
    if faint or _are_mostly_flagged([reading for _, reading in inked]):
        # Hardly anything of it is sure.
        return FieldAnswer([_one_look(inked, UNPLACED)])
    return FieldAnswer(
        [
            (box, replace(reading, flagged=True, reasons=(*reading.reasons, UNPLACED)))
            for box, reading in answer.cells
        ],
        answer.joint,
    )


def _is_doubtful(glyphs: FieldGlyphs, answer: FieldAnswer) -> bool:
    """Whether most characters of a field, neither ticked nor under a rule, are in doubt."""
    read = [reading for _, reading in answer.cells if reading.character]
    in_doubt = not read or _are_mostly_flagged(read)
    return in_doubt and not glyphs.rule.is_binding and glyphs.field.kind != "check"


def _are_mostly_flagged(readings: Sequence[Reading]) -> bool:
    return 2 * sum(reading.flagged for reading in readings) > len(readings)


def _read_cells(
    glyphs: FieldGlyphs,
    inked: _Inked,
    weighted: np.ndarray,
    thresholds: Thresholds,
    around: Surroundings,
    row: Transcription | None,
) -> FieldAnswer:
    boxes = [cell.box for cell in glyphs.field.cells]
    kind = text_kind(inked.scores.printed[~inked.typed], around)
    if not inked.cells:
        return FieldAnswer([(box, blank_reading()) for box in boxes])
    if kind is TextKind.PRINTED:
        # The segmentation took it for writing, or for print where an answer belongs.
        kind = TextKind.RATHER_PRINTED
    rows, threshold = inked.scores.characters, thresholds.of(glyphs.rule.charset, glyphs.field.name)
    joint = None
    if kind is TextKind.RATHER_PRINTED or is_example_cross(
        glyphs.field, glyphs.cells, inked.scores
    ):
        read = [mark_reading(row, "printed") for row in rows]
    elif glyphs.field.kind == "check":
        boxes_read = [boxes[place] for place in inked.places]
        read = [
            check_reading(row, threshold)
            if _is_in_the_middle(cell, box)
            else mark_reading(row, "not_a_character")
            for row, cell, box in zip(rows, inked.cells, boxes_read, strict=True)
        ]
    elif glyphs.rule.is_binding:
        read, joint = _constrained_cells(glyphs, inked, thresholds, kind)
    else:
        read = _plain_cells(inked, weighted, threshold, kind)
        if row is not None and not _is_no_comb(inked, read):
            read = _as_in_row(read, inked, boxes, row)
    faint = [cell.pen < glyphs.faintest for cell in inked.cells]
    read = [as_faint(one) if is_faint else one for one, is_faint in zip(read, faint, strict=True)]
    if _is_no_comb(inked, read):
        read = [as_mark(one, "not_a_character") if one.character else one for one in read]
    readings = dict(zip(inked.places.tolist(), read, strict=True))
    return FieldAnswer(
        [(box, readings.get(place) or blank_reading()) for place, box in enumerate(boxes)], joint
    )


def _row(
    glyphs: FieldGlyphs, scores: GlyphScores, card: LineCard | None
) -> Transcription | None:
    """A row of cells read whole, where its writing crosses the walls."""
    if glyphs.row is None or card is None or not scores.columns:
        return None
    return transcribe(glyphs.row, scores.columns[0], glyphs.rule.charset, card)


def _as_in_row(
    read: Sequence[Reading], inked: _Inked, boxes: Sequence[Box], row: Transcription
) -> list[Reading]:
    """The readings, those of ink that crosses walls as the row read whole has them: for a person.

    A wall has cut such a character, or taken a part of its neighbour along. One that looks like
    a character all the same is whole, and the row knows less of it.
    """
    middles = np.array([box.x + box.width / 2 for box in boxes])
    found: dict[int, np.ndarray] = {}
    for box, chances in zip(row.boxes, row.rows, strict=True):
        away = abs(middles - (box.x + box.width / 2))
        place = int(np.argmin(away))
        if away[place] > IN_CELL * boxes[place].width:
            continue
        if place not in found or chances.max() > found[place].max():
            found[place] = chances
    readings = []
    places, likely = inked.places.tolist(), inked.scores.characters.max(axis=1).tolist()
    for place, cell, own, reading in zip(places, inked.cells, likely, read, strict=True):
        is_cut = (cell.touching or cell.out_of_cell) and own < LIKELY
        if is_cut and reading.flagged and place in found:
            why = tuple(reason for reason in reading.reasons if reason in CROSSING)
            reading = glyph_reading(UNCONFIRMED * found[place], NEVER, why)
        readings.append(reading)
    return readings


def _is_in_the_middle(cell: CellInk, box: Box) -> bool:
    """Whether a mark reaches the middle of its check box: a rest of a wall does not."""
    if cell.ink is None:
        return False
    middle = shrunk(box, MIDDLE)
    left, right = (max(0, round(x - cell.box.x)) for x in (middle.x, middle.right))
    top, bottom = (max(0, round(y - cell.box.y)) for y in (middle.y, middle.bottom))
    return bool((cell.ink[top:bottom, left:right] >= INKED).any())


def _is_no_comb(inked: _Inked, read: Sequence[Reading]) -> bool:
    """Whether cells hold print or a drawing: a heading, an emblem.

    All are flagged, most are joined or hold no character, some hold none, and not one
    holds a likely one.
    """
    doubtful = sum(
        cell.touching or cell.out_of_cell or not reading.character
        for cell, reading in zip(inked.cells, read, strict=True)
    )
    unread = any(not reading.character for reading in read)
    sure = any(reading.character and reading.confidence >= LIKELY for reading in read)
    joined = len(read) >= LEAST_JOINED and 2 * doubtful >= len(read)
    return joined and unread and not sure and all(reading.flagged for reading in read)


def _plain_cells(
    inked: _Inked, weighted: np.ndarray, threshold: float, kind: TextKind
) -> list[Reading]:
    characters = [
        cell
        for cell, is_character in zip(inked.cells, inked.is_character, strict=True)
        if is_character
    ]
    reasons = [_reasons(cell, kind) for cell in characters]
    readings = iter(glyph_readings(weighted, threshold, reasons))
    return [
        next(readings)
        if is_character
        else mark_reading(row, *_mark_reasons(is_character, is_stray_print))
        for row, is_character, is_stray_print in zip(
            inked.scores.characters, inked.is_character, inked.stray_print, strict=True
        )
    ]


def _constrained_cells(
    glyphs: FieldGlyphs, inked: _Inked, thresholds: Thresholds, kind: TextKind
) -> tuple[list[Reading], float]:
    scores = inked.scores.characters
    rows = np.where(inked.is_character[:, None], scores, MARK * scores)
    has_ink = np.array([cell.ink is not None for cell in glyphs.cells])
    reasons = [
        (*_reasons(cell, kind), *_mark_reasons(is_character, is_stray_print))
        for cell, is_character, is_stray_print in zip(
            inked.cells, inked.is_character, inked.stray_print, strict=True
        )
    ]
    usual, strict = thresholds.of(glyphs.rule.charset, glyphs.field.name), thresholds.strict
    return constrained_readings(rows, has_ink, reasons, glyphs.rule, usual, strict)


def _mark_reasons(is_character: bool, is_stray_print: bool) -> tuple[str, ...]:
    if is_character:
        return ()
    return ("printed",) if is_stray_print else ("not_a_character",)


def _reasons(cell: CellInk, kind: TextKind) -> tuple[str, ...]:
    named = (
        ("touching", cell.touching),
        ("out_of_cell", cell.out_of_cell),
        ("accent", cell.accented),
        ("printed", kind is TextKind.RATHER_WRITTEN),
    )
    return tuple(reason for reason, holds in named if holds)
