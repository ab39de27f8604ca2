"""Ink isolation: the writing of each cell without box lines, dirt and neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from hcr_batch.arrays.components import labelled
from hcr_batch.arrays.quantiles import quantile_of_few
from hcr_batch.characters.light import even_light
from hcr_batch.characters.ownership import Owned, share_out
from hcr_batch.characters.writing import SOFT_EDGE, Writing
from hcr_batch.config import GlyphSettings
from hcr_batch.types import Box, Field

__all__ = ["CellInk", "isolate_cell", "isolate_fields", "of_one_pen", "usual_pen", "with_all_ink"]

PART = 0.45
"""Handwriting that is lower than this share of all ink in its cell is a part of a character."""
USUAL_PEN = 0.75
FEWEST_PENS = 8
"""Quantile of the pens of a page's written cells that is the pen of its writer; of so many."""
OUT_OF_CELL = 0.25
"""Share of a character's ink beyond its walls from which it is reported."""
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
STROKE_LEVEL = 96
"""Soft ink from this level on counts as a stroke where a single cell's frame is looked for."""
LINE_EDGE = np.ones((5, 5), np.uint8)
"""A line's soft and rough edges are two pixels wide."""
ROOMY = 0.5
"""Shorter by longer side from which a cell has paper enough to tell its light: a narrow one is a
stroke cut out tightly."""
CONTACT = 0.02
"""Share of a character's ink that may touch its frame."""
RUN_SHARE = 0.5
"""Share of a single cell's side that runs of a line along its rim are long: it may climb."""
ZONE_SHARE = 0.25
"""Share of a single cell's side in which its frame lies."""
OFF_SHARE = 0.3
"""Ink at the edge whose middle is so far from the cell's, as a share of its width, is a
neighbour's..."""
MAIN_SHARE = 0.35
"""...where ink as large as this share of the cell's larger side touches no edge."""
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
    accented : bool
        A letter with marks above.
    printed : bool
        It is machine print: a hint, or a typed answer.
    pen : float
        Mean darkness of its strokes, 0 to 255.
    """

    ink: np.ndarray | None
    box: Box
    touching: bool = False
    out_of_cell: bool = False
    small: bool = False
    accented: bool = False
    printed: bool = False
    pen: float = 0.0

    @property
    def crosses(self) -> bool:
        """Whether its ink reaches across a wall."""
        return self.touching or self.out_of_cell


def isolate_fields(
    written: Writing, fields: Sequence[Field], settings: GlyphSettings
) -> tuple[list[tuple[CellInk, ...]], np.ndarray]:
    """Give each cell of some fields its writing.

    Connected ink goes whole to the cell that holds most of it, so that a tail
    beyond the wall stays with its character; ink that lies in two cells is
    parted at the wall.

    Parameters
    ----------
    written : Writing
        Of the page.
    fields : sequence of Field
    settings : GlyphSettings

    Returns
    -------
    cells : list of tuple of CellInk
        One a cell of each field, in order.
    stray : ndarray of bool, shape (parts,)
        Which parts of the writing are in none of the cells.
    """
    boxes = [cell.box for field in fields for cell in field.cells]
    owned, stray = share_out(written, boxes)
    alone = written.soft * cv2.dilate(written.mask, SOFT_EDGE)
    mine = iter(owned)
    cells = [
        tuple(_cell_ink(next(mine), written, alone, cell.box, settings) for cell in field.cells)
        for field in fields
    ]
    return cells, stray


def usual_pen(cells: Sequence[tuple[CellInk, ...]]) -> float:
    """Darkness of the pen with which most cells of a page are written; 0 for few of them."""
    pens = [cell.pen for inks in cells for cell in inks if cell.ink is not None]
    return quantile_of_few(pens, USUAL_PEN) if len(pens) >= FEWEST_PENS else 0.0


def of_one_pen(cells: tuple[CellInk, ...], least: float) -> tuple[CellInk, ...]:
    """The cells of a field, blank where the ink is below a share of the darkest pen in them."""
    darkest = max((cell.pen for cell in cells if cell.ink is not None), default=0.0)
    return tuple(
        CellInk(None, cell.box) if cell.ink is not None and cell.pen < least * darkest else cell
        for cell in cells
    )


def with_all_ink(
    written: tuple[CellInk, ...], inked: tuple[CellInk, ...], is_written: bool
) -> tuple[CellInk, ...]:
    """The cells of a field with what was taken for print in them.

    In a field that is written, that is handwriting too; else it is print,
    where nothing is written beside.

    Parameters
    ----------
    written, inked : tuple of CellInk
        What was taken for handwriting, and all that is no line, of the same cells.
    is_written : bool
        Whether more of the field is handwriting than print.
    """
    if is_written:
        return inked
    return tuple(
        replace(both, printed=True)
        if both.ink is not None and (own.ink is None or own.box.height < PART * both.box.height)
        else own
        for own, both in zip(written, inked, strict=True)
    )


def isolate_cell(cell: np.ndarray) -> np.ndarray:
    """Take the ink of one character out of the picture of its cell.

    For a cell without its page: a crop, an upload, a training sample. The
    light on the paper is made even, then Otsu's threshold parts ink from it.
    Frames around the ink and rests of box lines are left out while there is
    other ink; a lone upright stroke stays, unless it is a wall from end to end
    along the rim.

    Parameters
    ----------
    cell : ndarray of uint8, shape (rows, columns)
        Gray, dark ink on light paper.

    Returns
    -------
    ndarray of uint8, same shape
        Soft ink, 255 the dark of the pen, 0 paper; all 0 for a blank cell.
    """
    ink = _soft_ink(even_light(cell) if min(cell.shape) >= ROOMY * max(cell.shape) else cell)
    ink[_frame(ink >= STROKE_LEVEL)] = 0
    parts, stats, _ = labelled((ink > 0).view(np.uint8))
    size = stats[:, 2:4].max(axis=1) / max(cell.shape)
    written = (size >= SPECK_SHARE) & (np.arange(len(stats)) > 0)
    rests = _wall_rests(parts, stats)
    beside = written & ~rests & (size >= CHARACTER_SHARE)
    written &= ~(rests if beside.any() else _walls_alone(stats, cell.shape))
    return np.where(written[parts], ink, 0).astype(np.uint8)


def _frame(ink: np.ndarray) -> np.ndarray:
    """Lines along the rim, joined or not, around ink that hardly touches them; bool.

    Parameters
    ----------
    ink : ndarray of bool, shape (rows, columns)
    """
    level, upright = _rim_lines(ink), _rim_lines(ink.T).T
    # The bars of a letter cut out tightly lie along the rim too, but not along three sides.
    if _sides(level) + _sides(upright.T) < 3:
        return np.zeros(ink.shape, bool)
    lines = (level | upright).view(np.uint8)
    near = cv2.dilate(lines, SOFT_EDGE)
    parts, stats, _ = labelled((ink & (lines == 0)).view(np.uint8))
    contact = np.bincount(parts.ravel(), near.ravel(), len(stats))
    large = stats[:, 2:4].max(axis=1) >= CHARACTER_SHARE * max(ink.shape)
    if not (large & (contact <= CONTACT * stats[:, 4]))[1:].any():
        return np.zeros(ink.shape, bool)
    return cv2.dilate(lines, LINE_EDGE) > 0


def _sides(level: np.ndarray) -> int:
    """How many of the upper and the lower half of a cell have a line."""
    half = len(level) // 2
    return int(level[:half].any()) + int(level[half:].any())


def _rim_lines(ink: np.ndarray) -> np.ndarray:
    """Lines along the upper and lower rim from side to side; bool."""
    rows, columns = ink.shape
    runs = np.ones((1, max(2, int(RUN_SHARE * columns))), np.uint8)
    level = cv2.morphologyEx(ink.view(np.uint8), cv2.MORPH_OPEN, runs)
    lines = np.zeros_like(level)
    zone = int(ZONE_SHARE * rows)
    for part in (np.s_[:zone], np.s_[rows - zone :]):
        if level[part].any(axis=0).mean() >= LONG_SHARE:
            lines[part] = level[part]
    return lines > 0


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
    keeps to the rim, is the smaller part of the ink, or a neighbour's.
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
    off = np.abs(x + width / 2 - columns / 2) > OFF_SHARE * columns
    alone = (~at_edge & (np.maximum(width, height) >= MAIN_SHARE * max(rows, columns)))[1:].any()
    return upright | level | (at_edge & (narrow | within_rim | minor | (off & alone)))


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


def _cell_ink(
    owned: Owned, written: Writing, alone: np.ndarray, cell: Box, settings: GlyphSettings
) -> CellInk:
    """What one cell owns of a page's ink; `alone` is that beside which there is no other."""
    left, top, right, bottom = owned.place
    size = max(right - left, bottom - top)
    if not size or size < settings.max_dirt_height * cell.height:
        return CellInk(None, cell)
    ink = alone if owned.alone else written.soft
    cut = ink[top:bottom, left:right]
    return CellInk(
        ink=cut if owned.alone else cut * cv2.dilate(owned.mask, SOFT_EDGE),
        box=Box(left, top, right - left, bottom - top),
        touching=owned.touching,
        out_of_cell=owned.outside > OUT_OF_CELL,
        small=size < settings.min_glyph_height * cell.height,
        pen=cv2.mean(written.darkness[top:bottom, left:right], owned.mask)[0],
    )
