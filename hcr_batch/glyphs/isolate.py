"""Ink isolation: the writing of each cell without box lines, dirt and neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.glyphs.walls import erase_walls
from hcr_batch.layout.binarize import Ink
from hcr_batch.types import Box, Field

__all__ = ["CellInk", "FieldInk", "field_ink", "isolate_cell", "isolate_field"]

BELONGS = 0.5
"""Connected ink with at least this share in one cell belongs to that cell whole."""
TOUCHES = 0.15
"""Connected ink with at least this share in each of two cells joins two characters."""
OUT_OF_CELL = 0.25
"""Share of a character's ink beyond its walls from which it is reported."""
RIM_LEVEL = 0.3
CORE_LEVEL = 0.9
"""Shares of a pen's darkness at which its stroke begins and is full."""
MIN_CONTRAST = 12
"""Gray levels between the means of ink and paper below which a single cell is blank."""
EDGE_SOFTNESS = 0.4
"""Half of the ramp from paper to ink around the threshold, as a share of that contrast."""
MAX_SOFTNESS = 24
"""Gray levels that half of the ramp measures at most."""
SPECK_SHARE = 0.06
"""Ink smaller than this share of a single cell's larger side is dirt."""
CHARACTER_SHARE = 0.15
"""Ink at least so large beside the rest of a wall may be the character of a single cell."""
RIM_SHARE = 0.12
"""Rests of walls are no thicker than this share of a single cell's smaller side."""
LONG_SHARE = 0.9
"""A bar this long, as a share of the cell's side, is a wall even off the edge."""


@dataclass(frozen=True)
class CellInk:
    """The writing of one cell.

    Attributes
    ----------
    ink : ndarray of uint8, shape (rows, columns), or None
        Soft ink, 255 the full darkness of the pen, tightly cut; None for a
        blank cell.
    box : Box
        Where the ink stands, in pixels of the page; the cell for a blank one.
    touching : bool
        Its ink is connected with a neighbour's.
    out_of_cell : bool
        A good part of its ink lies beyond the walls.
    small : bool
        Too small for a character of that cell: a point, a comma, dirt.
    """

    ink: np.ndarray | None
    box: Box
    touching: bool = False
    out_of_cell: bool = False
    small: bool = False


@dataclass(frozen=True)
class FieldInk:
    """The writing around one field, walls erased.

    Attributes
    ----------
    soft : ndarray of uint8, shape (rows, columns)
        255 is the full darkness of the field's pen, 0 is paper.
    parts : ndarray of int32, same shape
        Connected parts of the writing, numbered from 1; 0 is paper.
    x, y : int
        Place of the top left pixel on the page.
    """

    soft: np.ndarray
    parts: np.ndarray
    x: int
    y: int


