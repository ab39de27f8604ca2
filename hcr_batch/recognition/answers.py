"""From the ink of a field and its scores to readings, under the field's rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from hcr_batch.forms.automata import BLANK, Automaton
from hcr_batch.forms.rules import Rule
from hcr_batch.glyphs.isolate import CellInk
from hcr_batch.glyphs.marks import BaseLetter, base_letter
from hcr_batch.glyphs.strings import TextLine
from hcr_batch.recognition.accents import punctuation, with_base_letters
from hcr_batch.recognition.calibration import CHARSETS
from hcr_batch.recognition.constraints import cell_chances, restricted
from hcr_batch.recognition.models import GlyphScores
from hcr_batch.recognition.printed import (
    Hand,
    Surroundings,
    is_example_cross,
    printed_among_written,
    whose_hand,
)
from hcr_batch.recognition.readings import (
    BLANK_CONFIDENCE,
    as_print,
    blank_reading,
    check_reading,
    glyph_readings,
    mark_reading,
)
from hcr_batch.recognition.ruled import ruled_readings
from hcr_batch.recognition.strings import best_path, best_ruled_path, sureness
from hcr_batch.recognition.weighing import weighed, weighed_fields
from hcr_batch.types import Box, Field, Reading

__all__ = ["Answer", "FieldGlyphs", "Thresholds", "read_answers"]

WORD_GAP = 1.1
"""Letter heights; a wider gap in a free string is a blank between words."""
USUAL_GAPS = 2.5
"""And it must be wider than this many usual gaps of the line."""
MARK = 0.3
"""How much a mark too small for a character still counts as one, where a rule asks for it."""


@dataclass(frozen=True)
class FieldGlyphs:
    """A field with its ink: cells, or lines with candidates; and its rule."""

    field: Field
    cells: tuple[CellInk, ...] = ()
    lines: tuple[TextLine, ...] = ()
    rule: Rule = dataclasses.field(default_factory=Rule)

    @cached_property
    def bases(self) -> dict[int, BaseLetter]:
        """Letters below marks, by their places among the cells with ink."""
        inks = (cell.ink for cell in self.cells if cell.ink is not None)
        found = ((number, base_letter(ink)) for number, ink in enumerate(inks))
        return {number: base for number, base in found if base}

    def inks(self) -> Iterator[np.ndarray]:
        """Every ink of the field that may be a character; those of bases stand after the cells'."""
        yield from (cell.ink for cell in self.cells if cell.ink is not None)
        yield from (base.ink for base in self.bases.values())
        yield from (candidate.ink for line in self.lines for candidate in line.candidates)


@dataclass(frozen=True)
class Thresholds:
    """The least confidence that needs no person, by charset.

    Attributes
    ----------
    of_charset : callable
        From `alnum`, `digits` or `upper` to a confidence.
    """

    of_charset: Callable[[str], float]

    def of(self, charset: str) -> float:
        """That of the narrowest of the model's charsets that holds all of `charset`."""
        return self.of_charset(_narrowest(charset))

    @property
    def strict(self) -> float:
        """For what a rule has corrected: the writing itself said otherwise."""
        return max(map(self.of_charset, CHARSETS))


@lru_cache(maxsize=64)
def _narrowest(charset: str) -> str:
    fitting = [name for name, wide in CHARSETS.items() if set(charset) <= set(wide)]
    return min(fitting, key=lambda name: len(CHARSETS[name]))


@dataclass(frozen=True)
class Answer:
    """The cells of a field with their readings; `joint` where a rule tells it."""

    cells: list[tuple[Box, Reading]]
    joint: float | None = None


@dataclass(frozen=True)
class _Inked:
    """The N cells of a field with ink.

    Attributes
    ----------
    cells : list of CellInk
    places : ndarray of int, shape (N,)
        Which of the field's cells they are, from 0.
    scores : GlyphScores
    odd, plain : ndarray of bool, shape (N,)
        Which are single letters of print, and which are characters.
    """

    cells: list[CellInk]
    places: np.ndarray
    scores: GlyphScores
    odd: np.ndarray
    plain: np.ndarray


def read_answers(
    written: Sequence[FieldGlyphs],
    scores: Sequence[GlyphScores],
    thresholds: Thresholds,
    around: Sequence[Surroundings],
) -> list[Answer]:
    """Read the fields of a page.

    Parameters
    ----------
    written : sequence of FieldGlyphs
    scores : sequence of GlyphScores
        Of the `inks` of each field, in their order.
    thresholds : Thresholds
    around : sequence of Surroundings
        What else stands on the page, seen from each field.
    """
    inked = _without_punctuation(list(map(_inked, written, scores)))
    # Marks and print say nothing about the kind of their neighbours.
    weighed = weighed_fields(
        [own.scores.characters[own.plain] for own in inked],
        [glyphs.rule for glyphs in written],
        [np.diff(own.places[own.plain], prepend=0) > 1 for own in inked],
    )
    answers = [
        _read_lines(glyphs, score, thresholds, near)
        if glyphs.field.kind == "free"
        else _read_cells(glyphs, own, rows, thresholds, near)
        for glyphs, score, own, rows, near in zip(
            written, scores, inked, weighed, around, strict=True
        )
    ]
    return [_completed(*given) for given in zip(answers, written, around, strict=True)]


