"""Whose ink it is: connected strokes are shared out among the cells of a field."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.glyphs.field_ink import FieldInk
from hcr_batch.types import Box, Field

__all__ = ["Owned", "share_out"]

BELONGS = 0.5
"""Connected ink with at least this share in one cell belongs to that cell whole."""
TOUCHES = 0.15
"""Connected ink with at least this share in each of two cells joins two characters."""

Place = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels of the field's ink."""


@dataclass(frozen=True)
class Owned:
    """What one cell owns of its field's ink.

    Attributes
    ----------
    mask : ndarray of uint8, shape (height, width)
        1 on its strokes, else 0; empty for a blank cell.
    place : tuple of int
        Left, top, width and height of `mask` in the field's ink.
    touching : bool
        Some of it is connected with a neighbour's.
    outside : float
        Share, 0 to 1, that lies outside all cells.
    """

    mask: np.ndarray
    place: Place
    touching: bool = False
    outside: float = 0.0


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


def share_out(written: FieldInk, field: Field) -> list[Owned]:
    """Give each cell of a field its strokes.

    A connected part goes whole to the cell that holds most of it; one that
    lies in two cells is parted at the wall.

    Parameters
    ----------
    written : FieldInk
    field : Field

    Returns
    -------
    list of Owned
        One a cell, in order.
    """
    parts = _Parts(written)
    cells = np.array([_place(cell.box, written) for cell in field.cells])
    met = _meet(parts.places[:, None], cells)
    alone = met.sum(axis=1) == 1
    home = met.argmax(axis=1)
    within = alone & _lies_in(parts.places, cells[home])
    claims = [_Claim([], []) for _ in field.cells]
    for number in np.flatnonzero(within):
        claims[home[number]].whole.append(int(number))
    for number in np.flatnonzero(~within & met.any(axis=1)):
        _divide(int(number), parts, cells, np.flatnonzero(met[number]), claims)
    return [_owned(claim, parts) for claim in claims]


class _Parts:
    """The connected parts of a field's ink.

    Attributes
    ----------
    places : ndarray of int, shape (P, 4)
        Left, top, right and bottom of each.
    """

    def __init__(self, written: FieldInk) -> None:
        self._mask, self._outlines = written.mask, written.outlines
        boxes = np.array([cv2.boundingRect(line) for line in written.outlines], int).reshape(-1, 4)
        self.places = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])

    def place(self, number: int) -> Place:
        """Left, top, right and bottom of one."""
        left, top, right, bottom = self.places[number].tolist()
        return left, top, right, bottom

    def picture(self, chosen: list[int], place: Place) -> np.ndarray:
        """Mask of some parts within a place; perhaps a view, not to be written to."""
        left, top, right, bottom = place
        area = self._mask[top:bottom, left:right]
        here = np.flatnonzero(_meet(self.places, np.array(place)))
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
    number: int, parts: _Parts, cells: np.ndarray, near: np.ndarray, claims: list[_Claim]
) -> None:
    """Enter a part that crosses walls into the claims of the cells near it."""
    left, top, _, _ = place = parts.place(number)
    picture = parts.picture([number], place)
    owner = np.zeros(picture.shape, np.intp)
    for cell in near:
        x, y, right, bottom = cells[cell] - (left, top, left, top)
        owner[max(0, y) : max(0, bottom), max(0, x) : max(0, right)] = cell + 1
    amounts = np.bincount(owner[picture.view(bool)], minlength=len(claims) + 1)
    total = amounts.sum()
    for cell in near:
        mine = amounts[cell + 1] / total
        others = np.delete(amounts[1:], cell).max(initial=0) / total
        claim = claims[cell]
        claim.touching |= bool(mine >= TOUCHES and others >= TOUCHES)
        if mine >= BELONGS and others < TOUCHES:
            claim.whole.append(number)
            claim.outer += int(amounts[0])
            claim.beside += int(total - amounts[0] - amounts[cell + 1])
        elif (mine >= TOUCHES and others >= TOUCHES) or (0 < mine < BELONGS and others < BELONGS):
            claim.clipped.append((picture & (owner == cell + 1), (left, top)))


def _owned(claim: _Claim, parts: _Parts) -> Owned:
    clipped = [_tight(*piece) for piece in claim.clipped]
    places = [*parts.places[claim.whole], *(place for _, place in clipped)]
    if not places:
        return Owned(np.zeros((0, 0), np.uint8), (0, 0, 0, 0), claim.touching)
    left, top = (int(v) for v in np.min(places, axis=0)[:2])
    right, bottom = (int(v) for v in np.max(places, axis=0)[2:])
    mask = parts.picture(claim.whole, (left, top, right, bottom))
    if clipped:
        mask = mask.copy()
        for piece, (x, y, end, last) in clipped:
            mask[y - top : last - top, x - left : end - left] |= piece
    return Owned(
        mask,
        (left, top, right - left, bottom - top),
        claim.touching,
        _outside(claim, parts) if claim.outer else 0.0,
    )


def _outside(claim: _Claim, parts: _Parts) -> float:
    """Share of the whole parts' ink outside all cells; that in other cells does not count."""
    every = sum(
        np.count_nonzero(parts.picture([number], parts.place(number)))
        for number in claim.whole
    )
    return claim.outer / max(every - claim.beside, 1)


def _tight(mask: np.ndarray, corner: tuple[int, int]) -> tuple[np.ndarray, Place]:
    x, y, width, height = cv2.boundingRect(mask)
    left, top = corner[0] + x, corner[1] + y
    return mask[y : y + height, x : x + width], (left, top, left + width, top + height)


def _place(box: Box, written: FieldInk) -> Place:
    left, top = max(0, round(box.x) - written.x), max(0, round(box.y) - written.y)
    return left, top, round(box.right) - written.x, round(box.bottom) - written.y


def _meet(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether places share pixels; the last axis is left, top, right, bottom."""
    return (np.maximum(a[..., :2], b[..., :2]) < np.minimum(a[..., 2:], b[..., 2:])).all(axis=-1)


def _lies_in(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether places `a` lie wholly in `b`."""
    corner, opposite = a[..., :2] >= b[..., :2], a[..., 2:] <= b[..., 2:]
    return corner[..., 0] & corner[..., 1] & opposite[..., 0] & opposite[..., 1]
