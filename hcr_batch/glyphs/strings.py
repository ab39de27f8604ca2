"""Strings in free boxes: every way in which the ink may be parted into characters.

Ink is over-segmented into pieces; each run of a few neighbouring pieces is a
candidate for one character. The recognizer later chooses among the ways to
cover the line (Casey and Lecolinet, "A survey of methods and strategies in
character segmentation", 1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.glyphs.isolate import FieldInk, field_ink
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.lines import text_rows
from hcr_batch.types import Box, Field

__all__ = ["Candidate", "TextLine", "find_strings"]

INSIDE = 0.5
"""Connected ink belongs to a free box if at least this share lies in it."""
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
    ink : ndarray of uint8, shape (rows, columns)
        Soft ink, tightly cut.
    box : Box
        In pixels of the page.
    """

    first: int
    last: int
    starts_at_cut: bool
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
    """

    box: Box
    pieces: int
    height: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class _Piece:
    """A part of the line's ink: a mask over the field and its bounding box there."""

    mask: np.ndarray
    box: Box
    cut: bool = False


def find_strings(
    ink: Ink, field: Field, pixels_per_mm: float, settings: GlyphSettings
) -> tuple[TextLine, ...]:
    """Find the lines of a free box and the candidates for their characters.

    Parameters
    ----------
    ink : Ink
        Of the page.
    field : Field
        Of kind `free`.
    pixels_per_mm : float
    settings : GlyphSettings

    Returns
    -------
    tuple of TextLine
        Top to bottom; empty where nothing is written.
    """
    written = field_ink(ink, field, pixels_per_mm, settings)
    if written is None:
        return ()
    parts = _without_bubbles(_parts_inside(written, field))
    if not parts:
        return ()
    lines = (_text_line(written, line) for line in _lines(parts))
    least = settings.min_letter_mm * pixels_per_mm
    return tuple(line for line in lines if line.height >= least)


def _parts_inside(written: FieldInk, field: Field) -> list[_Piece]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(
        (written.parts > 0).view(np.uint8), ltype=cv2.CV_32S
    )
    box = field.box
    inside = np.zeros(parts.shape, bool)
    top, left = max(0, round(box.y) - written.y), max(0, round(box.x) - written.x)
    bottom, right = round(box.bottom) - written.y, round(box.right) - written.x
    inside[top:bottom, left:right] = True
    within = np.bincount(parts[inside], minlength=count)
    pieces = []
    for index in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[index])
        if within[index] >= INSIDE * area:
            cut = parts[y : y + height, x : x + width] == index
            pieces.append(_Piece(cut, Box(x, y, width, height)))
    return pieces


def _without_bubbles(parts: list[_Piece]) -> list[_Piece]:
    """Leave out the bubbles of a mark sheet: rings, perhaps run together, with print inside."""
    boxes = [part.box for part in parts]
    inside = [[b for b in boxes if b is not a and _surrounds(a, b)] for a in boxes]
    rings = [a for a, held in zip(boxes, inside, strict=True) if held]
    if len({id(b) for held in inside for b in held}) < MIN_BUBBLES:
        return parts
    dropped = {id(b) for held in inside for b in held} | {id(ring) for ring in rings}
    return [part for part in parts if id(part.box) not in dropped]


def _surrounds(a: Box, b: Box) -> bool:
    """Whether `b` lies well inside `a`, and is no speck."""
    rim = BUBBLE_RIM * a.height
    return (
        a.x + rim <= b.x
        and b.right <= a.right - rim
        and a.y + rim <= b.y
        and b.bottom <= a.bottom - rim
        and b.height >= SMALL * a.height
    )


