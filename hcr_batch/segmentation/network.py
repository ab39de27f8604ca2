"""The segmentation network, run by LiteRT on pages of any size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.errors import ModelError
from hcr_batch.inference.litert import AnySizeNetwork, quantized
from hcr_batch.inference.weights import read_hashes, verify_file
from hcr_batch.preprocess.deskew import paper_level

__all__ = ["CHANNELS", "LiteRTSegmenter", "Segmenter", "load_segmenter"]

CHANNELS = ("line", "print", "writing", "cell", "area", "check")
"""What the network tells apart, in the order of its outputs; independent of each other."""
SQUARE = 4
"""Pixels of the page to either side that go into the network as one."""
LEAST = (1, 2, 2, SQUARE**2)
"""Shape of the smallest input: the first kernels are of two squares by two."""
MULTIPLE = 32
"""Pixels of the page, and of the layers: pages are filled up to whole multiples."""
HALVED = 16
"""Pixels of the layers: the network halves four times, so strips begin and end at multiples."""
COLUMNS = 192
"""Pixels at 200 dots per inch; pages are filled up to whole multiples, of `MULTIPLE` in rows. So
wide, that pages of one size turned by up to 1.8 degrees are of one shape, and the network's memory
is planned for the first of them: that takes a fifth of a page's segmentation."""
REACH = 96
"""Pixels at 100 dots per inch to either side that bear on what the network says of one: 86, made
up to a multiple of 16. With so many around it, a part is answered as it is in the whole."""
FAINT = 16
"""Gray levels by which a mark on the paper differs from it: 40 is the least darkness of ink."""
PART = 192
"""Rows at 100 dots per inch: where upper and lower margins are bare, whole multiples of it are
labelled, for the same reason as `COLUMNS`. Of bare paper the network says 0.08 at most."""
STRIP = 850_000
"""Pixels at 100 dots per inch that are labelled at a time: each takes 120 bytes of memory."""
LEAST_ROWS = 4 * REACH
"""Strips with fewer rows of their own than twice their surroundings would take too long."""
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
        self._network = AnySizeNetwork(path, threads, LEAST)
        ingoing, outgoing = self._network.input, self._network.output
        if ingoing["shape"][-1] != SQUARE**2 or outgoing["shape"][-1] != len(CHANNELS):
            raise ModelError(f"{path}: no page segmentation; restore the model folder")
        self._inputs = quantized(np.arange(256, dtype=np.float32) / 255 - 0.5, ingoing)
        self._around = int(quantized(np.zeros(1, np.float32), ingoing)[0])
        self._shares = _probabilities(outgoing)

    def __call__(self, gray: np.ndarray) -> np.ndarray:
        """Probabilities, uint8 (6, rows / 2, columns / 2), of a page gray uint8 at 200 dpi."""
        maps = np.zeros((len(CHANNELS), *((side + 1) // 2 for side in gray.shape)), np.uint8)
        rows = _near_marks(gray)
        if rows.stop:
            maps[:, rows] = self._labelled(gray[2 * rows.start : 2 * rows.stop])
        return maps

    def _labelled(self, gray: np.ndarray) -> np.ndarray:
        rows, columns = ((side + 1) // 2 for side in gray.shape)
        squares = _squares(cv2.LUT(_filled_up(gray), self._inputs), self._around)
        size = tuple(2 * (side - 1) for side in squares.shape[:2])
        maps = np.empty((len(CHANNELS), *size), np.uint8)
        for strip in _strips(*size):
            seen = squares[None, strip.top // 2 : strip.bottom // 2 + 1]
            found = self._shares(self._network(seen))
            inner = slice(strip.first - strip.top, strip.last - strip.top)
            _part(found[inner], maps[:, strip.first : strip.last])
        return maps[:, :rows, :columns]


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


@dataclass(frozen=True)
class _Strip:
    """Rows `top` to `bottom` of a page, of which `first` to `last` are answered for."""

    top: int
    bottom: int
    first: int
    last: int


def _strips(rows: int, columns: int) -> list[_Strip]:
    """Parts of a page of so many blocks that give, each with its surroundings, what it gives whole.

    All are of one height, so that the network's memory is planned once.
    """
    count = 1
    while (height := _height(rows, count)) * columns > STRIP and count < rows // LEAST_ROWS:
        count += 1
    tops = [min(number * (height - 2 * REACH), rows - height) for number in range(count)]
    cuts = [0, *(top + REACH for top in tops[1:]), rows]
    return [_Strip(top, top + height, *cut) for top, cut in zip(tops, pairwise(cuts), strict=True)]


def _height(rows: int, count: int) -> int:
    """Rows of each of so many strips, in whole multiples if they are parts."""
    height = -(-(rows + 2 * REACH * (count - 1)) // count)
    return min(rows, -(-height // HALVED) * HALVED)


def _near_marks(gray: np.ndarray) -> slice:
    """Rows of blocks that a mark bears on, of a page gray uint8: around them is bare paper.

    They begin at a whole multiple, and so are labelled as in the whole page.
    """
    paper, count = paper_level(gray), (len(gray) + 1) // 2
    is_marked = (gray.min(axis=1) < paper - FAINT) | (gray.max(axis=1) > paper + FAINT)
    marked = np.flatnonzero(is_marked) // 2
    if not len(marked):
        return slice(0, 0)
    first = max(0, int(marked[0]) - REACH) // MULTIPLE * MULTIPLE
    size = int(marked[-1]) + 1 + REACH - first
    return slice(first, min(first + -(-size // PART) * PART, count))


def _filled_up(gray: np.ndarray) -> np.ndarray:
    """The page, with its last row and column repeated up to whole multiples."""
    missing = [-side % multiple for side, multiple in zip(gray.shape, (MULTIPLE, COLUMNS))]
    return np.pad(gray, [(0, rest) for rest in missing], mode="edge")


def _squares(levels: np.ndarray, around: int) -> np.ndarray:
    """Squares of 4 x 4 pixels as channels, int8 (rows / 4 + 1, columns / 4 + 1, 16).

    Parameters
    ----------
    levels : ndarray of int8, shape (rows, columns)
    around : int
        Level of the two pixels that are set around the page.
    """
    edge = SQUARE // 2
    page = cv2.copyMakeBorder(levels, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=around)
    # Four neighbours in a row go together: a fiftieth of the time that single ones take.
    fours = page.view(np.int32)
    rows = [fours[row::SQUARE] for row in range(SQUARE)]
    squares = np.empty((*rows[0].shape, SQUARE), np.int32)
    cv2.mixChannels(rows, [squares], [*np.repeat(range(SQUARE), 2)])
    return squares.view(np.int8)


def _part(found: np.ndarray, maps: np.ndarray) -> None:
    """Copy what is said of each pixel, uint8 (rows, columns, 6), to maps, uint8 (6, rows, columns).

    In four fifths of NumPy's time.
    """
    cv2.mixChannels([found], [*maps], [*np.repeat(range(len(maps)), 2)])


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
