"""Machine print inside boxes: hints, examples, labels. It is not an answer."""

from __future__ import annotations

from enum import Enum

import numpy as np

__all__ = ["Hand", "whose_hand"]

SURE = 3.0
"""No single glyph says more than this, as a logit, about its line."""
PRINTED = 0.6
"""Mean logit of a line above which it is print."""
DOUBTFUL = -1.0
"""And below which it is handwriting; a person sees what lies between."""


class Hand(Enum):
    """Who wrote a line."""

    WRITTEN = "written"
    DOUBTFUL = "doubtful"
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
    opinion = float(np.clip(logits, -SURE, SURE).mean())
    if opinion > PRINTED:
        return Hand.PRINTED
    return Hand.DOUBTFUL if opinion > DOUBTFUL else Hand.WRITTEN
