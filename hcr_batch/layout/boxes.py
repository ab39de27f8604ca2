"""Closed rectangles of rulings, and open ones whose missing side is plain."""

from __future__ import annotations

from itertools import compress

import cv2
import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.excerpt import Excerpt
from hcr_batch.layout.frames import find_frames
from hcr_batch.layout.rulings import Rulings, odd, outlines
from hcr_batch.layout.runs import Runs, closed_both_ways
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["find_boxes", "is_paper"]

BRIDGE_MM = 0.5
"""Walls that end this near to each other meet: broken corners."""
JOINT_MM = 0.6
"""A wall that ends this near to a line stands on it."""
BROKEN_MM = 3.0
"""A break of a long line that is shorter than this is bridged."""
MAX_WALL_MM = 1.6
BLACK_SHARE = 0.8
"""What is dark on this share at this distance behind all walls is a black ground."""
SAME_SIZE = 0.12
MIN_ALIKE = 3
"""Frames are believed where as many, themselves included, differ by less than that."""
CORNER_SHARE = 0.2
"""Share of a side, at each end, that a round corner may take."""
SEEN_SHARE = 0.75
"""Share of the rest of a side on which its line is dark in one and the same pixel row."""
MIN_FILLED = 0.5
"""Share of its bounding box that the bare paper of a written box still fills."""
MAX_DARK = 0.95
"""Share of a box that may be dark: what white print leaves of a black ground is darker."""
PAGE_WIDE = 0.93
"""A box wider than this share of the page lies between the edges of the scan."""
LONG_LINE_MM = 8.0
"""A line this long needs no wall at its ends: no pen stroke in a cell is as long."""


def find_boxes(rulings: Rulings, taken: list[Box], settings: LayoutSettings) -> list[Box]:
    """Find the rectangles that rulings enclose.

    Parameters
    ----------
    rulings : Rulings
    taken : list of Box
        Areas, in pixels of the page, in which cells are known: no box there is looked for.
    settings : LayoutSettings
        `min_cell_mm`, `max_box_height_mm` and `min_rectangularity`.

    Returns
    -------
    list of Box
        The inner areas, without the walls, in pixels of the page, innermost
        only: a frame around other boxes is none.
    """
    areas = [_scaled(box, rulings.scale) for box in taken]
    frames = _alike(find_frames(rulings, areas, settings))
    boxes = _walled(rulings, areas + frames, settings)
    boxes = _without_middle_in(boxes, areas + frames)
    # A page whose bands have all the cells does without the sums that this takes.
    boxes = list(compress(boxes, _are_drawn(boxes, rulings))) if boxes else []
    return [_scaled(box, 1 / rulings.scale) for box in _innermost(boxes + frames)]


def _walled(rulings: Rulings, taken: list[Box], settings: LayoutSettings) -> list[Box]:
    """Rectangles between lines and walls, missing sides put in; at the scale of the rulings."""
    per_mm = rulings.pixels_per_mm
    excerpt = Excerpt.near(rulings.upright, per_mm, taken)
    if not len(excerpt.rows):
        return []
    upright, level = excerpt.of(rulings.upright), excerpt.of(rulings.level)
    level |= _mended(level, per_mm)
    horizontal = level.mask()
    missing = _missing_sides(horizontal, upright.mask(), per_mm, settings)
    for start, end in missing:
        cv2.line(horizontal, start, end, 1, 1)
    if missing:
        level = Runs.of(horizontal, horizontal=True)
    return [excerpt.on_page(box) for box in _enclosed(level, upright, per_mm, settings)]


def _are_drawn(boxes: list[Box], rulings: Rulings) -> np.ndarray:
    """Which boxes have light ground, thin walls, and a line on three sides; bool (N,)."""
    places = sides_of(boxes).astype(int)
    is_light = rulings.dark_share(*places) < MAX_DARK
    return is_light & _are_thin_walled(places, rulings) & (_sides_seen(places, rulings) >= 3)


