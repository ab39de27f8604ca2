"""Answers in rows of cells and in check boxes, a character or a mark a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hcr_batch.characters.isolate import CellInk
from hcr_batch.decoding.accents import punctuation, with_base_letters
from hcr_batch.decoding.constrained_readings import constrained_readings
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs, Thresholds
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
    blank_reading,
    check_reading,
    glyph_reading,
    glyph_readings,
    mark_reading,
)
from hcr_batch.decoding.transcription import Transcription, transcribe
from hcr_batch.geometry import shrunk
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Reading

__all__ = [
    "InkedCells",
    "inked_cells",
    "read_cells",
    "whole_row",
    "without_punctuation",
    "without_rims",
]

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
ACROSS = 0.5
"""Share of its box's sides that a mark is wide and high,"""
STROKES = (0.1, 0.45)
"""and of its middle that its strokes cover: 62 marks on 60 real pages had 0.15 to 0.56, where a
box that was scribbled over, as one does to take a mark back, had 0.47, and filled ones 0.5 to 1;"""
THICK_STROKES, LIKE_CHARACTER = 0.6, 0.5
"""up to so much where the ink is a character with at least this probability: a scribble looks like
none. Of 416 marks found on 70 filled blanks 231 are sure with it (183), and no box left empty."""
LEAST_RIMS = 3
"""Check boxes of a page with ink around an empty middle, from which that is the form's,"""
MORE_RIM = 1.5
"""unless there is so many times as much of it as in most of them."""
INKED = 85
"""Of 255, ink is a stroke from here on."""
MARK = 0.3
"""How much a mark too small for a character still counts as one, where a rule asks for it."""


@dataclass(frozen=True)
class InkedCells:
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

    def blank(self) -> InkedCells:
        """The same field without the ink."""
        nobody = self.is_character[:0]
        scores = GlyphScores(self.scores.characters[:0], self.scores.printed[:0])
        return InkedCells([], self.places[:0], scores, nobody, nobody, nobody)


def inked_cells(glyphs: FieldGlyphs, scores: GlyphScores) -> InkedCells:
    """The cells of a field with ink, hints printed in them left out.

    Parameters
    ----------
    glyphs : FieldGlyphs
    scores : GlyphScores
        Of its inks, in their order.
    """
    if glyphs.cells:
        marked, scores = with_base_letters(glyphs.cells, glyphs.bases, scores)
        glyphs = replace(glyphs, cells=marked)
    places = np.array([n for n, cell in enumerate(glyphs.cells) if cell.ink is not None], int)
    printed = np.array([glyphs.cells[n].printed for n in places], bool)
    scores = GlyphScores(scores.characters[: len(places)], scores.printed[: len(places)])
    is_written = text_kind(scores.printed[printed]) in (TextKind.WRITTEN, TextKind.RATHER_WRITTEN)
    is_check = glyphs.field.kind == "check"
    if is_written and not is_check:
        # The characters themselves are a better witness than the pixels of the page.
        printed[:] = False
    # In a check box a Y is a tick.
    if printed.any() and not is_check and are_hints(scores.characters[printed]):
        kept = ~printed
        places, printed = places[kept], printed[kept]
        scores = GlyphScores(scores.characters[kept], scores.printed[kept])
    cells = [glyphs.cells[place] for place in places]
    stray_print = printed_among_written(scores.printed) | printed
    is_character = np.array([not cell.small for cell in cells], bool) & ~stray_print
    return InkedCells(cells, places, scores, stray_print, is_character, printed)


def without_punctuation(inked: list[InkedCells]) -> list[InkedCells]:
    """The fields of a page with commas, points and slashes held for marks."""
    marks = punctuation([(one.cells, one.scores.characters, one.is_character) for one in inked])
    return [
        replace(one, is_character=one.is_character & ~mask)
        for one, mask in zip(inked, marks, strict=True)
    ]


def without_rims(written: Sequence[FieldGlyphs], inked: list[InkedCells]) -> list[InkedCells]:
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


