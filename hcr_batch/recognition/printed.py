"""Machine print inside boxes: hints, examples, labels. It is not an answer."""

from __future__ import annotations

from enum import Enum

import numpy as np

__all__ = ["Hand", "printed_among_written", "whose_hand"]

SURE = 3.0
"""No single glyph says more than this, as a logit, about its line."""
CERTAIN = 1.0
"""Mean logit of a line above which it is print without doubt."""
LIKELY = -0.5
"""Above which it is rather print: not read, but a person is told."""
DOUBTFUL = -1.8
"""Above which it is rather handwriting: read, and a person is told."""
FEW = 2
DOUBTFUL_FEW = -4.0
"""Likewise for so few glyphs: one alone proves little."""
ODD = 2.5
"""Logit of a single glyph above which it is print among handwriting."""
MIN_NEIGHBOURS = 4


class Hand(Enum):
    """Who wrote a line."""

    WRITTEN = "written"
    RATHER_WRITTEN = "rather written"
    RATHER_PRINTED = "rather printed"
    PRINTED = "printed"


def whose_hand(logits: np.ndarray) -> Hand:
    """Judge one line, by the mean opinion of its glyphs.

    Parameters
    ----------
    logits : ndarray of float32, shape (N,)
        The network's opinion of each glyph, positive for machine print.
    """
    if not len(logits):
        return Hand.WRITTEN
    few = len(logits) <= FEW
    opinion = float(logits.mean() if few else np.clip(logits, -SURE, SURE).mean())
    if opinion > CERTAIN:
        return Hand.PRINTED
    if opinion > LIKELY:
        return Hand.RATHER_PRINTED
    return Hand.RATHER_WRITTEN if opinion > (DOUBTFUL_FEW if few else DOUBTFUL) else Hand.WRITTEN


def printed_among_written(logits: np.ndarray) -> np.ndarray:
    """Which glyphs of a handwritten field are print: a letter or sign that stands before it.

    Parameters
    ----------
    logits : ndarray of float32, shape (N,)

    Returns
    -------
    ndarray of bool, shape (N,)
        Nowhere true in a field of fewer than `MIN_NEIGHBOURS` + 1 glyphs.
    """
    odd = logits > ODD
    if len(logits) <= MIN_NEIGHBOURS or odd.sum() != 1 or logits[~odd].mean() > DOUBTFUL:
        return np.zeros(len(logits), bool)
    return odd
