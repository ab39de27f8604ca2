"""The fields of a page cut out and laid beside each other, so that one call works on all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box, Field

__all__ = ["Sheet", "lay_out"]

SHEET_PIXELS = 1_300_000
"""All fields of a sheet have no more with their gaps: more takes memory and gains no time."""
GAP_MM = 1.5
LEAST_GAP = 6
"""Millimetres, and pixels, of paper around each: nothing that is done to a field reaches so far."""


@dataclass(frozen=True)
class Sheet:
    """Some fields of a page with what is around them, apart from each other.

    Attributes
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        Of the page, 0 between the fields.
    fields : tuple of Field
    areas : ndarray of int, shape (fields, 4)
        Left, top, right and bottom of each field with its surroundings.
    shifts : ndarray of int, shape (fields, 2)
        Columns and rows from its place on the page to that on the sheet.
    cells : ndarray of int, shape (cells, 4)
        Left, top, right and bottom of each cell of all fields, as far as it lies in its area.
    owners : ndarray of int, shape (cells,)
        The number of the field that it is of, from 0.
    cell_at : ndarray of unsigned int, shape (rows, columns)
        The number of the cell that a pixel lies in, from 1, else 0.
    """

    darkness: np.ndarray
    fields: tuple[Field, ...]
    areas: np.ndarray
    shifts: np.ndarray
    cells: np.ndarray
    owners: np.ndarray
    cell_at: np.ndarray

    def cuts(self) -> list[tuple[slice, slice]]:
        """Rows and columns of each field with its surroundings."""
        return list(map(_cut, self.areas.tolist()))


def lay_out(
    darkness: np.ndarray, fields: Sequence[Field], overhang: float, pixels_per_mm: float
) -> Iterator[Sheet]:
    """Lay fields out on sheets about as wide as their page, as many as it takes.

    Parameters
    ----------
    darkness : ndarray of uint8, shape (rows, columns)
        Of the page.
    fields : sequence of Field
    overhang : float
        So much is cut out around a field, as a share of its height.
    pixels_per_mm : float

    Returns
    -------
    iterator of Sheet
        With all fields, in their order.
    """
    gap = max(LEAST_GAP, math.ceil(GAP_MM * pixels_per_mm))
    while fields:
        cuts = np.array([_surroundings(f.box, overhang, darkness.shape) for f in fields])
        sizes = cuts[:, 2:] - cuts[:, :2] + gap
        count = max(1, int(sizes.prod(axis=1).cumsum().searchsorted(SHEET_PIXELS, side="right")))
        corners = gap + _shelves(sizes[:count], darkness.shape[1])
        yield _sheet(darkness, tuple(fields[:count]), cuts[:count], corners, gap)
        fields = fields[count:]


def _surroundings(box: Box, overhang: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a field with what is around it, on a page of that shape.

    At least a pixel of the page, even where a template has a field beyond it.
    """
    margin = overhang * box.height
    rows, columns = shape
    left = min(max(0, int(box.x - margin)), columns - 1)
    top = min(max(0, int(box.y - margin)), rows - 1)
    right = min(columns, math.ceil(box.right + margin))
    bottom = min(rows, math.ceil(box.bottom + margin))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _shelves(sizes: np.ndarray, length: int) -> np.ndarray:
    """Left and top, (F, 2), of rectangles of sizes (F, 2), on shelves of about that length.

    The widest first, each on the shortest shelf: then all end at about the same place (Graham,
    "Bounds on multiprocessing timing anomalies", 1969).
    """
    ends = [0] * max(1, round(int(sizes[:, 0].sum()) / length))
    heights = ends.copy()
    places = np.empty_like(sizes)
    for number in np.argsort(-sizes[:, 0], kind="stable").tolist():
        wide, high = sizes[number].tolist()
        shelf = ends.index(min(ends))
        places[number] = ends[shelf], shelf
        ends[shelf] += wide
        heights[shelf] = max(heights[shelf], high)
    tops = np.cumsum([0, *heights])
    return np.stack([places[:, 0], tops[places[:, 1]]], axis=1)


def _sheet(
    page: np.ndarray, fields: tuple[Field, ...], cuts: np.ndarray, corners: np.ndarray, gap: int
) -> Sheet:
    """Copy the cuts (F, 4) of a page to their corners (F, 2) on a sheet."""
    areas = np.hstack([corners, corners + cuts[:, 2:] - cuts[:, :2]])
    shifts = corners - cuts[:, :2]
    owners = np.repeat(np.arange(len(fields)), [len(field.cells) for field in fields])
    cells = _cells(fields, shifts[owners], areas[owners])
    columns, rows = areas[:, 2:].max(axis=0) + gap
    darkness = np.zeros((rows, columns), np.uint8)
    for area, cut in zip(areas.tolist(), cuts.tolist(), strict=True):
        darkness[_cut(area)] = page[_cut(cut)]
    cell_at = np.zeros((rows, columns), np.min_scalar_type(len(cells)))
    for number, cell in enumerate(cells.tolist(), start=1):
        cell_at[_cut(cell)] = number
    return Sheet(darkness, fields, areas, shifts, cells, owners, cell_at)


def _cells(fields: tuple[Field, ...], shifts: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom of the cells of all fields, within their areas (C, 4)."""
    boxes = (cell.box for field in fields for cell in field.cells)
    places = np.rint(sides_of(boxes).T).astype(int) + np.tile(shifts, 2)
    first = np.clip(places[:, :2], areas[:, :2], areas[:, 2:])
    return np.hstack([first, np.clip(places[:, 2:], first, areas[:, 2:])])


def _cut(place: list[int]) -> tuple[slice, slice]:
    left, top, right, bottom = place
    return slice(top, bottom), slice(left, right)
