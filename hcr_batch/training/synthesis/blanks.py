"""Real blank forms: their layers, and where they are to be filled."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.errors import NoInputError
from hcr_batch.training.synthesis.canvas import DPI, LEVEL, MM, FormSheet, fit_cell
from hcr_batch.training.synthesis.find_places import find_places
from hcr_batch.training.synthesis.vector_layers import vector_layers
from hcr_batch.types import Box

__all__ = [
    "BlankForm",
    "blank_forms",
    "blank_sheet",
    "blank_to_fill",
    "forms_to_fill",
    "is_held_out",
    "is_lined",
]

HELD_SHARE, HELD_SALT = 22, "5"
"""Per cent of the sources that are held out; the salt was chosen so that a fifth of the pages,
several sources with cells among them, are, and no form of a kind that is learned from."""
REFILLED = 4
"""Times in a row that a real blank form is filled; most of the work is its drawing."""
SOLID = 16
"""Rules that are this many pixels (2 mm) thick and more are grounds and bars."""
FAINT, CLEARER = 10, 8
"""Least darkness, 0 to 255, of a rule, and how much darker it is than the ground at least."""
LEAST_UNDERSCORE, LARGEST_DOT = 5.0, 0.55
"""mm: length of a printed underscore, size of a dot of a leader."""
BOX_SIDES = (1.6, 6.5)
"""mm: insides of check boxes that are set as print."""
NEAR_LINE_MM = 1.0
LINE_LEVEL, LINED = 90, 0.5
"""A line runs along a cell's side where so near to it, by this share of its width, pixels are line
from this level of 255 on: places of dashes between cells, which are estimated as cells too, have
none."""
UNBROKEN = 0.9
"""Likewise by this share in one row of pixels of print: some forms print their cells as letters."""
DENSE_SIDE, DENSE = 6.0, 0.33
"""mm, and share of the ground covered by rules from which they are a bar code or a screen,"""
DENSE_SIDES = 7.0
"""if so many of their sides are met across that: a thick frame beside a row of cells has six."""


@dataclass(frozen=True)
class BlankForm:
    """A page of a blank form.

    Attributes
    ----------
    path : Path
        Its vector PDF.
    source : str
        The repository it comes from.
    cells : tuple of Box
        Its character cells, in mm.
    """

    path: Path
    source: str
    cells: tuple[Box, ...]


def blank_forms(folder: Path) -> list[BlankForm]:
    """The forms of a folder with index.csv and cells.csv.

    Raises
    ------
    NoInputError
        There is no index.csv.
    """
    if not (folder / "index.csv").exists():
        raise NoInputError(f"{folder}: has no index.csv; name a folder of blank forms")
    cells: dict[str, list[Box]] = {}
    for row in _rows(folder / "cells.csv"):
        sides = (float(row[name]) for name in ("x_mm", "y_mm", "width_mm", "height_mm"))
        cells.setdefault(row["file"], []).append(Box(*sides))
    return [
        BlankForm(folder / row["file"], row["source"], tuple(cells.get(row["file"], ())))
        for row in _rows(folder / "index.csv")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def forms_to_fill(data: Path, held: bool) -> list[BlankForm]:
    """The forms in the blank_forms of a data folder, where there are some: held out, or not."""
    folder = data / "blank_forms"
    if not folder.is_dir():
        return []
    return [form for form in blank_forms(folder) if is_held_out(form.source) == held]


def is_held_out(source: str) -> bool:
    """Whether forms of this source are kept for measuring: one in five, always the same."""
    return zlib.crc32((source + HELD_SALT).encode()) % 100 < HELD_SHARE


def blank_sheet(form: BlankForm) -> FormSheet:
    """The layers and places of a blank form at the sheet's resolution."""
    drawn = vector_layers(form.path, DPI)
    sheet = FormSheet(*drawn.rules.shape)
    solid = cv2.morphologyEx(drawn.rules, cv2.MORPH_OPEN, np.ones((SOLID, SOLID), np.uint8))
    near = cv2.dilate(solid, np.ones((3, 3), np.uint8))
    thin = (drawn.rules > FAINT) & (drawn.rules.astype(int) > near.astype(int) + CLEARER)
    written = _underscores(drawn.print) | _printed_boxes(drawn.print)
    lines = np.where(thin, drawn.rules, 0) | np.where(written, drawn.print, 0)
    code = _dense(lines)
    printed = np.where(written, 0, drawn.print)
    _ink(sheet.line, np.where(code, 0, lines))
    _ink(sheet.print, np.maximum(printed, np.where(code, lines, 0)))
    pictures = np.maximum(drawn.pictures, solid)
    _reverse(sheet, drawn.print, pictures)
    sheet.picture[:] = np.where(pictures > 25, 255, 0)
    cells = [Box(c.x * MM, c.y * MM, c.width * MM, c.height * MM) for c in form.cells]
    sheet.places = find_places(sheet, cell_runs(_empty(sheet, cells)))
    return sheet


def is_lined(sheet: FormSheet, cell: Box) -> bool:
    """Whether a line runs along the upper or lower side of a cell, in pixels of the sheet."""
    return _lines_along(sheet, cell) > 0


def _lines_along(sheet: FormSheet, cell: Box) -> int:
    """Along how many of the upper and lower side of a cell a line runs."""
    slack = round(NEAR_LINE_MM * MM)
    across = slice(max(round(cell.x), 0), max(round(cell.right), 1))
    lines = 0
    for y in (round(cell.y), round(cell.bottom)):
        here = slice(max(y - slack, 0), y + slack + 1), across
        near, printed = (ink.cover[here] > LINE_LEVEL for ink in (sheet.line, sheet.print))
        if near.size:
            shown, unbroken = near.max(axis=0).mean(), printed.mean(axis=1).max()
            lines += bool(shown >= LINED or unbroken >= UNBROKEN)
    return lines


