"""Bands between long lines: rows of cells seen from their lines, not their walls.

Writing breaks walls and closes gaps, but it cannot make two long lines of one
length, or a line with walls of one height at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.combs import divide, runs_of, unbroken
from hcr_batch.layout.excerpt import Excerpt
from hcr_batch.layout.histogram import median, shares
from hcr_batch.layout.rulings import Rulings, odd, outlines
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["Band", "divided", "find_bands", "is_short", "without_strokes"]

SAME_END_MM = 1.5
"""Lines of one box end within this of each other."""
SAME_WALL_MM = 1.0
"""Walls at the two ends of an open box differ less in height."""
WALL_BY_STROKE = 0.5
"""The wall at the end of a line is at least this high for a stroke beside it."""
MIN_TOOTH_MM = 0.7
"""A shorter upright at the end of a line is no tooth."""
BROKEN_MM = 3.0
"""A break of a long line that is shorter than this is bridged."""
UNBROKEN_SHARE = 0.94
"""A line is there on at least this share of its length; less are separate boxes in a row."""
LINE_SHARE = 0.7
"""Share of its length on which a pixel row of a line is dark."""
WALL_SHARE = 0.7
"""Share of its length on which the side wall of a closed band is seen."""
GROUND_SHARE = 0.9
"""A pixel row with more ink than this is the edge of a black ground."""
INNER_WALL_SHARE = 0.9
"""A column with more ink than this is a wall inside the band."""
MAX_STROKES_MM = 16.0
"""Level strokes of the writing in a box look like lines at most as long as this,"""
TALLER = 1.2
"""and the box is so much higher than the strip between them."""
AT_LINE = 0.1
"""A strip that ends on a box's line may lie beyond its inner side by this share of its height."""
BEYOND = 0.3
"""A wall that goes on beyond a band by this share of its height, on both sides, is none of its."""
LOW_MM = 4.5
"""Walls at the ends of a line that are lower than this do not give the cells' height."""
MIN_MODEL = 4
"""A band with so many cells shows the rhythm of the combs of its height,"""
SAME_HEIGHT = 0.15
SAME_PITCH = 0.04
"""which differ less than these shares in height and in the distance of their walls,"""
OUTVOTED = 3.0
"""and have so many times the cells of one that was divided otherwise."""
FEWEST_EXPECTED = 3
LOW_RISE = 0.9
"""Teeth lower than this share of their distance do not reach the top of the cells."""
LOW_CELL_ASPECT = 1.25
"""Cells whose top is not printed are taken to be this much higher than wide."""


@dataclass(frozen=True)
class Band:
    """A strip that may be a row of cells.

    Attributes
    ----------
    box : Box
        In pixels of the page.
    closed : bool
        Its sides are walls from line to line.
    open_side : bool
        It has a line below and low walls only; the cells' height is not known.
    topless : bool
        It has no line above: if its walls are no higher than its teeth, its cells may be.
    cells : tuple of Box
        As :func:`divided` finds them; the band itself where it is one box.
    """

    box: Box
    closed: bool
    open_side: bool = False
    topless: bool = False
    cells: tuple[Box, ...] = ()


@dataclass(frozen=True)
class _Line:
    left: int
    right: int
    top: int
    bottom: int


def find_bands(rulings: Rulings, settings: LayoutSettings) -> list[Band]:
    """Find pairs of long lines that belong together, and single ones with walls at both ends.

    Parameters
    ----------
    rulings : Rulings
    settings : LayoutSettings
        `min_open_line_mm`, `max_ruling_mm`, `min_cell_mm` and `max_cell_mm`.
    """
    lines = _long_lines(rulings, settings)
    bands, paired = [], set()
    for index, upper in enumerate(lines):
        below = _partner(upper, lines[index + 1 :], rulings, settings)
        if below is None:
            continue
        band = _closed(upper, below, rulings)
        # Lines of one length may be those of two combs below each other.
        sides = ((upper, "below"), (below, "above"))
        if band.closed or all(_open(*side, rulings, settings) is None for side in sides):
            bands.append(band)
            paired |= set(sides)
    for line in lines:
        for side in ("above", "below"):
            opened = None if (line, side) in paired else _open(line, side, rulings, settings)
            if opened is not None:
                bands.append(opened)
    # A part of a line may look like a line of its own: the whole one comes first.
    return sorted(bands, key=lambda band: -band.box.width)


