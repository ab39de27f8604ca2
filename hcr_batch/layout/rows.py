"""Rows of equal cells: where the single boxes were broken, the row still shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, pairwise

import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.boxes import is_paper
from hcr_batch.layout.combs import divide
from hcr_batch.layout.histogram import median, shares
from hcr_batch.layout.rulings import Rulings
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["complete_rows", "divide_runs", "rows_of"]

SAME_SIDE = 0.15
"""Tops, bottoms and widths that differ by less than this share are the same."""
AT_ONE = 0.05
CUT = 0.25
"""Boxes that begin or end at one line, closer than the first share, are of one row although a
stroke along the other line cuts off so much of one."""
SHARED_WALL_MM = 0.9
"""Boxes nearer than this share a wall."""
WALL_SHARE = 0.7
"""Share of its length on which the wall of an inferred cell must be seen."""
CORNER_SHARE = 0.2
"""Share of a side, at each end, that a round corner may take."""
LINE_SHARE = 0.6
"""Likewise of the line above and below."""
REGULAR_ASPECT = 1.2
"""Width over height of boxes that are cells without doubt."""
SLIVER = 0.5
"""What is narrower than this share of its row's cells is the space between two of them."""
WHOLE_SHARE = 0.82
"""Likewise of a wall that parts what looked like one wide cell."""
STRAIGHT_SHARE = 0.8
"""Share of its length that a wall has in one and the same pixel column."""


def divide_runs(
    boxes: list[Box], rulings: Rulings, everything: Rulings, settings: LayoutSettings
) -> list[Box]:
    """Divide boxes into the cells that their walls and teeth mark.

    Boxes that share walls are looked at as one comb first, so that a stroke
    from line to line is not taken for a wall.

    Parameters
    ----------
    boxes : list of Box
    rulings : Rulings
        In which the boxes were found.
    everything : Rulings
        Of all that is dark: a wall that writing covers is not missing.
    settings : LayoutSettings
        `min_cell_mm`, `max_cell_mm` and `max_cell_aspect`.
    """
    return [
        cell
        for row in rows_of(boxes)
        for run in _runs(row, rulings)
        for cell in _divided(run, rulings, everything, settings)
    ]


def complete_rows(
    boxes: list[Box], rulings: Rulings, settings: LayoutSettings
) -> list[list[Box]]:
    """Put in the cells that are missing in the rhythm of their row.

    Parameters
    ----------
    boxes : list of Box
    rulings : Rulings
        Of everything dark: a wall that writing covers is not missing.
    settings : LayoutSettings
        `max_cell_aspect`.

    Returns
    -------
    list of list of Box
        Each row from left to right, rows from top to bottom.
    """
    rows = [_completed(row, rulings, settings) for row in rows_of(boxes)]
    is_fragment = iter(_are_fragments(rows))
    return [[box for box in row if not next(is_fragment)] for row in rows]


def _are_fragments(rows: list[list[Box]]) -> np.ndarray:
    """Whether each box lies mostly in a larger one that belongs to a longer row; bool (N,)."""
    left, top, right, bottom = sides_of(box for row in rows for box in row)
    length = np.array([len(row) for row in rows for _ in row], int)
    width, height = right - left, bottom - top
    area = width * height
    meet = (top < bottom[:, None]) & (bottom > top[:, None]) & (length > length[:, None])
    box, other = np.nonzero(meet)
    across = np.minimum(right[other], right[box]) - np.maximum(left[other], left[box])
    down = np.minimum(bottom[other], bottom[box]) - np.maximum(top[other], top[box])
    is_within = (area[other] > area[box]) & (down > 0.6 * height[box])
    is_within &= across > 0.3 * np.minimum(width[other], width[box])
    are_fragments = np.zeros(len(left), bool)
    are_fragments[box[is_within]] = True
    return are_fragments


