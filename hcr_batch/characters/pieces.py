"""Connected ink and its parts: what characters of a string are pieced together from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.arrays.components import labelled
from hcr_batch.characters.writing import Writing
from hcr_batch.types import Box, Field

__all__ = ["INSIDE", "Piece", "joined", "piece_of", "pieces_inside"]

INSIDE = 0.5
"""Connected ink belongs to a free box if at least this share lies in it."""
BRIDGE = 85
"""Soft ink, 0 to 255, no darker than this (half of the pen's darkness) is a gap that a scan has
blurred, where what it connects are strokes of their own..."""
BRIDGED = 0.65
"""...each at least this share of the whole in height."""


@dataclass(frozen=True)
class Piece:
    """A part of the ink of a line.

    Attributes
    ----------
    mask : ndarray of bool, shape (rows, columns)
        Of its bounding box.
    box : Box
        In pixels of the picture it was found in.
    cut : bool
        Its left side was cut out of connected ink.
    """

    mask: np.ndarray
    box: Box
    cut: bool = False


def pieces_inside(written: Writing, field: Field) -> list[Piece]:
    """The connected ink of a free box; ink that lies for the most part outside is left out.

    Parameters
    ----------
    written : Writing
    field : Field

    Returns
    -------
    list of Piece
        In pixels of `written`.
    """
    parts, stats, _ = labelled(written.mask)
    box, count = field.box, len(stats)
    top, left = max(0, round(box.y) - written.y), max(0, round(box.x) - written.x)
    bottom, right = round(box.bottom) - written.y, round(box.right) - written.x
    within = np.bincount(parts[top:bottom, left:right].ravel(), minlength=count)
    strokes, owner = _strokes(written, parts, stats)
    several = np.bincount(owner[owner > 0], minlength=count) > 1
    is_inside = within >= INSIDE * stats[:, cv2.CC_STAT_AREA]
    pieces = []
    for index in (np.flatnonzero(is_inside[1:]) + 1).tolist():
        x, y, width, height, _ = stats[index].tolist()
        place = (slice(y, y + height), slice(x, x + width))
        whole = Piece(parts[place] == index, Box(x, y, width, height))
        if several[index]:
            pieces += _parted(whole, strokes[place], np.flatnonzero(owner == index))
        else:
            pieces.append(whole)
    return pieces


def _strokes(
    written: Writing, parts: np.ndarray, stats: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ink without faint bridges: its labels, and the part that each high stroke is of, or -1."""
    core = cv2.bitwise_and(written.mask, cv2.threshold(written.soft, BRIDGE, 1, 0)[1])
    strokes, own, _ = labelled(core)
    owner = np.zeros(len(own), int)
    inked = np.flatnonzero(core.view(bool))
    owner[strokes.ravel()[inked]] = parts.ravel()[inked]
    high = own[:, cv2.CC_STAT_HEIGHT] >= BRIDGED * stats[owner, cv2.CC_STAT_HEIGHT]
    high[0] = False
    return strokes, np.where(high, owner, -1)


def _parted(piece: Piece, strokes: np.ndarray, own: np.ndarray) -> list[Piece]:
    """Part a piece that holds several strokes; every pixel goes to the nearest."""
    away = [cv2.distanceTransform((strokes != n).view(np.uint8), cv2.DIST_L2, 3) for n in own]
    nearest = np.argmin(away, axis=0)
    parts = [piece_of(piece.mask & (nearest == n)) for n in range(len(own))]
    return [_moved(part, piece.box.x, piece.box.y) for part in parts if part is not None]


def _moved(piece: Piece, x: float, y: float) -> Piece:
    box = piece.box
    return Piece(piece.mask, Box(box.x + x, box.y + y, box.width, box.height), piece.cut)


def piece_of(mask: np.ndarray) -> Piece | None:
    """All ink of a mask, bool (rows, columns), as one piece; None where there is none."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return None
    return Piece(mask[y : y + height, x : x + width], Box(x, y, width, height))


def joined(pieces: list[Piece]) -> Piece:
    """Several pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    left, top = int(min(p.box.x for p in pieces)), int(min(p.box.y for p in pieces))
    right, bottom = int(max(p.box.right for p in pieces)), int(max(p.box.bottom for p in pieces))
    mask = np.zeros((bottom - top, right - left), bool)
    for piece in pieces:
        y, x = int(piece.box.y) - top, int(piece.box.x) - left
        rows, columns = piece.mask.shape
        mask[y : y + rows, x : x + columns] |= piece.mask
    return Piece(mask, Box(left, top, right - left, bottom - top))