def _rim_ink(glyphs: FieldGlyphs, inked: InkedCells) -> float:
    """Share of its box that the ink of a check box takes, where it leaves the middle empty."""
    if glyphs.field.kind != "check" or not inked.cells:
        return 0.0
    cell, box = inked.cells[0], glyphs.field.cells[0].box
    if cell.ink is None or _is_in_the_middle(cell, box):
        return 0.0
    return float((cell.ink >= INKED).sum() / (box.width * box.height))


def read_cells(
    glyphs: FieldGlyphs,
    inked: InkedCells,
    weighted: np.ndarray,
    thresholds: Thresholds,
    around: Surroundings,
    row: Transcription | None,
) -> FieldAnswer:
    """Read the cells of a field.

    Parameters
    ----------
    glyphs : FieldGlyphs
    inked : InkedCells
        Of the same field.
    weighted : ndarray of float, shape (characters, 62)
        Scores of its characters, weighted by their neighbours.
    thresholds : Thresholds
    around : Surroundings
    row : Transcription or None
        Its writing read whole, where it crosses walls.
    """
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
            check_reading(row, threshold, _has_strokes(cell, box, float(row.sum())))
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


def whole_row(
    glyphs: FieldGlyphs, scores: GlyphScores, card: LineCard | None
) -> Transcription | None:
    """A row of cells read whole, where its writing crosses the walls."""
    if glyphs.row is None or card is None or not scores.columns:
        return None
    return transcribe(glyphs.row, scores.columns[0], glyphs.rule.charset, card)


def _as_in_row(
    read: Sequence[Reading], inked: InkedCells, boxes: Sequence[Box], row: Transcription
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
        is_cut = cell.crosses and own < LIKELY
        if is_cut and reading.flagged and place in found:
            why = tuple(reason for reason in reading.reasons if reason in CROSSING)
            reading = glyph_reading(UNCONFIRMED * found[place], NEVER, why)
        readings.append(reading)
    return readings


def _is_in_the_middle(cell: CellInk, box: Box) -> bool:
    """Whether a mark reaches the middle of its check box: a rest of a wall does not."""
    return _covered(cell, box) > 0


def _has_strokes(cell: CellInk, box: Box, is_character: float) -> bool:
    """Whether the ink of a check box, so probably a character, goes across and does not fill it."""
    if cell.printed or cell.touching:
        return False
    wide = min(box.right, cell.box.right) - max(box.x, cell.box.x) >= ACROSS * box.width
    high = min(box.bottom, cell.box.bottom) - max(box.y, cell.box.y) >= ACROSS * box.height
    most = THICK_STROKES if is_character >= LIKE_CHARACTER else STROKES[1]
    return wide and high and STROKES[0] <= _covered(cell, box) <= most


def _covered(cell: CellInk, box: Box) -> float:
    """Share of the middle of a check box that ink covers."""
    if cell.ink is None:
        return 0.0
    middle = shrunk(box, MIDDLE)
    left, right = (max(0, round(x - cell.box.x)) for x in (middle.x, middle.right))
    top, bottom = (max(0, round(y - cell.box.y)) for y in (middle.y, middle.bottom))
    inked = np.count_nonzero(cell.ink[top:bottom, left:right] >= INKED)
    return inked / max(1.0, middle.width * middle.height)


def _is_no_comb(inked: InkedCells, read: Sequence[Reading]) -> bool:
    """Whether cells hold print or a drawing: a heading, an emblem.

    All are flagged, most are joined or hold no character, some hold none, and not one
    holds a likely one.
    """
    doubtful = sum(
        cell.crosses or not reading.character
        for cell, reading in zip(inked.cells, read, strict=True)
    )
    unread = any(not reading.character for reading in read)
    sure = any(reading.character and reading.confidence >= LIKELY for reading in read)
    joined = len(read) >= LEAST_JOINED and 2 * doubtful >= len(read)
    return joined and unread and not sure and all(reading.flagged for reading in read)


def _plain_cells(
    inked: InkedCells, weighted: np.ndarray, threshold: float, kind: TextKind
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
    glyphs: FieldGlyphs, inked: InkedCells, thresholds: Thresholds, kind: TextKind
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