def without_strokes(bands: list[Band], boxes: list[Box], rulings: Rulings) -> list[Band]:
    """Leave out short bands that level strokes of writing make.

    Parameters
    ----------
    bands : list of Band
    boxes : list of Box
        Those of the page: writing stands in them, smaller fields do not.
    rulings : Rulings
        In which both were found.
    """
    sides = sides_of(boxes)
    return [
        band
        for band in bands
        if not is_short(band, rulings)
        or not (_is_within(band.box, sides) or _is_crossed(band.box, rulings))
    ]


def is_short(band: Band, rulings: Rulings) -> bool:
    """Whether level strokes of writing may look like the lines of a band."""
    return band.box.width <= MAX_STROKES_MM * rulings.pixels_per_mm / rulings.scale


def _is_within(box: Box, sides: np.ndarray) -> bool:
    """Whether a box lies within the height of a taller one that it meets."""
    left, top, right, bottom = sides
    slack = AT_LINE * (bottom - top)
    taller = (top - slack <= box.y) & (box.bottom <= bottom + slack)
    taller &= bottom - top > TALLER * box.height
    return bool((taller & (left < box.right) & (box.x < right)).any())


def _is_crossed(box: Box, rulings: Rulings) -> bool:
    """Whether a line runs through a box from side to side, or a wall far beyond it."""
    top, bottom, left, right = (
        round(v * rulings.scale) for v in (box.y, box.bottom, box.x, box.right)
    )
    rim = max(2, round(SAME_WALL_MM * rulings.pixels_per_mm))
    lines = rulings.horizontal[top + rim : bottom - rim, left:right]
    if lines.size and shares(lines, 1).max() > UNBROKEN_SHARE:
        return True
    beyond = round(BEYOND * (bottom - top)) + rim
    walls = rulings.vertical[max(0, top - beyond) : bottom + beyond, left + rim : right - rim]
    return bool(walls.size and walls.all(axis=0).any())


def divided(bands: list[Band], rulings: Rulings, settings: LayoutSettings) -> list[Band]:
    """The bands with their cells: those of combs, and the closed bands that hold a string."""
    parts = [divide(band.box, rulings, settings, open_side=band.open_side) for band in bands]
    expected = _expected(bands, parts)
    return [
        replace(band, cells=tuple(_cells(band, found, count, rulings, settings)))
        for band, found, count in zip(bands, parts, expected, strict=True)
    ]


def _cells(
    band: Band, parts: list[Box], expected: int, rulings: Rulings, settings: LayoutSettings
) -> list[Box]:
    """The cells of a band of which `parts` were found where other bands let expect so many."""
    if expected:
        again = divide(band.box, rulings, settings, open_side=band.open_side, expected=expected)
        parts = again if len(again) > 1 else parts
    if len(parts) > 1:
        is_low = band.open_side or (band.topless and _is_even(band, parts, rulings, settings))
        return _heightened(parts) if is_low else parts
    return [band.box] if band.closed and not _has_wall(band.box, rulings) else []


def _expected(bands: list[Band], divided: list[list[Box]]) -> list[int]:
    """How many cells each band has by the rhythm of most others of its height; 0 if as found."""
    width, height = np.array([(b.box.width, b.box.height) for b in bands]).reshape(-1, 2).T
    count = np.array([len(cells) for cells in divided], int)
    pitch = width / np.maximum(count, 1)
    is_model = count >= MIN_MODEL
    same = abs(height[:, None] - height) <= SAME_HEIGHT * height
    same &= abs(pitch[:, None] - pitch) <= SAME_PITCH * pitch
    support = np.where(is_model, (same * (count * is_model)[:, None]).sum(axis=0), 0)
    expected = []
    for number in range(len(bands)):
        models = is_model & (abs(height - height[number]) <= SAME_HEIGHT * height[number])
        best = int(np.argmax(support * models)) if models.any() else number
        cells = width[number] / pitch[best]
        fits = round(cells) >= FEWEST_EXPECTED and abs(cells - round(cells)) <= SAME_HEIGHT
        outvoted = support[best] >= OUTVOTED * max(support[number], count[number])
        differs = fits and outvoted and round(cells) != count[number]
        expected.append(round(cells) if differs else 0)
    return expected


