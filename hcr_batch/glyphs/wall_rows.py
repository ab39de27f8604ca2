"""Which pixel rows along cells are wall, by all cells of a field: they have walls of one kind."""

from __future__ import annotations

import numpy as np

from hcr_batch.glyphs.groups import Groups

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
    share: np.ndarray,
    field: np.ndarray,
    direction: np.ndarray,
    near: slice,
    is_long: np.ndarray,
) -> np.ndarray:
    """Which pixel rows are wall, by the share of them that is dark.

    What is dark beside one cell alone is a stroke, if the side is not longer than one can be.

    Parameters
    ----------
    share : ndarray of float, shape (R, M)
        Of R pixel rows, from outside the cell to inside, along each of M sides.
    field : ndarray of int, shape (M,)
        The number of the field that each side is of.
    direction : ndarray of int, shape (M,)
        -1 for an upper side, 1 for a lower one; a field has as many of both.
    near : slice
        Of the rows, those where a wall may have its middle.
    is_long : ndarray of bool, shape (M,)
        No stroke is as long as this side.

    Returns
    -------
    ndarray of bool, shape (R, M)
    """
    if not share.size:
        return np.zeros(share.shape, bool)
    lower = direction > 0
    many = np.bincount(field)[field] >= 2 * FEW
    wall = _common_rows(share, Groups(2 * field + (many & lower)), near)
    more = share >= OWN_SHARE
    short = np.flatnonzero(~is_long)
    alike = Groups(2 * field[short] + lower[short])
    more[:, short] = (alike.third(share[:, short]) >= OWN_SHARE)[:, alike.of]
    return _grown(wall, more)


def _common_rows(share: np.ndarray, groups: Groups, near: slice) -> np.ndarray:
    most = share[near].max(axis=0)
    middle, reach = (near.start + near.stop) // 2, (near.stop - near.start) / 2
    nearer = max(1, round(LONE_NEAR * reach))
    most_nearer = share[middle - nearer : middle + nearer].max(axis=0)
    is_common = groups.median(most) >= COMMON_SHARE
    lone = np.where(groups.sizes >= FEW, LONE_SHARE, SINGLE_SHARE)
    has_wall = np.where(
        is_common[groups.of], most >= COMMON_SHARE, most_nearer >= lone[groups.of]
    )
    wall = np.zeros(share.shape, bool)
    if has_wall.any():
        wall[:, has_wall] = _bands(share[:, has_wall], Groups(groups.of[has_wall]), near)
    return wall


def _bands(share: np.ndarray, groups: Groups, near: slice) -> np.ndarray:
    """The wall of each side that has one, where its group has it; bool (R, M)."""
    profile, shifts = _aligned_profiles(share, groups, near)
    highest = profile.max(axis=0)
    band = _runs_around(profile >= BAND_LEVEL * highest, profile.argmax(axis=0))
    wall = _shifted(band[:, groups.of], shifts)
    return wall & ((share * wall).max(axis=0) >= 0.5 * highest[groups.of])


def _aligned_profiles(
    share: np.ndarray, groups: Groups, near: slice
) -> tuple[np.ndarray, np.ndarray]:
    """Profiles across the wall that most of a group have, (R, G), and each side's shift, (M,)."""
    rows = np.arange(len(share))[:, None]
    peaks = near.start + share[near].argmax(axis=0)
    highest = share[peaks, np.arange(len(peaks))]
    runs = _runs_around(share >= 0.5 * highest, peaks)
    middles = (runs * rows).sum(axis=0) / runs.sum(axis=0)
    shifts = np.round(middles - groups.median(middles)[groups.of]).astype(int)
    reach = near.stop - near.start
    tried = np.arange(-reach, reach + 1)[:, None]
    nearby = _nearby(groups)
    for _ in range(2):
        profile = groups.third(_rolled(share, -shifts))
        seen = np.minimum(share, profile.max(axis=0)[groups.of])
        # The median of each side's shift and those next to it: walls stray little by little.
        usual = np.sort(shifts[nearby], axis=0)[NEIGHBOURS]
        off = abs(tried - usual) / (reach / 2)
        fits = _fits(seen, profile, tried, groups) * np.maximum(1 - STRAYING * off, 0)
        shifts = tried[fits.argmax(axis=0), 0]
    return groups.third(_rolled(share, -shifts)), shifts


def _fits(
    share: np.ndarray, profile: np.ndarray, tried: np.ndarray, groups: Groups
) -> np.ndarray:
    """How much each side (R, M) has in common with its group's profile (R, G), moved; (T, M)."""
    moved = profile[(np.arange(len(share)) - tried) % len(share)]
    common = moved.transpose(2, 0, 1) @ groups.table(share, 0.0).transpose(1, 0, 2)
    return common[groups.of, :, groups.place].T


def _rolled(rows: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Rows (R, M), moved on along each side by its shift, the end to the front."""
    source = (np.arange(len(rows))[:, None] - shifts) % len(rows)
    return rows[source, np.arange(len(shifts))]


def _shifted(rows: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Rows of flags (R, M), moved on along each side; what is moved over the end is lost."""
    source = np.arange(len(rows))[:, None] - shifts
    return _rolled(rows, shifts) & (source >= 0) & (source < len(rows))


def _nearby(groups: Groups) -> np.ndarray:
    """Numbers of each side and of those next to it in its group, (2 * NEIGHBOURS + 1, M)."""
    last = groups.sizes[groups.of] - 1
    places = groups.place + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)[:, None]
    # Beyond either end those before it once more, as far as there are any.
    mirrored = np.where(last >= NEIGHBOURS, last - abs(last - abs(places)), places)
    numbers = groups.table(np.arange(len(groups.of)), 0)
    return numbers[groups.of, np.minimum(np.maximum(mirrored, 0), last)]


def _runs_around(flags: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The run of True among the flags (R, M) of each side that holds its place; bool (R, M)."""
    rows = np.arange(len(flags))[:, None]
    before, after = rows <= places, rows >= places
    first = np.where(flags | ~before, -1, rows).max(axis=0)
    last = np.where(flags | ~after, len(rows), rows).min(axis=0)
    return (rows > first) & (rows < last)


def _grown(wall: np.ndarray, more: np.ndarray) -> np.ndarray:
    """The walls (R, M) with those of `more` rows that adjoin them."""
    either = wall | more
    if (either == wall).all():
        return wall
    rows, count = np.arange(len(wall))[:, None], len(wall)
    off, on = np.where(either, -1, rows), np.where(wall, rows, -1)
    before = np.maximum.accumulate(on, axis=0) > np.maximum.accumulate(off, axis=0)
    off, on = np.where(either, count, rows), np.where(wall, rows, count)
    after = np.minimum.accumulate(on[::-1], axis=0) < np.minimum.accumulate(off[::-1], axis=0)
    return before | after[::-1]
