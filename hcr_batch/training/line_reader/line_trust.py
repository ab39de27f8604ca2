"""How far lines read whole, and their characters, are believed: fitted to held-out lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.decoding.line_parts import character_evidence
from hcr_batch.decoding.transcription import Transcription, transcribe
from hcr_batch.evaluation.matching import PredictedCell, align, is_right
from hcr_batch.recognition.calibration import thresholds_for
from hcr_batch.recognition.line_confidence import (
    CharacterConfidence,
    CharacterEvidence,
    LineConfidence,
    comparable_text,
    log_odds,
)
from hcr_batch.recognition.line_reader import LineReader
from hcr_batch.recognition.model_card import Threshold
from hcr_batch.training.line_reader.line_cuts import HeldCut, ReadTwice
from hcr_batch.types import SourceBox

__all__ = [
    "JudgedLine",
    "character_thresholds",
    "character_trust",
    "judged_lines",
    "line_thresholds",
    "line_trust",
    "right_characters",
]

STRING_TARGETS = (0.004, 0.008, 0.02, 0.04, 0.08)
"""Error rates among accepted strings for which the card holds thresholds,"""
CHARACTER_TARGETS = (0.001, 0.002, 0.005, 0.01, 0.02)
"""and among accepted characters of the others."""
NO_PLACE = SourceBox(0, 0, 0, 0)
WEIGHT_LOSS = 1e-4
"""Loss of a squared log odds: keeps the weights of what always agrees finite."""


@dataclass(frozen=True)
class JudgedLine:
    """What speaks for each of the N characters of a held-out line, and which are right.

    Attributes
    ----------
    evidence : CharacterEvidence
    right : ndarray of bool, shape (N,)
        False also for one beside which a character is lost; of two that it stood between,
        for the less clear one.
    """

    evidence: CharacterEvidence
    right: np.ndarray


def line_trust(pairs: Sequence[ReadTwice]) -> LineConfidence:
    """The logistic model that makes the texts that were right likeliest."""
    trusted = [one for one in pairs if not one.read.doubted]
    right = np.array([one.read.right for one in trusted])
    features = np.array(
        [(1.0, log_odds(one.read.weight), one.agrees, one.is_known) for one in trusted]
    )
    bias, *gains = _logistic(features, right)
    return LineConfidence(bias, *(max(gain, 0.0) for gain in gains))


def line_thresholds(pairs: Sequence[ReadTwice], trust: LineConfidence) -> tuple[Threshold, ...]:
    """From which probability strings are accepted."""
    trusted = [one for one in pairs if not one.read.doubted]
    sure = np.array([one.sure(trust) for one in trusted])
    right = np.array([one.read.right for one in trusted])
    return thresholds_for(sure, right, STRING_TARGETS)


def judged_lines(
    reader: LineReader,
    pairs: Sequence[ReadTwice],
    cuts: Sequence[HeldCut],
    trust: LineConfidence,
) -> Iterator[JudgedLine]:
    """The held-out lines that are cut in one piece, read as the pipeline reads them.

    Parameters
    ----------
    reader : LineReader
    pairs : sequence of ReadTwice
    cuts : sequence of HeldCut
        Of the same lines.
    trust : LineConfidence
    """
    for pair, cut in zip(pairs, cuts, strict=True):
        strip = cut.part.line.strip if cut.part else None
        if cut.part is None or strip is None or pair.read.doubted:
            continue
        columns = reader.probabilities([strip.image])[0]
        whole = transcribe(strip, columns, CHARACTERS, reader.card, cut.line)
        evidence = character_evidence(whole, cut.part, pair.sure(trust))
        yield JudgedLine(evidence, right_characters(whole, pair.read.line.text))


def right_characters(whole: Transcription, truth: str) -> np.ndarray:
    """Which characters of a line are right, as :class:`JudgedLine` has it; bool (N,)."""
    read = [comparable_text(CHARACTERS[number]) for number in whole.rows.argmax(axis=1)]
    cells = [PredictedCell(NO_PLACE, character) for character in read]
    right, place = np.ones(len(read), bool), 0
    for text, cell in align(comparable_text(truth), cells):
        if cell is None:
            beside = [n for n in (place - 1, place) if 0 <= n < len(read)]
            if beside:
                right[min(beside, key=lambda n: float(whole.shapes[n]))] = False
        else:
            right[place] &= is_right(text, cell)
            place += 1
    return right


def character_trust(lines: Sequence[JudgedLine]) -> CharacterConfidence:
    """The logistic model that makes the characters that were right likeliest."""
    features = np.concatenate([line.evidence.features() for line in lines])
    return CharacterConfidence(*_logistic(features, _all_right(lines)))


def character_thresholds(
    lines: Sequence[JudgedLine], trust: CharacterConfidence
) -> tuple[Threshold, ...]:
    """From which probability characters of strings are accepted."""
    sure = np.concatenate([trust.probabilities(line.evidence) for line in lines])
    return thresholds_for(sure, _all_right(lines), CHARACTER_TARGETS)


def _all_right(lines: Sequence[JudgedLine]) -> np.ndarray:
    return np.concatenate([line.right for line in lines])


def _logistic(features: np.ndarray, right: np.ndarray) -> list[float]:
    """Weights (K,) of features (N, K) whose sums are log odds of being right."""

    def loss(weights: np.ndarray) -> float:
        odds = features @ weights
        penalty = WEIGHT_LOSS * float(weights @ weights)
        return float(np.mean(np.logaddexp(0, odds) - right * odds)) + penalty

    start = np.eye(features.shape[1])[0]
    return [round(weight, 4) for weight in minimize(loss, 1 - start).x.tolist()]