def _is_even(band: Band, cells: list[Box], rulings: Rulings, settings: LayoutSettings) -> bool:
    """Whether the teeth between cells are as high as the walls at the ends, and all are low."""
    if band.box.height >= LOW_RISE * (cells[-1].right - cells[0].x) / len(cells):
        return False
    return len(divide(band.box, rulings, settings, open_side=True)) == len(cells)


def _heightened(cells: list[Box]) -> list[Box]:
    """Cells of which only low teeth are printed are as high as writing needs."""
    width = float(median([cell.width for cell in cells]))
    if cells[0].height >= LOW_RISE * width:
        return cells
    height = LOW_CELL_ASPECT * width
    return [Box(cell.x, cell.bottom - height, cell.width, height) for cell in cells]


def _has_wall(box: Box, rulings: Rulings) -> bool:
    """Whether a straight wall stands somewhere inside."""
    top, bottom, left, right = (
        round(v * rulings.scale) for v in (box.y, box.bottom, box.x, box.right)
    )
    rim = max(2, round(SAME_WALL_MM * rulings.pixels_per_mm))
    area = rulings.faint[top:bottom, left + rim : right - rim]
    return bool((shares(area, 0) > INNER_WALL_SHARE).any())


def _long_lines(rulings: Rulings, settings: LayoutSettings) -> list[_Line]:
    """Long thin lines, their breaks bridged; from top to bottom."""
    per_mm = rulings.pixels_per_mm
    shortest = round(settings.min_open_line_mm * per_mm)
    thick = rulings.level.opened(odd(shortest / 2)).thickened()
    bridged = thick.closed(odd(BROKEN_MM * per_mm)).thinned()
    excerpt = Excerpt.around(bridged.rows_met(), distance=1)
    if not len(excerpt.rows):
        return []
    mask = excerpt.of(bridged).mask()
    thickest = max(4, settings.max_ruling_mm * per_mm)
    lines = []
    for x, y, width, height in outlines(mask):
        if width >= shortest:
            # Strokes that run along the line widen its outline, not the line.
            part = cv2.copyMakeBorder(
                mask[y : y + height, x : x + width], 1, 1, 0, 0, cv2.BORDER_CONSTANT, value=0
            )
            # Within a pixel above and below: a line is rarely quite level.
            share = shares(cv2.dilate(part, np.ones((3, 1), np.uint8)), 1)
            top = excerpt.row(y)
            for first, last in runs_of(share >= LINE_SHARE).tolist():
                first, last = max(0, first), max(first + 1, min(height, last - 2))
                drawn = rulings.faint[top + first : top + last, x : x + width].any(axis=0).mean()
                if last - first <= thickest and drawn >= UNBROKEN_SHARE:
                    lines.append(_Line(x, x + width, top + first, top + last))
    return sorted(lines, key=lambda line: line.top)


def _partner(
    upper: _Line, later: list[_Line], rulings: Rulings, settings: LayoutSettings
) -> _Line | None:
    """The nearest line below that begins and ends where `upper` does."""
    slack = SAME_END_MM * rulings.pixels_per_mm
    least = settings.min_cell_mm * rulings.pixels_per_mm
    most = settings.max_cell_mm * rulings.pixels_per_mm
    for lower in later:
        distance = lower.top - upper.bottom
        if distance > most:
            return None
        alike = abs(lower.left - upper.left) < slack and abs(lower.right - upper.right) < slack
        if alike and distance >= least:
            inner = rulings.faint[upper.bottom : lower.top, lower.left : lower.right]
            return lower if _ground(inner, 0) == len(inner) else None
    return None


