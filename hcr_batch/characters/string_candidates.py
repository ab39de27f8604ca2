"""Strings in free boxes: every way in which the ink may be parted into characters.

Ink is over-segmented into pieces; each run of a few neighbouring pieces is a
candidate for one character. The recognizer later chooses among the ways to
cover the line (Casey and Lecolinet, "A survey of methods and strategies in
character segmentation", 1996).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

import cv2
import numpy as np

from hcr_batch.characters.line_strip import Strip, line_strip
from hcr_batch.characters.pieces import Piece, joined, piece_of, pieces_inside
from hcr_batch.characters.slant import slant_of
from hcr_batch.characters.text_lines import letter_height, text_lines
from hcr_batch.characters.writing import SOFT_EDGE, Writing
from hcr_batch.config import GlyphSettings
from hcr_batch.types import Box, Field

__all__ = ["Candidate", "TextLine", "find_strings", "row_strip"]

STACKED = 0.6
"""Parts that overlap sideways by this share of the narrower are one piece if one is small."""
SMALL = 0.5
"""Share of the line's letter height below which a part is small: a dot, a bar."""
MAX_PIECES = 4
MAX_WIDTH = 1.6
"""Letter heights; no candidate is wider unless it is a single piece."""
MAX_GAP = 0.3
"""Letter heights; pieces further apart are never one character."""
MIN_BUBBLES = 3
BUBBLE_RIM = 0.08
"""From so many rings with print inside, at this share of their height from the rim, a
field is a mark sheet."""
UPRIGHT_BIAS = 0.1
"""A slant must be worth it: upright writing is the rule."""
CUT_WIDTH = 0.75
"""Letter heights; a wider piece may hold two characters."""
CUT_SPACING = 0.2
"""Letter heights between two cuts of one piece, and from its ends."""
CUT_INK = 0.4
"""Letter heights; a column with more ink than this is not cut."""


@dataclass(frozen=True)
class Candidate:
    """Pieces `first` to `last` of a line taken as one character.

    Attributes
    ----------
    first, last : int
        Numbers of the first and last piece, from 0.
    starts_at_cut : bool
        Its left side was cut out of connected ink.
    gap : float
        Letter heights of paper before it, 0 where pieces overlap sideways.
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink, tightly cut.
    box : Box
        In pixels of the page.
    """

    first: int
    last: int
    starts_at_cut: bool
    gap: float
    ink: np.ndarray
    box: Box


@dataclass(frozen=True)
class TextLine:
    """One line of a free box.

    Attributes
    ----------
    box : Box
        Of its ink, in pixels of the page.
    pieces : int
        Number of pieces, from left to right.
    height : float
        Usual height of its letters, in pixels.
    candidates : tuple of Candidate
        By first piece, then by last.
    strip : Strip, optional
        The line as the line reader takes it.
    pen_share : float
        Of a pen's, 0 to 1, in what the page segmentation sees in its box.
    """

    box: Box
    pieces: int
    height: float
    candidates: tuple[Candidate, ...]
    strip: Strip | None = None
    pen_share: float = 1.0


def find_strings(
    written: Writing, fields: Sequence[Field], pixels_per_mm: float, settings: GlyphSettings
) -> list[tuple[TextLine, ...]]:
    """Find the lines of free boxes and the candidates for their characters.

    Parameters
    ----------
    written : Writing
        Of the page.
    fields : sequence of Field
        Of kind `free`.
    pixels_per_mm : float
    settings : GlyphSettings

    Returns
    -------
    list of tuple of TextLine
        Of each field, top to bottom; empty where nothing is written.
    """
    least = settings.min_letter_mm * pixels_per_mm
    return [
        tuple(
            line for line in _text_lines(written.cut(field.box), field) if line.box.height >= least
        )
        for field in fields
    ]


def row_strip(written: Writing, field: Field) -> Strip | None:
    """All ink of a row of cells as the line reader takes it; None where there is none.

    Parameters
    ----------
    written : Writing
        Of the page.
    field : Field
        With cells beside each other.
    """
    cut = written.cut(field.box)
    parts = pieces_inside(cut, field)
    return _strip(cut, parts) if parts else None


def _text_lines(written: Writing, field: Field) -> Iterator[TextLine]:
    parts = _without_bubbles(pieces_inside(written, field))
    return (_text_line(written, line) for line in text_lines(parts)) if parts else iter(())


