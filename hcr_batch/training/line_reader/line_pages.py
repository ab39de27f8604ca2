"""Strings as a scan sees them: made pages, written on and read back by the program's own path.

Lines to write on, labels, walls, pale pens, coarse scans and the separation of ink leave on them
what they leave on the strings of real forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import sides_of
from hcr_batch.characters.field_ink import InkSource, field_inks
from hcr_batch.characters.line_strip import FAINT, Strip
from hcr_batch.characters.string_candidates import TextLine
from hcr_batch.config import load_settings
from hcr_batch.geometry import projected
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.training.line_reader.line_drawing import Drawing
from hcr_batch.training.line_reader.line_samples import LineSample, Sampler, fits
from hcr_batch.training.line_reader.line_shards import read_shard, write_shard
from hcr_batch.training.synthesis.blanks import BlankForm, blank_to_fill, forms_to_fill
from hcr_batch.training.synthesis.canvas import MM, FormSheet
from hcr_batch.training.synthesis.form_hands import random_hand
from hcr_batch.training.synthesis.layouts import draw_layout
from hcr_batch.training.synthesis.printing import Printer, load_printer
from hcr_batch.training.synthesis.scanned_pages import overlaps, scanned_page, upright_around
from hcr_batch.types import Box, Page

__all__ = ["LinePageMaker", "make_page_lines", "page_lines"]

DRAWN_SIZE = (1400, 1100)
"""Rows and columns of a drawn sheet at 200 dpi."""
DRAWN_SHARE = 0.6
"""Of the sheets that are drawn; the others are real blank forms with areas."""
CELL_ROWS = 1.0
"""How often rows of cells come on a drawn sheet, beside 13 for all else."""
FEWEST_AREAS = 8
"""Of a real blank form that is worth filling."""
FILLED = 0.9
"""Share of the areas that are written in."""
CAPITALS_MM = (2.0, 5.5)
"""Heights of the capitals of a page's hand,"""
LEAST_CAPITAL_MM = 1.6
"""and the least where there is little room."""
ROOM = 0.8
"""Share of an area's height that capitals take at most."""
PITCH = 2.2
"""Heights of a capital between the lines of a high area."""
TRIES = 3
"""Texts that are tried until one is short enough for an area."""
BASE = 0.62
"""Share of a line's height at which the middle of its ink stands."""
SAME_LINE = 0.6
"""A string that is found is one that was written where their boxes share so much of what both
cover together..."""
OTHER_LINE = 0.03
"""...and no other one more than this..."""
ENDS = 0.3
"""...and neither end lies farther off than this, in heights of a capital, and..."""
LEAST_SEEN = 0.85
"""...of the columns with ink no fewer than this share are there: no character of it is lost."""
COLUMN = 0.15
"""Width of such a column, in heights of a capital."""
PAGES_A_FILE = 20
"""Pages whose strings are written at once."""


@dataclass(frozen=True)
class _WrittenLine:
    """A string on a sheet: the box of its ink, the height of its capitals, in pixels.

    `places` (N, 2) are x and y of its ink.
    """

    text: str
    ink: Box
    capital: float
    real: bool
    places: np.ndarray

    def seen(self, places: np.ndarray) -> float:
        """Share of its columns in which there is ink at `places` (N, 2) too."""
        width = COLUMN * self.capital
        inked, found = (
            np.unique(np.floor((xy[:, 0] - self.ink.x) / width)) for xy in (self.places, places)
        )
        return float(np.isin(inked, found).mean())


def page_lines(sampler: Sampler, folder: Path, work: Path) -> list[LineSample]:
    """As many strings as a recipe asks for, from drawn forms and those of a data folder.

    Parameters
    ----------
    sampler : Sampler
        Of what is written.
    folder : Path
        With blank_forms, where there are some: else all forms are drawn.
    work : Path
        Receives the strings, which are not made again when it is run anew.
    """
    recipe = sampler.recipe
    if not recipe.page_strings:
        return []
    forms, printer = forms_to_fill(folder, held=False), load_printer(Path(recipe.fonts))
    maker = LinePageMaker(sampler, forms, printer, load_segmenter(), recipe.seed)
    return make_page_lines(maker, recipe.page_strings, work)


