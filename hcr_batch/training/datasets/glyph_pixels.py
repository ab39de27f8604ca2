"""Glyphs of other programs turned into ours: light ink on black, upright, 28 x 28."""

from __future__ import annotations

import numpy as np

from hcr_batch.characters.normalize import GLYPH_SIZE
from hcr_batch.errors import NoInputError

__all__ = ["INKS", "POLARITY_GLYPHS", "glyphs_from_rows", "has_dark_ink", "light_ink", "upright"]

INKS = ("auto", "light", "dark")
"""How the ink of a set's glyphs may be given."""
POLARITY_GLYPHS = 2000
"""So many glyphs, spread over a set, tell its polarity."""


def glyphs_from_rows(rows: np.ndarray, place: str) -> np.ndarray:
    """Glyphs uint8 (N, 28, 28) from rows of 784 pixels.

    Raises
    ------
    NoInputError
        The rows have another number of pixels; `place` is named.
    """
    if rows.ndim != 2 or rows.shape[1] != GLYPH_SIZE**2:
        raise NoInputError(f"{place}: has {rows.shape[-1]} pixels a glyph; wanted are 28 x 28")
    return rows.astype(np.uint8, copy=False).reshape(-1, GLYPH_SIZE, GLYPH_SIZE)


def upright(glyphs: np.ndarray) -> np.ndarray:
    """Glyphs (N, 28, 28) as EMNIST's files have them, turned as they are read.

    EMNIST stores its images by columns, as MATLAB does; MNIST does not.
    """
    return np.ascontiguousarray(glyphs.transpose(0, 2, 1))


def light_ink(glyphs: np.ndarray, ink: str = "auto") -> np.ndarray:
    """Glyphs with light ink on black, whatever they had.

    Parameters
    ----------
    glyphs : ndarray of uint8, shape (N, 28, 28)
    ink : str
        `light` or `dark` as declared, or `auto`.
    """
    dark = has_dark_ink(glyphs) if ink == "auto" else ink == "dark"
    return 255 - glyphs if dark else glyphs


def has_dark_ink(glyphs: np.ndarray) -> bool:
    """Whether a set (N, rows, columns) or one image (rows, columns) has dark ink on light.

    Ink keeps away from the frame of nearly every glyph, so that is paper.
    """
    chosen = glyphs[None] if glyphs.ndim == 2 else glyphs
    chosen = chosen[:: max(1, len(chosen) // POLARITY_GLYPHS)]
    sides = (chosen[:, :1], chosen[:, -1:], chosen[..., :1], chosen[..., -1:])
    frame = np.concatenate([side.ravel() for side in sides])
    return bool(frame.size) and float(np.median(frame)) > 127
