"""What the network is told about a glyph: allowed characters, printed or not."""

from __future__ import annotations

import numpy as np

from hcr_batch.alphabet import CHARACTERS, MERGED_PAIRS

__all__ = [
    "CLASSES",
    "FOREIGN",
    "OUTPUTS",
    "TARGET_SIZE",
    "allowed_matrix",
    "target_rows",
]

CLASSES = tuple(CHARACTERS)
"""The 62 characters in the order of the network's outputs."""
FOREIGN = len(CLASSES)
"""Index of the outlet for ink that is no character."""
OUTPUTS = len(CLASSES) + 2
"""62 characters, the foreign outlet, and the logit of machine print."""
TARGET_SIZE = FOREIGN + 3
"""Length of a target: allowance of the 63 outlets, printed (0 or 1), weight of that."""

TWIN = 0.6
"""Allowance of the other case of a merged letter where the source tells the cases apart."""


def allowed_matrix(cases: str) -> dict[str, np.ndarray]:
    """For each character the allowance of the 63 outlets, float32, 0 to 1.

    Parameters
    ----------
    cases : str
        What a capital label stands for, `known`, `merged` or `folded`; see
        :class:`~hcr_batch.training.datasets.character_sets.CharacterSet`.
    """
    rows = {}
    for index, character in enumerate(CLASSES):
        row = np.zeros(FOREIGN + 1, np.float32)
        row[index] = 1.0
        if cases == "folded" and character.isalpha():
            row[CLASSES.index(character.swapcase())] = 1.0
        elif character.upper() in MERGED_PAIRS:
            row[CLASSES.index(character.swapcase())] = TWIN if cases == "known" else 1.0
        rows[character] = row
    return rows


def target_rows(allowed: np.ndarray, printed: np.ndarray, printed_weight: np.ndarray) -> np.ndarray:
    """Join allowances (N, 63), printed (N,) and its weight (N,) to targets (N, 65) float32."""
    return np.concatenate([allowed, printed[:, None], printed_weight[:, None]], 1).astype(
        np.float32
    )
