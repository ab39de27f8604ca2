"""Glyphs in the form in which a network wants them."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.errors import ModelError

__all__ = ["shaped"]


def shaped(glyphs: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Glyphs (N, 28, 28) as the inputs (N, *shape) of a network.

    A shape of 784 values in any arrangement is filled as it is; of other
    sizes (rows, columns) the glyphs are resized, and repeated for channels.

    Parameters
    ----------
    glyphs : ndarray of float32 or uint8, shape (N, 28, 28)
    shape : tuple of int
        Without the batch.

    Raises
    ------
    ModelError
        It is no shape of a picture.
    """
    if int(np.prod(shape)) == glyphs[0:1].size or not len(glyphs):
        return glyphs.reshape(len(glyphs), *shape)
    if len(shape) not in (2, 3) or min(shape[:2]) < 8 or shape[2:] not in ((), (1,), (3,)):
        raise ModelError(f"the model takes inputs of {shape}; wanted are glyphs of 28 x 28")
    rows, columns = shape[:2]
    resized = np.stack([cv2.resize(glyph, (columns, rows)) for glyph in glyphs])
    return resized if len(shape) == 2 else np.repeat(resized[..., None], shape[2], axis=-1)
