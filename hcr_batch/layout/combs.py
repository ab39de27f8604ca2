"""Combs: boxes that walls, teeth, dashes or dots divide into equal cells."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.histogram import median, shares
from hcr_batch.layout.rulings import Rulings, odd
from hcr_batch.types import Box

__all__ = ["divide", "runs_of", "unbroken", "wall_profiles"]

TOOTH_SHARE = 0.12
OPEN_TOOTH_SHARE = 0.7
"""A tooth is at least this share of the box's height, or of the walls at the ends of an open
comb: there all are about as high."""
RIM_SHARE = 0.08
"""Share of the height within which a wall meets its line."""
MANY_WALLS = 4
UNBROKEN_SHARE = 0.95
MISSED_SHARE = 0.4
"""Of so many unbroken walls no larger share may stand beside the rhythm."""
GAP_SHARE = 0.6
"""Among whole walls, a place with less ink than this has none."""
MIN_ASPECT = 0.4
"""Width over height; cells are not narrower."""
SLICES = 5
DASHED_SHARE = 0.25
"""A dashed or dotted wall has ink on this share of each fifth of its length."""
THIN_MM = 0.5
"""A wall or tooth is thinner than this; print beside it is not."""
DOT_GAP_MM = 0.5
"""Dots of a tooth lie nearer to each other."""
WALL_MM = 0.3
"""Usual thickness of a wall."""
TOLERANCE_MM = 0.3
"""A tooth may stand this far from its place."""
SEEN = 0.5
"""Profile, 0 to 1, from which a tooth is there."""
FEW_CELLS = 3
WHOLE_SHARE = 0.85
"""With this few cells a pen stroke could be the only tooth: the walls must be whole."""
SAME_TOOTH = 0.15
MIN_TOOTH = 0.25
"""Or the teeth differ by less than the first share and reach up by the second."""
MIN_SHARE_SEEN = 0.8
"""Share of the teeth that must be seen; writing hides or breaks some."""
MIN_OVER_CHANCE = 0.35
"""And how much that share must exceed what random places would show."""
_OUTSIDE = np.zeros(1, bool)


def divide(
    box: Box,
    rulings: Rulings,
    settings: LayoutSettings,
    *,
    open_side: bool = False,
    expected: int = 0,
) -> list[Box]:
    """Divide a box into the equal cells that its teeth mark.

    Every number of cells that gives a plausible width is tried; the largest
    whose teeth are nearly all there wins.

    Parameters
    ----------
    box : Box
        In pixels of the page, without its walls.
    rulings : Rulings
    settings : LayoutSettings
        `min_comb_cell_mm`, `max_cell_mm` and `max_cell_aspect`.
    open_side : bool
        The box has no top line: its height says nothing about the cells' width.
    expected : int
        The number of cells where other combs tell it, else 0: then no other is tried.

    Returns
    -------
    list of Box
        From left to right; `[box]` where it is not a comb.
    """
    scale = rulings.scale
    height, width = _area(box, rulings).shape
    if min(height, width) < SLICES:
        return [box]
    widest = settings.max_cell_mm * rulings.pixels_per_mm
    if not open_side:
        widest = min(widest, settings.max_cell_aspect * box.height * scale)
    narrowest = settings.min_comb_cell_mm * rulings.pixels_per_mm
    narrowest = max(narrowest, MIN_ASPECT * box.height * scale)
    most, fewest = int(width / narrowest), max(2, int(np.ceil(width / widest)))
    if most < fewest:
        return [box]
    counts = range(expected, expected + 1) if expected else range(most, fewest - 1, -1)
    # Teeth of dots are looked for where there are no others: strokes seem to stand on a line then.
    for bridge_mm in (0.0, DOT_GAP_MM):
        walls = _walls(box, rulings, counts, bridge_mm, open_side, bool(expected))
        if walls is not None:
            return _cells(box, walls / scale, rulings)
    return [box]


def _walls(
    box: Box,
    rulings: Rulings,
    counts: range,
    bridge_mm: float,
    open_side: bool,
    is_expected: bool,
) -> np.ndarray | None:
    """Places of the walls between the first number of cells whose teeth are there."""
    tooth_share = OPEN_TOOTH_SHARE if open_side else TOOTH_SHARE
    profiles = wall_profiles(box, rulings, tooth_share, bridge_mm)
    tolerance = max(1, round(TOLERANCE_MM * rulings.pixels_per_mm))
    area = _area(box, rulings)
    share = shares(area, 0)
    for places, kind in _rhythms(profiles, counts, tolerance, WALL_MM * rulings.pixels_per_mm):
        is_few = len(places) < FEW_CELLS and not is_expected
        if is_few and not _certain(area, places, tolerance):
            continue
        if not open_side and _misses_walls(share, places, tolerance):
            continue
        if _is_doubled(area, places, tolerance):
            places = places[1::2]
        return _refined(_without_gaps(share, places, tolerance), profiles[kind], tolerance)
    return None


def _rhythms(
    profiles: np.ndarray, counts: range, tolerance: int, wall: float
) -> Iterator[tuple[np.ndarray, int]]:
    """Places of walls, and the kind of teeth that are in nearly all, more than by chance.

    For each of some descending numbers of cells.
    """
    reached = cv2.dilate(profiles, np.ones((1, 2 * tolerance + 1))) > SEEN
    width = reached.shape[1]
    chances = np.count_nonzero(reached, axis=1) / width
    # The rhythm is that of the walls' middles: half a wall lies beyond each end of the box.
    cells = np.array(counts)
    places = np.arange(1, counts[0]) * ((width + wall) / cells[:, None]) - wall / 2
    # Fewer cells have fewer walls: the other places lie beyond the box, where nothing is seen.
    reached = np.append(reached, [[False], [False]], axis=1)
    seen = np.take(reached, np.rint(places).astype(int), axis=1, mode="clip").sum(axis=2)
    share = seen / (cells - 1)
    is_rhythm = (share >= MIN_SHARE_SEEN) & (share - chances[:, None] >= MIN_OVER_CHANCE)
    for number, kind in np.argwhere(is_rhythm.T).tolist():
        yield places[number, : counts[number] - 1], kind


def _misses_walls(share: np.ndarray, places: np.ndarray, tolerance: int) -> bool:
    """Whether many whole walls stand where the rhythm has none: cells of several widths."""
    walls = runs_of(share > UNBROKEN_SHARE).sum(axis=1) / 2
    distance = abs(walls[:, None] - places).min(axis=1, initial=np.inf)
    return len(walls) >= MANY_WALLS and float((distance > 2 * tolerance).mean()) > MISSED_SHARE


def _without_gaps(share: np.ndarray, places: np.ndarray, tolerance: int) -> np.ndarray:
    """Leave out places without a wall where all others have a whole one: a wider cell."""
    reach = np.ones((1, 2 * tolerance + 1))
    seen = cv2.dilate(share[None], reach).ravel()[np.round(places).astype(int)]
    return places[seen >= GAP_SHARE] if median(seen) >= WHOLE_SHARE else places


def _is_doubled(area: np.ndarray, places: np.ndarray, tolerance: int) -> bool:
    """Whether only every second wall meets both lines: the others are strokes in mid-cell."""
    if len(places) % 2 == 0:
        return False
    rim = max(2, round(RIM_SHARE * len(area)))
    meets = np.any(area[:rim], axis=0) & np.any(area[-rim:], axis=0)
    reach = np.ones((1, 2 * tolerance + 1), np.uint8)
    meets = cv2.dilate(meets[None].astype(np.uint8), reach).ravel()
    seen = meets[np.round(places).astype(int)]
    return bool(len(places) >= 3 and seen[1::2].mean() >= 0.8 and seen[::2].mean() < 0.6)


def _certain(area: np.ndarray, places: np.ndarray, tolerance: int) -> bool:
    """Whether a whole wall stands at each place, or teeth of one height do."""
    near = [area[:, max(0, int(p) - tolerance) : int(p) + tolerance + 2] for p in places]
    if all(float(shares(part, 0).max(initial=0.0)) >= WHOLE_SHARE for part in near):
        return True
    heights = [int(_run(part[::-1]).max(initial=0)) for part in near]
    alike = max(heights) - min(heights) <= max(2, SAME_TOOTH * max(heights))
    return len(places) > 1 and alike and min(heights) >= MIN_TOOTH * len(area)


def wall_profiles(
    box: Box, rulings: Rulings, tooth_share: float = TOOTH_SHARE, bridge_mm: float = 0.0
) -> np.ndarray:
    """How much each pixel column of a box looks like a tooth, and like a whole wall.

    Parameters
    ----------
    box : Box
        In pixels of the page.
    rulings : Rulings
    tooth_share : float
        Share of the box's height from which a tooth is clear.
    bridge_mm : float
        Breaks in a wall that are shorter are closed.

    Returns
    -------
    ndarray of float32, shape (2, columns)
        0 is nothing, 1 clear. First: ink that stands on one of the lines.
        Second: ink from line to line, perhaps dashed or dotted. At the scale
        of the rulings.
    """
    area = _area(box, rulings)
    if bridge_mm:
        gap = odd(bridge_mm * rulings.pixels_per_mm + 1)
        area = cv2.morphologyEx(area, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    slices = [shares(part, 0) for part in np.array_split(area, SLICES)]
    whole = np.min(slices, axis=0) / DASHED_SHARE
    tooth = tooth_share * len(area)
    standing = np.maximum(_run(area, tooth), _run(area[::-1], tooth)) / tooth
    dark = np.clip([standing, whole], 0, 1).astype(np.float32)
    distance = max(2, round(THIN_MM * rulings.pixels_per_mm))
    beside = np.zeros_like(dark)
    inner = slice(distance, max(distance, dark.shape[1] - distance))
    beside[:, inner] = np.minimum(dark[:, : -2 * distance], dark[:, 2 * distance :])
    return np.clip(dark - beside, 0, 1)


def _area(box: Box, rulings: Rulings) -> np.ndarray:
    scale = rulings.scale
    top, bottom = round(box.y * scale), round(box.bottom * scale)
    left, right = round(box.x * scale), round(box.right * scale)
    return rulings.faint[max(0, top) : bottom, max(0, left) : right]


def _run(area: np.ndarray, enough: float = np.inf) -> np.ndarray:
    """Length of the unbroken run of ink from the first row down, a column, or `enough` of it."""
    # Rows next to the wall belong to its blurred edge: start where the run may.
    start = min(2, len(area) - 1)
    last = math.ceil(min(len(area), 2 * start + enough))
    return unbroken(area[start:last]) - start


def unbroken(area: np.ndarray) -> np.ndarray:
    """Pixels from the first row down that are dark without a break, in each column of a mask."""
    free = area == 0
    return np.where(free.any(axis=0), free.argmax(axis=0), len(free))


def runs_of(flags: np.ndarray) -> np.ndarray:
    """First and one past last index of each run of True, int (runs, 2)."""
    # As np.diff with its `prepend` and `append`, in a fifth of the time.
    padded = np.concatenate([_OUTSIDE, flags, _OUTSIDE])
    return np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)


def _refined(places: np.ndarray, profile: np.ndarray, tolerance: int) -> np.ndarray:
    """Move each place to the middle of the tooth that is seen near it."""
    middles = np.round(places).astype(int)
    columns = middles[:, None] + np.arange(-tolerance, tolerance + 1)
    on_box = (columns >= 0) & (columns < len(profile))
    dark = on_box & (profile[np.where(on_box, columns, 0)] > SEEN)
    count = dark.sum(axis=1)
    found = (dark * columns).sum(axis=1) / np.maximum(count, 1) + 0.5
    return np.where(count > 0, found, middles)


def _cells(box: Box, walls: np.ndarray, rulings: Rulings) -> list[Box]:
    half = WALL_MM / 2 * rulings.pixels_per_mm / rulings.scale
    left = np.concatenate([[0], walls + half]) + box.x
    right = np.concatenate([walls - half, [box.width]]) + box.x
    return [
        Box(x, box.y, width, box.height)
        for x, width in zip(left.tolist(), (right - left).tolist(), strict=True)
    ]
