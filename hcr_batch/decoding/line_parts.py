"""Lines of writing with the places of their characters: cut into these, or read whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise

import numpy as np

from hcr_batch.alphabet import CHARACTERS, SIGNS
from hcr_batch.arrays.quantiles import median
from hcr_batch.characters.field_ink import InkSource
from hcr_batch.characters.marks import commas
from hcr_batch.characters.string_candidates import TextLine
from hcr_batch.decoding.constrained_decoding import cell_chances, restricted
from hcr_batch.decoding.cut_paths import best_constrained_path, best_path
from hcr_batch.decoding.cut_support import CutLine
from hcr_batch.decoding.field_answers import FieldGlyphs
from hcr_batch.decoding.known_words import known_words
from hcr_batch.decoding.machine_print import Surroundings, TextKind, text_kind
from hcr_batch.decoding.readings import BLANK_CONFIDENCE
from hcr_batch.decoding.transcription import (
    Transcription,
    transcribe,
    transcribe_ruled,
)
from hcr_batch.decoding.weighting import weighted
from hcr_batch.forms.automata import Automaton
from hcr_batch.forms.rules import Rule
from hcr_batch.probabilities import shape_confidence
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.line_confidence import (
    LOOK_ALIKES,
    CharacterEvidence,
    comparable_text,
)
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box

__all__ = [
    "NEARLY",
    "LinePart",
    "character_evidence",
    "cut_parts",
    "doubted",
    "weighed",
    "whole_parts",
]

WORD_GAP = 1.1
"""Letter heights; a wider gap in a free string is a blank between words."""
USUAL_GAPS = 2.5
"""And it must be wider than this many usual gaps of the line."""
SURE_SIGN = 0.9
"""Share of a text that is nothing but a sign, from which nothing has been written."""
NEARLY = 1e-6
"""No character is surer, or less sure, than this leaves open."""
LONGEST = 15
"""Characters of a line that the page segmentation takes for print, from which it is a label or a
sentence of the form though its glyphs look written: a person is shown it once, not letter by
letter. On 60 filled blanks 3.5 for 4.9 of 100 cells were invented, and no answer was lost."""
EXPONENTS = (0.2, 20.0)
"""How far the confidences of a line's characters are raised or lowered to fit the line's."""


@dataclass(frozen=True)
class LinePart:
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
        the rows are weighted by their neighbours, and as sure as all that speaks for them.
    whole : bool
        The characters are those of the line reader.
    is_written : bool
        Its glyphs, or the page segmentation, say that a pen wrote it.
    is_settled : bool
        Its text is the likeliest that the rule of its field accepts.
    confirmed : float
        Mean probability that the line cut into characters gives those that were read whole.
    """

    line: TextLine
    boxes: list[Box]
    rows: np.ndarray
    word_gaps: list[float]
    kind: TextKind
    sure: float | None = None
    whole: bool = False
    is_written: bool = False
    is_settled: bool = False
    confirmed: float = 1.0

    @property
    def text(self) -> str:
        """The likeliest character of each row."""
        return "".join(CHARACTERS[number] for number in self.rows.argmax(axis=1))


def cut_parts(glyphs: FieldGlyphs, scores: GlyphScores, around: Surroundings) -> list[LinePart]:
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
            text_kind(scores.printed[first:][path], around, line.pen_share),
        )
        for line, first, path in zip(glyphs.lines, ends, paths, strict=False)
    ]


def _cut_part(line: TextLine, path: list[int], rows: np.ndarray, kind: TextKind) -> LinePart:
    """A line with its chosen candidates, by their numbers, those left out that are commas."""
    boxes = [line.candidates[number].box for number in path]
    if (marks := commas(boxes)).any():
        boxes, rows = list(compress(boxes, ~marks)), rows[~marks]
    gaps = [b.x - a.right for a, b in pairwise(boxes)]
    usual = float(median(gaps)) if gaps else 0.0
    word_gap = max(WORD_GAP * line.height, USUAL_GAPS * usual)
    return LinePart(line, boxes, rows, [0.0, *(g if g > word_gap else 0.0 for g in gaps)], kind)


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


