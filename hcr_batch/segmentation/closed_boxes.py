"""The closed boxes that the lines of a page make."""

from __future__ import annotations

from itertools import compress

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import marked_shares, shared_areas

__all__ = ["closed_boxes", "solid_bars", "standing_alone"]

LINE_LEVEL = 100
"""Of 255: a pixel of the line layer bounds a box from here on; thin walls are faint in it."""
GAP_MM = 1.2
"""Breaks in a line, where it was copied or scanned too pale, are shorter."""
STRETCH_MM = 5.0
"""between stretches so long; dashes and letters, which are shorter, stay apart."""
LEAST_MM = 2.4
"""Smaller boxes are decoration, or counters of letters."""
RECTANGLE = 0.75
"""Share of its bounding box that a closed box fills; writing over its walls takes some."""
FRAME_MM = 60.0
"""Higher boxes with lines in them are frames around parts of a form."""
LINE_MM = 10.0
"""Lines are so long; strokes that the line layer has too are not."""
WALL_MM = 1.5
"""The inside begins so far from the middle of a wall."""
BAR_LEVEL = 50
"""Of 255: inside large bars the print layer is faint."""
BAR_MM = (5.0, 1.5)
"""Width and height; print that is solid over so much is a bar with a heading, no letters."""
STANDS_OFF_MM = 1.0
"""Boxes nearer than this belong together."""


def closed_boxes(line: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Rectangles that lines close off: left, top, right and bottom, float (N, 4).

    Parameters
    ----------
    line : ndarray of uint8, shape (rows, columns)
        The line layer.
    pixels_per_mm : float
        Of the layer.
    """
    lines = _without_breaks(cv2.threshold(line, LINE_LEVEL, 1, cv2.THRESH_BINARY)[1], pixels_per_mm)
    contours, tree = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = list(compress(contours, tree[0, :, 3] >= 0)) if contours else []
    x, y, width, height = np.array([cv2.boundingRect(hole) for hole in holes]).reshape(-1, 4).T
    area = np.array([cv2.contourArea(hole) for hole in holes])
    kept = np.minimum(width, height) >= LEAST_MM * pixels_per_mm
    kept &= area >= RECTANGLE * (width - 1) * (height - 1)
    # The outline of a hole runs on the lines around it.
    sides = np.stack([x + 1, y + 1, x + width - 1, y + height - 1], axis=1).astype(float)[kept]
    is_high = sides[:, 3] - sides[:, 1] > FRAME_MM * pixels_per_mm
    if not is_high.any():
        return sides
    inside = sides + WALL_MM * pixels_per_mm * np.array([1, 1, -1, -1])
    return sides[~(is_high & (marked_shares(_long_lines(lines, pixels_per_mm), inside) > 0))]


def solid_bars(printed: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """The solid bars of the print layer, whose edges close off boxes as lines do; uint8 alike.

    White lines part the headings on a bar, not the bar.
    """
    width, height = (round(side * pixels_per_mm) for side in BAR_MM)
    solid = cv2.threshold(printed, BAR_LEVEL, 255, cv2.THRESH_BINARY)[1]
    bars = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((height, width), np.uint8))
    gap = np.ones((1, round(GAP_MM * pixels_per_mm) + 1), np.uint8)
    return cv2.morphologyEx(bars, cv2.MORPH_CLOSE, gap)


def _without_breaks(lines: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Lines, uint8 (rows, columns), with the short breaks within long ones closed."""
    gap = np.ones((1, round(GAP_MM * pixels_per_mm) + 1), np.uint8)
    run = np.ones((1, round(STRETCH_MM * pixels_per_mm)), np.uint8)
    for shape, way in ((gap, run), (gap.T, run.T)):
        long = cv2.morphologyEx(lines, cv2.MORPH_OPEN, way)
        lines = cv2.bitwise_or(lines, cv2.morphologyEx(long, cv2.MORPH_CLOSE, shape))
    return lines


def _long_lines(lines: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """The pixels of a mask, uint8 (rows, columns), on level or upright runs."""
    run = np.ones((1, round(LINE_MM * pixels_per_mm)), np.uint8)
    level, upright = (cv2.morphologyEx(lines, cv2.MORPH_OPEN, shape) for shape in (run, run.T))
    return cv2.bitwise_or(level, upright)


def standing_alone(boxes: np.ndarray, chosen: np.ndarray, pixels_per_mm: float) -> np.ndarray:
    """Which of some boxes have no other beside them, as the cells of a table have; bool (M,).

    A box may lie in another: a frame around a part of the form.

    Parameters
    ----------
    boxes : ndarray of float, shape (N, 4)
    chosen : ndarray of int, shape (M,)
    pixels_per_mm : float
    """
    grown = boxes[chosen] + STANDS_OFF_MM * pixels_per_mm * np.array([-1, -1, 1, 1])
    shared = shared_areas(grown, boxes)
    beside = (shared > 0) & (shared < (grown[:, 2:] - grown[:, :2]).prod(axis=1)[:, None])
    beside[np.arange(len(chosen)), chosen] = False
    return ~beside.any(axis=1)
