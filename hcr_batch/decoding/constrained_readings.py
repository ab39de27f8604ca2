"""Readings under a rule that tells which texts there can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hcr_batch.alphabet import BLANK, SYMBOLS
from hcr_batch.decoding.constrained_decoding import FOREIGN, Decoded, cell_chances, decode
from hcr_batch.decoding.readings import ALTERNATIVES, BLANK_CONFIDENCE, LEAST_ALTERNATIVE
from hcr_batch.decoding.weighting import in_context
from hcr_batch.forms.rules import Rule
from hcr_batch.types import Reading

__all__ = ["constrained_readings"]


def constrained_readings(
    rows: np.ndarray,
    inked: np.ndarray,
    reasons: Sequence[tuple[str, ...]],
    rule: Rule,
    usual: float,
    strict: float,
) -> tuple[list[Reading], float]:
    """The readings of the cells with ink of a field, and the probability that all are right.

    Parameters
    ----------
    rows : ndarray of float, shape (N, 62)
        Calibrated probabilities of the ink; what is missing to 1 is foreign ink.
    inked : ndarray of bool, shape (cells,)
        True where a cell has ink, N times.
    reasons : sequence of tuple of str
        Why a person should look at each ink in any case.
    rule : Rule
        Binding.
    usual, strict : float
        Least confidence that needs no person; that of what the rule has corrected.
    """
    if not rule.words:
        after_blank = np.diff(np.flatnonzero(inked), prepend=0) > 1
        rows = in_context(rows, rule, after_blank)
    decoded = decode(cell_chances(rows, rule.charset, inked, BLANK_CONFIDENCE), rule)
    readings = []
    for place, reason in zip(np.flatnonzero(inked), reasons, strict=True):
        threshold = strict if place in decoded.corrected else usual
        readings.append(_constrained_reading(decoded, int(place), threshold, reason))
    return readings, decoded.joint


def _constrained_reading(
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