def blank_to_fill(
    forms: Sequence[BlankForm], seed: int, number: int, drawn_share: float
) -> FormSheet | None:
    """One of some blank forms for a page of this number, not to be written on but on a copy.

    None where there is no form, and for a share of the pages, whose sheets are to be drawn.
    """
    group = np.random.default_rng((seed, 1, number // REFILLED))
    if not forms or group.random() <= drawn_share:
        return None
    return _kept_sheet(forms[int(group.integers(len(forms)))])


@lru_cache(maxsize=2)
def _kept_sheet(form: BlankForm) -> FormSheet:
    return blank_sheet(form)


def _ink(layer: object, dark: np.ndarray) -> None:
    layer.tone[:] = dark  # type: ignore[attr-defined]
    darkest = np.maximum(cv2.dilate(dark, np.ones((5, 5), np.uint8)), FAINT)
    share = dark.astype(np.float32) / darkest
    layer.cover[:] = np.where(dark > FAINT, LEVEL * share, 0)  # type: ignore[attr-defined]


def _reverse(sheet: FormSheet, text: np.ndarray, pictures: np.ndarray) -> None:
    """Grounds as the light that they leave; print on dark ones is white."""
    dark = pictures.astype(np.float32) / 255
    white = (text.astype(np.float32) / 255) * (dark > 0.5)
    sheet.tint[:] = 1 - dark * (1 - white)
    sheet.print.tone[:] = np.where(dark > 0.5, 0, sheet.print.tone)


def _underscores(text: np.ndarray) -> np.ndarray:
    """Where print is a line to write on after all: underscores, leaders of dots; bool."""
    ink = (text > 60).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    small = (stats[:, 2:4].max(1) <= LARGEST_DOT * MM).astype(np.uint8)
    small[0] = 0
    dots = small[labels]
    joined = cv2.morphologyEx(dots, cv2.MORPH_CLOSE, np.ones((1, round(1.6 * MM)), np.uint8))
    _, rows, extents, _ = cv2.connectedComponentsWithStats(joined)
    leader = (extents[:, 2] > LEAST_UNDERSCORE * MM) & (extents[:, 3] < 0.8 * MM)
    leader[0] = False
    bars = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, round(2.5 * MM)), np.uint8))
    share = np.bincount(labels.ravel(), bars.ravel(), len(stats)) / np.maximum(stats[:, 4], 1)
    ruled = (stats[:, 2] > LEAST_UNDERSCORE * MM) & (share > 0.5)
    ruled[0] = False
    near = cv2.dilate(
        (ruled[labels] | (leader[rows] & (dots > 0))).astype(np.uint8), np.ones((3, 3), np.uint8)
    )
    return (near > 0) & (text > 0)


def _printed_boxes(text: np.ndarray) -> np.ndarray:
    """Where print is a check box after all: hollow squares; bool."""
    ink = (text > 60).astype(np.uint8)
    _, _, inner, _ = cv2.connectedComponentsWithStats(1 - ink, connectivity=4)
    low, high = (side * MM for side in BOX_SIDES)
    sides = inner[:, 2:4]
    square = (sides.min(1) > low) & (sides.max(1) < high) & (sides.min(1) > 0.75 * sides.max(1))
    rectangular = inner[:, 4] > 0.93 * sides[:, 0] * sides[:, 1]
    found = np.flatnonzero(square & rectangular)
    boxes = np.zeros_like(ink)
    for x, y, width, height, _ in inner[found[found > 0]]:
        margin = 2 + round(0.12 * width)
        boxes[max(y - margin, 0) : y + height + margin, max(x - margin, 0) : x + width + margin] = 1
    return (boxes > 0) & (text > 0)


def _dense(lines: np.ndarray) -> np.ndarray:
    """Where rules stand so close that they are a bar code or hatching; bool."""
    side = round(DENSE_SIDE * MM)
    ruled = (lines > FAINT).astype(np.float32)
    steps = [np.abs(np.gradient(ruled, axis=axis)) for axis in (0, 1)]
    share, down, across = (cv2.blur(values, (side, side)) for values in (ruled, *steps))
    dense = (share > DENSE) & (np.maximum(across, down) * side >= DENSE_SIDES)
    return cv2.dilate(dense.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def _empty(sheet: FormSheet, cells: Sequence[Box]) -> list[Box]:
    """Cells that are not filled with print already, and are no dashes between cells."""
    bare = []
    for cell in cells:
        inner = fit_cell(cell)
        where = np.s_[
            max(int(inner.y + 0.15 * inner.height), 0) : int(inner.bottom),
            max(int(inner.x), 0) : int(inner.right),
        ]
        ink = sheet.print.tone[where]
        if ink.size and (ink > 128).mean() < 0.05:
            bare.append(cell)
    return [cell for run in cell_runs(bare) for cell in _as_lined(sheet, run)]


def _as_lined(sheet: FormSheet, run: list[Box]) -> list[Box]:
    """The cells of a row along which there are as many lines as along most of them; one at least.

    The line below a frame runs along a dash between its cells too.
    """
    lines = np.array([_lines_along(sheet, cell) for cell in run])
    return list(compress(run, lines >= max(1.0, np.median(lines))))


def cell_runs(cells: Sequence[Box]) -> list[list[Box]]:
    """Cells in rows of neighbours, from left to right."""
    runs: list[list[Box]] = []
    for cell in sorted(cells, key=lambda c: (round(c.y / (2 * MM)), c.x)):
        last = runs[-1][-1] if runs else None
        if last and abs(last.y - cell.y) < 0.5 * MM and -1 < cell.x - last.right < 0.6 * cell.width:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return runs
