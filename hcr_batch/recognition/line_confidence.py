"""How far a line read whole, and each of its characters, is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hcr_batch.alphabet import CHARACTERS

__all__ = [
    "LOOK_ALIKES",
    "CharacterConfidence",
    "CharacterEvidence",
    "LineConfidence",
    "comparable_text",
    "log_odds",
]

ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "Z": "2"})
"""Shapes that only their neighbours tell apart."""
NEARLY = 1e-4
"""No reading is surer, or less sure, than this leaves open."""


def comparable_text(text: str) -> str:
    """The text without blanks and marks, case and look-alikes taken for one."""
    return "".join(filter(str.isalnum, text)).upper().translate(ALIKE)


_SHAPES = np.array([comparable_text(character) for character in CHARACTERS])
LOOK_ALIKES = _SHAPES[:, None] == _SHAPES
"""Which characters such texts do not tell apart, bool (62, 62)."""


@dataclass(frozen=True)
class LineConfidence:
    """The probability that a line read whole is right, by how sure that is and what confirms it.

    A logistic model, fitted to held-out lines.

    Attributes
    ----------
    bias, slope, agreement, known : float
        Log odds: in any case, for each of the reading's own, where the line
        read whole and the line cut into characters say the same, and where all
        its words are known ones.
    """

    bias: float
    slope: float
    agreement: float
    known: float

    def probability(self, sure: float, agrees: bool, is_known: bool) -> float:
        """Probability that the text is right; `sure` is the reading's own, 0 to 1."""
        odds = self.bias + self.slope * float(log_odds(sure))
        odds += self.agreement * agrees + self.known * is_known
        return 1 / (1 + math.exp(-odds))


@dataclass(frozen=True)
class CharacterEvidence:
    """What speaks for each of the N characters of a line read whole.

    Attributes
    ----------
    texts : ndarray of float, shape (N,)
        Share of the texts that the line may be in which it stands.
    shapes : ndarray of float, shape (N,)
        Its share in the column of the line reader where it is clearest, look-alikes taken for one.
    cuts : ndarray of float, shape (N,)
        Its probability as the line cut into characters has it at the same place,
        look-alikes taken for one; 0 where that has nothing.
    line : float
        Probability that the whole line is right.
    """

    texts: np.ndarray
    shapes: np.ndarray
    cuts: np.ndarray
    line: float

    def features(self) -> np.ndarray:
        """Log odds of all that, and 1 first; float64 (N, 5)."""
        every = np.ones(len(self.texts))
        shares = np.column_stack([self.texts, self.shapes, self.cuts, self.line * every])
        return np.column_stack([every, log_odds(shares)])


@dataclass(frozen=True)
class CharacterConfidence:
    """The probability that a character of a line read whole is right, and none beside it is lost.

    A logistic model, fitted to held-out lines.

    Attributes
    ----------
    bias, texts, shapes, cuts, line : float
        Log odds: in any case, and for each of those of the evidence of that name.
    """

    bias: float
    texts: float
    shapes: float
    cuts: float
    line: float

    def probabilities(self, evidence: CharacterEvidence) -> np.ndarray:
        """Of each character, float64 (N,); no less than that of the line, which holds it."""
        weights = (self.bias, self.texts, self.shapes, self.cuts, self.line)
        odds = evidence.features() @ np.array(weights)
        return np.maximum(1 / (1 + np.exp(-odds)), evidence.line)


def log_odds(probability: float | np.ndarray) -> np.ndarray:
    """Logarithms of p / (1 - p), p kept off 0 and 1; of the same shape, float64."""
    kept = np.clip(probability, NEARLY, 1 - NEARLY)
    return np.log(kept / (1 - kept))
