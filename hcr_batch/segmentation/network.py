"""The segmentation network, run by LiteRT on pages of any size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.litert import AnySizeNetwork, quantized
from hcr_batch.inference.weights import read_hashes, verify_file

__all__ = ["CHANNELS", "LiteRTSegmenter", "Segmenter", "load_segmenter"]

CHANNELS = ("line", "print", "writing", "cell", "area", "check")
"""What the network tells apart, in the order of its outputs; independent of each other."""
MULTIPLE = 32
"""Pixels at 200 dots per inch; pages are filled up to whole multiples, for the network halves."""
NAME = "segmenter.tflite"


class Segmenter(Protocol):
    """A page's pixels labelled."""

    def __call__(self, gray: np.ndarray) -> np.ndarray:
        """Probabilities, uint8 (6, rows / 2, columns / 2), of a page gray uint8 at 200 dpi."""


class LiteRTSegmenter:
    """A segmentation network in a .tflite file.

    Parameters
    ----------
    path : Path
    threads : int

    Raises
    ------
    ModelError
        The file is missing, or no such network.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._network = AnySizeNetwork(path, threads)
        ingoing, outgoing = self._network.input, self._network.output
        if ingoing["shape"][-1] != 4 or outgoing["shape"][-1] != len(CHANNELS):
            raise ModelError(f"{path}: no page segmentation; restore the model folder")
        self._inputs = quantized(np.arange(256, dtype=np.float32) / 255 - 0.5, ingoing)
        self._shares = _probabilities(outgoing)

    def __call__(self, gray: np.ndarray) -> np.ndarray:
        """Probabilities, uint8 (6, rows / 2, columns / 2), of a page gray uint8 at 200 dpi."""
        rows, columns = gray.shape
        logits = self._network(cv2.LUT(_blocks(_filled_up(gray)), self._inputs)[None])
        maps = self._shares(logits[: (rows + 1) // 2, : (columns + 1) // 2])
        return np.ascontiguousarray(maps.transpose(2, 0, 1))


def load_segmenter(path: Path | None = None) -> LiteRTSegmenter:
    """The page segmentation that comes with the program, or the one in a .tflite file.

    Parameters
    ----------
    path : Path, optional
        Beside it lies its card, a .json of the same name.

    Raises
    ------
    ModelError
        Missing, damaged, or another file than that of its card.
    """
    path = path or data_folder("models") / DEFAULT_MODEL / NAME
    card = path.with_suffix(".json")
    verify_file(path, read_hashes(card), card.name)
    return LiteRTSegmenter(path)


def _filled_up(gray: np.ndarray) -> np.ndarray:
    """The page, with its last row and column repeated up to whole multiples."""
    missing = [(-side) % MULTIPLE for side in gray.shape]
    return np.pad(gray, [(0, rest) for rest in missing], mode="edge")


def _blocks(gray: np.ndarray) -> np.ndarray:
    """Each 2 x 2 block as four channels, uint8 (rows / 2, columns / 2, 4)."""
    # Two neighbours in a row go together: a fiftieth of the time that single ones take.
    pairs = gray.view(np.uint16)
    return cv2.merge([pairs[::2], pairs[1::2]]).view(np.uint8)


def _probabilities(details: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A function from what the network puts out to probabilities, uint8."""
    kind, (scale, zero) = details["dtype"], details["quantization"]
    if not np.issubdtype(kind, np.integer):
        return _sigmoid
    # By bytes: a whole number below 0 is one from 128 on.
    table = _sigmoid((np.arange(256, dtype=np.uint8).view(kind).astype(float) - zero) * scale)
    return lambda logits: cv2.LUT(logits.view(np.uint8), table)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.round(255 / (1 + np.exp(-logits))).astype(np.uint8)
