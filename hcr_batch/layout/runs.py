"""Operations on the runs of a mask along one direction, eight pixels at a time.

Lines are found by long, thin structuring elements. Across the direction of a
line eight pixels go into one byte; along it an element of N pixels then takes
about log2(N) operations on whole arrays of bytes (van Herk's trick by doubling),
many times less than OpenCV takes for a mask of a byte a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Runs", "closed_both_ways"]

_SWAPS = tuple(
    (np.uint64(shift), np.uint64(half))
    for shift, half in ((9, 0x0055005500550055), (18, 0x0000333300003333), (36, 0x0F0F0F0F))
)
"""Bits that change places in a block of 8 by 8, and how far: single ones, twos, fours."""


@dataclass(frozen=True)
class Runs:
    """A mask of a page, to be worked on along its rows or its columns.

    Attributes
    ----------
    packed : ndarray of uint8
        The first axis runs along the direction, the second holds 8 pixels a byte.
    across : int
        Pixels across the direction.
    horizontal : bool
        Runs along the rows.
    """

    packed: np.ndarray
    across: int
    horizontal: bool

    @classmethod
    def of(cls, mask: np.ndarray, *, horizontal: bool) -> Runs:
        """Pack a mask, uint8 (rows, columns), of 0 and 1."""
        packed = np.packbits(mask, axis=1)
        if not horizontal:
            return cls(packed, mask.shape[1], horizontal)
        return cls(_columnwise(packed, mask.shape[1]), len(mask), horizontal)

    def mask(self) -> np.ndarray:
        """The mask, uint8 (rows, columns), of 0 and 1."""
        upright = self.turned() if self.horizontal else self
        return np.unpackbits(upright.packed, axis=1, count=upright.across)

    def turned(self) -> Runs:
        """The same mask, to be worked on along the other direction."""
        turn = _rowwise if self.horizontal else _columnwise
        return Runs(turn(self.packed, self.across), len(self.packed), not self.horizontal)

    def thickened(self, before: int = 1, after: int = 1) -> Runs:
        """Thicken runs across their direction, by at most one pixel on either side."""
        return self._with(self._within(_thickened(self.packed, before, after)))

    def thinned(self, before: int = 1, after: int = 1) -> Runs:
        """Take away across their direction what `thickened` adds; none at the page's edge."""
        beyond = self._within(~self.packed)
        return self._with(self._within(~_thickened(beyond, after, before)))

    def dilated(self, length: int) -> Runs:
        """Lengthen runs by half of `length`, which is odd, at both ends."""
        return self._with(_dilated(self.packed, length))

    def closed(self, length: int) -> Runs:
        """Close gaps shorter than `length`, which is odd; the edge of the page closes none."""
        wider = _dilated(self.packed, length)
        return self._with(~_dilated(~wider, length))

    def opened(self, length: int) -> Runs:
        """Keep runs of at least `length`, which is odd; at the edge of the page shorter ones."""
        return self._with(_dilated(~_dilated(~self.packed, length), length))

    def spanning(self, joints: Runs) -> Runs:
        """Of each run, what lies between the first and the last of the joints on it."""
        ahead = _filled(self.packed, joints.packed)
        back = _filled(self.packed[::-1], joints.packed[::-1])[::-1]
        return self._with(ahead & back)

    def __or__(self, other: Runs) -> Runs:
        return self._with(self.packed | other.packed)

    def __and__(self, other: Runs) -> Runs:
        return self._with(self.packed & other.packed)

    def any(self) -> bool:
        """Whether there is any run at all."""
        return bool(self.packed.any())

    def _within(self, packed: np.ndarray) -> np.ndarray:
        """Erase, in place, the bits beyond the page, which fill up the last byte."""
        packed[:, -1] &= 0xFF << -self.across % 8 & 0xFF
        return packed

    def _with(self, packed: np.ndarray) -> Runs:
        return Runs(packed, self.across, self.horizontal)


def closed_both_ways(runs: Runs, length: int) -> Runs:
    """Close gaps shorter than `length`, which is odd, in rows and in columns."""
    return runs.closed(length) | runs.turned().closed(length).turned()


def _columnwise(packed: np.ndarray, columns: int) -> np.ndarray:
    """Of 8 columns a byte, (rows, columns / 8), 8 rows a byte: (columns, rows / 8)."""
    rows, width = packed.shape
    blocks = np.zeros((-(-rows // 8), 8, width), np.uint8)
    blocks.reshape(-1, width)[:rows] = packed
    words = np.ascontiguousarray(blocks.transpose(0, 2, 1)).view("<u8")
    turned = _turned_blocks(words).view(np.uint8).reshape(len(blocks), -1)
    # Turned, but not moved in memory: what follows works on either kind of array.
    return turned[:, :columns].T


def _rowwise(packed: np.ndarray, rows: int) -> np.ndarray:
    """What `_columnwise` does, undone: (rows, columns / 8)."""
    columns, height = packed.shape
    blocks = np.zeros((height, -(-columns // 8), 8), np.uint8)
    blocks.reshape(height, -1)[:, :columns] = packed.T
    turned = _turned_blocks(blocks.view("<u8")).view(np.uint8)
    return turned.transpose(0, 2, 1).reshape(8 * height, -1)[:rows]


def _turned_blocks(words: np.ndarray) -> np.ndarray:
    """Transpose blocks of 8 by 8 bits, the first row in the lowest byte, by swaps.

    Warren, Hacker's Delight, 7-3.
    """
    for shift, half in _SWAPS:
        moved = (words ^ (words >> shift)) & half
        words = words ^ moved ^ (moved << shift)
    return words


def _thickened(packed: np.ndarray, before: int, after: int) -> np.ndarray:
    """Each pixel also gives its value to the one before and the one after it in its row."""
    thick = packed.copy("K")
    if before:
        thick |= packed << 1
        thick[:, :-1] |= packed[:, 1:] >> 7
    if after:
        thick |= packed >> 1
        thick[:, 1:] |= packed[:, :-1] << 7
    return thick


def _dilated(packed: np.ndarray, length: int) -> np.ndarray:
    """Each place gets all bits of the `length` places around it."""
    if length <= 1:
        return packed
    # In a window that begins at each place, doubled until it is nearly as long as wanted.
    size, shape = 1, (len(packed) + length - 1, packed.shape[1])
    rowwise = packed.flags.c_contiguous
    window = np.zeros(shape, np.uint8) if rowwise else np.zeros(shape[::-1], np.uint8).T
    window[length // 2 : length // 2 + len(packed)] = packed
    while 2 * size <= length:
        window = window[:-size] | window[size:]
        size *= 2
    return window[: len(packed)] | window[length - size : length - size + len(packed)]


def _filled(runs: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """What of each run follows its first start: Kogge and Stone's parallel prefix (1973)."""
    filled, passing, step = runs & starts, runs.copy("K"), 1
    while step < len(runs) and passing.any():
        filled[step:] |= passing[step:] & filled[:-step]
        passing[step:] &= passing[:-step]
        # Before the first place there is nothing to go on from.
        passing[:step] = 0
        step *= 2
    return filled
