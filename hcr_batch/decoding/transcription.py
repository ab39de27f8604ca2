"""From the columns of the line reader to characters with places and probabilities."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from hcr_batch.alphabet import BARS, BLANK, CHARACTERS, GAP, LINE_CHARACTERS
from hcr_batch.characters.line_strip import FAINT, Strip
from hcr_batch.decoding.constrained_decoding import charset_weights
from hcr_batch.decoding.ctc_search import Hypothesis, best_texts, likeliest_answer
from hcr_batch.decoding.cut_support import CutLine, supported
from hcr_batch.decoding.formed_numbers import with_formed_numbers
from hcr_batch.decoding.languages import AutomatonLanguage, BothLanguages
from hcr_batch.decoding.text_model import text_model
from hcr_batch.decoding.word_list_search import clearest_sound, likeliest_words
from hcr_batch.forms.rules import Rule
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.line_confidence import LOOK_ALIKES
from hcr_batch.types import Box

__all__ = [
    "Transcription",
    "likely_texts",
    "transcribe",
    "transcribe_ruled",
]

COLUMN = 2
"""Columns of a strip for each column of the line reader."""
UNLIKELY = 0.003
"""Share of the charset's characters in some ink below which the ink is rather none of them."""
FITS = -1.0
"""Logarithm of how much less likely than what the columns show most clearly a text under a rule is
at least that is what was written. Of words accepted with it, 5 of 346 that stand in no list of
20,000 were taken for another (with -3: 15); of those that stand in it 49 of 100 (54) are accepted.
"""
UNFIT = 0.5
"""What is left of the share of one that is not."""
NEARLY = 1e-6
"""No character is less ahead of the others."""
SLASH = LINE_CHARACTERS.index("/")
SLASH_LIKE = [LINE_CHARACTERS.index(character) for character in BARS + "/"]
MERE_STROKE = 0.5
"""Share of a column from which it shows a mere stroke,"""
SLASHES = 4.0
"""and times that a slash is likelier there than the line reader says: it learned from strings with
far more ones, and set upright many a slash looks like one. On 81 made forms 1,584 answers are right
with it and with dates as forms of numbers, 1,548 without; of 300 digit strings none is read
otherwise."""


@dataclass(frozen=True)
class Transcription:
    """The N characters of a line.

    Attributes
    ----------
    boxes : tuple of Box
        In pixels of the page.
    rows : ndarray of float64, shape (N, 62)
        Probability of each character; what is missing to 1 is that there is none.
    after_blank : ndarray of bool, shape (N,)
        True where a blank stands before the character.
    text : str
        As written, with blanks, commas, dashes, signs.
    share : float
        Of the text among those that the columns allow, 0 to 1.
    shapes : ndarray of float64, shape (N,)
        Share of each character in the column where it is clearest, look-alikes taken for one.
    """

    boxes: tuple[Box, ...]
    rows: np.ndarray
    after_blank: np.ndarray
    text: str
    share: float
    shapes: np.ndarray


def transcribe(
    strip: Strip,
    probabilities: np.ndarray,
    charset: str,
    card: LineCard,
    cut: CutLine | None = None,
) -> Transcription:
    """The likeliest text of a line, by the columns and a soft model of texts.

    Parameters
    ----------
    strip : Strip
    probabilities : ndarray of float32, shape (columns, characters + 1)
    charset : str
        Characters of the field.
    card : LineCard
    cut : CutLine, optional
        The same line cut into characters, which has a say too.
    """
    columns = _within(probabilities, charset)
    found = likely_texts(columns, card, cut)
    weights = _sharpened([one.weight for one in found], card.sharpness)
    return _transcribed(likeliest_answer(found), found, weights, columns, strip)


def likely_texts(
    columns: np.ndarray, card: LineCard, cut: CutLine | None = None
) -> list[Hypothesis]:
    """The likeliest texts of a line that no rule binds, by all that speaks for them.

    Parameters
    ----------
    columns : ndarray of float, shape (columns, characters + 1)
        Of the line reader.
    card : LineCard
    cut : CutLine, optional
        The same line cut into characters.
    """
    model = text_model(card.letter_weight, card.letter_bonus)
    found = with_formed_numbers(best_texts(columns, model))
    return supported(found, cut) if cut else found


def _transcribed(
    best: Hypothesis,
    found: Sequence[Hypothesis],
    weights: Iterable[float],
    columns: np.ndarray,
    strip: Strip,
) -> Transcription:
    """A line as the best of some texts has it, with what the others have at its places."""
    kept = _shown(best)
    spans = _spans(kept, strip)
    rows, firsts = np.zeros((len(kept), len(CHARACTERS))), spans[:-1].tolist()
    for hypothesis, weight in zip(found, weights, strict=True):
        for place, character in _at_places(hypothesis, kept, firsts):
            rows[place, character] += weight
    return _line(best, kept, spans, rows, _local(columns, kept), strip)


