"""Machine print inside boxes: hints, examples, labels. It is not an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hcr_batch.types import Box

__all__ = ["is_printed"]


class _Inked(Protocol):
    box: Box


def is_printed(logits: np.ndarray, glyphs: Sequence[_Inked]) -> bool:
    """Whether the glyphs of one line are machine print.

    Parameters
    ----------
    logits : ndarray of float32, shape (N,)
        The network's opinion of each glyph.
    glyphs : sequence
        The glyphs' boxes, in the same order.
    """
    return len(logits) > 0 and float(np.mean(logits)) > 0