def _inked(glyphs: FieldGlyphs, scores: GlyphScores) -> _Inked:
    if glyphs.cells:
        marked, scores = with_base_letters(glyphs.cells, glyphs.bases, scores)
        glyphs = replace(glyphs, cells=marked)
    places = [place for place, cell in enumerate(glyphs.cells) if cell.ink is not None]
    count = len(places)
    scores = GlyphScores(scores.characters[:count], scores.printed[:count])
    cells = [glyphs.cells[place] for place in places]
    odd = printed_among_written(scores.printed)
    plain = np.array([not cell.small for cell in cells], bool) & ~odd
    return _Inked(cells, np.array(places, int), scores, odd, plain)


def _without_punctuation(inked: list[_Inked]) -> list[_Inked]:
    """The fields of a page with commas, points and slashes held for marks."""
    marks = punctuation([(own.cells, own.scores.characters, own.plain) for own in inked])
    return [replace(own, plain=own.plain & ~mask) for own, mask in zip(inked, marks, strict=True)]


def _completed(answer: Answer, glyphs: FieldGlyphs, around: Surroundings) -> Answer:
    """The answer as its page and its rule have it."""
    if around.page_is_print and _is_doubtful(glyphs, answer):
        answer = Answer([(box, as_print(reading)) for box, reading in answer.cells])
    if glyphs.rule.required and not any(r.character or r.flagged for _, r in answer.cells):
        box, reading = answer.cells[0]
        missing = replace(reading, flagged=True, reasons=("required",))
        return Answer([(box, missing), *answer.cells[1:]], answer.joint)
    return answer


def _is_doubtful(glyphs: FieldGlyphs, answer: Answer) -> bool:
    """Whether not one character of a field, neither ticked nor under a rule, is sure."""
    sure = any(reading.character and not reading.flagged for _, reading in answer.cells)
    return not (sure or glyphs.rule.is_binding or glyphs.field.kind == "check")


def _read_cells(
    glyphs: FieldGlyphs,
    inked: _Inked,
    weighed: np.ndarray,
    thresholds: Thresholds,
    around: Surroundings,
) -> Answer:
    boxes = [cell.box for cell in glyphs.field.cells]
    hand = whose_hand(inked.scores.printed, around)
    if hand is Hand.PRINTED or not inked.cells:
        return Answer([(box, blank_reading()) for box in boxes])
    rows, threshold = inked.scores.characters, thresholds.of(glyphs.rule.charset)
    joint = None
    if hand is Hand.RATHER_PRINTED or is_example_cross(glyphs.field, glyphs.cells, inked.scores):
        read = [mark_reading(row, "printed") for row in rows]
    elif glyphs.field.kind == "check":
        read = [check_reading(row, threshold) for row in rows]
    elif glyphs.rule.is_binding:
        read, joint = _ruled_cells(glyphs, inked, thresholds, hand)
    else:
        read = _plain_cells(inked, weighed, threshold, hand)
    readings = dict(zip(inked.places.tolist(), read, strict=True))
    return Answer(
        [(box, readings.get(place) or blank_reading()) for place, box in enumerate(boxes)], joint
    )


def _plain_cells(
    inked: _Inked, weighed: np.ndarray, threshold: float, hand: Hand
) -> list[Reading]:
    characters = [cell for cell, is_plain in zip(inked.cells, inked.plain, strict=True) if is_plain]
    reasons = [_reasons(cell, hand) for cell in characters]
    readings = iter(glyph_readings(weighed, threshold, reasons))
    return [
        next(readings) if is_plain else mark_reading(row, *_mark_reasons(is_plain, is_odd))
        for row, is_plain, is_odd in zip(
            inked.scores.characters, inked.plain, inked.odd, strict=True
        )
    ]


def _ruled_cells(
    glyphs: FieldGlyphs, inked: _Inked, thresholds: Thresholds, hand: Hand
) -> tuple[list[Reading], float]:
    scores = inked.scores.characters
    rows = np.where(inked.plain[:, None], scores, MARK * scores)
    has_ink = np.array([cell.ink is not None for cell in glyphs.cells])
    reasons = [
        (*_reasons(cell, hand), *_mark_reasons(is_plain, is_odd))
        for cell, is_plain, is_odd in zip(inked.cells, inked.plain, inked.odd, strict=True)
    ]
    usual, strict = thresholds.of(glyphs.rule.charset), thresholds.strict
    return ruled_readings(rows, has_ink, reasons, glyphs.rule, usual, strict)


def _mark_reasons(is_plain: bool, is_odd: bool) -> tuple[str, ...]:
    if is_plain:
        return ()
    return ("printed",) if is_odd else ("not_a_character",)


def _reasons(cell: CellInk, hand: Hand) -> tuple[str, ...]:
    named = (
        ("touching", cell.touching),
        ("out_of_cell", cell.out_of_cell),
        ("accent", cell.accented),
        ("printed", hand is Hand.RATHER_WRITTEN),
    )
    return tuple(reason for reason, holds in named if holds)


