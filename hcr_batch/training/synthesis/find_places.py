"""Where a blank form is to be filled, from its exact rules and print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import contains, sides_of
from hcr_batch.training.synthesis.canvas import MM, FormSheet, Places, fit_cell, shrunk_by
from hcr_batch.types import Box

__all__ = ["find_places"]

CHECK_SIDES = (1.5, 6.5)
"""mm, inside of a check box."""
SMALLER = 0.75
"""Share of a cell's width below which a box in it is a check box, and the cell none."""
LEAST_AREA = (7.0, 3.6)
"""mm, width and height of an area to write in."""
LEAST_WALL, WALL = 0.9, 1.0
"""mm: height of a wall between cells at least, its width at most."""
HIGHEST_AREA = 60.0
"""mm; what is higher holds other fields."""
FREE_SHARE = 0.4
"""Of the width or height of a box that labels leave, at least."""
ROOMY, MOST_LABEL = 5.5, 0.7
"""mm of height that are enough in any case; share of the height that labels take at most."""
NARROW_FREE = 11.0
"""mm of width that a label before an area leaves, at least."""
FULL_BOX = 0.72
"""Share of its rectangle that a hole fills."""
LINE_HEIGHT = 5.0
"""mm above a rule that are written in."""
LEAST_LINE = 12.0
"""mm, of a line to write on."""
UNDER_TOP = 0.4
"""Share of a rule with a box right below it from which it is the top of boxes."""
TOOTH = (0.45, 4.5)
"""mm, height of the teeth of a low comb, open above; higher walls are those of boxes."""
TEETH, PITCH, EVEN = 3, (3.0, 9.0), 0.08
"""So many teeth at least, so many mm apart, each step within this share of the others,"""
BASE, OPEN = 0.85, 0.3
"""and shares of what is between them along which a rule runs at their feet at least, and at their
heads at most."""
LABEL_NEAR = 40.0
"""mm before or 4 mm below a line to write on, where its label stands."""


def find_places(sheet: FormSheet, runs: Sequence[list[Box]]) -> Places:
    """Areas, check boxes and lines to write on beside the cells that are known.

    Parameters
    ----------
    sheet : FormSheet
        With its line and print layers.
    runs : sequence of list of Box
        Runs of character cells, pixels.
    """
    lines = (sheet.line.cover > 90).astype(np.uint8)
    every = _holes(lines)
    runs = [part for run in runs for part in _without_checks(run, every)]
    walled = [run for run in runs if _has_walls(lines, run)]
    places = Places(cells=walled)
    places.areas += [_whole(run) for run in runs if run not in walled]
    text = (sheet.print.cover > 90).astype(np.uint8)
    toothed = _low_combs(lines)
    teeth = np.array([(c.right, c.bottom - 1) for comb in toothed for c in comb]).reshape(-1, 2)
    walled += _free_combs(toothed, text, walled)
    taken = np.zeros(sheet.shape, np.uint8)
    for box in [*places.areas, *(fit_cell(cell) for run in walled for cell in run)]:
        _mark(taken, box)
    holes = [box for box in every if _part(taken, box).mean() < 0.2]
    for box in holes:
        empty = not _part(text, box).any()
        if contains(sides_of([box]).T, teeth).any():
            places.unsure.append(box)
        elif empty and _is_square(box) and (_has_twin(box, holes) or _beside_cells(box, walled)):
            places.cells.append([box])
        else:
            _sort_box(box, holes, text, sheet.picture, places)
    for box in [*places.areas, *places.checks, *places.unsure]:
        _mark(taken, box)
    tops = np.zeros(sheet.shape, np.uint8)
    for box in [*holes, *(cell for run in runs for cell in run)]:
        _mark(tops, Box(box.x, box.y, box.width, 2 * MM))
    for box, sure in _write_on(lines, text, taken, tops):
        (places.areas if sure else places.unsure).append(box)
    return places


def _without_checks(run: Sequence[Box], holes: Sequence[Box]) -> list[list[Box]]:
    """The parts of a run of cells that hold no check boxes; a single small square is one itself."""
    if len(run) == 1 and _is_square(run[0]):
        return []
    sides, inner = sides_of(run).T, sides_of(holes).T
    smaller = (inner[:, 2] - inner[:, 0]) < SMALLER * (sides[:, 2] - sides[:, 0])[:, None]
    held = contains(sides, (inner[:, :2] + inner[:, 2:]) / 2) & smaller
    groups = groupby(zip(run, held.any(axis=1).tolist(), strict=True), key=lambda pair: pair[1])
    return [[cell for cell, _ in group] for holds, group in groups if not holds]