def _lines(parts: list[_Piece]) -> list[list[_Piece]]:
    """Part the ink into lines of text; dots and dashes go to the nearest line."""
    tallest = max(part.box.height for part in parts)
    rows = [row for row in text_rows([part.box for part in parts]) if row.height > 0.3 * tallest]
    lines: list[list[_Piece]] = [[] for _ in rows]
    for part in parts:
        middle = part.box.y + part.box.height / 2
        distance = [max(row.y - middle, middle - row.bottom) for row in rows]
        lines[int(np.argmin(distance))].append(part)
    return [line for line in lines if line]


def _text_line(written: FieldInk, parts: list[_Piece]) -> TextLine:
    heights = np.array([part.box.height for part in parts])
    height = float(np.median(heights[heights >= SMALL * heights.max()]))
    pieces = [
        piece
        for part in _merged(sorted(parts, key=lambda p: p.box.x), height)
        for piece in _cut(part, height)
    ]
    left, top = min(p.box.x for p in pieces), min(p.box.y for p in pieces)
    right, bottom = max(p.box.right for p in pieces), max(p.box.bottom for p in pieces)
    return TextLine(
        box=Box(left + written.x, top + written.y, right - left, bottom - top),
        pieces=len(pieces),
        height=height,
        candidates=tuple(_candidates(written, pieces, height)),
    )


def _merged(parts: list[_Piece], height: float) -> list[_Piece]:
    """Join what stands above one another: dots with their letters, bars with theirs."""
    merged: list[_Piece] = []
    for part in parts:
        if merged and _stacked(merged[-1].box, part.box, height):
            merged[-1] = _joined([merged[-1], part])
        else:
            merged.append(part)
    return merged


def _stacked(a: Box, b: Box, height: float) -> bool:
    shared = min(a.right, b.right) - max(a.x, b.x)
    small = min(a.height, b.height) < SMALL * height
    apart = min(a.bottom, b.bottom) - max(a.y, b.y) < 0.3 * min(a.height, b.height)
    return (small or apart) and shared >= STACKED * min(a.width, b.width)


def _joined(pieces: list[_Piece]) -> _Piece:
    left, top = int(min(p.box.x for p in pieces)), int(min(p.box.y for p in pieces))
    right, bottom = int(max(p.box.right for p in pieces)), int(max(p.box.bottom for p in pieces))
    mask = np.zeros((bottom - top, right - left), bool)
    for piece in pieces:
        y, x = int(piece.box.y) - top, int(piece.box.x) - left
        rows, columns = piece.mask.shape
        mask[y : y + rows, x : x + columns] |= piece.mask
    return _Piece(mask, Box(left, top, right - left, bottom - top))


def _cut(piece: _Piece, height: float) -> list[_Piece]:
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


def _slice(piece: _Piece, first: int, last: int) -> _Piece | None:
    part = piece.mask[:, first:last]
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(part).view(np.uint8))
    if not width:
        return None
    box = Box(piece.box.x + first + x, piece.box.y + y, width, height)
    return _Piece(part[y : y + height, x : x + width], box, cut=first > 0)


def _candidates(written: FieldInk, pieces: list[_Piece], height: float) -> list[Candidate]:
    candidates = []
    for first in range(len(pieces)):
        for last in range(first, min(first + MAX_PIECES, len(pieces))):
            group = pieces[first : last + 1]
            if last > first:
                gap = group[-1].box.x - max(p.box.right for p in group[:-1])
                width = max(p.box.right for p in group) - group[0].box.x
                if gap > MAX_GAP * height or width > MAX_WIDTH * height:
                    break
            candidates.append(_candidate(written, group, first, last))
    return candidates


def _candidate(written: FieldInk, group: list[_Piece], first: int, last: int) -> Candidate:
    whole = _joined(group)
    box = whole.box
    cut = (slice(int(box.y), int(box.bottom)), slice(int(box.x), int(box.right)))
    soft = np.where(whole.mask, written.soft[cut], 0).astype(np.uint8)
    place = Box(box.x + written.x, box.y + written.y, box.width, box.height)
    return Candidate(first, last, group[0].cut, soft, place)
