"""Whose ink it is: connected strokes are shared out among the cells of a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np

from hcr_batch.arrays.groups import counted_out
from hcr_batch.characters.writing import Writing
from hcr_batch.types import Box

__all__ = ["Owned", "share_out"]

BELONGS = 0.5
"""Connected ink with at least this share in one cell belongs to that cell whole."""
TOUCHES = 0.15
"""Connected ink with at least this share in each of two cells joins two characters."""

RIM = 0.14
"""Shares of a cell's width in which walls and neighbours leave rests,"""
REST = 0.5
"""which are less high than this share of the character."""
STRAY = 0.75
"""Connected ink with so much of it outside all cells belongs to none, unless..."""
REACHING = 0.5
"""...what lies in one is as high as this share of it, and does not go through: a character that
touches a label, and no signature or stroke that strikes it out."""

Place = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels of the page."""


@dataclass(frozen=True)
class Owned:
    """What one cell owns of the ink on a page.

    Attributes
    ----------
    mask : ndarray of uint8, shape (height, width)
        1 on its strokes, else 0; empty for a blank cell.
    place : tuple of int
        Left, top, right and bottom of `mask` on the page.
    touching : bool
        Some of it is connected with a neighbour's.
    outside : float
        Share, 0 to 1, that lies outside all cells.
    alone : bool
        No other ink lies in its place or right beside it.
    """

    mask: np.ndarray
    place: Place
    touching: bool = False
    outside: float = 0.0
    alone: bool = False


@dataclass
class _Claim:
    """What a cell claims while the ink is shared out.

    Attributes
    ----------
    whole : list of int
        Parts of which it gets all.
    clipped : list of (ndarray, (int, int))
        Pieces of others, cut at its walls: mask, and left and top of it.
    touching : bool
    beside, outer : int
        Pixels of whole parts that lie in other cells, and outside all cells.
    """

    whole: list[int]
    clipped: list[tuple[np.ndarray, tuple[int, int]]]
    touching: bool = False
    beside: int = 0
    outer: int = 0

    @property
    def has_ink(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.whole or self.clipped)


def share_out(written: Writing, cells: Sequence[Box]) -> tuple[list[Owned], np.ndarray]:
    """Give each cell of a page its strokes.

    A connected part goes whole to the cell that holds most of it; one that
    lies in two cells is parted at the wall.

    Parameters
    ----------
    written : Writing
    cells : sequence of Box
        In pixels of the page; where some overlap, the later have the word.

    Returns
    -------
    owned : list of Owned
        One a cell, in order.
    stray : ndarray of bool, shape (parts,)
        Which parts of the writing no cell owns anything of.
    """
    parts = _Parts(written)
    cell_at = _cell_at(cells, written.mask.shape)
    home = _homes(parts.places, cell_at)
    claims = [_Claim([], []) for _ in range(len(cells) + 1)]
    stray = np.zeros(len(home), bool)
    for number, cell in enumerate(home.tolist()):
        if cell:
            claims[cell].whole.append(number)
        else:
            stray[number] = not _divide(number, parts, cell_at, claims)
    for number in np.flatnonzero(stray).tolist():
        stray[number] = not _reach_in(number, parts, cell_at, claims)
    own = zip(claims[1:], cells, strict=True)
    return [_owned(claim, cell, parts) for claim, cell in own], stray


def _cell_at(cells: Sequence[Box], shape: tuple[int, ...]) -> np.ndarray:
    """The number of the cell that each pixel lies in, from 1, else 0; unsigned, of that shape."""
    numbers = np.zeros(shape, np.min_scalar_type(len(cells)))
    for number, box in enumerate(cells, start=1):
        left, top = max(0, round(box.x)), max(0, round(box.y))
        numbers[top : max(0, round(box.bottom)), left : max(0, round(box.right))] = number
    return numbers


def _homes(places: np.ndarray, cell_at: np.ndarray) -> np.ndarray:
    """The number of the cell that each place, (P, 4), lies in wholly, else 0; int (P,)."""
    left, top, right, bottom = places.T
    home = cell_at[top, left]
    return np.where(cell_at[bottom - 1, right - 1] == home, home, 0)


class _Parts:
    """The connected parts of a page's ink.

    Attributes
    ----------
    mask : ndarray of uint8, shape (rows, columns)
        All of them.
    places : ndarray of int, shape (P, 4)
    place : list of tuple of int
        Left, top, right and bottom of each.
    crowded : ndarray of bool, shape (P,)
        Another part reaches into the place of it, or right beside that.
    """

    def __init__(self, written: Writing) -> None:
        self.mask, self._outlines = written.mask, written.parts.outlines
        self.places = written.parts.places
        self.crowded = _crowded(self.places)
        self.place: list[Place] = [(x, y, end, last) for x, y, end, last in self.places.tolist()]

    def own(self, number: int) -> np.ndarray:
        """Mask of one within its place; perhaps a view, not to be written to."""
        left, top, right, bottom = place = self.place[number]
        if self.crowded[number]:
            return self.picture([number], place)
        return self.mask[top:bottom, left:right]

    def picture(self, chosen: list[int], place: Place) -> np.ndarray:
        """Mask of some parts within a place; perhaps a view, not to be written to."""
        left, top, right, bottom = place
        area = self.mask[top:bottom, left:right]
        here = np.flatnonzero(_meet(self.places, place))
        if len(here) == len(chosen):
            return area
        drawn = np.zeros_like(area)
        wanted = set(chosen)
        # The larger first: what lies in the hole of another has its own word.
        sizes = (self.places[here, 2:] - self.places[here, :2]).prod(axis=1)
        for number in here[np.argsort(-sizes, kind="stable")]:
            line = self._outlines[number]
            colour = int(number in wanted)
            cv2.drawContours(drawn, [line], 0, colour, cv2.FILLED, offset=(-left, -top))
        return drawn & area


def _divide(
    number: int, parts: _Parts, cell_at: np.ndarray, claims: list[_Claim]
) -> bool:
    """Enter a part that crosses walls into the claims of its cells; whether it has any."""
    left, top, right, bottom = parts.place[number]
    near = cell_at[top:bottom, left:right]
    if not cv2.hasNonZero(near):
        return False
    picture = parts.own(number)
    here, counts = np.unique(near[picture.view(bool)], return_counts=True)
    held = dict(zip(here.tolist(), counts.tolist(), strict=True))
    total, outer = sum(held.values()), held.pop(0, 0)
    if outer > STRAY * total:
        return False
    for cell, count in held.items():
        mine = count / total
        others = max((held[other] for other in held if other != cell), default=0) / total
        claim = claims[cell]
        claim.touching |= mine >= TOUCHES and others >= TOUCHES
        if mine >= BELONGS and others < TOUCHES:
            claim.whole.append(number)
            claim.outer += outer
            claim.beside += total - outer - count
        elif (mine >= TOUCHES and others >= TOUCHES) or (mine < BELONGS and others < BELONGS):
            claim.clipped.append((picture & (near == cell), (left, top)))
    return True


def _reach_in(
    number: int, parts: _Parts, cell_at: np.ndarray, claims: list[_Claim]
) -> bool:
    """Enter what a stray part has in cells that are blank without it; whether there are any."""
    left, top, right, bottom = parts.place[number]
    near = cell_at[top:bottom, left:right]
    if not cv2.hasNonZero(near):
        return False
    cells = [cell for cell in np.unique(near).tolist() if cell and not claims[cell].has_ink]
    if not cells:
        return False
    picture = parts.own(number)
    ending = [cell for cell in cells if _ends_in(cell, picture, near)]
    for cell in ending:
        claims[cell].clipped.append((picture & (near == cell), (left, top)))
        claims[cell].touching = True
    return bool(ending)


def _ends_in(cell: int, picture: np.ndarray, near: np.ndarray) -> bool:
    """Whether ink that comes from outside ends in a cell, and is a character's part in it."""
    x, y, width, height = cv2.boundingRect((near == cell).view(np.uint8))
    inside = picture[y : y + height, x : x + width]
    rows, columns = near.shape
    above, below = y > 0 and inside[0].any(), y + height < rows and inside[-1].any()
    before, behind = x > 0 and inside[:, 0].any(), x + width < columns and inside[:, -1].any()
    high = cv2.boundingRect(inside)[3] >= REACHING * height
    return high and not (above and below) and not (before and behind)


