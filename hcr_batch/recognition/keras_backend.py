"""Networks run by Keras: for .keras files, slower to start than LiteRT."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from hcr_batch.errors import ModelError

__all__ = ["KerasNetwork"]

CHUNK = 256
"""Glyphs in one call of the network."""


class KerasNetwork:
    """A .keras file as a function from glyphs uint8 (N, 28, 28) to logits float32 (N, 64).

    Raises
    ------
    ModelError
        The file is no Keras model.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._model = keras.saving.load_model(path, compile=False)
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path}: Keras cannot load it ({error}); restore it") from error

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        parts = [
            keras.ops.convert_to_numpy(self._model(chunk[..., None].astype(np.float32)))
            for chunk in (glyphs[i : i + CHUNK] for i in range(0, len(glyphs), CHUNK))
        ]
        return np.concatenate(parts) if parts else np.empty((0, self._model.output_shape[-1]), "f4")