def whole_parts(
    glyphs: FieldGlyphs, scores: GlyphScores, parts: Sequence[LinePart], card: LineCard
) -> list[LinePart]:
    """The lines as the line reader spells them, with the hand that the cut ones show."""
    rule, lines = glyphs.rule, glyphs.lines
    strips = [line.strip for line in lines if line.strip is not None]
    if not lines or len(strips) < len(lines):
        return list(parts)
    if rule.automaton is None:
        rows = np.split(scores.characters, _ends(lines)[1:-1])
        cuts = [CutLine.of([line], own) for line, own in zip(lines, rows, strict=True)]
        return [
            # Labels are not answers, whatever they spell.
            part
            if doubted(part, glyphs.source).kind is TextKind.PRINTED
            else _believed(part, transcribe(strip, columns, _reported(rule), card, cut), rule, card)
            for part, strip, columns, cut in zip(parts, strips, scores.columns, cuts, strict=True)
        ]
    cut = CutLine.of(lines, scores.characters)
    whole = transcribe_ruled(strips, scores.columns, rule, card, cut)
    return [
        _settled(part, text, rule, card) if len(text.rows) else part
        for part, text in zip(parts, whole or (), strict=False)
    ] or list(parts)


def _settled(cut: LinePart, text: Transcription, rule: Rule, card: LineCard) -> LinePart:
    """A line read whole under a rule, as sure as the same cut into characters lets it be.

    The characters of a word of a list are together as sure as the word is.
    """
    cut = replace(cut, rows=restricted(cut.rows, rule.charset)[0])
    whole = _whole_part(cut, text)
    sure = _sure(cut, whole, text, card)
    if rule.words:
        rows = _as_sure(whole.rows, sure)
    else:
        evidence = character_evidence(text, cut, sure)
        rows = _with_confidences(whole.rows, card.character_trust.probabilities(evidence))
    return replace(whole, rows=rows, sure=sure, is_settled=True)


def _sure(cut: LinePart, whole: LinePart, transcription: Transcription, card: LineCard) -> float:
    """Probability that a line read whole is right."""
    agrees = comparable_text(cut.text) == comparable_text(whole.text)
    is_known = known_words().hold(transcription.text)
    return card.trust.probability(transcription.share, agrees, is_known)


def _ends(lines: Sequence[TextLine]) -> np.ndarray:
    """Where the candidates of each line begin among those of all, and where the last ends."""
    return np.cumsum([0, *(len(line.candidates) for line in lines)])


def _believed(cut: LinePart, transcription: Transcription, rule: Rule, card: LineCard) -> LinePart:
    """A line read whole, as sure as the same cut into characters lets it be."""
    cut = weighed(cut, rule)
    if not len(transcription.rows):
        # A pen's blot may look like a sign; a person sees that.
        is_printed = cut.kind is not TextKind.WRITTEN and _is_sign(transcription)
        return replace(cut, boxes=[]) if is_printed else cut
    whole = _whole_part(cut, transcription)
    sure = _sure(cut, whole, transcription, card)
    evidence = character_evidence(transcription, cut, sure)
    rows = _with_confidences(whole.rows, card.character_trust.probabilities(evidence))
    return replace(whole, rows=rows, sure=sure, confirmed=float(evidence.cuts.mean()))


def weighed(part: LinePart, rule: Rule) -> LinePart:
    """A line cut into characters, these weighed by what stands beside them."""
    after_blank = np.array([gap > 0 for gap in part.word_gaps])
    return replace(part, rows=weighted(part.rows, rule, after_blank))


