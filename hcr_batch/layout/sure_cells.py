"""Which cells are believed: by their walls, by the boxes they fill, or by their rhythm."""

from __future__ import annotations

import numpy as np

from hcr_batch.arrays.box_sides import contains
from hcr_batch.arrays.quantiles import median
from hcr_batch.layout.cells import LineShares

__all__ = ["ENOUGH_WALLS", "sure_cells"]

ENOUGH_WALLS = 3
"""Of four: so many must be seen around a cell that stands alone,"""
JOINED_WALLS, SAME_WALL = 2, 2.0
"""so many around one that shares a wall with such a cell, within these pixels (0.5 mm);"""
FILLED = 0.5
"""or cells fill this share of the closed box around them;"""
ALL_WALLS, LEAST_PART, PART_ASPECT = 4, 0.2, 1.5
"""A closed box has all walls. Boxes are the parts of a cell, which is none, where they fill that
share of it together, and each alone this: two rows with a wall between that was taken for a
stroke. The parts that a struck line leaves of a cell are wider for their height."""
UNDIVIDED = 1.35
"""Widths of a cell; a wider closed box has teeth, or holds a string,"""
MOST_HIGH = 2.0
"""if it is not so many times as high: in a frame, a cell with walls of its own goes with the cells
beside it, though one of its walls is the edge of a black area and does not close it;"""
TOOTH_SHOWS = 0.5
"""and this share of a third of its height is line where a tooth stands;"""
FEWEST_TEETH = 2
"""so many of them must show, where there is room for them: one may be a stroke;"""
OFF_LINE = 0.25
SAME_PITCH = 0.15
LEAST_PITCH, MAX_PITCH = 0.3, 1.6
"""or the neighbours to either side are as far away (shares of the distance), on one line and
near (shares of the cell's side)."""
FAR = 1e6
"""Pixels; where there is no neighbour."""
HALF_WALL = 1.0
"""Pixels (0.25 mm) from the inside of a closed box to the middle of its walls."""


def sure_cells(
    cells: np.ndarray, walls: np.ndarray, boxes: np.ndarray, line: LineShares
) -> np.ndarray:
    """The cells that are believed, (N, 4), between the walls of their boxes where they have one.

    Parameters
    ----------
    cells : ndarray of float, shape (M, 4)
        Left, top, right and bottom.
    walls : ndarray of int, shape (M,)
        How many walls of each were seen.
    boxes : ndarray of float, shape (B, 4)
        Insides of the closed boxes of the page.
    line : LineShares
    """
    cells, walls = _parted_by_boxes(cells, walls, boxes)
    return _in_their_boxes(cells[_is_sure(cells, walls, boxes, line)], boxes)


def _is_sure(
    cells: np.ndarray, walls: np.ndarray, boxes: np.ndarray, line: LineShares
) -> np.ndarray:
    """Which cells, (N, 4), are believed: by walls, by their rhythm, or as they fill a box."""
    middles = (cells[:, :2] + cells[:, 2:]) / 2
    widths, heights = (cells[:, 2:] - cells[:, :2]).T
    size = widths * heights
    holds = contains(boxes, middles)
    filled = (holds * size).sum(axis=1) >= FILLED * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    in_comb = np.zeros(len(cells), bool)
    in_comb[walls > 0] = _in_rhythm(middles[walls > 0], size[walls > 0])
    sure = (walls >= ENOUGH_WALLS) | holds[filled].any(axis=0) | in_comb
    sure |= (walls >= JOINED_WALLS) & _share_walls(cells, cells[sure])
    own = _innermost(holds, boxes)
    narrowest = np.where(own, widths, np.inf).min(axis=1, initial=np.inf)
    wide = np.diff(np.round(boxes[:, [0, 2]]))[:, 0] >= UNDIVIDED * narrowest
    framed = np.zeros(len(cells), bool)
    for box, held in zip(boxes[wide], own[wide]):
        if _is_undivided(box, cells[held], line):
            framed |= sure & held & (box[3] - box[1] >= MOST_HIGH * heights)
            sure &= ~held
    framed &= (walls >= ENOUGH_WALLS) & _share_walls(cells, cells[sure])
    return sure | framed