def rows_of(boxes: Iterable[Box]) -> list[list[Box]]:
    """Group boxes of one height at one level; left to right, top to bottom."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda b: (b.y, b.x)):
        row = next((row for row in reversed(rows) if _level(row[0], box)), None)
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return [sorted(row, key=lambda b: b.x) for row in rows]


def _level(a: Box, b: Box) -> bool:
    above, below, height = abs(a.y - b.y), abs(a.bottom - b.bottom), min(a.height, b.height)
    further = max(above, below)
    if further <= SAME_SIDE * height:
        return True
    return further <= CUT * height and min(above, below) <= AT_ONE * height


def _runs(row: list[Box], rulings: Rulings) -> list[list[Box]]:
    """Boxes of a row that share walls."""
    reach = SHARED_WALL_MM * rulings.pixels_per_mm / rulings.scale
    runs = [[row[0]]]
    for before, box in pairwise(row):
        if box.x - before.right <= reach:
            runs[-1].append(box)
        else:
            runs.append([box])
    return runs


def _divided(
    run: list[Box], rulings: Rulings, everything: Rulings, settings: LayoutSettings
) -> list[Box]:
    """The run as one comb if its teeth say so, else its boxes, each perhaps a comb."""
    if run[0].height > settings.max_cell_mm * rulings.pixels_per_mm / rulings.scale:
        return run
    if len(run) == 1:
        return divide(run[0], rulings, settings)
    if _is_regular(run):
        return run
    whole = divide(_union(run), rulings, settings)
    if len(whole) > 1 and _keeps_walls(run, whole):
        return whole
    parts = _without_strokes(run, everything)
    return [cell for box in parts for cell in divide(box, rulings, settings)]


def _is_regular(run: list[Box]) -> bool:
    """Whether most boxes of a run are character cells of one width already."""
    widths = np.array([box.width for box in run])
    usual = float(median(widths))
    alike = abs(widths - usual) <= SAME_SIDE * usual
    return len(run) >= 3 and alike.mean() >= 0.6 and usual <= REGULAR_ASPECT * run[0].height


def _keeps_walls(run: list[Box], cells: list[Box]) -> bool:
    """Whether a division agrees with most walls that were found before it."""
    if len(run) < 3:
        return True
    walls = np.array([cell.right for cell in cells[:-1]])
    slack = SAME_SIDE * cells[0].width
    kept = [min(abs(walls - box.right)) < slack for box in run[:-1]]
    return float(np.mean(kept)) >= WALL_SHARE


def _without_strokes(run: list[Box], rulings: Rulings) -> list[Box]:
    """Join boxes again that a pen stroke parted: a wall is straight, a stroke rarely."""
    sight = _Sight(rulings, _union(run))
    joined = [run[0]]
    for box in run[1:]:
        if sight.wall_between(joined[-1], box):
            joined.append(box)
        else:
            joined[-1] = _union([joined[-1], box])
    return joined


def _union(run: list[Box]) -> Box:
    top = float(median([box.y for box in run]))
    bottom = float(median([box.bottom for box in run]))
    return Box(run[0].x, top, run[-1].right - run[0].x, bottom - top)


def _completed(row: list[Box], rulings: Rulings, settings: LayoutSettings) -> list[Box]:
    width = _usual_width(row, settings)
    if width is None:
        return row
    regular = [box for box in row if abs(box.width - width) <= SAME_SIDE * width]
    sight = _Sight(rulings, _union(regular))
    wall = _usual_wall(regular, width)
    wide = [box for box in row if box.width > (1 + SAME_SIDE) * width]
    for box in wide:
        regular += _parted(box, width, wall, sight)
    cells = _grown(regular, wide, width, wall, sight)
    spans = _spans(cells)
    rest = [box for box in row if box.width > SLIVER * width]
    others = compress(rest, ~_overlap(_spans(rest), spans))
    return sorted([*cells, *others], key=lambda b: b.x)


def _parted(box: Box, width: float, wall: float, sight: _Sight) -> list[Box]:
    """The cells that a box consists of, if all the walls between them are whole; else none."""
    count = round((box.width + wall) / (width + wall))
    if count < 2 or _is_other_size(box, width, wall):
        return []
    pitch = (box.width + wall) / count
    places = [box.x + number * pitch - wall / 2 for number in range(1, count)]
    if not all(sight.has_whole_wall(place) for place in places):
        return []
    return [
        Box(box.x + number * pitch, box.y, pitch - wall, box.height) for number in range(count)
    ]


def _is_other_size(box: Box, width: float, wall: float) -> bool:
    """Whether a box is larger than the row's cells, and not some of them run together."""
    count = (box.width + wall) / (width + wall)
    return abs(count - round(count)) > SAME_SIDE


def _grown(
    cells: list[Box], wide: list[Box], width: float, wall: float, sight: _Sight
) -> list[Box]:
    """Add neighbours of known cells, and theirs, as long as all their walls are seen."""
    known = list(cells)
    other_size = [box for box in wide if _is_other_size(box, width, wall)]
    # What looks like some cells run together may be a wide cell with a stroke in it.
    merged = _spans([box for box in wide if box not in known + other_size])
    taken = _spans(known + other_size)
    pitch = width + wall
    # Most cells have a neighbour on both sides already.
    fresh = _free_sides(cells, pitch, width, sight, taken)
    while fresh:
        for beside in fresh.pop():
            found = sight.fitted(beside, merged)
            if found is None or abs(found.width - width) > 2 * SAME_SIDE * width:
                continue
            is_met = sight.would_meet(_spans([beside]), taken) | _overlap(_spans([found]), taken)
            if not is_met.any():
                known.append(found)
                taken = np.append(taken, _spans([found]), axis=1)
                fresh += _free_sides([found], pitch, width, sight, taken)
    return known


def _free_sides(
    cells: list[Box], pitch: float, width: float, sight: _Sight, taken: np.ndarray
) -> list[list[Box]]:
    """Where neighbours of the cells should be, to the left and right, if nothing is there yet."""
    left = _spans(cells)[0][:, None] + (-pitch, pitch)
    spans = np.stack([left, left + width]).reshape(2, -1)
    is_free = ~sight.would_meet(spans, taken).reshape(left.shape)
    return [
        [Box(x, cells[n].y, width, cells[n].height) for x in left[n, is_free[n]].tolist()]
        for n in np.flatnonzero(is_free.any(axis=1)).tolist()
    ]