def is_paper(box: Box, faint: np.ndarray) -> bool:
    """Whether a box, at the scale of the rulings, has the light ground that a cell has."""
    area = faint[max(0, int(box.y)) : int(box.bottom), max(0, int(box.x)) : int(box.right)]
    return area.size > 0 and float(area.mean()) < MAX_DARK


def _alike(frames: list[Box]) -> list[Box]:
    """The frames of which several are of one size."""
    width, height = np.array([(f.width, f.height) for f in frames]).reshape(-1, 2).T
    slack = SAME_SIZE * height[:, None]
    alike = (abs(height[:, None] - height) <= slack) & (abs(width[:, None] - width) <= slack)
    return list(compress(frames, alike.sum(axis=1) >= MIN_ALIKE))


def _without_middle_in(boxes: list[Box], others: list[Box]) -> list[Box]:
    """Leave out boxes whose middle lies in one of the others."""
    left, top, right, bottom = sides_of(others)
    first_x, first_y, last_x, last_y = sides_of(boxes)[:, :, None]
    x, y = (first_x + last_x) / 2, (first_y + last_y) / 2
    is_inside = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    return list(compress(boxes, ~is_inside.any(axis=1)))


def _enclosed(
    level: Runs, upright: Runs, per_mm: float, settings: LayoutSettings
) -> list[Box]:
    walls = _joined(level, upright, per_mm)
    # Gaps are closed along either direction: that does not thicken the walls.
    bridged = closed_both_ways(walls, odd(max(2, round(BRIDGE_MM * per_mm)) + 1))
    return _interiors(bridged.mask(), per_mm, settings)


def _sides_seen(places: np.ndarray, rulings: Rulings) -> np.ndarray:
    """On how many sides of N boxes a straight line is seen, their corners left out; int (N,)."""
    left, top, right, bottom = places
    slack = max(2, round(JOINT_MM * rulings.pixels_per_mm))
    near = np.arange(-slack, slack + 1)[:, None]
    dx, dy = ((CORNER_SHARE * side).astype(int) for side in (right - left, bottom - top))
    seen = (
        *(rulings.dark_share(left + dx, y + near, right - dx, y + near + 1) for y in (top, bottom)),
        *(rulings.dark_share(x + near, top + dy, x + near + 1, bottom - dy) for x in (left, right)),
    )
    return np.sum([(share >= SEEN_SHARE).any(axis=0) for share in seen], axis=0)


def _mended(lines: Runs, per_mm: float) -> Runs:
    """The long lines alone, with breaks between their parts bridged."""
    return _long(lines, per_mm).thickened().closed(odd(BROKEN_MM * per_mm)).thinned()


def _long(lines: Runs, per_mm: float) -> Runs:
    return lines.opened(odd(LONG_LINE_MM * per_mm))


def _are_thin_walled(places: np.ndarray, rulings: Rulings) -> np.ndarray:
    """Whether paper follows behind the walls: print on a black ground has no cells; bool (N,)."""
    left, top, right, bottom = places
    distance = round(MAX_WALL_MM * rulings.pixels_per_mm)
    last_y, last_x = (size - 1 for size in rulings.faint.shape)
    above, below = np.maximum(0, top - distance), np.minimum(last_y, bottom + distance)
    before, after = np.maximum(0, left - distance), np.minimum(last_x, right + distance)
    beyond = (
        *(rulings.dark_share(left, y, right, y + 1) for y in (above, below)),
        *(rulings.dark_share(x, top, x + 1, bottom) for x in (before, after)),
    )
    return np.sum([share > BLACK_SHARE for share in beyond], axis=0) < 3


def _joined(level: Runs, upright: Runs, per_mm: float) -> Runs:
    """Lines and walls that end at one another: what pen strokes in a cell do not."""
    reach = max(1, round(JOINT_MM * per_mm))
    walls = _spanning(upright, level.turned(), reach).turned()
    return walls | _spanning(level, walls, reach) | _long(level, per_mm)