def _owned(claim: _Claim, cell: Box, parts: _Parts) -> Owned:
    _leave_rests(claim, cell, parts)
    outside = _outside(claim, parts) if claim.outer else 0.0
    if len(claim.whole) == 1 and not claim.clipped:
        (number,) = claim.whole
        alone = not parts.crowded[number]
        return Owned(parts.own(number), parts.place[number], claim.touching, outside, alone)
    clipped = [_tight(*piece) for piece in claim.clipped]
    places = [*(parts.place[number] for number in claim.whole), *(place for _, place in clipped)]
    if not places:
        return Owned(np.zeros((0, 0), np.uint8), (0, 0, 0, 0), claim.touching)
    lefts, tops, rights, bottoms = zip(*places, strict=True)
    left, top = min(lefts), min(tops)
    place = left, top, max(rights), max(bottoms)
    mask = parts.picture(claim.whole, place)
    if clipped:
        mask = mask.copy()
        for piece, (x, y, end, last) in clipped:
            mask[y - top : last - top, x - left : end - left] |= piece
    return Owned(mask, place, claim.touching, outside)


def _leave_rests(claim: _Claim, cell: Box, parts: _Parts) -> None:
    """Take out of a claim what is small beside the character and keeps to the cell's sides."""
    places = [parts.place[number] for number in claim.whole]
    places += [_tight(*piece)[1] for piece in claim.clipped]
    if len(places) < 2:
        return
    left, top, right, bottom = np.array(places).T
    height = bottom - top
    rim = RIM * cell.width
    is_rest = (right < cell.x + rim) | (left > cell.right - rim)
    is_rest &= height < REST * height.max()
    wholes = len(claim.whole)
    claim.whole = list(compress(claim.whole, ~is_rest[:wholes]))
    claim.clipped = list(compress(claim.clipped, ~is_rest[wholes:]))
    # What is clipped is joined with a neighbour's ink, and nothing else is.
    claim.touching &= bool(claim.clipped)


