"""What parts a row of cells: the dashes and slashes between the parts of a number or a date."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np

from hcr_batch.arrays.box_sides import marked_shares, sides_of
from hcr_batch.arrays.quantiles import median
from hcr_batch.layout.cells import LineShares
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.types import Box

__all__ = ["parted"]

FEWEST = 3
"""Cells that show by how much line a cell of their row has above and below it."""
LINED = 0.8
"""Share of a cell's width along which such a line usually shows, where a row has it,"""
OPEN = 0.45
"""and below which a place of the row lies outside all cells. On real forms such places had 0 to
0.4, cells whose walls strokes or scanning damaged 0.6 and more."""
WRITTEN = 0.05
"""Share of a place that is handwriting from which it is a cell all the same,"""
SEEN = 0.1
"""as one is whose inside the network sees, by this share, with nothing printed in its middle."""
DASH = 0.1
"""Share of the middle of a place that a dash covers."""
MIDDLE = np.array([0.25, 0.3, 0.75, 0.7])
"""The middle of a place: left, top, right and bottom in shares of its sides."""
RIM = np.array([0.1, 0.2, -0.1, -0.2])
"""Share of the sides of a place where walls may stand;"""
FLAT, FLAT_THROUGH = 0.5, 0.3
"""and share of the height inside of them that a dash takes at most; less where it reaches the
sides, for a stroke of a neighbour may. On 20 filled blank forms dashes took 0.15 to 0.3."""
SIGN = 0.04
"""Share of the middle of a gap between two cells that is print, where a sign stands in it."""
SLACK = 2
"""Pixels (0.5 mm) by which lines may lie beside the sides of their cells."""


def parted(run: tuple[Box, ...], layers: Layers, line: LineShares) -> list[tuple[Box, ...]]:
    """A run of cells, parted by signs between them.

    Signs stand in gaps, or in places that the upper or lower line of the run leaves out.

    Parameters
    ----------
    run : tuple of Box
        From left to right, in pixels of the layers.
    layers : Layers
    line : LineShares
        Of its lines.

    Returns
    -------
    list of tuple of Box
        The runs of cells between the signs.
    """
    pieces = _without_places(run, layers, line)
    return [part for piece in pieces for part in _at_gaps(piece, layers)]


def _at_gaps(run: tuple[Box, ...], layers: Layers) -> list[tuple[Box, ...]]:
    """A run parted where print stands in a gap."""
    if len(run) < 2:
        return [run]
    sides = sides_of(run).T
    gaps = np.stack([sides[:-1, 2], sides[:-1, 1], sides[1:, 0], sides[1:, 3]], axis=1)
    has_sign = marked_shares(layers.printed, _middles_of(gaps), LIKELY) >= SIGN
    ends = [0, *(np.flatnonzero(has_sign) + 1).tolist(), len(run)]
    return [run[first:last] for first, last in pairwise(ends)]


def _without_places(
    run: tuple[Box, ...], layers: Layers, line: LineShares
) -> list[tuple[Box, ...]]:
    if len(run) < FEWEST:
        return [run]
    sides = sides_of(run).T
    is_open = _is_open(sides[:, 1], sides, line) | _is_open(sides[:, 3], sides, line)
    if not is_open.any():
        return [run]
    empty = marked_shares(layers.written, sides, LIKELY) < WRITTEN
    empty &= (marked_shares(layers.cell, sides, LIKELY) < SEEN) | _have_dash(sides, layers)
    is_open &= empty | _hold_flat_ink(sides, layers)
    groups = groupby(zip(run, is_open.tolist(), strict=True), key=lambda pair: pair[1])
    return [tuple(box for box, _ in group) for opened, group in groups if not opened]


def _is_open(y: np.ndarray, sides: np.ndarray, line: LineShares) -> np.ndarray:
    """Which places, (N, 4), have no line at height `y` where the others have one; bool (N,)."""
    around = np.arange(-SLACK, SLACK + 1)[:, None]
    left, right = np.round(sides[:, [0, 2]]).astype(int).T
    shares = line.level(np.round(y).astype(int) + around, left, right).max(axis=0)
    return (shares < OPEN) & (median(shares) >= LINED)


def _have_dash(sides: np.ndarray, layers: Layers) -> np.ndarray:
    """Which places, (N, 4), have ink of any kind in their middle; bool (N,)."""
    ink = np.maximum(np.maximum(layers.line, layers.printed), layers.written) >= LIKELY
    return marked_shares(ink, _middles_of(sides)) >= DASH


def _hold_flat_ink(sides: np.ndarray, layers: Layers) -> np.ndarray:
    """Which places, (N, 4), hold a dash and nothing else, whoever made it."""
    ink = np.maximum(layers.printed, layers.written) >= LIKELY
    inner = np.round(sides + RIM * np.tile(sides[:, 2:] - sides[:, :2], 2)).astype(int)
    inner = np.maximum(inner, 0)  # a comb's last places may lie beyond the page
    return np.array([_is_dash(ink[y:bottom, x:right]) for x, y, right, bottom in inner], bool)


def _is_dash(inner: np.ndarray) -> bool:
    """Whether the inner part of a place, bool (rows, columns), holds flat ink and nothing else."""
    inked = np.flatnonzero(inner.any(axis=1))
    if not len(inked):
        return False
    most = FLAT_THROUGH if inner[:, [0, -1]].any() else FLAT
    return bool(np.ptp(inked) + 1 <= most * len(inner))


def _middles_of(sides: np.ndarray) -> np.ndarray:
    """The middle of each place, (N, 4), as sides too."""
    corners = sides.reshape(-1, 2, 2)
    first = corners[:, :1]
    return np.asarray(first + MIDDLE.reshape(2, 2) * (corners[:, 1:] - first)).reshape(-1, 4)
