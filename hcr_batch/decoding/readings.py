"""From probabilities to readings: the character, how sure, and who must look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.types import Reading

__all__ = [
    "as_faint",
    "as_mark",
    "as_print",
    "blank_reading",
    "check_reading",
    "expected_right",
    "glyph_reading",
    "glyph_readings",
    "mark_reading",
]

BLANK_CONFIDENCE = 0.999
"""How often a cell without ink is really blank."""
TICKS = np.array([character in "XKYVxkyv" for character in CHARACTERS])
"""What marks in check boxes look like: crosses, also those whose strokes meet at an end, ticks."""
MARKED = 0.99
"""How often strokes in a check box, that look like no other character, are a mark: of 62 on 60 real
pages all were."""
OTHER = 0.9
"""Probability from which strokes in a check box are another character."""
CODES = np.array([character in "2345689ABDEFGHMNPQRSabdefghmnqs" for character in CHARACTERS])
"""What may be a code written into a small box, and looks neither like a tick nor like a ring."""
CODE = 0.5
"""How far such a code is believed: a person looks at it in any case. On 119 drawn pages five of
five were right."""
ALTERNATIVES = 3
LEAST_ALTERNATIVE = 0.0001
"""Less probable characters are not worth naming: they would print as 0."""


def blank_reading() -> Reading:
    """The reading of a cell in which nothing is written."""
    return Reading("", BLANK_CONFIDENCE)


def glyph_reading(
    probabilities: np.ndarray, threshold: float, reasons: tuple[str, ...] = ()
) -> Reading:
    """The reading of one glyph.

    Parameters
    ----------
    probabilities : ndarray of float, shape (62,)
        Calibrated; what is missing to 1 is foreign ink.
    threshold : float
        Least confidence that needs no person.
    reasons : tuple of str
        Why a person should look in any case.
    """
    return glyph_readings(probabilities[None], threshold, [reasons])[0]


def glyph_readings(
    probabilities: np.ndarray,
    threshold: float,
    reasons: Sequence[tuple[str, ...]],
    are_characters: bool = False,
) -> list[Reading]:
    """The readings of N glyphs, as :func:`glyph_reading` gives that of one.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, 62)
    threshold : float
    reasons : sequence of tuple of str
        N of them.
    are_characters : bool
        Each is a character, however doubtful: what is missing to 1 is doubt alone.
    """
    foreign = np.clip(1 - probabilities.sum(axis=1), 0, 1)
    foreign = (foreign * (not are_characters)).tolist()
    return [
        _reading(*given, threshold)
        for given in zip(_likeliest(probabilities), foreign, reasons, strict=True)
    ]


def _reading(
    likely: list[tuple[str, float]], foreign: float, reasons: tuple[str, ...], threshold: float
) -> Reading:
    if not likely or foreign > likely[0][1]:
        flags = (*reasons, "not_a_character")
        return Reading("", foreign, True, flags, tuple(likely[:ALTERNATIVES]))
    character, confidence = likely[0]
    if confidence < threshold:
        reasons = ("low_confidence", *reasons)
    return Reading(character, min(confidence, 1.0), bool(reasons), reasons, tuple(likely[1:]))


def mark_reading(probabilities: np.ndarray, reason: str) -> Reading:
    """The reading of ink that is no answer but might be one: a person decides.

    Parameters
    ----------
    probabilities : ndarray of float, shape (62,)
        What it would be as a character; named among the alternatives.
    reason : str
    """
    likely = _likeliest(probabilities[None])[0][:ALTERNATIVES]
    return Reading("", max(0.0, 1 - sum(p for _, p in likely)), True, (reason,), tuple(likely))


def expected_right(readings: Sequence[Reading]) -> float:
    """Share of some readings, at least one, that are right characters as far as they tell."""
    return sum(one.confidence for one in readings if one.character) / len(readings)


def as_faint(reading: Reading) -> Reading:
    """What a much lighter pen wrote than the others: read where it is sure, a person looks."""
    flagged = reading.doubted("faint")
    return as_mark(flagged, *flagged.reasons) if reading.flagged and reading.character else flagged


def as_print(reading: Reading) -> Reading:
    """The same ink held for print: a character in it is only named among the alternatives."""
    if not reading.character:
        return replace(reading, reasons=("printed",)) if reading.flagged else reading
    return as_mark(reading, "printed")


def as_mark(reading: Reading, *reasons: str) -> Reading:
    """Ink that a person must look at: a character in it is only named among the alternatives."""
    if not reading.character:
        return replace(reading, flagged=True, reasons=reasons)
    likely = ((reading.character, reading.confidence), *reading.alternatives)[:ALTERNATIVES]
    confidence = max(0.0, 1 - sum(probability for _, probability in likely))
    return Reading("", confidence, True, reasons, likely)


def check_reading(probabilities: np.ndarray, threshold: float, has_strokes: bool) -> Reading:
    """The reading of a check box with ink in it: X, flagged where it is hardly a mark.

    What is surely another character is read as that, and flagged too.

    Parameters
    ----------
    probabilities : ndarray of float, shape (62,)
    threshold : float
    has_strokes : bool
        The ink goes across the box without filling it.
    """
    best = int(np.argmax(probabilities))
    if CODES[best] and probabilities[best] >= OTHER:
        return Reading(CHARACTERS[best], CODE, True, ("low_confidence",))
    mark = float(probabilities[TICKS].sum())
    if has_strokes and probabilities[~TICKS].max() < OTHER:
        mark = max(mark, MARKED)
    sure = mark >= threshold
    return Reading("X", min(mark, 1.0), not sure, () if sure else ("low_confidence",))


def _likeliest(probabilities: np.ndarray) -> list[list[tuple[str, float]]]:
    """The likeliest characters of each of some glyphs, (N, 62), and their probabilities."""
    left, every = probabilities.copy(), np.arange(len(probabilities))
    found = []
    for _ in range(ALTERNATIVES + 1):
        best = left.argmax(axis=1)
        found.append(list(zip(best.tolist(), left[every, best].tolist(), strict=True)))
        left[every, best] = -1
    return [
        [(CHARACTERS[index], min(p, 1.0)) for index, p in row if p >= LEAST_ALTERNATIVE]
        for row in zip(*found, strict=True)
    ]