def _at_places(
    hypothesis: Hypothesis, kept: Sequence[tuple[int, int]], firsts: Sequence[float]
) -> Iterator[tuple[int, int]]:
    """What a hypothesis has at the places of the kept characters: of several the nearest.

    `firsts` are the columns of the strip where they begin.
    """
    found: dict[int, tuple[int, int]] = {}
    for character, column in _shown(hypothesis):
        # A narrow first character may be clearest before its ink begins.
        place = max(0, bisect_right(firsts, column * COLUMN) - 1)
        if place < len(kept):
            away = abs(column - kept[place][1])
            found[place] = min(found.get(place, (away, character)), (away, character))
    for place, (_, character) in found.items():
        yield place, character


def transcribe_ruled(
    strips: Sequence[Strip],
    probabilities: Sequence[np.ndarray],
    rule: Rule,
    card: LineCard,
    cut: CutLine | None = None,
) -> list[Transcription] | None:
    """The likeliest text that a rule accepts of some lines, running on from line to line.

    Parameters
    ----------
    strips : sequence of Strip
    probabilities : sequence of ndarray of float32, each (columns, characters + 1)
    rule : Rule
        With an automaton. Words of a list may be written in either case.
    card : LineCard
    cut : CutLine, optional
        The same lines cut into characters, which have a say too.

    Returns
    -------
    list of Transcription or None
        A line each; None where they show no such text. The share, that of the whole text, is less
        than what it has among the others where it does not fit: the writer may have written
        something else.
    """
    each = [_within(one, rule.charset, any_case=rule.words) for one in probabilities]
    columns, firsts = _run_on(each)
    found = _allowed(columns, rule, card, cut)
    if not found:
        return None
    best = likeliest_answer(found)
    if best.sound - clearest_sound(columns) < FITS:
        best = replace(best, weight=UNFIT * best.weight)
    sharpness = 1.0 if rule.words else card.sharpness
    weights = _sharpened([one.weight for one in found], sharpness)
    lines = []
    for strip, own, first in zip(strips, each, firsts, strict=True):
        inside = range(first, first + len(own))
        chosen, *parts = (_part(one, inside) for one in (best, *found))
        text = _transcribed(chosen, parts, weights, own, strip)
        lines.append(replace(text, rows=_foremost(text.rows, chosen.answer)))
    return lines


def _run_on(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, list[int]]:
    """Columns of lines behind each other, float64 (columns, characters + 1); where each begins.

    Between two of them stands a blank, or none.
    """
    between = np.zeros((1, GAP + 1))
    between[0, [BLANK, GAP]] = 0.5
    spaced = [part for line in lines for part in (between, line)][1:]
    firsts = np.cumsum([0, *(len(line) + 1 for line in lines[:-1])])
    return np.concatenate(spaced), firsts.tolist()


def _part(whole: Hypothesis, columns: range) -> Hypothesis:
    """What of a text stands in some columns, counted from the first of them."""
    pairs = zip(whole.characters, whole.columns, strict=True)
    inside = [(character, at - columns.start) for character, at in pairs if at in columns]
    characters, places = zip(*inside, strict=True) if inside else ((), ())
    return replace(whole, characters=characters, columns=places)


def _foremost(rows: np.ndarray, word: Sequence[int]) -> np.ndarray:
    """Rows, (N, 62), in which the N characters of a word are the likeliest.

    At some place most other words may have the same other character.
    """
    rows, every = rows.copy(), np.arange(len(rows))
    rows[every, word] = np.maximum(rows[every, word], rows.max(axis=1, initial=0.0) + NEARLY)
    return np.asarray(rows / np.maximum(rows.sum(axis=1, keepdims=True), 1))


def _allowed(
    columns: np.ndarray, rule: Rule, card: LineCard, cut: CutLine | None = None
) -> list[Hypothesis]:
    """The likeliest texts that a rule with an automaton accepts."""
    assert rule.automaton is not None
    if rule.words:
        found = likeliest_words(columns, rule.automaton)
    else:
        model = text_model(card.letter_weight, card.letter_bonus)
        language = BothLanguages(AutomatonLanguage(rule.automaton), model)
        # Mostly what is written keeps the rule, and is found in a sixth of the time.
        found = _valid(best_texts(columns, language), rule) or _valid(
            best_texts(columns, language, ruled=True), rule
        )
    return supported(found, cut) if cut else found


def _valid(found: Sequence[Hypothesis], rule: Rule) -> list[Hypothesis]:
    """Those of some texts that stand the further test of a rule."""
    valid = rule.valid
    return [one for one in found if valid is None or valid(_answer(one))]