def _usual_width(row: list[Box], settings: LayoutSettings) -> float | None:
    """The width that most character cells of a row have; None where there is none."""
    widths = np.array([b.width for b in row if b.width <= settings.max_cell_aspect * b.height])
    if len(widths) < 2:
        return None
    alike = abs(widths[:, None] - widths) <= SAME_SIDE * widths[:, None]
    count = alike.sum(axis=1)
    best = np.lexsort((widths, count))[-1]
    return float(median(widths[alike[best]])) if count[best] >= 2 else None


def _usual_wall(cells: list[Box], width: float) -> float:
    """Distance between one cell's right and the next one's left side."""
    gaps = [after.x - before.right for before, after in pairwise(cells)]
    near = [gap for gap in gaps if 0 <= gap < 0.6 * width]
    return float(median(near)) if near else 0.1 * width


def _spans(boxes: Sequence[Box]) -> np.ndarray:
    """Left and right sides, float64 (2, N)."""
    return np.array([(box.x, box.right) for box in boxes], float).reshape(-1, 2).T


def _overlap(spans: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of N spans share much of their width, or of theirs, with one of some others."""
    first, last = spans[..., None]
    left, right = others
    shared = np.minimum(last, right) - np.maximum(first, left)
    return (shared > 0.3 * np.minimum(last - first, right - left)).any(axis=1)


class _Sight:
    """Looks for the walls of a supposed cell in the picture of faint ink."""

    def __init__(self, rulings: Rulings, model: Box) -> None:
        self._faint = rulings.covered
        self._scale = rulings.scale
        self._slack = max(1, round(0.3 * rulings.pixels_per_mm))
        self._top = round(model.y * rulings.scale)
        self._bottom = round(model.bottom * rulings.scale)
        self._height = self._bottom - self._top
        # Corners may be round: only the middle of each side is looked at.
        corner = round(CORNER_SHARE * self._height)
        self._upright = slice(self._top + corner, self._bottom - corner)

    def fitted(self, cell: Box, merged: np.ndarray) -> Box | None:
        """The cell moved to the walls that are seen near its sides; None without them.

        On one of the spans `merged` the walls must reach from line to line.
        """
        left, right = cell.x * self._scale, cell.right * self._scale
        first, seen_first = self._nearest_wall(left - 1)
        if seen_first < WALL_SHARE:
            return None
        last, seen_last = self._nearest_wall(right + 1)
        if seen_last < WALL_SHARE:
            return None
        is_merged = _overlap(_spans([cell]), merged).any()
        if is_merged and min(self._whole(first), self._whole(last)) < WHOLE_SHARE:
            return None
        corner = CORNER_SHARE * (right - left)
        inner = slice(max(0, int(left + corner)), max(0, int(right - corner) + 1))
        if min(self._line(self._top - 1, inner), self._line(self._bottom, inner)) < LINE_SHARE:
            return None
        if not is_paper(Box(first + 1, self._top, last - first - 1, self._height), self._faint):
            return None
        x, end = (first + 1) / self._scale, last / self._scale
        return Box(x, cell.y, end - x, cell.height)

    def would_meet(self, spans: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Which of N cells, wherever `fitted` may move them, overlap one of some others."""
        reach = (2 * self._slack + 2) / self._scale
        first, last = spans[..., None]
        left, right = others
        shared = np.minimum(last, right) - np.maximum(first, left)
        return (shared - 2 * reach > 0.3 * (right - left)).any(axis=1)

    def wall_between(self, before: Box, after: Box) -> bool:
        """Whether a straight wall stands between two neighbours."""
        return self._wall(round((before.right + after.x) / 2 * self._scale)) >= STRAIGHT_SHARE

    def _wall(self, x: int) -> float:
        return self._nearest_wall(x)[1]

    def _nearest_wall(self, x: float) -> tuple[int, float]:
        """Column of the best wall near `x`, and the share of it that is dark."""
        start = max(0, round(x) - 2 * self._slack)
        stop = max(0, round(x) + 2 * self._slack + 1)
        area = self._faint[self._upright, start:stop]
        if not area.size:
            return round(x), 0.0
        share = shares(area, 0)
        best = int(np.argmax(share))
        return start + best, float(share[best])

    def has_whole_wall(self, x: float) -> bool:
        """Whether a wall from line to line stands near `x`, in pixels of the page."""
        column, _ = self._nearest_wall(x * self._scale)
        return self._whole(column) >= WHOLE_SHARE

    def _whole(self, x: int) -> float:
        area = self._faint[self._top : self._bottom, max(0, x - 1) : x + 2]
        return float(area.any(axis=1).mean()) if area.size else 0.0

    def _line(self, y: int, along: slice) -> float:
        around = slice(max(0, y - 2 * self._slack), y + 2 * self._slack + 1)
        area = self._faint[around, along]
        return float(shares(area, 1).max()) if area.size else 0.0
