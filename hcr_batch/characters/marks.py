"""Ink beside letters: marks above them, other characters, commas and slashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np

from hcr_batch.arrays.quantiles import median
from hcr_batch.types import Box

__all__ = ["BaseLetter", "are_several", "base_letter", "commas", "is_sharp_s", "slashes"]

STROKE = 96
"""Soft ink from this level (of 255) on counts as a stroke."""
MARK_SHARE = 0.45
"""Share of the height of all ink that marks and the paper below them take at most; high dots on
low letters of UNIPEN's writers take so much."""
DOT_SHARE = 0.45
"""Each of two dots is no wider than this share of its letter."""
SINGLE_SHARE = 0.75
"""A single accent is no wider than this share: the top strokes of 5, T and E are."""
FLAT = 3.0
"""Times wider than high from which a mark is a top stroke."""
BAR_SHARE = 0.35
"""What is narrower than this share of its height is the stem of an i or j, with its own dot."""
HOLE_SHARE = 0.004
"""Holes smaller than this share of the ink's box are gaps of a rough stroke."""
OPEN_SHARE = 0.5
"""Share of its height that the one space within ß has: of B's in seven sets less than 1 in 100
are so, all others have holes or are open to the left."""
SLANTED = 28.0
"""Degrees from upright, to the right, from which a bar may be a slash: half of UNIPEN's are
beyond 31, and 95 of 100 of its bars that are a 1, I or l within 29."""
MORE_SLANTED = 15.0
"""Degrees by which a slash is at least more slanted than the bars of the same page are."""
UPRIGHT_BARS = 25
"""Percentile of the slants of a page's bars that is the writer's own."""
LONG = 6.0
"""Times longer than thick from which a stroke is a bar."""
SMALL = 0.45
"""A comma or point is smaller, both ways, than this share of its neighbours' height..."""
LOW = 0.6
"""...and its middle lies below this share of it."""
HIGH, BROAD = 0.5, 1.1
"""Share of the height of all ink that each of several characters has, and how many times broader
than high all is: a broken N or H is narrower."""
ENOUGH = 3
"""Characters of a field whose height says how high its writing is."""


@dataclass(frozen=True)
class BaseLetter:
    """A letter without the marks above it.

    Attributes
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft, as that of the whole.
    dots : int
        Parts of the marks, side by side.
    """

    ink: np.ndarray
    dots: int


def base_letter(ink: np.ndarray) -> BaseLetter | None:
    """What stands below marks such as those of Ä, É and Ñ; None where there are none.

    Whether it is a letter that takes marks, a recognizer has to say: a 5 whose
    top stroke stands off looks the same.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink of one cell, tightly cut.
    """
    inked = ink.max(axis=1) >= STROKE
    paper = np.flatnonzero(~inked[: int(MARK_SHARE * len(inked))])
    paper = paper[paper > inked.argmax()]
    if not (len(paper) and inked.any()):
        return None
    body, marks = ink[paper[-1] + 1 :], ink[: paper[-1]]
    width, runs = _extent(body), _runs(marks)
    widest = max(last - first for first, last in runs)
    height = int(np.count_nonzero(marks.max(axis=1) >= STROKE))
    is_bar = width < BAR_SHARE * len(body)
    if len(runs) == 2 and not is_bar and widest <= DOT_SHARE * width:
        return BaseLetter(body, 2)
    flat = widest > FLAT * height
    if len(runs) == 1 and not is_bar and not flat and widest <= SINGLE_SHARE * width:
        return BaseLetter(body, 1)
    return None


def are_several(ink: np.ndarray, alone: bool = False) -> bool:
    """Whether the ink of one cell is that of several characters.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink.
    alone : bool
        The cell has no neighbours: its characters may be joined.
    """
    strokes = (ink >= STROKE).view(np.uint8)
    _, _, width, height = cv2.boundingRect(strokes)
    if width < BROAD * height:
        return False
    if alone:
        return True
    parts, _ = cv2.findContours(strokes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return sum(cv2.boundingRect(part)[3] >= HIGH * height for part in parts) > 1


def _extent(ink: np.ndarray) -> int:
    """Columns from the first to the last stroke."""
    columns = np.flatnonzero(ink.max(axis=0) >= STROKE)
    return int(columns[-1] - columns[0] + 1) if len(columns) else 0


def _runs(ink: np.ndarray) -> list[tuple[int, int]]:
    """First column of each run of inked ones, and that after its last; at least one run."""
    inked = np.pad((ink.max(axis=0) >= STROKE).astype(np.int8), 1)
    edges = np.flatnonzero(np.diff(inked)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def is_sharp_s(ink: np.ndarray) -> bool:
    """Whether ink, taken for a B, has the shape of ß: no hole, one high space open below.

    Parameters
    ----------
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink of one cell, tightly cut.
    """
    strokes = (ink >= STROKE).view(np.uint8)
    left, top, width, height = cv2.boundingRect(strokes)
    strokes = strokes[top : top + height, left : left + width]
    if _holes(strokes):
        return False
    closed = np.vstack([strokes, np.ones((1, width), np.uint8)])
    return any(space > OPEN_SHARE * height for space in _holes(closed))


def _holes(strokes: np.ndarray) -> list[int]:
    """Heights of the holes in strokes, uint8 0 or 1."""
    outlines, tree = cv2.findContours(strokes, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    least = HOLE_SHARE * strokes.size
    is_hole = tree[0, :, 3] >= 0 if outlines else ()
    return [
        cv2.boundingRect(outline)[3]
        for outline in compress(outlines, is_hole)
        if cv2.contourArea(outline) > least
    ]


def slashes(inks: Sequence[np.ndarray]) -> np.ndarray:
    """Which of the bars of a page are slashes, bool (N,): they lean more than its other bars.

    Parameters
    ----------
    inks : sequence of ndarray of uint8, each (rows, columns)
        N of them, each taken for a 1, an I or an l.
    """
    slants = np.array([_slant(ink) for ink in inks])
    bars = slants[~np.isnan(slants)]
    usual = float(np.percentile(bars, UPRIGHT_BARS)) if len(bars) > 1 else 0.0
    return np.nan_to_num(slants) >= max(SLANTED, usual + MORE_SLANTED)


def _slant(ink: np.ndarray) -> float:
    """Degrees that a bar leans to the right; NaN where the ink is none."""
    moments = cv2.moments((ink >= STROKE).view(np.uint8), binaryImage=True)
    wide, high, both = moments["mu20"], moments["mu02"], moments["mu11"]
    spread = np.hypot(wide - high, 2 * both)
    length, thickness = wide + high + spread, wide + high - spread
    if length <= LONG**2 * thickness or length <= 0:
        return float("nan")
    return float(np.degrees(np.arctan2(-2 * both, high - wide + spread)))


def commas(boxes: Sequence[Box]) -> np.ndarray:
    """Which characters of a row are small and low beside the others; bool (N,).

    Parameters
    ----------
    boxes : sequence of Box
        Of the ink of N characters.
    """
    sides = np.array([(box.y, box.width, box.height) for box in boxes]).reshape(-1, 3)
    top, width, height = sides.T
    if len(boxes) < ENOUGH:
        return np.zeros(len(boxes), bool)
    usual = median(height)
    first = median(top[height >= SMALL * usual])
    small = np.maximum(width, height) < SMALL * usual
    return small & (top + height / 2 > first + LOW * usual)