def _innermost(holds: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Of the boxes that hold a cell, bool (boxes, cells), the smallest alone: same shape."""
    if not len(boxes):
        return holds
    size = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    held_by = np.where(holds, size[:, None], np.inf).argmin(axis=0)
    return holds & (np.arange(len(boxes))[:, None] == held_by)


def _share_walls(cells: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which cells, (N, 4), stand right beside one of the others, (M, 4), and as high; bool (N,)."""
    if not len(others):
        return np.zeros(len(cells), bool)
    # Side by side as separate arrays, as in `shared_areas`.
    (left, top, right, bottom), (x, y, end, last) = cells.T[..., None], others.T
    is_level = np.maximum(abs(top - y), abs(bottom - last)) <= SAME_WALL
    is_beside = np.minimum(abs(left - end), abs(right - x)) <= SAME_WALL
    return np.any(is_level & is_beside, axis=1)


def _parted_by_boxes(
    cells: np.ndarray, walls: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The cells, (N, 4), and their walls, (N,); of one that closed boxes fill, these boxes."""
    holds = contains(cells, (boxes[:, :2] + boxes[:, 2:]) / 2)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    size, box_size = (cells[:, 2:] - cells[:, :2]).prod(axis=1), width * height
    holds &= (box_size >= LEAST_PART * size[:, None]) & (width <= PART_ASPECT * height)
    filled = (holds.sum(axis=1) > 1) & ((holds * box_size).sum(axis=1) >= FILLED * size)
    if not filled.any():
        return cells, walls
    parts = boxes[holds[filled].any(axis=0)] + HALF_WALL * np.array([-1, -1, 1, 1])
    seen = np.full(len(parts), ALL_WALLS)
    return np.concatenate([cells[~filled], parts]), np.append(walls[~filled], seen)


def _in_their_boxes(cells: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Cells, (N, 4); one that is alone in a closed box hardly larger is that box."""
    holds = contains(boxes, (cells[:, :2] + cells[:, 2:]) / 2)
    owner, held = np.nonzero(holds & (holds.sum(axis=1) == 1)[:, None])
    size, box_size = (sides[:, 2:] - sides[:, :2] for sides in (cells[held], boxes[owner]))
    near = (box_size < UNDIVIDED * size).all(axis=1)
    placed = cells.copy()
    placed[held[near]] = (boxes[owner] + HALF_WALL * np.array([-1, -1, 1, 1]))[near]
    return placed


def _is_undivided(box: np.ndarray, cells: np.ndarray, line: LineShares) -> bool:
    """Whether a closed box is much wider than the cells seen in it, with too few teeth between."""
    left, top, right, bottom = np.round(box).astype(int)
    width = float(median(cells[:, 2] - cells[:, 0]))
    if right - left < UNDIVIDED * width:
        return False
    columns = np.arange(round(left + width / 3), round(right - width / 3))
    third = np.full(len(columns), round((bottom - top) / 3))
    low = line.upright(columns, bottom - third, np.full(len(columns), bottom))
    high = line.upright(columns, np.full(len(columns), top), top + third)
    shown = np.maximum(low, high) >= TOOTH_SHOWS
    teeth = np.count_nonzero(np.diff(shown.astype(int), prepend=0) > 0)
    most = max(1, round((right - left) / width) - 1)
    return bool(teeth < min(FEWEST_TEETH, most))


def _in_rhythm(middles: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which cells, by middle (N, 2), stand at even distances on a line; bool (N,)."""
    side = np.sqrt(size)[:, None]
    across, down = (places - places[:, None] for places in middles.T)
    near = (abs(down) < OFF_LINE * side) & (abs(across) < MAX_PITCH * side)
    right, left = (
        np.where(near & (way * across > LEAST_PITCH * side), way * across, np.inf)
        for way in (1, -1)
    )
    ends = np.minimum(right, left).argmin(axis=1, keepdims=True) if len(middles) else right
    right, left = right.min(axis=1, initial=FAR), left.min(axis=1, initial=FAR)
    between = (abs(right - left) < SAME_PITCH * right) & (np.maximum(left, right) < FAR)
    # The first and the last go with the cell next to them.
    at_end = between[ends[:, 0]] & (np.minimum(left, right) < FAR) if len(ends) else between
    return between | at_end