@dataclass(frozen=True)
class _Part:
    """A line with the numbers of its chosen candidates, their rows of scores, and its hand."""

    line: TextLine
    path: list[int]
    rows: np.ndarray
    hand: Hand

    @property
    def boxes(self) -> list[Box]:
        return [self.line.candidates[number].box for number in self.path]

    @property
    def word_gaps(self) -> list[float]:
        """Pixels of paper before each character where a word begins, else 0."""
        gaps = [b.x - a.right for a, b in pairwise(self.boxes)]
        usual = float(np.median(gaps)) if gaps else 0.0
        word_gap = max(WORD_GAP * self.line.height, USUAL_GAPS * usual)
        return [0.0, *(gap if gap > word_gap else 0.0 for gap in gaps)]


def _read_lines(
    glyphs: FieldGlyphs, scores: GlyphScores, thresholds: Thresholds, around: Surroundings
) -> Answer:
    parts = _parts(glyphs, scores, around)
    parts = [part for part in parts if part.hand is not Hand.PRINTED]
    cells: list[tuple[Box, Reading]] = []
    joint = None
    if glyphs.rule.is_binding and all(part.hand is not Hand.RATHER_PRINTED for part in parts):
        readings, joint = _ruled_lines(parts, glyphs.rule, thresholds)
    else:
        readings = [_plain_line(part, glyphs.rule, thresholds) for part in parts]
    for part, read in zip(parts, readings, strict=True):
        cells += _with_gaps(part, read)
    return Answer(cells or [(glyphs.field.box, blank_reading())], joint)


def _parts(glyphs: FieldGlyphs, scores: GlyphScores, around: Surroundings) -> list[_Part]:
    """The lines of a field, each parted where the rule, or else the shapes, make it likeliest."""
    ends = np.cumsum([0, *(len(line.candidates) for line in glyphs.lines)])
    rows = restricted(scores.characters, glyphs.rule.charset)[0]
    sure = sureness(rows)
    paths = [
        best_path(line, sure[first:last])
        for line, first, last in zip(glyphs.lines, ends, ends[1:], strict=False)
    ]
    if glyphs.rule.automaton is not None and glyphs.lines:
        paths = _ruled_paths(glyphs, glyphs.rule.automaton, scores, ends, paths)
    return [
        _Part(
            line,
            path,
            scores.characters[first:][path],
            whose_hand(scores.printed[first:][path], around),
        )
        for line, first, path in zip(glyphs.lines, ends, paths, strict=False)
    ]


def _ruled_paths(
    glyphs: FieldGlyphs,
    automaton: Automaton,
    scores: GlyphScores,
    ends: np.ndarray,
    paths: list[list[int]],
) -> list[list[int]]:
    """The paths whose text keeps the rule, where there are some; else those given."""
    everything = np.ones(len(scores.characters), bool)
    chances = cell_chances(scores.characters, glyphs.rule.charset, everything, BLANK_CONFIDENCE)
    best = best_ruled_path(glyphs.lines, chances.symbols, automaton)
    if best is None:
        return paths
    chosen = np.array(best)
    return [
        [int(number - first) for number in chosen[(first <= chosen) & (chosen < last)]]
        for first, last in zip(ends, ends[1:], strict=False)
    ]


def _plain_line(part: _Part, rule: Rule, thresholds: Thresholds) -> list[Reading]:
    if part.hand is Hand.RATHER_PRINTED:
        return [mark_reading(np.zeros(BLANK), "printed")]
    threshold = thresholds.of(rule.charset)
    reasons = ("printed",) if part.hand is Hand.RATHER_WRITTEN else ()
    after_blank = np.array([gap > 0 for gap in part.word_gaps])
    rows = weighed(part.rows, rule, after_blank)
    return glyph_readings(rows, threshold, [reasons] * len(rows))


def _ruled_lines(
    parts: list[_Part], rule: Rule, thresholds: Thresholds
) -> tuple[list[list[Reading]], float | None]:
    if not parts:
        return [], None
    rows = np.concatenate([part.rows for part in parts])
    reasons = [
        ("printed",) if part.hand is Hand.RATHER_WRITTEN else ()
        for part in parts
        for _ in part.path
    ]
    readings, joint = ruled_readings(
        rows,
        np.ones(len(rows), bool),
        reasons,
        rule,
        thresholds.of(rule.charset),
        thresholds.strict,
    )
    result = []
    for part in parts:
        result.append(readings[: len(part.path)])
        readings = readings[len(part.path) :]
    return result, joint


def _with_gaps(part: _Part, readings: list[Reading]) -> list[tuple[Box, Reading]]:
    """The cells of a line with blank ones where words are apart."""
    if part.hand is Hand.RATHER_PRINTED:
        return [(part.line.box, reading) for reading in readings]
    cells: list[tuple[Box, Reading]] = []
    for box, gap, reading in zip(part.boxes, part.word_gaps, readings, strict=True):
        if gap:
            blank = Box(box.x - gap, part.line.box.y, gap, part.line.box.height)
            cells.append((blank, blank_reading()))
        cells.append((box, reading))
    return cells
