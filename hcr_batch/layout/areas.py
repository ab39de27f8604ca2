"""Free areas to write strings in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import (
    contains,
    marked_shares,
    of_one_size,
    shared_areas,
    sides_of,
)
from hcr_batch.layout.cells import LineShares
from hcr_batch.preprocess.binarize import outlines
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.types import Field

__all__ = ["boxes_like", "free_areas", "typed_answers"]

SAME_SIZE = 0.25
"""Cells of one field differ less, by shares of their sides,"""
NEXT = 1.5
"""and their middles are so many widths apart at most."""
LONGEST_RUN = 4
"""Neighbouring cells whose insides writing may hide."""
LEAST_AREA_MM = (10.0, 2.5)
"""Width and height; smaller areas hold no string."""
SHRINK_MM = 0.6
"""The layer leaves so much of an area out at each side."""
FILLED = 0.3
"""Share of a closed box that is free area, for it to be one,"""
PARTLY_FILLED = 0.1
LOW_MM = 12.0
"""or this share of a box so low, in which there is room for one line: what stands beside the rest
is an answer that looks like print,"""
TYPED_MM = 4.0
"""Print so high is bridged, for it leaves gaps in the area that it stands in."""
TYPED = 0.01
"""Share of a field that is such print, from which it may be a typed answer."""
BELOW_MM = 1.5
UNDERLINED = 0.5
"""An area without walls has a line this near below it, for this share of its width,"""
WORD_GAP_MM = 1.6
"""Letters of one word are no further apart,"""
LEAST_WORD_MM = 1.5
"""and lower ink is no word. One that stands across the end of an area, or between two,"""
ON_LINE = 0.5
"""with this share of its height in it, belongs to it whole."""
APART = 1.5
"""A word belongs to the area beside it, no further off than so many heights of that,"""
LINED = 0.85
"""where this share of both, and of what is between, stands on one line,"""
LABEL = 0.03
"""and less than this share of what is between is print."""
COVERED = 0.5
"""An area of which closed boxes take this share is a row of them, seen as one."""
MOSTLY = 0.5
"""Share of the boxes of a row, and of a column, that are answers, for those between to be some."""
WRITTEN_MM2 = 1.5
"""or so many square millimetres of writing in it: two or three characters of a fine pen."""


def boxes_like(cells: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Closed boxes that are cells as those beside them, whatever is written in them.

    Parameters
    ----------
    cells : ndarray of float, shape (N, 4)
    boxes : ndarray of float, shape (M, 4)
        Closed boxes without cells.
    """
    found = np.zeros(len(boxes), bool)
    for _ in range(LONGEST_RUN):
        more = _are_beside(boxes, np.concatenate([cells, boxes[found]])) & ~found
        if not more.any():
            break
        found |= more
    return boxes[found]


