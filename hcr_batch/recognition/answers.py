"""From the ink of a field and its scores to readings, under the field's rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from hcr_batch.forms.automata import BLANK, SYMBOLS, Automaton
from hcr_batch.forms.rules import Rule
from hcr_batch.glyphs.isolate import CellInk
from hcr_batch.glyphs.strings import TextLine
from hcr_batch.recognition.calibration import CHARSETS, given_inside
from hcr_batch.recognition.constraints import FOREIGN, Decoded, cell_chances, decode, restricted
from hcr_batch.recognition.context import with_context
from hcr_batch.recognition.models import GlyphScores
from hcr_batch.recognition.printed import (
    NOTHING_KNOWN,
    Hand,
    Surroundings,
    is_example_cross,
    printed_among_written,
    whose_hand,
)
from hcr_batch.recognition.readings import (
    ALTERNATIVES,
    BLANK_CONFIDENCE,
    LEAST_ALTERNATIVE,
    as_print,
    blank_reading,
    check_reading,
    glyph_reading,
    mark_reading,
)
from hcr_batch.recognition.strings import best_path, best_ruled_path, sureness
from hcr_batch.types import Box, Field, Reading

__all__ = ["Answer", "FieldGlyphs", "Thresholds", "read_answer"]

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

    def inks(self) -> Iterator[np.ndarray]:
        """Every ink of the field that may be a character."""
        yield from (cell.ink for cell in self.cells if cell.ink is not None)
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
        fitting = [name for name, wide in CHARSETS.items() if set(charset) <= set(wide)]
        return self.of_charset(min(fitting, key=lambda name: len(CHARSETS[name])))

    @property
    def strict(self) -> float:
        """For what a rule has corrected: the writing itself said otherwise."""
        return max(map(self.of_charset, CHARSETS))


@dataclass(frozen=True)
class Answer:
    """The cells of a field with their readings; `joint` where a rule tells it."""

    cells: list[tuple[Box, Reading]]
    joint: float | None = None


def read_answer(
    glyphs: FieldGlyphs,
    scores: GlyphScores,
    thresholds: Thresholds,
    around: Surroundings = NOTHING_KNOWN,
) -> Answer:
    """Read one field.

    Parameters
    ----------
    glyphs : FieldGlyphs
    scores : GlyphScores
        Of its `inks`, in their order.
    thresholds : Thresholds
    around : Surroundings
        What else stands on its page.
    """
    read = _read_lines if glyphs.field.kind == "free" else _read_cells
    answer = read(glyphs, scores, thresholds, around)
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
    glyphs: FieldGlyphs, scores: GlyphScores, thresholds: Thresholds, around: Surroundings
) -> Answer:
    boxes = [cell.box for cell in glyphs.field.cells]
    hand = whose_hand(scores.printed, around)
    if hand is Hand.PRINTED or not len(scores.printed):
        return Answer([(box, blank_reading()) for box in boxes])
    joint = None
    if hand is Hand.RATHER_PRINTED or is_example_cross(glyphs.field, glyphs.cells, scores):
        read = [mark_reading(row, "printed") for row in scores.characters]
    elif glyphs.field.kind == "check":
        threshold = thresholds.of(glyphs.rule.charset)
        read = [check_reading(row, threshold) for row in scores.characters]
    elif glyphs.rule.is_binding:
        read, joint = _ruled_cells(glyphs, scores, thresholds, hand)
    else:
        read = _plain_cells(glyphs, scores, thresholds, hand)
    inked = iter(read)
    return Answer(
        [
            (box, blank_reading() if cell.ink is None else next(inked))
            for box, cell in zip(boxes, glyphs.cells, strict=True)
        ],
        joint,
    )


def _plain_cells(
    glyphs: FieldGlyphs, scores: GlyphScores, thresholds: Thresholds, hand: Hand
) -> list[Reading]:
    places = [place for place, cell in enumerate(glyphs.cells) if cell.ink is not None]
    inked = [glyphs.cells[place] for place in places]
    plain, odd = _plain_and_odd(inked, scores)
    # Marks and print say nothing about the kind of their neighbours.
    weighed = scores.characters.copy()
    after_blank = np.diff(np.array(places)[plain], prepend=0) > 1
    weighed[plain] = _weighed(scores.characters[plain], glyphs.rule.charset, after_blank)
    threshold = thresholds.of(glyphs.rule.charset)
    return [
        glyph_reading(row, threshold, _reasons(cell, hand))
        if is_plain
        else mark_reading(row, "printed" if is_odd else "not_a_character")
        for row, cell, is_plain, is_odd in zip(weighed, inked, plain, odd, strict=True)
    ]


def _plain_and_odd(inked: list[CellInk], scores: GlyphScores) -> tuple[np.ndarray, np.ndarray]:
    """Which inks are characters, and which are single letters of print; bool (N,)."""
    odd = printed_among_written(scores.printed)
    return np.array([not cell.small for cell in inked], bool) & ~odd, odd


def _weighed(rows: np.ndarray, charset: str, after_blank: np.ndarray) -> np.ndarray:
    """Probabilities under a charset, letters weighed by their neighbours; float32 (N, 62)."""
    if charset.isdigit():
        return restricted(rows, charset)[0].astype(np.float32)
    if any(map(str.islower, charset)) and any(map(str.isupper, charset)):
        rows = _masked(rows, charset)
    else:
        rows = restricted(rows, charset)[0]
    return restricted(with_context(rows, after_blank), charset)[0].astype(np.float32)


def _masked(rows: np.ndarray, charset: str) -> np.ndarray:
    """Probabilities given that a glyph is of a charset or foreign, its cases kept apart."""
    if len(charset) == rows.shape[1]:
        return rows
    members = np.array([symbol in charset for symbol in SYMBOLS[:BLANK]])
    return given_inside(rows * members, rows)


def _ruled_cells(
    glyphs: FieldGlyphs, scores: GlyphScores, thresholds: Thresholds, hand: Hand
) -> tuple[list[Reading], float]:
    inked = [cell for cell in glyphs.cells if cell.ink is not None]
    plain, odd = _plain_and_odd(inked, scores)
    rows = np.where(plain[:, None], scores.characters, MARK * scores.characters)
    has_ink = np.array([cell.ink is not None for cell in glyphs.cells])
    reasons = [
        (*_reasons(cell, hand), *_mark_reasons(is_plain, is_odd))
        for cell, is_plain, is_odd in zip(inked, plain, odd, strict=True)
    ]
    return _ruled(rows, has_ink, reasons, glyphs.rule, thresholds)


def _mark_reasons(is_plain: bool, is_odd: bool) -> tuple[str, ...]:
    if is_plain:
        return ()
    return ("printed",) if is_odd else ("not_a_character",)


def _ruled(
    rows: np.ndarray,
    inked: np.ndarray,
    reasons: Sequence[tuple[str, ...]],
    rule: Rule,
    thresholds: Thresholds,
) -> tuple[list[Reading], float]:
    """Readings of the cells with ink under a binding rule, and the joint probability."""
    if not rule.words:
        after_blank = np.diff(np.flatnonzero(inked), prepend=0) > 1
        rows = _weighed(rows, rule.charset, after_blank)
    decoded = decode(cell_chances(rows, rule.charset, inked, BLANK_CONFIDENCE), rule)
    usual, strict = thresholds.of(rule.charset), thresholds.strict
    readings = []
    for place, reason in zip(np.flatnonzero(inked), reasons, strict=True):
        threshold = strict if place in decoded.corrected else usual
        readings.append(_ruled_reading(decoded, int(place), threshold, reason))
    return readings, decoded.joint


def _ruled_reading(
    decoded: Decoded, place: int, threshold: float, reasons: tuple[str, ...]
) -> Reading:
    symbol, chances = decoded.symbols[place], decoded.posterior[place].copy()
    is_character = symbol not in (FOREIGN, BLANK)
    confidence = float(chances[symbol] if symbol != FOREIGN else max(0.0, 1 - chances.sum()))
    if not is_character and not reasons:
        reasons = ("not_a_character",)
    failed = decoded.breaks and not decoded.corrected
    if confidence < threshold and is_character:
        reasons = ("low_confidence", *reasons)
        failed |= place in decoded.corrected
    if failed:
        reasons = ("check_failed", *reasons)
    if symbol != FOREIGN:
        chances[symbol] = 0
    chances[BLANK] = 0
    order = np.argsort(-chances, kind="stable")[:ALTERNATIVES]
    others = tuple(
        (SYMBOLS[o], float(chances[o])) for o in order if chances[o] >= LEAST_ALTERNATIVE
    )
    character = SYMBOLS[symbol] if is_character else ""
    return Reading(character, min(confidence, 1.0), bool(reasons), reasons, others)


def _reasons(cell: CellInk, hand: Hand) -> tuple[str, ...]:
    named = (
        ("touching", cell.touching),
        ("out_of_cell", cell.out_of_cell),
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
    rows = _weighed(part.rows, rule.charset, after_blank)
    return [glyph_reading(row, threshold, reasons) for row in rows]


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
    readings, joint = _ruled(rows, np.ones(len(rows), bool), reasons, rule, thresholds)
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
