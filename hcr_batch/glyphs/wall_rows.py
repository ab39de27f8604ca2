"""Which pixel rows along cells are wall, by all cells of a field: they have walls of one kind."""

from __future__ import annotations

import numpy as np

from hcr_batch.layout.histogram import median

__all__ = ["COMMON_SHARE", "FEW", "wall_rows"]

LONE_NEAR = 0.6
"""How near its cell a wall is that this cell alone has, as a share of how near others are."""
LONE_SHARE = 0.8
SINGLE_SHARE = 0.55
"""Shares of a pixel row along a cell's side that are dark where it alone has a wall there: of
many sides, and of few."""
COMMON_SHARE = 0.15
"""Where most cells of a field have one, this is enough: dashes, dots and teeth."""
OWN_SHARE = 0.95
"""Pixel rows beside the wall of most cells are this one's too where so much of them is dark."""
BAND_LEVEL = 0.5
"""Share of a wall's darkest pixel row that its others have at least."""
NEIGHBOURS = 3
"""Sides before and after one that tell where its wall is to be expected..."""
STRAYING = 0.5
"""...and what it costs to be off that place by as far as a wall may be, as a share of how well
the wall fits."""
FEW = 5
"""Sides of a field, of one direction; with fewer, the opposite ones are asked as well."""


def wall_rows(
    share: np.ndarray, direction: np.ndarray, near: slice, is_long: np.ndarray
) -> np.ndarray:
    """Which pixel rows are wall, by the share of them that is dark.

    What is dark beside one cell alone is a stroke, if the side is not longer than one can be.

    Parameters
    ----------
    share : ndarray of float, shape (M, R)
        Of R pixel rows along each of M sides, from outside the cell to inside.
    direction : ndarray of int, shape (M,)
        -1 for an upper side, 1 for a lower one.
    near : slice
        Of the rows, those where a wall may have its middle.
    is_long : ndarray of bool, shape (M,)
        No stroke is as long as this side.

    Returns
    -------
    ndarray of bool, shape (M, R)
    """
    if min(np.count_nonzero(direction == way) for way in (-1, 1)) < FEW:
        wall = _common_rows(share, near)
    else:
        wall = np.zeros(share.shape, bool)
        for way in (-1, 1):
            wall[direction == way] = _common_rows(share[direction == way], near)
    more = share >= OWN_SHARE
    for way in (-1, 1):
        short = np.flatnonzero((direction == way) & ~is_long)
        more[short] = np.sort(share[short], axis=0)[(len(short) - 1) // 3 :][:1] >= OWN_SHARE
    return _grown(wall, more)


def _common_rows(share: np.ndarray, near: slice) -> np.ndarray:
    most = share[:, near].max(axis=1, initial=0)
    if not len(share):
        return share > 1
    common = median(most) >= COMMON_SHARE
    if not common:
        middle, reach = (near.start + near.stop) // 2, (near.stop - near.start) / 2
        nearer = max(1, round(LONE_NEAR * reach))
        most = share[:, middle - nearer : middle + nearer].max(axis=1, initial=0)
        lone = LONE_SHARE if len(share) >= FEW else SINGLE_SHARE
    has_wall = most >= (COMMON_SHARE if common else lone)
    if not has_wall.any():
        return np.zeros(share.shape, bool)
    profile, shifts = _aligned_profile(share[has_wall], near)
    band = _runs_around(profile[None] >= BAND_LEVEL * profile.max(), profile[None].argmax(axis=1))
    wall = np.zeros(share.shape, bool)
    wall[has_wall] = _rolled(band, shifts)
    wall &= ((share * wall).max(axis=1) >= 0.5 * profile.max())[:, None]
    return wall


def _aligned_profile(share: np.ndarray, near: slice) -> tuple[np.ndarray, np.ndarray]:
    """The profile across a wall that most sides have, (R,), and each one's shift from it."""
    columns = np.arange(share.shape[1])
    peaks = near.start + share[:, near].argmax(axis=1)
    highest = share[np.arange(len(share)), peaks]
    runs = _runs_around(share >= 0.5 * highest[:, None], peaks)
    middles = (runs * columns).sum(axis=1) / runs.sum(axis=1)
    shifts = np.round(middles - median(middles)).astype(int)
    reach = near.stop - near.start
    tried = np.arange(-reach, reach + 1)
    moved = (columns[:, None] - tried) % len(columns)
    nearby = _nearby(len(shifts))
    for _ in range(2):
        profile = _profile(share, shifts)
        fits = np.minimum(share, profile.max()) @ profile[moved]
        # The median of each side's shift and those next to it: walls stray little by little.
        usual = np.sort(shifts[nearby], axis=1)[:, NEIGHBOURS]
        off = abs(tried - usual[:, None]) / (reach / 2)
        fits *= np.maximum(1 - STRAYING * off, 0)
        shifts = tried[fits.argmax(axis=1)]
    return _profile(share, shifts), shifts


def _profile(share: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """The lower median of the profiles (N, R), each moved back by its shift."""
    return np.sort(_rolled(share, -shifts), axis=0)[(len(share) - 1) // 3]


def _rolled(rows: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Rows (N, R), or one (1, R) for all, each moved on by its shift, the end to the front."""
    length = rows.shape[1]
    source = (np.arange(length) - shifts[:, None]) % length
    return rows[0][source] if len(rows) == 1 else rows[np.arange(len(rows))[:, None], source]


def _nearby(count: int) -> np.ndarray:
    """Numbers of each of some sides and of those next to it, (count, 2 * NEIGHBOURS + 1)."""
    last = count - 1
    places = np.arange(count)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    # Beyond either end those before it once more, as far as there are any.
    mirrored = last - abs(last - abs(places)) if last >= NEIGHBOURS else places
    return np.minimum(np.maximum(mirrored, 0), last)


def _runs_around(flags: np.ndarray, places: np.ndarray) -> np.ndarray:
    """In each row of flags (N, R), the run of True that holds its place; bool (N, R)."""
    columns = np.arange(flags.shape[1])
    before, after = columns <= places[:, None], columns >= places[:, None]
    first = np.where(flags | ~before, -1, columns).max(axis=1)
    last = np.where(flags | ~after, len(columns), columns).min(axis=1)
    return (columns > first[:, None]) & (columns < last[:, None])


def _grown(wall: np.ndarray, more: np.ndarray) -> np.ndarray:
    """The walls with those of `more` rows that adjoin them."""
    either = wall | more
    if (either == wall).all():
        return wall
    columns, count = np.arange(wall.shape[1]), wall.shape[1]
    off, on = np.where(either, -1, columns), np.where(wall, columns, -1)
    before = np.maximum.accumulate(on, axis=1) > np.maximum.accumulate(off, axis=1)
    off, on = np.where(either, count, columns), np.where(wall, columns, count)
    after = (
        np.minimum.accumulate(on[:, ::-1], axis=1) < np.minimum.accumulate(off[:, ::-1], axis=1)
    )[:, ::-1]
    return before | after
