"""Character cells and check boxes: the components of their layers, set between their walls."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import shared_areas
from hcr_batch.arrays.quantiles import median
from hcr_batch.preprocess.binarize import outlines
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.types import Box

__all__ = [
    "INNER",
    "LineShares",
    "apart",
    "evened",
    "healed",
    "inner_parts",
    "robust_line",
    "set_in_walls",
]

INNER = 0.6
"""Share of a cell's side that its layer shows, so that neighbours come apart."""
LEAST_INNER_MM = 1.0
"""Smaller parts are noise: the smallest cells are 2.4 mm."""
SPREAD = 1.7
"""A part so many times wider than those beside it is several cells run together,"""
EDGE = 0.8
"""where walls, which all reach the upper or lower line, show in so much of the paper between it
and the inside,"""
DIVIDED = 0.5
"""by this share, at half of the places between them; writing may hide some. Else it is one."""
REACH = 0.55
"""A wall is looked for as far beyond its inner part, as a share of that."""
WALL = 0.45
"""Share of a cell's side along which there are lines where it has a wall;"""
WALL_LEVEL = 90
"""of 255: a pixel of the line layer that counts for one (walls are thinner than its pixels)."""


SLACK = 1
"""Pixels (0.25 mm) by which lines may lie beside their places."""
STROKE_MM = 1.2
"""Strokes so wide do not part the inside of a cell."""
SAME = 0.4
"""Share of the smaller of two cells that they have in common, from which they are one."""
RHYTHM = 0.15
"""Share of the pitch by which cells of a comb may stand off their even places."""
FEWEST_EVEN = 4
"""Fewer cells have no rhythm."""
TOUCHING = 0.9
"""Cells as wide as this share of their pitch share their walls."""
MOST_OFF = 0.45
"""Likewise of a single cell whose walls strokes have hidden."""


