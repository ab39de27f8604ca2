"""Combs: boxes that walls, teeth, dashes or dots divide into equal cells."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.rulings import Rulings
from hcr_batch.types import Box

__all__ = ["divide", "wall_profile"]

TOOTH_SHARE = 0.12
"""A tooth is at least this share of the box's height."""
DASHED_SHARE = 0.35
"""A dashed or dotted wall has ink on at least this share of each third of its length."""
THIN_MM = 0.5
"""A wall or tooth is thinner than this; print beside it is not."""
TOLERANCE_MM = 0.3
"""A tooth may stand this far from its place."""
SEEN = 0.5
"""Profile, 0 to 1, from which a tooth is there."""
FEW_CELLS = 3
WHOLE_SHARE = 0.85
"""With this few cells a pen stroke could be the only tooth: the walls must be whole."""
MIN_SHARE_SEEN = 0.8
"""Share of the teeth that must be seen; writing hides or breaks some."""
MIN_OVER_CHANCE = 0.35
"""And how much that share must exceed what random places would show."""


def divide(box: Box, rulings: Rulings, settings: LayoutSettings) -> list[Box]:
    """Divide a box into the equal cells that its teeth mark.

    Every number of cells that gives a plausible width is tried; the largest
    whose teeth are nearly all there wins.

    Parameters
    ----------
    box : Box
        In pixels of the page, without its walls.
    rulings : Rulings
    settings : LayoutSettings
        `min_cell_mm` and `max_cell_aspect`.

    Returns
    -------
    list of Box
        From left to right; `[box]` where it is not a comb.
    """
    scale = rulings.scale
    profile = wall_profile(box, rulings)
    tolerance = max(1, round(TOLERANCE_MM * rulings.pixels_per_mm))
    reached = cv2.dilate(profile[None], np.ones((1, 2 * tolerance + 1))).ravel()
    chance = float((reached > SEEN).mean())
    widest = settings.max_cell_aspect * box.height * scale
    narrowest = max(settings.min_cell_mm * rulings.pixels_per_mm, 0.3 * box.height * scale)
    counts = range(
        max(2, int(np.ceil(len(profile) / widest))), int(len(profile) / narrowest) + 1
    )
    for count in reversed(counts):
        places = np.arange(1, count) * (len(profile) / count)
        seen = reached[np.round(places).astype(int)] > SEEN
        if count <= FEW_CELLS and not _all_straight(box, places, tolerance, rulings):
            continue
        if seen.mean() >= MIN_SHARE_SEEN and seen.mean() - chance >= MIN_OVER_CHANCE:
            return _cells(box, _refined(places, profile, tolerance) / scale, rulings)
    return [box]


def _all_straight(box: Box, places: np.ndarray, tolerance: int, rulings: Rulings) -> bool:
    """Whether a whole wall stands at each place, from top to bottom."""
    area = _area(box, rulings).mean(axis=0)
    near = [area[max(0, int(p) - tolerance) : int(p) + tolerance + 2] for p in places]
    return all(float(share.max(initial=0.0)) >= WHOLE_SHARE for share in near)


def wall_profile(box: Box, rulings: Rulings) -> np.ndarray:
    """How much each pixel column of a box looks like a wall or tooth.

    Returns
    -------
    ndarray of float32, shape (columns,)
        0 is nothing, 1 a clear wall, tooth or dashed line; at the scale of the
        rulings.
    """
    area = _area(box, rulings)
    thirds = [part.mean(axis=0, dtype=np.float32) for part in np.array_split(area, 3)]
    covered = np.min(thirds, axis=0) / DASHED_SHARE
    longest = np.maximum(_run(area), _run(area[::-1])) / (TOOTH_SHARE * len(area))
    dark = np.clip(np.maximum(covered, longest), 0, 1).astype(np.float32)
    distance = max(2, round(THIN_MM * rulings.pixels_per_mm))
    padded = np.pad(dark, distance)
    beside = np.minimum(padded[: -2 * distance], padded[2 * distance :])
    return np.clip(dark - beside, 0, 1)


def _area(box: Box, rulings: Rulings) -> np.ndarray:
    scale = rulings.scale
    top, bottom = round(box.y * scale), round(box.bottom * scale)
    left, right = round(box.x * scale), round(box.right * scale)
    return rulings.faint[max(0, top) : bottom, max(0, left) : right]


def _run(area: np.ndarray) -> np.ndarray:
    """Length of the unbroken run of ink from the first row down, a column."""
    # Rows next to the wall belong to its blurred edge: start where the run may.
    start = min(2, len(area) - 1)
    return np.cumprod(area[start:], axis=0, dtype=np.int32).sum(axis=0) - start


def _refined(places: np.ndarray, profile: np.ndarray, tolerance: int) -> np.ndarray:
    """Move each place to the middle of the tooth that is seen near it."""
    refined = []
    for place in np.round(places).astype(int):
        first = max(0, place - tolerance)
        window = profile[first : place + tolerance + 1]
        dark = np.flatnonzero(window > SEEN)
        refined.append(first + dark.mean() + 0.5 if len(dark) else place)
    return np.array(refined)


def _cells(box: Box, walls: np.ndarray, rulings: Rulings) -> list[Box]:
    half = 0.15 * rulings.pixels_per_mm / rulings.scale
    left = np.concatenate([[0], walls + half]) + box.x
    right = np.concatenate([walls - half, [box.width]]) + box.x
    return [Box(x, box.y, end - x, box.height) for x, end in zip(left, right)]
