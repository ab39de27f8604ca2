"""What was learned, mixed with the weights it began with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["mixed_weights"]


def mixed_weights(
    weights: Sequence[np.ndarray], others: Sequence[np.ndarray], share: float
) -> list[np.ndarray]:
    """Weights of a network with `share` (0 to 1) of those of another in them.

    After Wortsman et al., "Robust fine-tuning of zero-shot models" (2022):
    most of what fine-tuning forgot comes back, most of its gain stays.
    """
    pairs = zip(weights, others, strict=True)
    return [(1 - share) * one + share * other for one, other in pairs]