def _spanning(lines: Runs, crossing: Runs, reach: int) -> Runs:
    """Runs of `lines`, from the first to the last of the lines `crossing` that each meets."""
    # A line that leans by a pixel or two is still one run.
    near = crossing.thickened().dilated(2 * reach + 1)
    return lines.thickened().spanning(near) & lines


def _interiors(walls: np.ndarray, per_mm: float, settings: LayoutSettings) -> list[Box]:
    """Rectangular areas of the right size that the walls enclose on all sides."""
    # One pixel thicker, or the area leaks out between pixels that touch at a corner.
    walls = cv2.dilate(walls, np.ones((3, 3), np.uint8))
    contours, tree = cv2.findContours(1 - walls, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return []
    # Holes of an area are what is written in it, not areas of their own.
    contours = [contour for contour, (_, _, _, parent) in zip(contours, tree[0]) if parent < 0]
    smallest = settings.min_cell_mm * per_mm
    tallest = settings.max_box_height_mm * per_mm
    widest = PAGE_WIDE * walls.shape[1]
    boxes = []
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        if min(width, height) < smallest or height > tallest or width > widest:
            continue
        # A contour runs through pixel centres: one pixel less in each direction.
        whole = (width - 1) * (height - 1)
        # Strokes that stand on a wall cut into the area, not into its hull.
        hull = cv2.contourArea(cv2.convexHull(contour)) / whole
        filled = cv2.contourArea(contour) / whole
        if hull >= settings.min_rectangularity and filled >= MIN_FILLED:
            boxes.append(Box(x - 1, y - 1, width + 2, height + 2))
    return boxes


def _innermost(boxes: list[Box]) -> list[Box]:
    """Leave out frames: boxes with another one inside."""
    left, top, right, bottom = sides_of(boxes)
    is_within = (left >= left[:, None]) & (top >= top[:, None])
    is_within &= (right <= right[:, None]) & (bottom <= bottom[:, None])
    return list(compress(boxes, is_within.sum(axis=1) <= 1))


def _missing_sides(
    horizontal: np.ndarray, vertical: np.ndarray, per_mm: float, settings: LayoutSettings
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Sides to draw where a line has a wall of one length at each end, but no fourth side.

    That is a comb without a top (or bottom) line, or one whose line the
    scanner lost.
    """
    reach = 1.0 * per_mm
    x, y, width, height = _outlines(vertical)
    length = np.maximum(width, height)
    is_wall = (length >= settings.min_cell_mm * per_mm)
    is_wall &= length <= settings.max_box_height_mm * per_mm
    middle, ends = (x + width / 2)[is_wall], np.stack([y, y + height])[:, is_wall]
    x, y, width, height = _outlines(horizontal)
    is_long = np.maximum(width, height) >= settings.min_open_line_mm * per_mm
    left, top, right, bottom = np.stack([x, y, x + width, y + height])[:, is_long, None]
    sides = []
    for meeting, free in (ends, ends[::-1]):
        # A wall hangs from the line with one end and stands free with the other.
        near = (meeting > top - reach) & (meeting < bottom + reach)
        first, last = (near & (abs(middle - side) < reach) for side in (left, right))
        for line in np.flatnonzero(first.any(axis=1) & last.any(axis=1)):
            one, other = free[first[line].argmax()], free[last[line].argmax()]
            if abs(one - other) < reach:
                sides.append(((int(left[line, 0]), int(one)), (int(right[line, 0]), int(other))))
    return sides


def _outlines(lines: np.ndarray) -> np.ndarray:
    """Left, top, width and height of N lines or walls, int (4, N)."""
    return np.array(outlines(lines), int).reshape(-1, 4).T


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.x * factor, box.y * factor, box.width * factor, box.height * factor)