def _answer(found: Hypothesis) -> str:
    return "".join(LINE_CHARACTERS[number] for number in found.answer).upper()


def _within(probabilities: np.ndarray, charset: str, any_case: bool = False) -> np.ndarray:
    """Columns in which shapes count for the characters of a charset.

    With all 62 characters each counts for itself: in a string the neighbours
    tell the case.
    """
    columns = probabilities.astype(np.float64)
    is_bar = columns[:, SLASH_LIKE].sum(axis=1) > MERE_STROKE
    columns[is_bar, SLASH] *= SLASHES
    count = len(CHARACTERS)
    if any_case:
        swapped = [CHARACTERS.find(c.swapcase()) for c in CHARACTERS]
        both = columns[:, :count] + np.where(
            [c.isalpha() for c in CHARACTERS], columns[:, swapped], 0
        )
        columns[:, :count] = both * np.array([c in charset for c in CHARACTERS])
    elif len(charset) < count:
        shapes = columns[:, :count]
        allowed = shapes @ charset_weights(charset)
        # Ink stays ink: what shows another character than the charset's is one of them.
        written = shapes.sum(axis=1, keepdims=True)
        share = written / (allowed.sum(axis=1, keepdims=True) + UNLIKELY * written + 1e-12)
        columns[:, :count] = allowed * share
    return columns / np.maximum(columns.sum(axis=1, keepdims=True), 1e-12)


def _sharpened(weights: Sequence[float], sharpness: float) -> np.ndarray:
    shares = np.array(weights) ** sharpness
    return shares / shares.sum()


def _shown(hypothesis: Hypothesis) -> list[tuple[int, int]]:
    """Characters with their columns, without blanks and marks."""
    pairs = zip(hypothesis.characters, hypothesis.columns, strict=True)
    return [(character, column) for character, column in pairs if character < BLANK]


def _local(columns: np.ndarray, kept: Sequence[tuple[int, int]]) -> np.ndarray:
    """What columns say where N characters are, given that it is no gap; float64 (N, 62)."""
    rows = columns[[column for _, column in kept]]
    return rows[:, : len(CHARACTERS)] / np.maximum(1 - rows[:, GAP:], 1e-6)


def _spans(shown: Sequence[tuple[int, int]], strip: Strip) -> np.ndarray:
    """Columns of the strip where characters begin, and where the last ends; float64 (N + 1,).

    Between two characters lies the column with the least ink.
    """
    amount = strip.image.sum(axis=0, dtype=np.float64)
    inked = np.flatnonzero((strip.image >= FAINT).any(axis=0))
    edges = [float(inked[0]) if len(inked) else 0.0]
    for (_, before), (_, after) in pairwise(shown):
        first, last = before * COLUMN + 1, max(after * COLUMN + 1, before * COLUMN + 2)
        edges.append(first + float(_lowest(amount[first:last])))
    edges.append(float(inked[-1]) + 1 if len(inked) else float(strip.image.shape[1]))
    return np.maximum.accumulate(np.array(edges))


def _lowest(amount: np.ndarray) -> float:
    """The middle of the columns with the least ink."""
    if not len(amount):
        return 0.0
    return float(np.flatnonzero(amount <= amount.min() + FAINT).mean())


def _line(
    hypothesis: Hypothesis,
    kept: Sequence[tuple[int, int]],
    spans: np.ndarray,
    rows: np.ndarray,
    local: np.ndarray,
    strip: Strip,
) -> Transcription:
    boxes = [strip.box(*_tight(strip, first, last)) for first, last in pairwise(spans)]
    shapes = [row[LOOK_ALIKES[c]].sum() for row, (c, _) in zip(local, kept, strict=True)]
    return Transcription(
        tuple(boxes[: len(kept)]),
        rows,
        _after_blank(hypothesis),
        hypothesis.text,
        hypothesis.weight,
        np.array(shapes),
    )


def _tight(strip: Strip, first: float, last: float) -> tuple[float, float]:
    """The part of some columns that has ink."""
    inside = strip.image[:, int(first) : max(int(first) + 1, int(np.ceil(last)))]
    inked = np.flatnonzero((inside >= FAINT).any(axis=0))
    if not len(inked):
        return first, max(last, first + 1)
    return int(first) + float(inked[0]), int(first) + float(inked[-1]) + 1


def _after_blank(hypothesis: Hypothesis) -> np.ndarray:
    found: list[bool] = []
    blank = False
    for character in hypothesis.characters:
        if character < BLANK:
            found.append(blank and bool(found))
            blank = False
        elif character == BLANK:
            blank = True
    return np.array(found, bool)
