"""Answers in free areas: lines of writing and what is read in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.alphabet import BLANK
from hcr_batch.decoding.constrained_readings import constrained_readings
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs, Thresholds
from hcr_batch.decoding.line_parts import (
    NEARLY,
    LinePart,
    cut_parts,
    doubted,
    weighed,
    whole_parts,
)
from hcr_batch.decoding.machine_print import Surroundings, TextKind
from hcr_batch.decoding.readings import (
    as_mark,
    blank_reading,
    expected_right,
    glyph_readings,
    mark_reading,
)
from hcr_batch.forms.rules import Rule
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Reading

__all__ = ["read_lines"]

FEWEST_SURE = 3
"""Characters of a line that may be print, from which it can be told."""
LEAST_RIGHT = 0.9
"""Expected share of right characters of such a line, though something says that it is written,
from which it is read: of 413 characters of print on 60 filled blanks it leaves 117 (0.8: 189)."""
SURE_LETTER, SURE_DIGIT, EITHER = "[A-HJ-NP-RT-Ya-kmnp-rt-y]", "[346789]", "[0O1Il5S2Zosz]"
EITHER_LETTER, DIGIT, LETTER = "[OIlSZosz]", "[0-9]", "[A-Za-z]"
OF_EITHER_KIND = re.compile(
    f"(?<={SURE_LETTER}){EITHER}+(?={SURE_DIGIT})|(?<={SURE_DIGIT}){EITHER}+(?={SURE_LETTER})"
    f"|(?<!{LETTER}){EITHER_LETTER}+(?={DIGIT})|(?<={DIGIT}){EITHER_LETTER}+(?!{LETTER})"
)
"""Characters between a letter and a digit that look like both, and letters that look like digits
and stand beside one: only who knows the code can tell. Of 28 that were accepted on 119 drawn forms
15 were taken for the other kind."""


def read_lines(
    glyphs: FieldGlyphs,
    scores: GlyphScores,
    thresholds: Thresholds,
    around: Surroundings,
    card: LineCard | None,
) -> FieldAnswer:
    """Read the lines of a free field.

    Parameters
    ----------
    glyphs : FieldGlyphs
    scores : GlyphScores
        Of its inks and, with `card`, of its strips.
    thresholds : Thresholds
    around : Surroundings
    card : LineCard, optional
        Of the line reader; without one, lines are cut into characters.
    """
    parts = cut_parts(glyphs, scores, around)
    if card is not None and scores.columns:
        parts = whole_parts(glyphs, scores, parts, card)
    parts = [doubted(part, glyphs.source) for part in parts]
    parts = [part for part in parts if part.boxes and part.kind is not TextKind.PRINTED]
    cells: list[tuple[Box, Reading]] = []
    joint = None
    if _is_bound(parts, glyphs.rule):
        readings, joint = _constrained_lines(parts, glyphs.rule, thresholds)
    else:
        of_line = thresholds.of_line(glyphs.field.name)
        readings = [_plain_line(part, glyphs.rule, thresholds, of_line) for part in parts]
        readings = [
            _sure_or_print(line, part.is_written) if _may_be_print(part) else line
            for part, line in zip(parts, readings, strict=True)
        ]
        joint = _all_sure(parts)
    for part, read in zip(parts, readings, strict=True):
        cells += _with_gaps(part, read)
    confirmed = min((part.confirmed for part in parts), default=1.0)
    return FieldAnswer(cells or [(glyphs.field.box, blank_reading())], joint, confirmed)


def _is_bound(parts: Sequence[LinePart], rule: Rule) -> bool:
    """Whether a rule has still to choose the text of some lines."""
    return rule.is_binding and not any(
        part.kind is TextKind.RATHER_PRINTED or part.is_settled for part in parts
    )


def _may_be_print(part: LinePart) -> bool:
    """Whether a line is rather written, and nothing but its shapes says so."""
    return part.kind is TextKind.RATHER_WRITTEN and not part.is_settled


def _sure_or_print(readings: list[Reading], is_written: bool) -> list[Reading]:
    """A line that may be print: a mark if it is short or doubtful.

    Where nothing holds it for written, one character in doubt is enough.
    """
    few = sum(bool(reading.character) for reading in readings) < FEWEST_SURE
    is_sure = not any("low_confidence" in reading.reasons for reading in readings)
    if not few and (is_sure or (is_written and expected_right(readings) >= LEAST_RIGHT)):
        return readings
    return [as_mark(reading, "printed") for reading in readings]


def _all_sure(parts: Sequence[LinePart]) -> float | None:
    """Probability that all lines are right, where all were read whole."""
    sure = [part.sure for part in parts if part.sure is not None]
    return float(np.prod(sure)) if sure and len(sure) == len(parts) else None


def _plain_line(
    part: LinePart, rule: Rule, thresholds: Thresholds, of_line: tuple[float, float]
) -> list[Reading]:
    if part.kind is TextKind.RATHER_PRINTED:
        return [mark_reading(np.zeros(BLANK), "printed")]
    reasons = ("printed",) if part.kind is TextKind.RATHER_WRITTEN else ()
    if part.sure is not None:
        return _whole_line(part, part.sure, reasons, of_line)
    rows = weighed(part, rule).rows
    return glyph_readings(rows, thresholds.of(rule.charset), [reasons] * len(rows))


def _whole_line(
    part: LinePart, sure: float, reasons: tuple[str, ...], of_line: tuple[float, float]
) -> list[Reading]:
    """A line read whole: accepted, or what is doubtful in it flagged, and the weakest always."""
    of_whole, of_character = of_line
    best = part.rows.max(axis=1)
    # Where no string is accepted as a whole, its characters alone decide.
    weakest = float(best.min()) + NEARLY if of_whole < 1 else 0.0
    limit = 0.0 if sure >= of_whole else max(of_character, weakest)
    read = glyph_readings(part.rows, limit, [reasons] * len(best), are_characters=part.whole)
    return _with_either_kind_flagged(read, part)


def _with_either_kind_flagged(readings: list[Reading], part: LinePart) -> list[Reading]:
    """The readings of a line, those in doubt that may as well be a letter as a digit."""
    text, places = "", []
    for gap, reading in zip(part.word_gaps, readings, strict=True):
        text += " " if gap else ""
        places.append(len(text))
        text += reading.character or " "
    doubtful = {at for found in OF_EITHER_KIND.finditer(text) for at in range(*found.span())}
    return [
        reading.doubted("low_confidence") if place in doubtful else reading
        for place, reading in zip(places, readings, strict=True)
    ]


def _constrained_lines(
    parts: list[LinePart], rule: Rule, thresholds: Thresholds
) -> tuple[list[list[Reading]], float | None]:
    if not parts:
        return [], None
    rows = np.concatenate([part.rows for part in parts])
    reasons = [
        ("printed",) if part.kind is TextKind.RATHER_WRITTEN else ()
        for part in parts
        for _ in part.boxes
    ]
    readings, joint = constrained_readings(
        rows,
        np.ones(len(rows), bool),
        reasons,
        rule,
        thresholds.of(rule.charset),
        thresholds.strict,
    )
    result = []
    for part in parts:
        read, readings = readings[: len(part.boxes)], readings[len(part.boxes) :]
        is_doubtful = part.sure is not None and part.sure < thresholds.of_strings
        result.append(_with_weakest_flagged(read) if is_doubtful else read)
    return result, joint


def _with_weakest_flagged(readings: list[Reading]) -> list[Reading]:
    """The readings of a doubtful line: a person looks at one of them at least."""
    if any(reading.flagged for reading in readings):
        return readings
    weakest = min(readings, key=lambda reading: reading.confidence)
    flagged = replace(weakest, flagged=True, reasons=("low_confidence", *weakest.reasons))
    return [flagged if reading is weakest else reading for reading in readings]


def _with_gaps(part: LinePart, readings: list[Reading]) -> list[tuple[Box, Reading]]:
    """The cells of a line with blank ones where words are apart."""
    if part.kind is TextKind.RATHER_PRINTED:
        return [(part.line.box, reading) for reading in readings]
    cells: list[tuple[Box, Reading]] = []
    for box, gap, reading in zip(part.boxes, part.word_gaps, readings, strict=True):
        if gap:
            blank = Box(box.x - gap, part.line.box.y, gap, part.line.box.height)
            cells.append((blank, blank_reading()))
        cells.append((box, reading))
    return cells