def _are_beside(boxes: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Which boxes, (M, 4), stand beside a cell, (N, 4), of their size; bool (M,)."""
    if not len(cells):
        return np.zeros(len(boxes), bool)
    size, cell_size = boxes[:, 2:] - boxes[:, :2], cells[:, 2:] - cells[:, :2]
    alike = of_one_size(cells, boxes, SAME_SIZE).T
    middle, cell_middle = boxes[:, :2] + size / 2, cells[:, :2] + cell_size / 2
    across, down = np.moveaxis(abs(middle[:, None] - cell_middle), 2, 0)
    width, height = cell_size.T
    return (alike & (across < NEXT * width) & (down < SAME_SIZE * height)).any(axis=1)


def free_areas(
    layers: Layers, boxes: np.ndarray, cells: np.ndarray, line: LineShares
) -> np.ndarray:
    """Areas to write a string in: closed boxes, and strips above lines, float (N, 4).

    Parameters
    ----------
    layers : Layers
    boxes : ndarray of float, shape (M, 4)
        Closed boxes.
    cells : ndarray of float, shape (N, 4)
    line : LineShares
    """
    pixels_per_mm = layers.pixels_per_mm
    mask = cv2.threshold(layers.area, LIKELY, 1, cv2.THRESH_BINARY)[1]
    written = _written_areas(layers, boxes)
    low = boxes[:, 3] - boxes[:, 1] <= LOW_MM * pixels_per_mm
    enough = np.where(low, PARTLY_FILLED, FILLED)
    is_filled = (marked_shares(mask, boxes) >= enough) | written
    filled = boxes[_with_those_amid(boxes, is_filled)]
    parts = np.array(outlines(mask), float).reshape(-1, 4)
    least = np.array(LEAST_AREA_MM) * pixels_per_mm
    parts = parts[(parts[:, 2:] >= least).all(axis=1)]
    parts[:, 2:] += parts[:, :2]
    middles = (parts[:, :2] + parts[:, 2:]) / 2
    loose = parts[~contains(filled, middles).any(axis=0)]
    grown = loose + SHRINK_MM * pixels_per_mm * np.array([-1, -1, 1, 1])
    walled = np.concatenate([boxes, cells])
    kept = _stand_on_lines(grown, line, pixels_per_mm) & ~_stand_on_boxes(grown, walled)
    kept |= _written_areas(layers, grown)
    words = _words(layers)
    taken = np.concatenate([filled, cells])
    loose = words[~contains(taken, (words[:, :2] + words[:, 2:]) / 2).any(axis=0)]
    open_areas = _with_whole_words(grown[kept], loose)
    open_areas = _along_lines(open_areas, loose, _OnLine(line, layers.printed, pixels_per_mm))
    in_boxes = shared_areas(open_areas, filled).sum(axis=1)
    sizes = (open_areas[:, 2:] - open_areas[:, :2]).prod(axis=1)
    return np.concatenate([filled, open_areas[in_boxes < COVERED * sizes]])


def _words(layers: Layers) -> np.ndarray:
    """Words of writing: left, top, right and bottom, float (N, 4)."""
    written = cv2.threshold(layers.written, LIKELY, 1, cv2.THRESH_BINARY)[1]
    gap = np.ones((1, round(WORD_GAP_MM * layers.pixels_per_mm) // 2 * 2 + 1), np.uint8)
    places = np.array(outlines(cv2.morphologyEx(written, cv2.MORPH_CLOSE, gap)), float)
    places = places.reshape(-1, 4)
    places[:, 2:] += places[:, :2]
    return places[places[:, 3] - places[:, 1] >= LEAST_WORD_MM * layers.pixels_per_mm]


def _with_whole_words(areas: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Areas, (N, 4), widened by the words, (M, 4), that stand across their ends.

    An area that nothing encloses ends where the network saw it end, be it
    within a word; and a stroke that looks like a wall parts it.
    """
    areas = areas.copy()
    for left, top, right, bottom in words:
        low, high = np.maximum(areas[:, 1], top), np.minimum(areas[:, 3], bottom)
        here = (high - low >= ON_LINE * (bottom - top)) & (areas[:, 0] < right)
        here &= left < areas[:, 2]
        if not here.any():
            continue
        around = np.concatenate([areas[here], [[left, np.inf, right, -np.inf]]])
        whole = np.concatenate([around[:, :2].min(axis=0), around[:, 2:].max(axis=0)])
        areas = np.concatenate([areas[~here], [whole]])
    return areas


@dataclass(frozen=True)
class _OnLine:
    """Tells how far the line goes on that an area stands on, or hangs under, and if print does."""

    line: LineShares
    printed: np.ndarray
    pixels_per_mm: float

    def reaches(self, area: np.ndarray, word: np.ndarray) -> bool:
        """Whether an area and a word beside it, (4,) each, are on one line, no label between."""
        left, right = min(area[0], word[0]), max(area[2], word[2])
        reach = round(BELOW_MM * self.pixels_per_mm)
        rows = (area[[1, 3]].astype(int)[:, None] + np.arange(-reach, reach + 1)).ravel()
        along = self.line.level(rows, *(0 * rows + round(x) for x in (left, right)))
        between = np.array([[min(area[2], word[2]), area[1], max(area[0], word[0]), area[3]]])
        label = marked_shares(self.printed, between, LIKELY)[0]
        return bool(along.max(initial=0.0) >= LINED and label < LABEL)


def _along_lines(areas: np.ndarray, words: np.ndarray, on_line: _OnLine) -> np.ndarray:
    """Areas, (N, 4), with the words, (M, 4), beside them that stand on the same lines.

    What is written on a line may go on where the network saw no area any more.
    """
    areas = areas.copy()
    for number in range(len(areas)):
        while (word := _next_word(areas[number], areas, words, on_line)) is not None:
            area = areas[number]
            area[[0, 2]] = min(area[0], word[0]), max(area[2], word[2])
    return areas


def _next_word(
    area: np.ndarray, areas: np.ndarray, words: np.ndarray, on_line: _OnLine
) -> np.ndarray | None:
    """The nearest word, (4,), that an area is to be widened by."""
    middle = (words[:, :2] + words[:, 2:]) / 2
    low, high = np.maximum(area[1], words[:, 1]), np.minimum(area[3], words[:, 3])
    away = np.maximum(words[:, 0] - area[2], area[0] - words[:, 2])
    here = (high - low >= ON_LINE * (words[:, 3] - words[:, 1])) & (away > 0)
    here &= (away <= APART * (area[3] - area[1])) & ~contains(areas, middle).any(axis=0)
    for number in np.flatnonzero(here)[np.argsort(away[here])]:
        if on_line.reaches(area, words[number]):
            return words[number]
    return None


def typed_answers(
    layers: Layers, fields: Sequence[Field], written: Sequence[Field]
) -> set[str]:
    """Names of the fields with print where an answer belongs.

    Labels stand beside the areas to write in, and in their corners; typed answers in them, and
    between others in a column.

    Parameters
    ----------
    layers : Layers
    fields : sequence of Field
        Free ones,
    written : sequence of Field
        and those of them that are written in.
    """
    side = round(TYPED_MM * layers.pixels_per_mm) // 2 * 2 + 1
    area = cv2.morphologyEx(layers.area, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    typed = (area >= LIKELY) & (layers.printed >= LIKELY)
    sides = sides_of([field.box for field in fields]).T / layers.scale
    found = marked_shares(typed, sides) >= TYPED
    found |= _amid_written(sides, sides_of([f.box for f in written]).T / layers.scale, layers)
    return {field.name for field, is_typed in zip(fields, found, strict=True) if is_typed}


def _amid_written(boxes: np.ndarray, written: np.ndarray, layers: Layers) -> np.ndarray:
    """Which boxes, (N, 4), stand where others, (M, 4), are written in; bool (N,).

    Those between two; and in a row with some, those below or above one in which no label stands:
    then they have none either.
    """
    beside = _next_in_column(boxes, np.concatenate([written, boxes]))
    found = np.asarray(beside[:, :, : len(written)].any(axis=2).all(axis=0))
    bare = marked_shares(layers.printed, written, LIKELY) < TYPED
    in_row = _are_level(boxes, written).any(axis=1)
    upright = beside.any(axis=0)
    for _ in range(len(boxes)):
        more = (upright & np.concatenate([bare, found])).any(axis=1) & in_row & ~found
        if not more.any():
            break
        found |= more
    return found


def _with_those_amid(boxes: np.ndarray, is_answer: np.ndarray) -> np.ndarray:
    """Which boxes, (N, 4), are for answers: those that are known to be, and those amid them.

    A box between two of its size in a column, and a table's cell of which both the row and the
    column are mostly answers. Headings, and what stands at the head of each row, are not.
    """
    others = np.flatnonzero(~is_answer)
    above, below = (_next_in_column(boxes[others], boxes) & is_answer).any(axis=2)
    found = is_answer.copy()
    found[others] = (above & below) | _are_mostly(is_answer, boxes, others)
    return found


def _are_mostly(is_answer: np.ndarray, boxes: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Which of the chosen boxes have mostly answers beside them, in the row and in the column.

    Parameters
    ----------
    is_answer : ndarray of bool, shape (N,)
    boxes : ndarray of float, shape (N, 4)
    chosen : ndarray of int, shape (M,)

    Returns
    -------
    ndarray of bool, shape (M,)
    """
    found = np.ones(len(chosen), bool)
    for line in (_are_level(boxes[chosen], boxes), _in_column(boxes[chosen], boxes)):
        line[np.arange(len(chosen)), chosen] = False
        answers, every = (line & is_answer).sum(axis=1), line.sum(axis=1)
        found &= answers >= np.maximum(1, MOSTLY * every)
    return found


def _next_in_column(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the others, (M, 4), stand right above and right below boxes, bool (2, N, M)."""
    top, bottom = boxes[:, 1::2].T[..., None]
    near = SAME_SIZE * (bottom - top)
    upright = _in_column(boxes, others)
    sides = [abs(others[:, 3] - top) < near, abs(others[:, 1] - bottom) < near]
    return np.array([upright & side for side in sides])


def _in_column(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the others, (M, 4), are of one size with boxes, and as far left; bool (N, M)."""
    width = boxes[:, 2:3] - boxes[:, :1]
    return of_one_size(boxes, others, SAME_SIZE) & (
        abs(others[:, 0] - boxes[:, :1]) < SAME_SIZE * width
    )


def _are_level(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the others, (M, 4), are as high as boxes, (N, 4), and in a row with them: (N, M)."""
    top, bottom = boxes[:, 1::2].T[..., None]
    slack = SAME_SIZE * (bottom - top)
    return np.asarray(
        (abs(others[:, 1] - top) < slack) & (abs(others[:, 3] - bottom) < slack), bool
    )


def _written_areas(layers: Layers, boxes: np.ndarray) -> np.ndarray:
    """In which boxes, (N, 4), something is written; bool (N,)."""
    size = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    written = marked_shares(layers.written, boxes, LIKELY) * size
    return written >= WRITTEN_MM2 * layers.pixels_per_mm**2


def _stand_on_lines(areas: np.ndarray, line: LineShares, pixels_per_mm: float) -> np.ndarray:
    """Which areas, (N, 4), have a line below them; bool (N,)."""
    left, _, right, bottom = np.round(areas).astype(int).T[..., None]
    reach = round(BELOW_MM * pixels_per_mm)
    below = bottom + np.arange(-reach, reach + 1)
    shares = line.level(below, left + 0 * below, right + 0 * below)
    return shares.max(axis=1, initial=0.0) >= UNDERLINED


def _stand_on_boxes(areas: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which areas, (N, 4), have a closed box right below: labels stand there; bool (N,)."""
    middle, height = (areas[:, 0] + areas[:, 2]) / 2, areas[:, 3] - areas[:, 1]
    near = abs(boxes[:, 1:2] - areas[:, 3]) < 0.5 * height
    spans = (boxes[:, :1] <= middle) & (middle <= boxes[:, 2:3])
    return (near & spans).any(axis=0)