def field_ink(
    ink: Ink, field: Field, pixels_per_mm: float, settings: GlyphSettings
) -> FieldInk | None:
    """Cut a field out of the page and erase its walls; None where nothing is written.

    Pencil and faint pens lie below the page's threshold: the field's own pen
    decides, from a lower one, what is a stroke.

    Parameters
    ----------
    ink : Ink
        Of the page.
    field : Field
    pixels_per_mm : float
    settings : GlyphSettings
        `max_overhang`, `faint_ink`, `stroke_level` and `min_speck_mm`.
    """
    x, y, right, bottom = _surroundings(ink, field, settings)
    darkness = ink.darkness[y:bottom, x:right]
    faint = settings.faint_ink * ink.threshold
    walls = erase_walls(darkness, field, (x, y), pixels_per_mm, int(faint))
    low = (walls.darkness > faint).view(np.uint8)
    speck = settings.min_speck_mm * pixels_per_mm
    _, parts, stats, _ = cv2.connectedComponentsWithStats(low, ltype=cv2.CV_32S)
    large = stats[:, 2:4].max(axis=1) >= speck
    large[0] = False
    written = large[parts] & walls.inside
    if not written.any():
        return None
    pen = float(np.percentile(walls.darkness[written], 90))
    level = max(faint, settings.stroke_level * pen)
    stroke = ((walls.darkness > level) & large[parts]).view(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(stroke, ltype=cv2.CV_32S)
    large = stats[:, 2:4].max(axis=1) >= speck
    large[0] = False
    parts[~large[parts]] = 0
    return FieldInk(_softened(walls.darkness, pen), parts, x, y)


def _softened(darkness: np.ndarray, pen: float) -> np.ndarray:
    """Stretch darkness so that a stroke's blurred rim and the gaps it fills turn to paper."""
    steps = (np.arange(256) / max(pen, 1.0) - RIM_LEVEL) / (CORE_LEVEL - RIM_LEVEL)
    return cv2.LUT(darkness, (np.clip(steps, 0, 1) * 255).astype(np.uint8))


def isolate_field(
    ink: Ink, field: Field, pixels_per_mm: float, settings: GlyphSettings
) -> tuple[CellInk, ...]:
    """Give each cell of a field its writing.

    Connected ink goes whole to the cell that holds most of it, so that a tail
    beyond the wall stays with its character; ink that lies in two cells is
    parted at the wall.

    Parameters
    ----------
    ink : Ink
        Of the page.
    field : Field
    pixels_per_mm : float
    settings : GlyphSettings

    Returns
    -------
    tuple of CellInk
        One a cell, in order.
    """
    written = field_ink(ink, field, pixels_per_mm, settings)
    if written is None:
        return tuple(CellInk(None, cell.box) for cell in field.cells)
    owner = _cell_of_pixel(written, field)
    shares = _shares(written.parts, owner, len(field.cells))
    return tuple(
        _cell_ink(written, owner, shares, index, cell.box, settings)
        for index, cell in enumerate(field.cells)
    )


def isolate_cell(cell: np.ndarray) -> np.ndarray:
    """Take the ink of one character out of the picture of its cell.

    For a cell without its page: a crop, an upload, a training sample. Otsu's
    threshold parts ink from paper. Rests of box lines are left out while there
    is other ink; a lone upright stroke stays, unless it is a wall from end to
    end along the rim.

    Parameters
    ----------
    cell : ndarray of uint8, shape (rows, columns)
        Gray, dark ink on light paper.

    Returns
    -------
    ndarray of uint8, same shape
        Soft ink, 255 the dark of the pen, 0 paper; all 0 for a blank cell.
    """
    ink = _soft_ink(cell)
    _, parts, stats, _ = cv2.connectedComponentsWithStats((ink > 0).view(np.uint8))
    size = stats[:, 2:4].max(axis=1) / max(cell.shape)
    written = (size >= SPECK_SHARE) & (np.arange(len(stats)) > 0)
    rests = _wall_rests(parts, stats)
    beside = written & ~rests & (size >= CHARACTER_SHARE)
    written &= ~(rests if beside.any() else _walls_alone(stats, cell.shape))
    return np.where(written[parts], ink, 0).astype(np.uint8)


def _soft_ink(cell: np.ndarray) -> np.ndarray:
    """Ink of a single cell with a ramp at its edges; uint8, all 0 without contrast."""
    level, _ = cv2.threshold(cell, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = cell <= level
    if dark.all() or not dark.any():
        return np.zeros_like(cell)
    pen, paper = float(cell[dark].mean()), float(cell[~dark].mean())
    if paper - pen < MIN_CONTRAST:
        return np.zeros_like(cell)
    ramp = min(EDGE_SOFTNESS * (paper - pen), MAX_SOFTNESS)
    middle = (pen + paper) / 2
    return np.clip((middle + ramp - cell) * (127.5 / ramp), 0, 255).astype(np.uint8)


def _wall_rests(parts: np.ndarray, stats: np.ndarray) -> np.ndarray:
    """Which connected parts may be rests of walls beside a character; bool (N,).

    Thin bars at the edge or as long as the cell; and what touches the edge and
    keeps to the rim, or is the smaller part of the ink.
    """
    rows, columns = parts.shape
    thin = RIM_SHARE * min(parts.shape)
    x, y, width, height, area = stats.T
    upright = (width <= thin) & (height >= LONG_SHARE * rows)
    level = (height <= thin) & (width >= LONG_SHARE * columns)
    at_edge = (x == 0) | (y == 0) | (x + width == columns) | (y + height == rows)
    at_edge[0] = False
    minor = 2 * area[at_edge].sum() < area[1:].sum()
    rim = int(thin)
    middle = parts[rim : rows - rim, rim : columns - rim]
    within_rim = np.bincount(middle.ravel(), minlength=len(stats)) == 0
    narrow = np.minimum(width, height) <= thin
    return upright | level | (at_edge & (narrow | within_rim | minor))


def _walls_alone(stats: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which connected parts are walls even with nothing beside them; bool (N,).

    Thin bars from end to end along the rim: elsewhere such a bar is a 1, l or I.
    """
    rows, columns = shape
    thin = RIM_SHARE * min(shape)
    x, y, width, height, _ = stats.T
    upright = (height >= LONG_SHARE * rows) & ((x + width <= thin) | (x >= columns - thin))
    level = (width >= LONG_SHARE * columns) & ((y + height <= thin) | (y >= rows - thin))
    return upright | level


def _surroundings(ink: Ink, field: Field, settings: GlyphSettings) -> tuple[int, int, int, int]:
    margin = settings.max_overhang * field.box.height
    rows, columns = ink.mask.shape
    return (
        max(0, int(field.box.x - margin)),
        max(0, int(field.box.y - margin)),
        min(columns, int(np.ceil(field.box.right + margin))),
        min(rows, int(np.ceil(field.box.bottom + margin))),
    )


def _cell_of_pixel(written: FieldInk, field: Field) -> np.ndarray:
    """Number of the cell (from 1) that each pixel lies in; 0 outside all."""
    owner = np.zeros(written.parts.shape, np.int32)
    for index, cell in enumerate(field.cells, start=1):
        box = cell.box
        top, bottom = round(box.y) - written.y, round(box.bottom) - written.y
        left, right = round(box.x) - written.x, round(box.right) - written.x
        owner[max(0, top) : bottom, max(0, left) : right] = index
    return owner


def _shares(parts: np.ndarray, owner: np.ndarray, cells: int) -> np.ndarray:
    """Share of each part's ink in each cell; float, shape (parts + 1, cells + 1)."""
    count = int(parts.max()) + 1
    inked = parts > 0
    pairs = parts[inked] * (cells + 1) + owner[inked]
    table = np.bincount(pairs, minlength=count * (cells + 1)).reshape(count, cells + 1)
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def _cell_ink(
    written: FieldInk,
    owner: np.ndarray,
    shares: np.ndarray,
    index: int,
    cell: Box,
    settings: GlyphSettings,
) -> CellInk:
    mine = shares[:, index + 1]
    others = np.delete(shares[:, 1:], index, axis=1).max(axis=1, initial=0.0)
    whole = (mine >= BELONGS) & (others < TOUCHES)
    homeless = (mine > 0) & (mine < BELONGS) & (others < BELONGS)
    shared = (mine >= TOUCHES) & (others >= TOUCHES) | homeless
    selected = whole[written.parts] | (shared[written.parts] & (owner == index + 1))
    left, top, width, height = cv2.boundingRect(selected.view(np.uint8))
    if not width or max(width, height) < settings.max_dirt_height * cell.height:
        return CellInk(None, cell)
    cut = (slice(top, top + height), slice(left, left + width))
    around = cv2.dilate(selected[cut].view(np.uint8), np.ones((3, 3), np.uint8))
    amounts = np.bincount(written.parts.ravel(), minlength=len(shares))
    inside = float((amounts * mine * whole).sum())
    outside = float((amounts * shares[:, 0] * whole).sum())
    return CellInk(
        ink=np.where(around, written.soft[cut], 0).astype(np.uint8),
        box=Box(left + written.x, top + written.y, width, height),
        touching=bool(((mine >= TOUCHES) & (others >= TOUCHES)).any()),
        out_of_cell=outside > OUT_OF_CELL * max(inside + outside, 1.0),
        small=max(width, height) < settings.min_glyph_height * cell.height,
    )