def make_page_lines(maker: LinePageMaker, count: int, folder: Path) -> list[LineSample]:
    """At least `count` strings; those in `folder` from a run before are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[LineSample] = []
    number = 0
    while len(made) < count:
        path = folder / f"{number:04d}.npz"
        if not path.exists():
            pages = range(number * PAGES_A_FILE, (number + 1) * PAGES_A_FILE)
            write_shard(path, [line for page in pages for line in maker.page(page)])
        made += read_shard(path)
        number += 1
    return made


@dataclass(frozen=True)
class LinePageMaker:
    """Makes pages and takes their strings; the same seed and number give the same page.

    Attributes
    ----------
    sampler : Sampler
        Of what is written.
    forms : sequence of BlankForm
        May be empty.
    printer : Printer
    segmenter : Segmenter
    seed : int
    """

    sampler: Sampler
    forms: Sequence[BlankForm]
    printer: Printer
    segmenter: Segmenter
    seed: int

    def page(self, number: int) -> list[LineSample]:
        """The strings of one page."""
        rng = np.random.default_rng((self.seed, number))
        sheet = self._sheet(number, rng)
        written = list(self._fill(sheet, rng))
        page, to_sheet = scanned_page(sheet, rng)
        lines, to_source = self._lines(page)
        return _matched(lines, to_sheet @ to_source, written)

    def _sheet(self, number: int, rng: np.random.Generator) -> FormSheet:
        blank = blank_to_fill(self.forms, self.seed, number, DRAWN_SHARE)
        if blank and len(blank.places.areas) >= FEWEST_AREAS:
            return blank.rewritable()
        sheet = FormSheet(*DRAWN_SIZE)
        draw_layout(sheet, self.printer, rng, CELL_ROWS)
        return sheet

    def _fill(self, sheet: FormSheet, rng: np.random.Generator) -> Iterator[_WrittenLine]:
        dark, capital = random_hand(rng).pen.dark, rng.uniform(*CAPITALS_MM) * MM
        for area in sheet.places.areas:
            if rng.random() > FILLED:
                continue
            height = min(capital, ROOM * area.height)
            rows = max(1, int(area.height / (PITCH * height)))
            pitch = area.height / rows
            for row in range(rows if rng.random() < 0.5 else 1):
                part = Box(area.x, area.y + row * pitch, area.width, pitch)
                line = self._write(sheet, part, height, dark * rng.uniform(0.85, 1.0), rng)
                if line is not None:
                    yield line

    def _write(
        self, sheet: FormSheet, area: Box, capital: float, dark: float, rng: np.random.Generator
    ) -> _WrittenLine | None:
        """Write a string that fits an area, from its left; None where none of a few does."""
        for _ in range(TRIES):
            drawing, text, real = self.sampler.drawing(rng)
            scale = min(
                capital * rng.uniform(0.9, 1.1) / drawing.capital,
                area.width / drawing.ink.shape[1],
            )
            if scale * drawing.capital >= LEAST_CAPITAL_MM * MM:
                places = _put(sheet, drawing, scale, area, dark, rng)
                ink = Box(*places.min(axis=0).tolist(), *(np.ptp(places, axis=0) + 1).tolist())
                return _WrittenLine(text, ink, scale * drawing.capital, real, places)
        return None

    def _lines(self, page: Page) -> tuple[list[TextLine], np.ndarray]:
        """The lines that a scan finds, and the way from its pixels to those of the file."""
        settings = load_settings()
        page = flatten(page, settings.layout.max_skew)
        page, layers = segmented(page, self.segmenter)
        fields = find_fields(layers, settings.layout)
        found = [
            line
            for inks in field_inks(page, layers, fields, settings)
            for line in inks.lines
            if inks.source is InkSource.PEN and line.strip is not None
        ]
        return found, page.to_source


def _put(
    sheet: FormSheet,
    drawing: Drawing,
    scale: float,
    area: Box,
    dark: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw a string into an area, in place; x and y of its ink (N, 2)."""
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cover = cv2.resize(drawing.ink, None, fx=scale, fy=scale, interpolation=way)
    cover = cv2.convertScaleAbs(cover, alpha=255 / max(1, int(cover.max())))
    middle = float(np.average(np.arange(len(cover)), weights=cover.sum(axis=1, dtype=float)))
    room = max(0.0, area.width - cover.shape[1])
    x = round(area.x + room * float(rng.beta(0.8, 3.0)))
    y = round(area.y + area.height * (BASE + rng.normal(0, 0.05)) - middle)
    sheet.writing.paste(cover, x, y, dark)
    return np.argwhere(cover >= FAINT)[:, ::-1] + (x, y)


def _matched(
    lines: Sequence[TextLine], to_sheet: np.ndarray, written: Sequence[_WrittenLine]
) -> list[LineSample]:
    """The strips of the lines whose text is known; `to_sheet` (3, 3) is their way to the sheet."""
    if not lines or not written:
        return []
    places = upright_around([line.box for line in lines], to_sheet)
    shared = overlaps(places, sides_of([one.ink for one in written]).T)
    samples = []
    for line, place, shares in zip(lines, places, shared, strict=True):
        one, strip = written[int(shares.argmax())], line.strip
        others = np.sort(shares)[:-1].max(initial=0.0)
        off = max(abs(place[0] - one.ink.x), abs(place[2] - one.ink.right))
        alone = shares.max() > SAME_LINE and others < OTHER_LINE and off < ENDS * one.capital
        if strip is None or not alone or one.seen(_inked(strip, to_sheet)) < LEAST_SEEN:
            continue
        if fits(strip.image.shape[1], one.text):
            samples.append(LineSample(strip.image, one.text, one.real))
    return samples


def _inked(strip: Strip, to_sheet: np.ndarray) -> np.ndarray:
    """Places of a strip's ink on the sheet, (N, 2)."""
    pixels = np.argwhere(strip.image >= FAINT)[:, ::-1].astype(float)
    on_page = pixels @ strip.to_page[:, :2].T + strip.to_page[:, 2]
    return projected(to_sheet, on_page)
