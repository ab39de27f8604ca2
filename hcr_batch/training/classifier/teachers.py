"""Larger networks whose readings a smaller one learns beside the labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hcr_batch.errors import ConfigError
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.training.classifier.batches import GlyphBatch, Mixture
from hcr_batch.training.classifier.networks import outlet_probabilities

__all__ = ["TaughtMixture", "Teachers"]


class Teachers:
    """Networks that read each glyph; what they think of it is averaged.

    After Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015).

    Parameters
    ----------
    folders : sequence of Path
        Model folders with the outputs of the default model.

    Raises
    ------
    ConfigError
        A folder holds no such network.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            if not (folder / "model.tflite").exists():
                raise ConfigError(f"{folder}: no model.tflite; name model folders in teachers")
        self._networks = [LiteRTNetwork(folder / "model.tflite") for folder in folders]

    def __call__(self, glyphs: np.ndarray) -> np.ndarray:
        """Probabilities float32 (N, 64) of 63 outlets, then of print, for glyphs (N, 28, 28)."""
        readings = [outlet_probabilities(network(glyphs)) for network in self._networks]
        return np.stack(readings).mean(axis=0)


class TaughtMixture:
    """The batches of a mixture, with the teachers' readings after each target."""

    def __init__(self, mixture: Mixture, teachers: Teachers) -> None:
        self._mixture = mixture
        self._teachers = teachers

    def batch(self, epoch: int, number: int) -> GlyphBatch:
        """As :meth:`Mixture.batch`, with targets float32 (B, 65 + 64)."""
        glyphs, targets, weights = self._mixture.batch(epoch, number)
        taught = self._teachers(glyphs[..., 0])
        return glyphs, np.concatenate([targets, taught], axis=1), weights
