"""Tell boxes from print that looks like boxes: letters between two lines, logos."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.layout.histogram import shares
from hcr_batch.layout.rulings import Rulings
from hcr_batch.types import Box

__all__ = ["is_lettering"]

MAX_LETTER_MM = 6.5
"""Print is hardly ever higher; a higher box is judged by its lines alone."""
MIN_WRITABLE_MM = 3.3
"""A lower box is none to write in, unless it is a single check box."""
MIN_CELL_ASPECT = 0.35
"""A single cell narrower than this share of its height is the space beside a box."""
SLIVER_MM = 4.0
"""Unless it is as wide as this."""
REACH = 0.4
"""Share of a box's height, sideways, in which the letters next to it are looked for."""
WALL_MM = 0.6
"""A wall and its blurred edge are no thicker."""
BESIDE_SHARE = 0.45
"""Share of a box's rows in which letters next to it have ink."""
STRAIGHT = 0.9
STRAIGHT_BETWEEN = 0.96
"""Share of its length on which each line of a box is straight where print follows on one side,
and on both."""
WEAK = 0.6
"""A side with less of a line than this has none."""
SLACK_MM = 0.5
"""A box's line lies this near to its edge."""
ROUND_SHARE = 0.2
"""Share of a side, at each end, that a round corner may take."""
MIN_ALIKE = 3
MIN_CELL_MM = 3.8
"""So many cells of one width, none narrower than this, are a comb: letters are not as regular."""


def is_lettering(run: tuple[Box, ...], rulings: Rulings) -> bool:
    """Whether what looked like a run of cells is print.

    The lines of letters are neither as straight nor as long as those of
    boxes, and other letters follow on both sides.

    Parameters
    ----------
    run : tuple of Box
        The cells of one field, in pixels of the page.
    rulings : Rulings
        Of everything dark.
    """
    per_mm = rulings.pixels_per_mm / rulings.scale
    box = Box(run[0].x, run[0].y, run[-1].right - run[0].x, run[0].height)
    if box.height < MIN_WRITABLE_MM * per_mm and not _is_square(run):
        return True
    if len(run) == 1 and box.width < min(MIN_CELL_ASPECT * box.height, SLIVER_MM * per_mm):
        return True
    if box.height > MAX_LETTER_MM * per_mm:
        return False
    if len(run) >= MIN_ALIKE and run[0].width >= MIN_CELL_MM * per_mm:
        return False
    sides = sorted(_sides(run, rulings))
    beside = sum(_inked_beside(box, rulings, direction) for direction in (-1, 1))
    if sides[1] < WEAK and len(run) < MIN_ALIKE:
        return True
    return beside > 0 and sides[0] < (STRAIGHT if beside == 1 else STRAIGHT_BETWEEN)


def _is_square(run: tuple[Box, ...]) -> bool:
    return len(run) == 1 and run[0].width <= 1.3 * run[0].height


def _sides(run: tuple[Box, ...], rulings: Rulings) -> list[float]:
    """How much of each side, round corners left out, is one straight line; four values, 0 to 1.

    The lines above and below are those of the cells, on the average; the
    walls are the outer ones.
    """
    faint, scale = rulings.faint, rulings.scale
    slack = max(2, round(SLACK_MM * rulings.pixels_per_mm))

    def line(y: float, left: float, right: float, part: np.ndarray) -> float:
        corner = ROUND_SHARE * min(run[0].height, right - left)
        first, last = round((left + corner) * scale), round((right - corner) * scale)
        middle = round(y * scale)
        return _straight(part[max(0, middle - slack) : middle + slack + 1, first:last])

    top, bottom = run[0].y, run[0].bottom
    return [
        float(np.mean([line(top, cell.x, cell.right, faint) for cell in run])),
        float(np.mean([line(bottom, cell.x, cell.right, faint) for cell in run])),
        line(run[0].x, top, bottom, faint.T),
        line(run[-1].right, top, bottom, faint.T),
    ]


def _straight(strip: np.ndarray) -> float:
    if not strip.size:
        return 0.0
    # A line that climbs by a pixel is in two rows.
    return float(shares(np.maximum(strip[1:], strip[:-1]), 1).max(initial=0.0))


def _inked_beside(box: Box, rulings: Rulings, direction: int) -> bool:
    """Whether ink other than long lines follows the box closely on one side, over its height."""
    scale, wall = rulings.scale, round(WALL_MM * rulings.pixels_per_mm)
    top, bottom = round(box.y * scale) + wall, round(box.bottom * scale) - wall
    reach = max(2, round(REACH * box.height * scale))
    if direction < 0:
        end = max(0, round(box.x * scale) - wall)
        columns = slice(max(0, end - reach), end)
    else:
        start = round(box.right * scale) + wall
        columns = slice(start, start + reach)
    area = rulings.faint[top:bottom, columns]
    if not area.size:
        return False
    lines = cv2.dilate(rulings.horizontal[top:bottom, columns], np.ones((3, 1), np.uint8))
    return float((area & (1 - lines)).any(axis=1).mean()) >= BESIDE_SHARE