def _without_bubbles(parts: list[Piece]) -> list[Piece]:
    """Leave out the bubbles of a mark sheet: rings, perhaps run together, with print inside."""
    sides = np.array([(p.box.x, p.box.y, p.box.right, p.box.bottom) for p in parts]).reshape(-1, 4)
    is_held, is_ring = np.zeros((2, len(parts)), bool)
    for number, place in enumerate(sides):
        held = _well_inside(place, sides)
        is_held |= held
        is_ring[number] = held.any()
    if np.count_nonzero(is_held) < MIN_BUBBLES:
        return parts
    return list(compress(parts, ~(is_held | is_ring)))


def _well_inside(ring: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Which places (N, 4), left to bottom, lie well inside a ring and are no specks; bool (N,)."""
    height = ring[3] - ring[1]
    rim = BUBBLE_RIM * height
    inner = (places[:, :2] >= ring[:2] + rim) & (places[:, 2:] <= ring[2:] - rim)
    return inner[:, 0] & inner[:, 1] & (places[:, 3] - places[:, 1] >= SMALL * height)


def _text_line(written: Writing, parts: list[Piece]) -> TextLine:
    height = letter_height(parts)
    line = _upright_line(written, parts)
    pieces = [
        piece
        for part in _merged(sorted(line.parts, key=lambda p: p.box.x), height)
        for piece in _cut(part, height)
    ]
    box = _around([part.box for part in parts])
    return TextLine(
        box=Box(box.x + written.x, box.y + written.y, box.width, box.height),
        pieces=len(pieces),
        height=height,
        candidates=tuple(_candidates(line, pieces, height)),
        strip=_strip(written, parts),
    )


def _strip(written: Writing, parts: list[Piece]) -> Strip | None:
    """The soft ink of a line, that of other lines left out, as a strip."""
    box = _around([part.box for part in parts])
    top, left = max(0, int(box.y) - 1), max(0, int(box.x) - 1)
    soft = written.soft[top : int(box.bottom) + 1, left : int(box.right) + 1]
    mask = np.zeros(soft.shape, np.uint8)
    for part in parts:
        y, x = int(part.box.y) - top, int(part.box.x) - left
        rows, columns = part.mask.shape
        mask[y : y + rows, x : x + columns][part.mask] = 1
    ink = soft * cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return line_strip(ink, left + written.x, top + written.y)


@dataclass(frozen=True)
class _UprightLine:
    """A line of writing with its slant taken out.

    Attributes
    ----------
    soft : ndarray of uint8, shape (rows, columns)
    parts : list of Piece
        In pixels of `soft`.
    x, y : float
        Place on the page of the pixel column and row 0.
    slope : float
        Columns by which a pixel row was moved to the left for each row above
        the middle.
    """

    soft: np.ndarray
    parts: list[Piece]
    x: float
    y: float
    slope: float

    def ends_on_page(self, piece: Piece) -> tuple[float, float]:
        """Left and right end of the ink of a piece before the slant was taken out."""
        if not self.slope:
            return self.x + piece.box.x, self.x + piece.box.right
        rows = np.flatnonzero(piece.mask.any(axis=1))
        first = piece.mask.argmax(axis=1)[rows]
        last = piece.mask.shape[1] - piece.mask[:, ::-1].argmax(axis=1)[rows]
        lean = self.slope * ((len(self.soft) - 1) / 2 - (piece.box.y + rows))
        x = self.x + piece.box.x
        return x + float((first + lean).min()), x + float((last + lean).max())


def _upright_line(written: Writing, parts: list[Piece]) -> _UprightLine:
    """Cut a line out of its field and shear it until its strokes stand upright."""
    box = _around([part.box for part in parts])
    labels = np.zeros((int(box.height), int(box.width)), np.float32)
    for number, part in enumerate(parts, start=1):
        y, x = int(part.box.y - box.y), int(part.box.x - box.x)
        rows, columns = part.mask.shape
        labels[y : y + rows, x : x + columns][part.mask] = number
    slope = slant_of((labels > 0).astype(np.uint8), UPRIGHT_BIAS, cv2.INTER_NEAREST)
    top, left = int(box.y), int(box.x)
    soft = written.soft[top : top + labels.shape[0], left : left + labels.shape[1]]
    reach = int(np.ceil(abs(slope) * len(labels) / 2))
    shear = np.array([[1, slope, reach - slope * (len(labels) - 1) / 2], [0, 1, 0]])
    size = (labels.shape[1] + 2 * reach, labels.shape[0])
    sheared = cv2.warpAffine(labels, shear, size, flags=cv2.INTER_NEAREST)
    pieces = [
        piece
        for number in range(1, len(parts) + 1)
        if (piece := piece_of(sheared == number)) is not None
    ]
    return _UprightLine(
        soft=cv2.warpAffine(soft, shear, size, flags=cv2.INTER_LINEAR),
        parts=pieces,
        x=box.x + written.x - reach,
        y=box.y + written.y,
        slope=slope,
    )


def _around(boxes: list[Box]) -> Box:
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.right for b in boxes), max(b.bottom for b in boxes)
    return Box(left, top, right - left, bottom - top)


def _merged(parts: list[Piece], height: float) -> list[Piece]:
    """Join what stands above one another: dots with their letters, bars with theirs."""
    merged: list[Piece] = []
    for part in parts:
        if merged and _stacked(merged[-1].box, part.box, height):
            merged[-1] = joined([merged[-1], part])
        else:
            merged.append(part)
    return merged


def _stacked(a: Box, b: Box, height: float) -> bool:
    shared = min(a.right, b.right) - max(a.x, b.x)
    small = min(a.height, b.height) < SMALL * height
    apart = min(a.bottom, b.bottom) - max(a.y, b.y) < 0.3 * min(a.height, b.height)
    return (small or apart) and shared >= STACKED * min(a.width, b.width)


def _cut(piece: Piece, height: float) -> list[Piece]:
    """Cut a wide piece where a column holds little ink, into all parts that make sense."""
    if piece.box.width < CUT_WIDTH * height:
        return [piece]
    amount = piece.mask.sum(axis=0).astype(np.float32)
    smooth = cv2.blur(amount[None], (max(1, round(0.05 * height)), 1)).ravel()
    spacing = max(2, round(CUT_SPACING * height))
    lowest = cv2.erode(smooth[None], np.ones((1, 2 * spacing + 1))).ravel()
    places = np.flatnonzero((smooth <= lowest) & (smooth <= CUT_INK * height))
    cuts: list[int] = []
    for place in places:
        if place < spacing or place > len(amount) - spacing:
            continue
        if not cuts or place - cuts[-1] >= spacing:
            cuts.append(int(place))
    edges = [0, *cuts, piece.mask.shape[1]]
    return [part for first, last in pairwise(edges) if (part := _slice(piece, first, last))]


def _slice(piece: Piece, first: int, last: int) -> Piece | None:
    part = piece.mask[:, first:last]
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(part).view(np.uint8))
    if not width:
        return None
    box = Box(piece.box.x + first + x, piece.box.y + y, width, height)
    return Piece(part[y : y + height, x : x + width], box, cut=first > 0)


def _candidates(line: _UprightLine, pieces: list[Piece], height: float) -> Iterator[Candidate]:
    ends = [line.ends_on_page(piece) for piece in pieces]
    end = -np.inf
    for first, piece in enumerate(pieces):
        gap = max(0.0, (piece.box.x - end) / height)
        for last in range(first, min(first + MAX_PIECES, len(pieces))):
            group = pieces[first : last + 1]
            if last > first and not _may_be_one(group, height):
                break
            whole = joined(group)
            left = min(start for start, _ in ends[first : last + 1])
            right = max(stop for _, stop in ends[first : last + 1])
            box = Box(left, line.y + whole.box.y, right - left, whole.box.height)
            yield Candidate(first, last, piece.cut, gap, _soft(line, whole), box)
        end = max(end, piece.box.right)


def _may_be_one(group: list[Piece], height: float) -> bool:
    """Whether pieces are near enough to each other to be one character."""
    end = max(piece.box.right for piece in group[:-1])
    width = max(end, group[-1].box.right) - group[0].box.x
    return group[-1].box.x - end <= MAX_GAP * height and width <= MAX_WIDTH * height


def _soft(line: _UprightLine, piece: Piece) -> np.ndarray:
    """The soft ink of a piece with its soft edge."""
    box = piece.box
    cut = line.soft[int(box.y) : int(box.bottom), int(box.x) : int(box.right)]
    return cut * cv2.dilate(piece.mask.view(np.uint8), SOFT_EDGE)
