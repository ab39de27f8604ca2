"""How far a line read whole is believed: by the other reading of it, and by its words."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["LineConfidence", "comparable_text", "log_odds"]

ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "Z": "2"})
"""Shapes that only their neighbours tell apart."""
NEARLY = 1e-4
"""No reading is surer, or less sure, than this leaves open."""


def comparable_text(text: str) -> str:
    """The text without blanks and marks, case and look-alikes taken for one."""
    return "".join(filter(str.isalnum, text)).upper().translate(ALIKE)


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
        odds = self.bias + self.slope * log_odds(sure)
        odds += self.agreement * agrees + self.known * is_known
        return 1 / (1 + math.exp(-odds))


def log_odds(probability: float) -> float:
    """Logarithm of p / (1 - p), p kept off 0 and 1."""
    kept = min(max(probability, NEARLY), 1 - NEARLY)
    return math.log(kept / (1 - kept))
