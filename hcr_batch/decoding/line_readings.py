"""Answers in free areas: lines of writing, cut into characters or read whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise

import numpy as np

from hcr_batch.alphabet import BLANK, CHARACTERS, SIGNS
from hcr_batch.characters.field_ink import InkSource
from hcr_batch.characters.marks import commas
from hcr_batch.characters.string_candidates import TextLine
from hcr_batch.decoding.constrained_decoding import cell_chances, restricted
from hcr_batch.decoding.constrained_readings import constrained_readings
from hcr_batch.decoding.cut_paths import best_constrained_path, best_path
from hcr_batch.decoding.cut_support import CutLine
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs, Thresholds
from hcr_batch.decoding.known_words import known_words
from hcr_batch.decoding.machine_print import Surroundings, TextKind, text_kind
from hcr_batch.decoding.readings import (
    BLANK_CONFIDENCE,
    as_mark,
    blank_reading,
    glyph_readings,
    mark_reading,
)
from hcr_batch.decoding.transcription import Transcription, transcribe, transcribe_constrained
from hcr_batch.decoding.weighting import weighted
from hcr_batch.forms.automata import Automaton
from hcr_batch.forms.rules import Rule
from hcr_batch.probabilities import shape_confidence
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.line_confidence import comparable_text
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Reading

__all__ = ["read_lines"]

WORD_GAP = 1.1
"""Letter heights; a wider gap in a free string is a blank between words."""
FEWEST_SURE = 3
"""Characters of a line that may be print, from which it can be told."""
MOST_DOUBTED = 0.8
"""Share of such a line, though it may be written, that is in doubt at most where it is read: on 20
filled blanks 2.7 for 3.3 of 100 cells were invented, and of 384 words on pages three were lost to
a mark."""
USUAL_GAPS = 2.5
"""And it must be wider than this many usual gaps of the line."""

SURE_SIGN = 0.9
"""Share of a text that is nothing but a sign, from which nothing has been written."""
DISPUTED = 0.6
"""What is left of the confidence of a character that the other reading does not confirm."""
NEARLY = 1e-6
"""No character is surer, or less sure, than this leaves open."""
EXPONENTS = (0.2, 20.0)
"""How far the confidences of a line's characters are raised or lowered to fit the line's."""


@dataclass(frozen=True)
class _Part:
    """A line with the places of its characters, their rows of scores, and its hand.

    Attributes
    ----------
    line : TextLine
    boxes : list of Box
    rows : ndarray of float, shape (characters, 62)
    word_gaps : list of float
        Pixels of paper before each character where a word begins, else 0.
    kind : TextKind
    sure : float or None
        Probability that the whole line is right, where it was read whole too; then
        the rows are weighted by their neighbours and together as sure.
    whole : bool
        The characters are those of the line reader.
    is_written : bool
        Its glyphs, or the page segmentation, say that a pen wrote it.
    """

    line: TextLine
    boxes: list[Box]
    rows: np.ndarray
    word_gaps: list[float]
    kind: TextKind
    sure: float | None = None
    whole: bool = False
    is_written: bool = False

    @property
    def text(self) -> str:
        """The likeliest character of each row."""
        return "".join(CHARACTERS[number] for number in self.rows.argmax(axis=1))


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
    parts = _cut_parts(glyphs, scores, around)
    if card is not None and scores.columns:
        parts = _whole_parts(glyphs, scores, parts, card)
    parts = [_doubted(part, glyphs.source) for part in parts]
    parts = [part for part in parts if part.boxes and part.kind is not TextKind.PRINTED]
    cells: list[tuple[Box, Reading]] = []
    joint = None
    if glyphs.rule.is_binding and all(part.kind is not TextKind.RATHER_PRINTED for part in parts):
        readings, joint = _constrained_lines(parts, glyphs.rule, thresholds)
    else:
        readings = [_plain_line(part, glyphs.rule, thresholds) for part in parts]
        readings = [
            _sure_or_print(line, part.is_written) if part.kind is TextKind.RATHER_WRITTEN else line
            for part, line in zip(parts, readings, strict=True)
        ]
        joint = _all_sure(parts)
    for part, read in zip(parts, readings, strict=True):
        cells += _with_gaps(part, read)
    return FieldAnswer(cells or [(glyphs.field.box, blank_reading())], joint)


def _doubted(part: _Part, source: InkSource) -> _Part:
    """A line whose kind is in doubt where its glyphs and the page segmentation disagree."""
    kind, is_pen = part.kind, source is InkSource.PEN
    if kind is TextKind.WRITTEN and not is_pen:
        kind = TextKind.RATHER_WRITTEN
    elif kind is TextKind.RATHER_PRINTED and source is InkSource.PRINT:
        # Two witnesses: a label, such as stands in most boxes of a form.
        kind = TextKind.PRINTED
    elif kind is TextKind.PRINTED and source is not InkSource.PRINT:
        kind = TextKind.RATHER_PRINTED
    return replace(part, kind=kind, is_written=is_pen or part.kind is TextKind.WRITTEN)


def _sure_or_print(readings: list[Reading], is_written: bool) -> list[Reading]:
    """A line that may be print: a mark if it is short or doubtful.

    Where something holds it for written, most of it must be in doubt; else one character.
    """
    few = sum(bool(reading.character) for reading in readings) < FEWEST_SURE
    doubts = sum("low_confidence" in reading.reasons for reading in readings)
    if not few and (doubts <= MOST_DOUBTED * len(readings) if is_written else not doubts):
        return readings
    return [as_mark(reading, "printed") for reading in readings]


def _all_sure(parts: Sequence[_Part]) -> float | None:
    """Probability that all lines are right, where all were read whole."""
    sure = [part.sure for part in parts if part.sure is not None]
    return float(np.prod(sure)) if sure and len(sure) == len(parts) else None


def _cut_parts(glyphs: FieldGlyphs, scores: GlyphScores, around: Surroundings) -> list[_Part]:
    """The lines of a field, each parted where the rule, or else the shapes, make it likeliest."""
    ends = _ends(glyphs.lines)
    rows = restricted(scores.characters, glyphs.rule.charset)[0]
    sure = shape_confidence(rows)
    paths = [
        best_path(line, sure[first:last])
        for line, first, last in zip(glyphs.lines, ends, ends[1:], strict=False)
    ]
    if glyphs.rule.automaton is not None and glyphs.lines:
        paths = _constrained_paths(glyphs, glyphs.rule.automaton, scores, ends, paths)
    return [
        _cut_part(
            line,
            path,
            scores.characters[first:][path],
            text_kind(scores.printed[first:][path], around),
        )
        for line, first, path in zip(glyphs.lines, ends, paths, strict=False)
    ]


def _cut_part(line: TextLine, path: list[int], rows: np.ndarray, kind: TextKind) -> _Part:
    """A line with its chosen candidates, by their numbers, those left out that are commas."""
    boxes = [line.candidates[number].box for number in path]
    if (marks := commas(boxes)).any():
        boxes, rows = list(compress(boxes, ~marks)), rows[~marks]
    gaps = [b.x - a.right for a, b in pairwise(boxes)]
    usual = float(np.median(gaps)) if gaps else 0.0
    word_gap = max(WORD_GAP * line.height, USUAL_GAPS * usual)
    return _Part(line, boxes, rows, [0.0, *(g if g > word_gap else 0.0 for g in gaps)], kind)


def _constrained_paths(
    glyphs: FieldGlyphs,
    automaton: Automaton,
    scores: GlyphScores,
    ends: np.ndarray,
    paths: list[list[int]],
) -> list[list[int]]:
    """The paths whose text keeps the rule, where there are some; else those given."""
    everything = np.ones(len(scores.characters), bool)
    chances = cell_chances(scores.characters, glyphs.rule.charset, everything, BLANK_CONFIDENCE)
    best = best_constrained_path(glyphs.lines, chances.symbols, automaton)
    if best is None:
        return paths
    chosen = np.array(best)
    return [
        [int(number - first) for number in chosen[(first <= chosen) & (chosen < last)]]
        for first, last in zip(ends, ends[1:], strict=False)
    ]


def _whole_parts(
    glyphs: FieldGlyphs, scores: GlyphScores, parts: Sequence[_Part], card: LineCard
) -> list[_Part]:
    """The lines as the line reader spells them, with the hand that the cut ones show."""
    rule, lines = glyphs.rule, glyphs.lines
    strips = [line.strip for line in lines if line.strip is not None]
    if len(strips) < len(lines):
        return list(parts)
    cuts = _cut_lines(lines, scores)
    if rule.automaton is None:
        return [
            # Labels are not answers, whatever they spell.
            part
            if _doubted(part, glyphs.source).kind is TextKind.PRINTED
            else _believed(part, transcribe(strip, columns, _reported(rule), card, cut), rule, card)
            for part, strip, columns, cut in zip(parts, strips, scores.columns, cuts, strict=True)
        ]
    found = transcribe_constrained(
        strips, scores.columns, rule.charset, rule.automaton, rule.words, cuts
    )
    if found and len(found) == 1 and len(found[0].rows):
        return [_confirmed(parts[0], found[0], rule, card)]
    return [
        _whole_part(part, whole) if len(whole.rows) else part
        for part, whole in zip(parts, found or (), strict=False)
    ] or list(parts)


def _confirmed(cut: _Part, transcription: Transcription, rule: Rule, card: LineCard) -> _Part:
    """A line read whole under a rule, as sure as the same cut into characters lets it be."""
    shown = replace(cut, rows=restricted(cut.rows, rule.charset)[0])
    whole = _whole_part(cut, transcription)
    return replace(whole, sure=_sure(shown, whole, transcription, card))


def _sure(cut: _Part, whole: _Part, transcription: Transcription, card: LineCard) -> float:
    """Probability that a line read whole is right."""
    agrees = comparable_text(cut.text) == comparable_text(whole.text)
    is_known = known_words().hold(transcription.text)
    return card.trust.probability(transcription.share, agrees, is_known)


def _ends(lines: Sequence[TextLine]) -> np.ndarray:
    """Where the candidates of each line begin among those of all, and where the last ends."""
    return np.cumsum([0, *(len(line.candidates) for line in lines)])


def _cut_lines(lines: Sequence[TextLine], scores: GlyphScores) -> list[CutLine]:
    rows = np.split(scores.characters, _ends(lines)[1:])
    return [CutLine(*pair) for pair in zip(lines, rows, strict=False)]


def _believed(cut: _Part, transcription: Transcription, rule: Rule, card: LineCard) -> _Part:
    """A line read whole, as sure as the same cut into characters lets it be."""
    after_blank = np.array([gap > 0 for gap in cut.word_gaps])
    cut = replace(cut, rows=weighted(cut.rows, rule, after_blank))
    if not len(transcription.rows):
        # A pen's blot may look like a sign; a person sees that.
        is_printed = cut.kind is not TextKind.WRITTEN and _is_sign(transcription)
        return replace(cut, boxes=[]) if is_printed else cut
    whole = _whole_part(cut, transcription)
    sure = _sure(cut, whole, transcription, card)
    rows = _as_sure(whole.rows, sure)
    rows[_disputed(whole, cut)] *= DISPUTED
    return replace(whole, rows=rows, sure=sure)


def _is_sign(transcription: Transcription) -> bool:
    """Whether a line is surely a sign such as forms print where an amount belongs."""
    marks = set(transcription.text) - {" "}
    return bool(marks) and marks <= set(SIGNS) and transcription.share >= SURE_SIGN


def _disputed(part: _Part, other: _Part) -> np.ndarray:
    """Which characters of a part the other reads otherwise, or not at all; bool (N,)."""
    found = np.ones(len(part.boxes), bool)
    for number, (box, character) in enumerate(zip(part.boxes, part.text, strict=True)):
        middle = box.x + box.width / 2
        for place, theirs in zip(other.boxes, other.text, strict=True):
            if place.x <= middle <= place.right and comparable_text(character) == comparable_text(
                theirs
            ):
                found[number] = False
    return found


def _as_sure(rows: np.ndarray, sure: float) -> np.ndarray:
    """Rows whose likeliest characters are together as probable as the whole line is right.

    They stay the likeliest, however doubtful.
    """
    every, first = np.arange(len(rows)), rows.argmax(axis=1)
    best = np.clip(rows[every, first], NEARLY, 1 - NEARLY)
    exponent = np.log(sure) / np.log(best).sum() if len(best) else 1.0
    wanted = best ** np.clip(exponent, *EXPONENTS)
    result = rows.copy()
    result[every, first] = 0
    most = result.max(axis=1, initial=0.0)
    scale = np.minimum((1 - wanted) / (1 - best), wanted / np.maximum(most, NEARLY))
    result *= scale[:, None]
    result[every, first] = wanted
    return result


def _reported(rule: Rule) -> str:
    """The characters that a line may be reported in."""
    if rule.case != "upper" or not any(map(str.isupper, rule.charset)):
        return rule.charset
    return "".join(character for character in rule.charset if not character.islower())


def _whole_part(part: _Part, whole: Transcription) -> _Part:
    boxes = list(whole.boxes)
    gaps = [0.0, *(max(1.0, b.x - a.right) for a, b in pairwise(boxes))]
    word_gaps = [gap if blank else 0.0 for gap, blank in zip(gaps, whole.after_blank, strict=True)]
    return replace(part, boxes=boxes, rows=whole.rows, word_gaps=word_gaps, whole=True)


def _plain_line(part: _Part, rule: Rule, thresholds: Thresholds) -> list[Reading]:
    if part.kind is TextKind.RATHER_PRINTED:
        return [mark_reading(np.zeros(BLANK), "printed")]
    threshold = thresholds.of(rule.charset)
    reasons = ("printed",) if part.kind is TextKind.RATHER_WRITTEN else ()
    if part.sure is not None:
        return _whole_line(part, part.sure, reasons, threshold, thresholds.of_strings)
    after_blank = np.array([gap > 0 for gap in part.word_gaps])
    rows = weighted(part.rows, rule, after_blank)
    return glyph_readings(rows, threshold, [reasons] * len(rows))


def _whole_line(
    part: _Part, sure: float, reasons: tuple[str, ...], threshold: float, of_strings: float
) -> list[Reading]:
    """A line read whole: accepted but for what is disputed, or flagged where it is doubtful."""
    best = part.rows.max(axis=1)
    limit = DISPUTED if sure >= of_strings else max(threshold, float(best.min()))
    limit += NEARLY
    return glyph_readings(part.rows, limit, [reasons] * len(best), are_characters=part.whole)


def _constrained_lines(
    parts: list[_Part], rule: Rule, thresholds: Thresholds
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


def _with_gaps(part: _Part, readings: list[Reading]) -> list[tuple[Box, Reading]]:
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
