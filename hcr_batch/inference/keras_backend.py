"""Networks run by Keras: for .keras and .h5 files, slower to start than LiteRT."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from hcr_batch.errors import ModelError
from hcr_batch.inference.input_shapes import shaped

__all__ = ["KerasNetwork"]

CHUNK = 256
"""Glyphs in one call of the network."""

LOADING_ERRORS = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ImportError),
    *(RecursionError, NotImplementedError, ArithmeticError, zipfile.BadZipFile),
)
"""What Keras raises for files of other programs, damaged ones, layers that it does not know and
such as stand within each other without end."""


class KerasNetwork:
    """A .keras or .h5 file as a function from glyphs (N, 28, 28) to its outputs float32 (N, K).

    Loading runs no code from the file: Keras' safe mode refuses layers that hold any.

    Raises
    ------
    ModelError
        The file is no Keras model, or has several inputs or outputs.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except LOADING_ERRORS as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"{path}: Keras cannot load it ({reason}); save it again") from error
        if len(self._model.inputs or ()) != 1 or len(self._model.outputs) != 1:
            raise ModelError(f"{path}: wanted is a model with one input and one output")
        self._shape = tuple(self._model.inputs[0].shape[1:])
        if None in self._shape:
            self._shape = (28, 28, *self._shape[2:])

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        """Logits (N, outputs) of glyphs uint8 (N, 28, 28), in chunks."""
        parts = [self._outputs(glyphs[i : i + CHUNK]) for i in range(0, len(glyphs), CHUNK)]
        return np.concatenate(parts) if parts else np.empty((0, self._model.output_shape[-1]), "f4")

    def _outputs(self, chunk: np.ndarray) -> np.ndarray:
        inputs = shaped(chunk.astype(np.float32), self._shape)
        return keras.ops.convert_to_numpy(self._model(inputs, training=False))