def _has_walls(lines: np.ndarray, run: Sequence[Box]) -> bool:
    """Whether most cells of a run are seen to be parted, by more than hair ticks."""
    seen = 0
    edges = [cell.right for cell in run[:-1]] or [run[0].x, run[0].right]
    for x in edges:
        top, bottom = int(run[0].y - 2), int(run[0].bottom + 2)
        band = lines[max(top, 0) : bottom, max(int(x - 0.6 * MM), 0) : int(x + 0.6 * MM)]
        seen += bool(band.size and band.sum(0).max() > LEAST_WALL * MM)
    return seen > 0.5 * len(edges)


def _low_combs(lines: np.ndarray) -> list[list[Box]]:
    """Runs of cells between short teeth on a rule."""
    combs = []
    for teeth in _even_teeth(_teeth(lines)):
        low = min(tooth.height for tooth in teeth)
        cells = [Box(a.x, a.bottom - low, b.x - a.x, low) for a, b in pairwise(teeth)]
        if all(map(partial(_is_open, lines), cells)):
            combs.append(cells)
    return combs


def _free_combs(
    combs: Sequence[list[Box]], text: np.ndarray, runs: Sequence[Sequence[Box]]
) -> list[list[Box]]:
    """The low combs above which neither print nor the cells of other runs are."""
    taken = text.copy()
    for cell in (fit_cell(cell) for run in runs for cell in run):
        _mark(taken, cell)
    return [comb for comb in combs if not any(_part(taken, fit_cell(c)).any() for c in comb)]


def _teeth(lines: np.ndarray) -> list[Box]:
    """Short upright rules, by their feet, from left to right."""
    low, high = (side * MM for side in TOOTH)
    upright = cv2.morphologyEx(lines, cv2.MORPH_OPEN, np.ones((round(low), 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(upright)
    fits = (stats[:, 2] <= WALL * MM) & (stats[:, 3] <= high)
    fits[0] = False
    teeth = [Box(*map(float, row[:4])) for row in stats[fits]]
    return sorted(teeth, key=lambda tooth: (round(tooth.bottom / MM), tooth.x))


def _even_teeth(teeth: Sequence[Box]) -> Iterator[list[Box]]:
    """Teeth with their feet on one line at even steps, as many together as there are."""
    least, most = (pitch * MM for pitch in PITCH)
    run: list[Box] = []
    for tooth in [*teeth, Box(-1.0, -1.0, 0.0, 0.0)]:
        step = tooth.x - run[-1].x if run else 0.0
        usual = run[1].x - run[0].x if len(run) > 1 else step
        on_line = bool(run) and abs(tooth.bottom - run[-1].bottom) < 0.5 * MM
        if on_line and least <= step <= most and abs(step - usual) <= EVEN * usual:
            run.append(tooth)
            continue
        if len(run) >= TEETH:
            yield run
        run = [run[-1], tooth] if on_line and least <= step <= most else [tooth]


def _is_open(lines: np.ndarray, cell: Box) -> bool:
    """Whether a rule runs along the foot of a cell, and none along its head."""
    slack, inner = round(0.4 * MM), shrunk_by(cell, 0.5 * MM)
    foot, head = (
        lines[max(round(y) - slack, 0) : round(y) + slack + 1, int(inner.x) : int(inner.right)]
        for y in (cell.bottom, cell.y)
    )
    shares = [band.max(0).mean() if band.size else 0.0 for band in (foot, head)]
    return bool(shares[0] >= BASE and shares[1] <= OPEN)


def _whole(run: Sequence[Box]) -> Box:
    return Box(run[0].x, run[0].y, run[-1].right - run[0].x, run[0].height)


def _is_square(box: Box) -> bool:
    low, high = CHECK_SIDES
    sides = sorted((box.width, box.height))
    return low * MM < sides[0] and sides[1] < high * MM and sides[0] > 0.7 * sides[1]


def _has_twin(box: Box, others: Sequence[Box]) -> bool:
    """Whether a box of the same size shares a wall with it, beside it."""
    return any(
        abs(other.y - box.y) < 0.5 * MM
        and abs(other.width - box.width) < 0.8 * MM
        and abs(other.height - box.height) < 0.6 * MM
        and min(abs(other.x - box.right), abs(box.x - other.right)) < WALL * MM
        for other in others
    )


def _beside_cells(box: Box, runs: Sequence[Sequence[Box]]) -> bool:
    """Whether cells of about the same size lie in the same row."""
    return any(
        abs(run[0].bottom - box.bottom) < MM
        and abs(run[0].height - box.height) < 1.2 * MM
        and abs(run[0].width - box.width) < 1.8 * MM
        for run in runs
    )


def _mark(mask: np.ndarray, box: Box) -> None:
    mask[
        max(int(box.y), 0) : max(int(box.bottom), 0), max(int(box.x), 0) : max(int(box.right), 0)
    ] = 1


def _part(mask: np.ndarray, box: Box) -> np.ndarray:
    return mask[int(box.y) : int(np.ceil(box.bottom)), int(box.x) : int(np.ceil(box.right))]


def _holes(lines: np.ndarray) -> list[Box]:
    """Rectangles between the rules."""
    closed = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        (closed == 0).astype(np.uint8), connectivity=4
    )
    full = stats[:, 4] > FULL_BOX * stats[:, 2] * stats[:, 3]
    low = CHECK_SIDES[0] * MM
    fits = (stats[:, 2] > low) & (stats[:, 3] > low) & (stats[:, 3] < HIGHEST_AREA * MM)
    fits[0] = False
    return [Box(*map(float, row[:4])) for row in stats[full & fits]]


def _sort_box(
    box: Box, others: Sequence[Box], text: np.ndarray, picture: np.ndarray, places: Places
) -> None:
    printed = _part(text, box)
    if _part(picture, box).mean() > 60:
        places.unsure.append(box)
    elif _is_square(box):
        (places.checks if printed.mean() < 0.02 else places.unsure).append(box)
    elif box.width > LEAST_AREA[0] * MM * 0.6 and box.height > LEAST_AREA[1] * MM * 0.8:
        free = _free_part(printed, box)
        if free is not None and free.width < box.width and _labels_next(box, others, text):
            places.unsure.append(box)
        elif free is not None:
            places.areas.append(free)
    else:
        places.unsure.append(box)


def _labels_next(box: Box, others: Sequence[Box], text: np.ndarray) -> bool:
    """Whether an empty box follows, of which this one is but the label."""
    return any(
        abs(other.x - box.right) < WALL * MM
        and abs(other.y - box.y) < WALL * MM
        and abs(other.height - box.height) < WALL * MM
        and _part(text, other).mean() < 0.03
        for other in others
    )


def _free_part(printed: np.ndarray, box: Box) -> Box | None:
    """The largest part of a box that its label leaves: below or above it, or behind it."""
    if not printed.any():
        return box
    top, bottom = _longest_gap(printed.max(1), round(0.3 * MM))
    height = bottom - top
    enough = height > min(FREE_SHARE * box.height, ROOMY * MM)
    if enough and height > LEAST_AREA[1] * MM and printed.any(1).mean() < MOST_LABEL:
        return Box(box.x, box.y + top, box.width, height)
    left, right = _longest_gap(printed.max(0), round(1.2 * MM))
    width = right - left
    if width > NARROW_FREE * MM and width > FREE_SHARE * box.width and box.height < 16 * MM:
        return Box(box.x + left, box.y, width, box.height)
    return None


def _longest_gap(used: np.ndarray, margin: int) -> tuple[int, int]:
    """First and last of the longest run of zeros, less a margin beside the ones."""
    grown = cv2.dilate(used.astype(np.uint8).reshape(1, -1), np.ones((1, 2 * margin + 1), np.uint8))
    edges = np.flatnonzero(np.diff(np.r_[1, grown[0], 1]))
    if len(edges) < 2:
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])