def _is_sign(transcription: Transcription) -> bool:
    """Whether a line is surely a sign such as forms print where an amount belongs."""
    marks = set(transcription.text) - {" "}
    return bool(marks) and marks <= set(SIGNS) and transcription.share >= SURE_SIGN


def character_evidence(
    transcription: Transcription, cut: LinePart, sure: float
) -> CharacterEvidence:
    """What speaks for each character of a line read whole, which is right with probability `sure`.

    Parameters
    ----------
    transcription : Transcription
    cut : LinePart
        The same line cut into characters.
    sure : float
    """
    texts, chosen = transcription.rows.max(axis=1), transcription.rows.argmax(axis=1)
    cuts = [
        _share_at(box, LOOK_ALIKES[character], cut)
        for box, character in zip(transcription.boxes, chosen, strict=True)
    ]
    return CharacterEvidence(texts, transcription.shapes, np.array(cuts), sure)


def _share_at(box: Box, wanted: np.ndarray, cut: LinePart) -> float:
    """Probability of some characters, bool (62,), in a cut line where a box has its middle."""
    middle = box.x + box.width / 2
    shares = [
        float(row[wanted].sum())
        for place, row in zip(cut.boxes, cut.rows, strict=True)
        if place.x <= middle <= place.right
    ]
    return max(shares, default=0.0)


def _as_sure(rows: np.ndarray, sure: float) -> np.ndarray:
    """Rows whose likeliest characters are together as probable as the whole line is right."""
    best = np.clip(rows.max(axis=1), NEARLY, 1 - NEARLY)
    exponent = np.log(sure) / np.log(best).sum() if len(best) else 1.0
    return _with_confidences(rows, best ** np.clip(exponent, *EXPONENTS))


def _with_confidences(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows whose likeliest characters have the wanted probabilities (N,).

    They stay the likeliest, however doubtful.
    """
    every, first = np.arange(len(rows)), rows.argmax(axis=1)
    best = np.clip(rows[every, first], NEARLY, 1 - NEARLY)
    result = rows.copy()
    result[every, first] = 0
    most = result.max(axis=1, initial=0.0)
    less = (1 - NEARLY) * wanted
    scale = np.minimum((1 - wanted) / (1 - best), less / np.maximum(most, NEARLY))
    result *= scale[:, None]
    result[every, first] = wanted
    return result


def _reported(rule: Rule) -> str:
    """The characters that a line may be reported in."""
    if rule.case != "upper" or not any(map(str.isupper, rule.charset)):
        return rule.charset
    return "".join(character for character in rule.charset if not character.islower())


def _whole_part(part: LinePart, whole: Transcription) -> LinePart:
    boxes = list(whole.boxes)
    gaps = [0.0, *(max(1.0, b.x - a.right) for a, b in pairwise(boxes))]
    word_gaps = [gap if blank else 0.0 for gap, blank in zip(gaps, whole.after_blank, strict=True)]
    return replace(part, boxes=boxes, rows=whole.rows, word_gaps=word_gaps, whole=True)


def doubted(part: LinePart, source: InkSource) -> LinePart:
    """A line whose kind is in doubt where its glyphs and the page segmentation disagree."""
    kind, is_pen = part.kind, source is InkSource.PEN
    is_written = is_pen or kind is TextKind.WRITTEN
    looks_written = kind in (TextKind.WRITTEN, TextKind.RATHER_WRITTEN)
    if looks_written and source is InkSource.PRINT and len(part.boxes) > LONGEST:
        kind = TextKind.RATHER_PRINTED
    elif kind is TextKind.WRITTEN and not is_pen:
        kind = TextKind.RATHER_WRITTEN
    elif kind is TextKind.RATHER_PRINTED and source is InkSource.PRINT:
        # Two witnesses: a label, such as stands in most boxes of a form.
        kind = TextKind.PRINTED
    elif kind is TextKind.PRINTED and source is not InkSource.PRINT:
        kind = TextKind.RATHER_PRINTED
    return replace(part, kind=kind, is_written=is_written)