@dataclass(frozen=True)
class LineShares:
    """How much of any upright or level stretch is line, looked up in constant time."""

    integral: np.ndarray

    @classmethod
    def of(cls, line: np.ndarray) -> LineShares:
        """Of a line layer, uint8 (rows, columns)."""
        mask = cv2.threshold(line, WALL_LEVEL, 1, cv2.THRESH_BINARY)[1]
        return cls(cv2.integral(mask))

    def upright(self, x: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        """Share of columns `x` between `top` and `bottom`, all int of one shape."""
        rows, columns = self.integral.shape
        x = _within(x, columns - 2)
        top, bottom = _within(top, rows - 1), _within(bottom, rows - 1)
        count = self.integral
        lines = count[bottom, x + 1] - count[top, x + 1] - count[bottom, x] + count[top, x]
        return lines / np.maximum(bottom - top, 1)

    def level(self, y: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Share of rows `y` between `left` and `right`, all int of one shape."""
        return LineShares(self.integral.T).upright(y, left, right)


def _within(places: np.ndarray, last: int) -> np.ndarray:
    """Places from 0 to the last; of a few, NumPy's own `clip` takes four times as long."""
    return np.minimum(np.maximum(places, 0), last)


def healed(layer: np.ndarray, layers: Layers) -> np.ndarray:
    """A layer of insides with the cracks closed that strokes have left in it."""
    side = round(STROKE_MM * layers.pixels_per_mm) // 2 * 2 + 1
    closed = cv2.morphologyEx(layer, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    pen = (layers.written > WALL_LEVEL) & (layers.line < WALL_LEVEL)
    # In a tenth of the time of NumPy's `where`.
    return cv2.copyTo(closed, pen.view(np.uint8), layer.copy())


def inner_parts(layer: np.ndarray, layers: Layers) -> np.ndarray:
    """The connected parts of a layer: left, top, right and bottom, float (N, 4).

    Parameters
    ----------
    layer : ndarray of uint8, shape (rows, columns)
        Of cells or check boxes, 0 to 255.
    layers : Layers
        Of the same page: walls part what has run together, and writing may hide some.
    """
    mask = cv2.threshold(layer, LIKELY, 1, cv2.THRESH_BINARY)[1]
    parts = np.array(outlines(mask), float).reshape(-1, 4)
    parts = parts[parts[:, 2:].min(axis=1, initial=np.inf) >= LEAST_INNER_MM * layers.pixels_per_mm]
    parts[:, 2:] += parts[:, :2]
    return _parted(parts, layers)


def _parted(parts: np.ndarray, layers: Layers) -> np.ndarray:
    """Parts that have run together, divided evenly."""
    if not len(parts):
        return parts
    widths, heights = parts[:, 2] - parts[:, 0], parts[:, 3] - parts[:, 1]
    divided: list[np.ndarray] = []
    for number, (part, width, height) in enumerate(zip(parts, widths, heights)):
        if width <= height:
            divided.append(part)
            continue
        beside = np.abs(parts[:, 3] + parts[:, 1] - part[3] - part[1]) < height
        beside[number] = False
        usual = float(median(widths[beside])) if beside.any() else width
        # An inner part and its walls take up 1 / INNER of it.
        count = round((width + usual * (1 / INNER - 1)) * INNER / usual)
        pieces = _split(part, count) if width > SPREAD * usual else [part]
        divided += pieces if _are_apart(pieces, layers) else [part]
    return np.array(divided)


def _are_apart(pieces: list[np.ndarray], layers: Layers) -> bool:
    """Whether a wall may stand between most neighbouring inner parts, each (4,)."""
    if len(pieces) < 2:
        return True
    sides = np.array(pieces)
    _, top, _, bottom = np.round(sides[0]).astype(int)
    between = (sides[:-1, 2] + sides[1:, 0]) / 2
    near = np.round(between).astype(int) + np.arange(-SLACK, SLACK + 1)[:, None]
    edge = round(EDGE * (1 / INNER - 1) / 2 * (bottom - top))
    # These rows alone: few parts have run together.
    rows = slice(max(0, top - edge), bottom + edge)
    strokes = LineShares.of(np.maximum(layers.line[rows], layers.written[rows]))
    shares = [
        strokes.upright(near, np.full_like(near, y - edge), np.full_like(near, y))
        for y in (top - rows.start, bottom + edge - rows.start)
    ]
    shown = np.max(shares, axis=(0, 1)) >= DIVIDED
    return bool(2 * np.count_nonzero(shown) >= len(shown))


def _split(part: np.ndarray, count: int) -> list[np.ndarray]:
    left, top, right, bottom = part
    pitch = (right - left) / (count - 1 + INNER)
    lefts = left + pitch * np.arange(count)
    return [np.array([x, top, x + INNER * pitch, bottom]) for x in lefts]


def set_in_walls(parts: np.ndarray, line: LineShares) -> tuple[np.ndarray, np.ndarray]:
    """Whole cells of their inner parts: out to their walls where these show.

    Parameters
    ----------
    parts : ndarray of float, shape (N, 4)
        Left, top, right and bottom.
    line : LineShares

    Returns
    -------
    cells : ndarray of float, shape (N, 4)
    walls : ndarray of int, shape (N,)
        How many walls of each were seen.
    """
    if not len(parts):
        return parts, np.zeros(0, int)
    left, top, right, bottom = np.round(parts).astype(int).T
    width, height = np.maximum(right - left, 1), np.maximum(bottom - top, 1)
    across, down = np.arange(int(REACH * width.max()) + 2), np.arange(int(REACH * height.max()) + 2)
    column, row = np.ones((1, len(across)), int), np.ones((1, len(down)), int)
    tops, bottoms = top[:, None] * column, bottom[:, None] * column
    lefts, rights = left[:, None] * row, right[:, None] * row
    sides = [
        _wall(line.upright(left[:, None] - across, tops, bottoms), width),
        _wall(line.level(top[:, None] - down, lefts, rights), height),
        _wall(line.upright(right[:, None] + across, tops, bottoms), width),
        _wall(line.level(bottom[:, None] + down, lefts, rights), height),
    ]
    away = np.stack([distance for distance, _ in sides], axis=1)
    walls = np.sum([seen for _, seen in sides], axis=0)
    return parts + away * [-1, -1, 1, 1], walls


def apart(cells: np.ndarray, walls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells, (N, 4), and their walls, (N,), without those that lie in a larger one."""
    size = (cells[:, 2:] - cells[:, :2]).prod(axis=1)
    order = np.argsort(-size, kind="stable")
    cells, walls = cells[order], walls[order]
    smaller = -np.sort(-size)  # of each pair, the one that comes later
    is_held = np.tril(shared_areas(cells, cells) > SAME * smaller[:, None], -1)
    kept = np.ones(len(cells), bool)
    for number in np.flatnonzero(is_held.any(axis=1)):
        kept[number] = not (is_held[number] & kept).any()
    return cells[kept], walls[kept]


def _wall(shares: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far away, in pixels, the middle of the nearest wall is, float (N,); and if it shows.

    Parameters
    ----------
    shares : ndarray of float, shape (N, distances)
    size : ndarray of int, shape (N,)
        Of the inner part: without a wall, its cell is 1 / INNER as large.
    """
    usual = size * (1 / INNER - 1) / 2
    distance = np.arange(shares.shape[1])
    is_wall = (shares >= WALL) & (distance <= REACH * size[:, None])
    first = is_wall.argmax(axis=1)
    # As long as it goes on being wall, for the middle of it.
    beyond = ~is_wall & (distance >= first[:, None])
    last = np.where(beyond.any(axis=1), beyond.argmax(axis=1), shares.shape[1])
    seen = np.any(is_wall, axis=1)
    return np.where(seen, (first + last) / 2, usual), seen


def evened(run: tuple[Box, ...]) -> tuple[Box, ...]:
    """The cells of one field at even distances and of one height, where they nearly are.

    A wall that a stroke hides is then where its neighbours say.

    Parameters
    ----------
    run : tuple of Box
        From left to right.
    """
    if len(run) < FEWEST_EVEN:
        return run
    sides = np.array([(box.x, box.y, box.right, box.bottom) for box in run])
    middle = (sides[:, 0] + sides[:, 2]) / 2
    pitch = float(median(np.diff(middle)))
    place = np.round(np.cumsum(np.append(0, np.diff(middle) / pitch)))
    if (np.diff(place) != 1).any():
        return run
    first, step = robust_line(place, middle)
    off = abs(first + step * place - middle) / pitch
    if median(off) > RHYTHM or off.max() > MOST_OFF:
        return run
    width = min(float(median(sides[:, 2] - sides[:, 0])), step)
    width = step if width > TOUCHING * step else width
    bottom, fall = robust_line(place, sides[:, 3])
    height = float(median(sides[:, 3] - sides[:, 1]))
    return tuple(
        Box(first + step * n - width / 2, bottom + fall * n - height, width, height)
        for n in range(len(run))
    )


def robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Height at 0 and slope of a line through points, robust after Theil and Sen."""
    number = np.arange(len(x))
    is_pair = number[:, None] < number
    across, up = ((values - values[:, None])[is_pair] for values in (x, y))
    slope = float(median(up / across))
    return float(median(y - slope * x)), slope
