"""Ink isolation: the writing of each cell without box lines, dirt and neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.config import GlyphSettings
from hcr_batch.glyphs.field_ink import SheetInk, sheet_inks
from hcr_batch.glyphs.ownership import Owned, share_out
from hcr_batch.layout.binarize import Ink
from hcr_batch.layout.histogram import quantile_of_few
from hcr_batch.types import Box, Field

__all__ = ["CellInk", "blank_cells", "faintest_pen", "isolate_cell", "isolate_fields"]

USUAL_PEN = 0.75
"""Quantile of the pens of a page's written cells that is the pen of its writer."""
SOFT_EDGE = np.ones((3, 3), np.uint8)
"""The soft edge around a stroke is one pixel wide."""
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
    pen : float
        Full darkness of the pen of its field, 0 to 255.
    """

    ink: np.ndarray | None
    box: Box
    touching: bool = False
    out_of_cell: bool = False
    small: bool = False
    pen: float = 0.0
    accented: bool = False


def isolate_fields(
    ink: Ink, fields: Sequence[Field], pixels_per_mm: float, settings: GlyphSettings
) -> list[tuple[CellInk, ...]]:
    """Give each cell of some fields its writing.

    Connected ink goes whole to the cell that holds most of it, so that a tail
    beyond the wall stays with its character; ink that lies in two cells is
    parted at the wall.

    Parameters
    ----------
    ink : Ink
        Of the page.
    fields : sequence of Field
    pixels_per_mm : float
    settings : GlyphSettings

    Returns
    -------
    list of tuple of CellInk
        One a cell of each field, in order.
    """
    return [
        cells
        for written in sheet_inks(ink, fields, pixels_per_mm, settings)
        for cells in _cells_of_sheet(written, settings)
    ]


def _cells_of_sheet(
    written: SheetInk, settings: GlyphSettings
) -> Iterator[tuple[CellInk, ...]]:
    """What the cells of each field own; `alone` is the ink beside which there is no other."""
    sheet = written.sheet
    owned = iter(share_out(written))
    alone = written.soft * cv2.dilate(written.mask, SOFT_EDGE)
    for field, pen, shift in zip(sheet.fields, written.pens, sheet.shifts.tolist(), strict=True):
        yield tuple(
            _cell_ink(mine, alone if mine.alone else written.soft, shift, pen, cell.box, settings)
            for cell, mine in zip(field.cells, owned, strict=False)
        )


def blank_cells(field: Field) -> tuple[CellInk, ...]:
    """The cells of a field in which nothing is written."""
    return tuple(CellInk(None, cell.box) for cell in field.cells)


def faintest_pen(cells: Iterable[CellInk], settings: GlyphSettings) -> float:
    """Darkness that the pen of a field has at least, by the pens of all cells of its page.

    One pen's strokes are never so much lighter in one field than in the others:
    what is fainter shows through from the other side of the paper.

    Parameters
    ----------
    cells : iterable of CellInk
    settings : GlyphSettings
        `stroke_level` is used.
    """
    pens = [cell.pen for cell in cells if cell.ink is not None]
    return settings.stroke_level * quantile_of_few(pens, USUAL_PEN) if pens else 0.0


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


def _cell_ink(
    owned: Owned,
    ink: np.ndarray,
    shift: list[int],
    pen: float,
    cell: Box,
    settings: GlyphSettings,
) -> CellInk:
    """What one cell owns of a sheet's ink; `shift` leads to the sheet from the page."""
    left, top, right, bottom = owned.place
    size = max(right - left, bottom - top)
    if not size or size < settings.max_dirt_height * cell.height:
        return CellInk(None, cell)
    cut = ink[top:bottom, left:right]
    return CellInk(
        ink=cut if owned.alone else cut * cv2.dilate(owned.mask, SOFT_EDGE),
        box=Box(left - shift[0], top - shift[1], right - left, bottom - top),
        touching=owned.touching,
        out_of_cell=owned.outside > OUT_OF_CELL,
        small=size < settings.min_glyph_height * cell.height,
        pen=pen,
    )
