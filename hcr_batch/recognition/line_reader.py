"""The line reader: strips in, the probability of each character in each column out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.alphabet import GAP, LINE_CHARACTERS
from hcr_batch.characters.line_strip import STRIP_HEIGHT, STRIP_VERSION
from hcr_batch.errors import ModelError
from hcr_batch.inference.litert import AnySizeNetwork
from hcr_batch.recognition.line_card import LINE_CARD, LINE_NETWORK, LineCard, read_line_card

__all__ = ["LineNetwork", "LineReader", "load_line_reader", "widened"]

WIDTH_STEP = 32
"""Strips are widened to a multiple of so many columns: the network is set up once a width."""
NARROWEST = 64
SPARE = 16
"""Columns of paper behind a strip at least: the network saw some in training."""


class LineNetwork:
    """A .tflite file as a function from one strip (40, columns) to logits (columns / 2, K).

    Parameters
    ----------
    path : Path
    threads : int

    Raises
    ------
    ModelError
        The file is no network of that form.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._network = AnySizeNetwork(path, threads)

    def __call__(self, strip: np.ndarray) -> np.ndarray:
        """Logits of a strip uint8, whose width is a multiple of 4.

        Raises
        ------
        ModelError
            The network cannot be run: it is damaged where loading does not look.
        """
        return self._network(strip[None, ..., None].astype(np.float32))


@dataclass(frozen=True)
class LineReader:
    """A line reader around a function from a strip to logits.

    Attributes
    ----------
    network : LineNetwork
    card : LineCard
    """

    network: LineNetwork
    card: LineCard

    @property
    def characters(self) -> tuple[str, ...]:
        """The characters that are told apart, the blank and marks included."""
        return tuple(LINE_CHARACTERS)

    def probabilities(self, strips: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Calibrated probabilities of strips.

        Parameters
        ----------
        strips : sequence of ndarray of uint8, each (40, any)
            White ink (255) on black, as
            :func:`~hcr_batch.characters.line_strip.line_strip` makes them.

        Returns
        -------
        list of ndarray of float32, each (columns / 2, characters + 1)
            The gap between characters last; a column for two of the strip.
        """
        found: dict[int, np.ndarray] = {}
        # Those of one width after the other: setting up the network takes time.
        for number in sorted(range(len(strips)), key=lambda n: strips[n].shape[1]):
            strip = strips[number]
            logits = self.network(widened(strip))[: -(-strip.shape[1] // 2)]
            found[number] = _softmax(logits / np.float32(self.card.temperature))
        return [found[number] for number in range(len(strips))]


def widened(strip: np.ndarray) -> np.ndarray:
    """A strip uint8 (40, any) with paper behind it, to a width that the network takes."""
    width = max(NARROWEST, -(-(strip.shape[1] + SPARE) // WIDTH_STEP) * WIDTH_STEP)
    return np.pad(strip, [(0, 0), (0, width - strip.shape[1])])


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def load_line_reader(folder: Path, threads: int = 1) -> LineReader | None:
    """The line reader of a model folder; None where there is none.

    Raises
    ------
    ModelError
        It is damaged, or made with another kind of strips.
    """
    if not (folder / LINE_NETWORK).is_file():
        return None
    card = read_line_card(folder / LINE_CARD)
    card.verify(folder / LINE_NETWORK)
    if card.strip_version != STRIP_VERSION or card.characters != LINE_CHARACTERS:
        raise ModelError(
            f"{folder / LINE_NETWORK}: made for other strips or characters than this program's; "
            "train it again or use the matching program"
        )
    network = LineNetwork(folder / LINE_NETWORK, threads)
    outlets = network(np.zeros((STRIP_HEIGHT, NARROWEST), np.uint8)).shape[1]
    if outlets != GAP + 1:
        raise ModelError(f"{folder / LINE_NETWORK}: has {outlets} outlets, wanted are {GAP + 1}")
    return LineReader(network, card)
