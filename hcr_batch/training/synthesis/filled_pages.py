"""Whole pages of blank forms, filled, with the truth of what stands where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.geometry import projected
from hcr_batch.training.synthesis.blanks import BlankForm, blank_sheet
from hcr_batch.training.synthesis.canvas import DPI, fit_cell
from hcr_batch.training.synthesis.form_hands import FormHand, Pen
from hcr_batch.training.synthesis.handwriting import FormWriter
from hcr_batch.training.synthesis.paper import bend_sheet, printed_sheet, scan_paper, turned
from hcr_batch.training.synthesis.penmanship import Penmanship
from hcr_batch.types import Box

__all__ = ["FilledCell", "FilledPage", "FilledWord", "fill_form"]

SCANS = {"flatbed": 0.8, "fax": 0.2}
"""Ways in which pages are scanned that are to be read, and how often they come."""
LARGEST_TURN = 1.5
"""Degrees that a page lies askew at most."""


@dataclass(frozen=True)
class FilledCell:
    """A character cell whose walls are printed; `character` is "" where nothing was written.

    `run` is the number of its row of neighbours.
    """

    box: Box
    character: str
    run: int


@dataclass(frozen=True)
class FilledWord:
    """A word, number or row of marks, and about where its ink is."""

    box: Box
    text: str


@dataclass(frozen=True)
class FilledPage:
    """A scanned form and what is true about it; boxes in pixels of `gray`.

    Attributes
    ----------
    gray : ndarray of uint8, shape (rows, columns)
    dpi : float
    cells : tuple of FilledCell
        All character cells with walls, also the blank ones.
    words : tuple of FilledWord
        What was written elsewhere.
    areas, checks, unsure : tuple of Box
        Areas to write in, check boxes, and boxes of which that is not known.
    from_blank : ndarray of float64, shape (3, 3)
        From pixels of the blank form at `dpi` to those of `gray`; the paper may be bent a little.
    """

    gray: np.ndarray
    dpi: float
    cells: tuple[FilledCell, ...]
    words: tuple[FilledWord, ...]
    areas: tuple[Box, ...]
    checks: tuple[Box, ...]
    unsure: tuple[Box, ...]
    from_blank: np.ndarray


def fill_form(
    form: BlankForm,
    skill: Penmanship,
    seed: int,
    dpi: float = DPI,
    scans: Mapping[str, float] = SCANS,
) -> FilledPage:
    """Fill a blank form legibly with one hand and scan it, the same each time.

    Parameters
    ----------
    form : BlankForm
    skill : Penmanship
    seed : int
        Of what is written, of the pen and of the scan.
    dpi : float
        Resolution of the picture; it is scanned at 75 to 400 and scaled to this.
    scans : mapping
        Ways of scanning, and how often each comes.
    """
    rng = np.random.default_rng(seed)
    sheet = blank_sheet(form)
    writer = FormWriter(sheet, skill, _tidy_hand(rng), rng)
    writer.fill_places()
    matrix = _askew(sheet.shape, rng)
    bent = bend_sheet(sheet, turned(sheet.shape, matrix))
    gray = scan_paper(printed_sheet(bent, rng), rng, scans)
    scale = dpi / DPI
    if scale != 1:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=way)
    move = scale * np.vstack([matrix, [0, 0, 1 / scale]])

    def moved(box: Box) -> Box:
        return _moved(box, move)

    characters = {one.box: one.text for one in writer.written if one.in_cell}
    places = sheet.places
    return FilledPage(
        gray,
        dpi,
        tuple(
            FilledCell(moved(fit_cell(cell)), characters.get(cell, ""), number)
            for number, run in enumerate(places.cells)
            for cell in run
        ),
        tuple(FilledWord(moved(w.box), w.text) for w in writer.written if not w.in_cell),
        tuple(map(moved, places.areas)),
        tuple(map(moved, places.checks)),
        tuple(map(moved, places.unsure)),
        move @ np.diag([1 / scale, 1 / scale, 1.0]),
    )


def _tidy_hand(rng: np.random.Generator) -> FormHand:
    pen = Pen(rng.uniform(0.25, 0.55), rng.uniform(0.45, 1.0))
    kinds = ("digits", "upper")
    return FormHand(pen, rng.normal(0, 0.06), rng.uniform(0.55, 0.85), 0.7, kinds)


def _askew(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    angle = float(np.clip(rng.normal(0, 0.6), -LARGEST_TURN, LARGEST_TURN))
    return cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), angle, 1.0)


def _moved(box: Box, matrix: np.ndarray) -> Box:
    """The upright rectangle of the same size around where a box's middle comes to lie."""
    middle = np.array([[box.x + box.width / 2, box.y + box.height / 2]])
    x, y = projected(matrix, middle)[0]
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    width, height = scale * box.width, scale * box.height
    return Box(x - width / 2, y - height / 2, width, height)