def _write_on(
    lines: np.ndarray, text: np.ndarray, taken: np.ndarray, tops: np.ndarray
) -> Iterator[tuple[Box, bool]]:
    """Strips above level rules, and whether they are surely to be written in."""
    dotted = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((1, round(1.7 * MM)), np.uint8))
    level = cv2.morphologyEx(dotted, cv2.MORPH_OPEN, np.ones((1, round(8 * MM)), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(level)
    rules = [row for row in stats[1:] if row[3] < 1.2 * MM and row[2] > LEAST_LINE * MM]
    height = LINE_HEIGHT * MM
    blocked = np.maximum(lines, text)
    for left, top, width, thick, _ in rules:
        below = tops[top + thick + 3 : top + thick + 8, left : left + width]
        if top < height + 3 or (below.size and below.mean() > UNDER_TOP):
            continue
        strip = np.s_[int(top - 0.75 * height) : top - 2, left : left + width]
        used = blocked[strip].max(0) | taken[strip].max(0)
        start, end = _longest_gap(used, round(0.4 * MM))
        if end - start > LEAST_LINE * MM:
            box = Box(left + start, top - height, end - start, height - 2)
            yield box, _has_label(text, box, rules)


def _has_label(text: np.ndarray, box: Box, rules: list[np.ndarray]) -> bool:
    """Whether print stands before a line or below it, or lines lie evenly below each other."""
    before = Box(max(box.x - LABEL_NEAR * MM, 0), box.y, min(LABEL_NEAR * MM, box.x), box.height)
    if before.width > 3 and _part(text, before).any():
        return True
    below = Box(box.x, box.bottom + 4, min(box.width, 60 * MM), 4 * MM)
    if _part(text, below).any() and box.width < 110 * MM:
        return True
    return any(
        abs(row[0] - box.x) < 4 * MM
        and 5.5 * MM < abs(row[1] - box.bottom) < 13 * MM
        and row[2] > 0.6 * box.width
        for row in rules
    )