def _closed(upper: _Line, lower: _Line, rulings: Rulings) -> Band:
    left, right = min(upper.left, lower.left), max(upper.right, lower.right)
    area = rulings.faint[upper.bottom : lower.top]
    slack = round(SAME_END_MM * rulings.pixels_per_mm)
    first, seen_first = _wall(area, left, slack, inner=-1)
    last, seen_last = _wall(area, right, slack, inner=0)
    walled = min(seen_first, seen_last) >= WALL_SHARE
    box = Box(first + 1, upper.bottom, last - first - 1, lower.top - upper.bottom)
    return Band(_on_page(box, rulings), walled)


def _wall(area: np.ndarray, x: int, slack: int, inner: int) -> tuple[int, float]:
    """Inner column (-1 the last, 0 the first) of the wall near `x`, and how much of it is dark."""
    start = max(0, x - slack)
    share = shares(area[:, start : x + slack + 1], 0)
    if not len(share) or share.max() < WALL_SHARE:
        return x, 0.0
    columns = np.flatnonzero(share >= share.max() - 0.1)
    return start + int(columns[inner]), float(share.max())


def _open(line: _Line, side: str, rulings: Rulings, settings: LayoutSettings) -> Band | None:
    """A strip on one side of a line, as high as the walls at the line's ends."""
    per_mm = rulings.pixels_per_mm
    reach = round(settings.max_cell_mm * per_mm)
    if side == "above":
        area = rulings.faint[max(0, line.top - reach) : line.top][::-1]
    else:
        area = rulings.faint[line.bottom : line.bottom + reach]
    ground = _ground(area[:, line.left : line.right], round(settings.min_cell_mm * per_mm))
    area, reaching = area[:ground], ground < len(area)
    slack = round(SAME_WALL_MM * per_mm)
    first, rise_first = _upright(area, line.left, slack, inner=-1)
    last, rise_last = _upright(area, line.right, slack, inner=0)
    rise = min(rise_first, rise_last)
    if not MIN_TOOTH_MM * per_mm <= rise < reach - 1:
        return None
    # A black ground at the end of the walls is as good as a line.
    closed = reaching and rise >= ground - slack
    top = line.top - rise if side == "above" else line.bottom
    box = Box(first + 1, top, max(1, last - first - 1), rise)
    low = rise < settings.min_cell_mm * per_mm
    if low and side == "below":
        return None
    topless = side == "above" and not closed
    open_side = topless and rise < LOW_MM * per_mm
    # A stroke at one end may be higher than the wall there: then teeth between must prove it.
    even = abs(rise_first - rise_last) <= slack
    return Band(_on_page(box, rulings), even and not low, open_side, topless)


def _ground(area: np.ndarray, least: int) -> int:
    """Row, at least `least` from the line, where a solid dark ground begins; else all rows."""
    solid = np.flatnonzero(shares(area[least:], 1) >= GROUND_SHARE)
    return least + int(solid[0]) if len(solid) else len(area)


def _upright(area: np.ndarray, x: int, slack: int, inner: int) -> tuple[int, int]:
    """Inner column and height of the run of ink that stands on a line near its end `x`.

    A taller one further in is a stroke beside the wall.
    """
    start = max(0, x - slack)
    part = area[:, start : x + slack + 1]
    if not part.size:
        return x, 0
    # The line's own blurred edge may leave a pixel free.
    runs = unbroken(part[1:] | part[:-1])
    groups = runs_of(runs >= max(1, WALL_BY_STROKE * runs.max())).tolist()
    if not groups:
        return x, 0
    first, last = min(groups, key=lambda g: max(g[0] - (x - start), x - start - g[1], 0))
    thick = max(2, slack // 2)
    first, last = (first, min(last, first + thick)) if inner else (max(first, last - thick), last)
    rise = int(runs[first:last].max())
    tallest = first + np.flatnonzero(runs[first:last] >= rise - 1)
    return start + int(tallest[inner]), rise


def _on_page(box: Box, rulings: Rulings) -> Box:
    factor = 1 / rulings.scale
    return Box(box.x * factor, box.y * factor, box.width * factor, box.height * factor)