def _outside(claim: _Claim, parts: _Parts) -> float:
    """Share of the whole parts' ink outside all cells; that in other cells does not count."""
    every = sum(cv2.countNonZero(parts.own(number)) for number in claim.whole)
    return claim.outer / max(every - claim.beside, 1)


def _tight(mask: np.ndarray, corner: tuple[int, int]) -> tuple[np.ndarray, Place]:
    x, y, width, height = cv2.boundingRect(mask)
    left, top = corner[0] + x, corner[1] + y
    return mask[y : y + height, x : x + width], (left, top, left + width, top + height)


def _meet(places: np.ndarray, place: Place) -> np.ndarray:
    """Which places, (P, 4), share pixels with one; bool (P,)."""
    left, top, right, bottom = place
    lefts, tops, rights, bottoms = places.T
    return (lefts < right) & (rights > left) & (tops < bottom) & (bottoms > top)


def _crowded(places: np.ndarray) -> np.ndarray:
    """Which places, (P, 4), share pixels with another or lie right beside it; bool (P,)."""
    order = np.argsort(places[:, 0])
    left, top, right, bottom = places[order].T
    # Each with those that begin further right, but before it ends.
    counts = np.searchsorted(left, right, side="right") - np.arange(len(left)) - 1
    first, further = counted_out(counts)
    second = first + further + 1
    meet = (top[first] <= bottom[second]) & (top[second] <= bottom[first])
    crowded = np.zeros(len(left), bool)
    crowded[order[first[meet]]] = crowded[order[second[meet]]] = True
    return crowded
