"""Crops of filled forms with the labels of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from hcr_batch.geometry import shrunk
from hcr_batch.training.synthesis.blanks import BlankForm, blank_sheet
from hcr_batch.training.synthesis.canvas import MM, FormSheet, Places, fit_cell, shrunk_by
from hcr_batch.training.synthesis.form_hands import random_hand
from hcr_batch.training.synthesis.handwriting import FormWriter
from hcr_batch.training.synthesis.layouts import draw_layout
from hcr_batch.training.synthesis.paper import (
    bend_sheet,
    printed_sheet,
    punch,
    random_bend,
    scan_paper,
    surround,
)
from hcr_batch.training.synthesis.penmanship import Penmanship
from hcr_batch.training.synthesis.preprinted import print_signs, print_units, type_in
from hcr_batch.training.synthesis.printing import Printer
from hcr_batch.types import Box

__all__ = ["CHANNELS", "CROP", "Sample", "SampleMaker"]

CHANNELS = ("line", "print", "writing", "cell", "area", "check")
"""What the network tells of each pixel, in this order."""
CROP, SOURCE = 512, 704
"""Side of a crop and of the sheet it is cut from before it is bent, pixels."""
SEEN, RIM = 90, 30
"""Cover (0 to 255) from which a pixel is ink, and below which it surely is none."""
INNER = 0.6
"""Share of the sides of cells and check boxes that is labelled, so that neighbours come apart."""
AREA_MARGIN = 0.6
"""mm that areas are shrunk at each side."""
FAR = 11.0
"""mm from the edges of a large area in which nobody sees whether it is one."""
NEAR = 49
"""Pixels at 100 dpi (6 mm) around a place in which something is to be seen of it."""
REAL_SHARE = 0.6
"""Of the crops that come from real blank forms."""
TYPED_SHARE = 0.02
"""Of the crops in which some places are filled by a machine."""
EMPTY_SHARE = 0.03
"""Of the crops that show paper or a desk alone."""
KEPT_PAGES = 24
"""Pages that are kept to cut from, and how many crops each of them gives in a row."""
CROPS_A_PAGE = 30


@dataclass(frozen=True)
class Sample:
    """A crop.

    Attributes
    ----------
    gray : ndarray of uint8, shape (512, 512)
        At 200 dpi.
    truth : ndarray of uint8, shape (256, 256)
        At 100 dpi; bit i is set where channel i of :data:`CHANNELS` is on.
    known : ndarray of uint8, shape (256, 256)
        Bit i is set where it is known whether it is.
    """

    gray: np.ndarray
    truth: np.ndarray
    known: np.ndarray


@dataclass
class SampleMaker:
    """Makes crops, one after the other, from forms, fonts and pen strokes; seeded."""

    forms: Sequence[BlankForm]
    printer: Printer
    skill: Penmanship
    seed: int
    pages: list[FormSheet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        sources = [form.source for form in self.forms]
        counts = np.array([sources.count(source) for source in sources], float)
        with_cells = np.array([1.0 + min(len(form.cells), 60) / 30 for form in self.forms])
        weights = with_cells / np.sqrt(np.maximum(counts, 1))
        self.weights = weights / weights.sum() if len(weights) else weights

    def sample(self) -> Sample:
        """The next crop."""
        rng = self.rng
        sheet = self._sheet()
        print_signs(sheet, rng)
        print_units(sheet, self.printer, rng)
        if rng.random() < TYPED_SHARE:
            type_in(sheet, self.printer, rng)
        writer = FormWriter(sheet, self.skill, random_hand(rng, self.skill.lettering), rng)
        writer.fill_places()
        _stray_ink(writer, rng)
        if rng.random() < 0.35:
            second = FormWriter(sheet, self.skill, random_hand(rng, self.skill.lettering), rng)
            _stray_ink(second, rng)
        _correct(sheet, rng)
        _fade(sheet, rng)
        return _scanned(sheet, rng)

    def _sheet(self) -> FormSheet:
        rng = self.rng
        sheet = FormSheet(SOURCE, SOURCE)
        if rng.random() < EMPTY_SHARE:
            return sheet
        if len(self.forms) and rng.random() < REAL_SHARE:
            return self._cut()
        draw_layout(sheet, self.printer, rng)
        return sheet

    def _cut(self) -> FormSheet:
        """A part of a blank form, preferably one with something to fill."""
        rng = self.rng
        if len(self.pages) < min(KEPT_PAGES, len(self.forms)) or rng.random() < 1 / CROPS_A_PAGE:
            form = self.forms[int(rng.choice(len(self.forms), p=self.weights))]
            self.pages = [*self.pages[-KEPT_PAGES + 1 :], blank_sheet(form)]
        page = self.pages[int(rng.integers(len(self.pages)))]
        rows, columns = page.shape
        for _ in range(6):
            y = int(rng.integers(-60, max(rows - SOURCE + 60, 1)))
            x = int(rng.integers(-60, max(columns - SOURCE + 60, 1)))
            cut = cut_sheet(page, x, y, SOURCE)
            if cut.places.cells or (cut.places.areas and rng.random() < 0.5):
                break
        return cut


def cut_sheet(page: FormSheet, x: int, y: int, side: int) -> FormSheet:
    """A square part of a page with its places; what lies outside the page is blank."""
    part = FormSheet(side, side)
    rows, columns = page.shape
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + side, rows), min(x + side, columns)
    here = np.s_[top - y : bottom - y, left - x : right - x]
    there = np.s_[top:bottom, left:right]
    for name in ("line", "print"):
        getattr(part, name).cover[here] = getattr(page, name).cover[there]
        getattr(part, name).tone[here] = getattr(page, name).tone[there]
    part.tint[here], part.picture[here] = page.tint[there], page.picture[there]

    def moved(boxes: Sequence[Box]) -> list[Box]:
        shifted = [Box(box.x - x, box.y - y, box.width, box.height) for box in boxes]
        return [b for b in shifted if b.right > 0 and b.bottom > 0 and b.x < side and b.y < side]

    runs = [moved(run) for run in page.places.cells]
    part.places = Places(
        [run for run in runs if run],
        moved(page.places.areas),
        moved(page.places.checks),
        moved(page.places.unsure),
    )
    return part


def _stray_ink(writer: FormWriter, rng: np.random.Generator) -> None:
    """Words, marks, scribbles and strikes anywhere, over whatever stands there."""
    rows, columns = writer.sheet.shape

    def place(wide: tuple[float, float], high: tuple[float, float]) -> Box:
        return Box(
            rng.uniform(-40, columns - 40),
            rng.uniform(-20, rows - 20),
            rng.uniform(*wide) * MM,
            rng.uniform(*high) * MM,
        )

    for _ in range(int(rng.integers(0, 4))):
        writer.word(place((10, 60), (3, 8)))
    for _ in range(int(rng.integers(0, 5))):
        writer.symbol(place((1, 5), (0.5, 4)))
    if rng.random() < 0.08:
        writer.scribble(place((5, 40), (3, 12)))
    if rng.random() < 0.08:
        writer.strike(place((10, 60), (3, 8)))
    if rng.random() < 0.06:
        writer.signature(place((25, 60), (8, 20)))
    if rng.random() < 0.03:
        rays = Box(0, 0, columns, rows)
        writer.strike(rays)


def _correct(sheet: FormSheet, rng: np.random.Generator) -> None:
    """Correction fluid on some places, over the print and the lines."""
    if rng.random() > 0.04:
        return
    boxes = [box for run in sheet.places.cells for box in run] + sheet.places.areas
    for _ in range(int(rng.integers(1, 4))):
        if not boxes:
            return
        box = boxes[int(rng.integers(len(boxes)))]
        turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        size = np.array([min(box.width, 30 * MM), box.height]) * rng.uniform(0.4, 0.8)
        blot = np.stack([np.cos(turn), np.sin(turn)], 1) * size * rng.uniform(0.8, 1.2, (14, 1))
        middle = (box.x + min(box.width, 30 * MM) / 2, box.y + box.height / 2)
        cv2.fillPoly(sheet.cover_up, [(blot + middle).astype(np.int32)], 255, cv2.LINE_AA)


def _fade(sheet: FormSheet, rng: np.random.Generator) -> None:
    """Print and lines of real forms are paler, and grounds lighter or darker, than in the file."""
    for layer, least in ((sheet.line, 0.12), (sheet.print, 0.35)):
        share = rng.uniform(least, 1.0) if rng.random() < 0.6 else 1.0
        layer.tone = (layer.tone * np.float32(share)).astype(np.uint8)
    if rng.random() < 0.5:
        sheet.tint = sheet.tint ** np.float32(rng.uniform(0.3, 1.5))


def _scanned(sheet: FormSheet, rng: np.random.Generator) -> Sample:
    bend = random_bend(rng, SOURCE, CROP)
    labels = _place_labels(sheet)
    bent = bend_sheet(sheet, bend)
    light = printed_sheet(bent, rng, _through(bent, rng))
    paper = np.ones(light.shape, bool)
    if rng.random() < 0.1:
        sides = rng.uniform(0.03, 0.45, 4) * SOURCE
        ends = rng.random(4) < 0.4
        extent = np.where(
            ends, (sides[0], sides[1], SOURCE - sides[2], SOURCE - sides[3]), (-1e4, -1e4, 1e4, 1e4)
        )
        light, paper = surround(light, bend, rng, tuple(extent.tolist()))
    if rng.random() < 0.05:
        light, left = punch(light, rng)
        paper &= left
    gray = scan_paper(light, rng)
    return _labelled(gray, bent, bend.labels(labels), paper)


def _through(bent: FormSheet, rng: np.random.Generator) -> np.ndarray | None:
    """The back page, mirrored, as it shines through."""
    if rng.random() > 0.3:
        return None
    kinds = [bent.print.tone, bent.writing.tone, bent.line.tone]
    back = np.max([kind for kind in kinds if rng.random() < 0.7] or kinds[:1], axis=0)
    back = np.roll(back[:, ::-1], int(rng.integers(60, 450)), (0, 1))
    soft = cv2.GaussianBlur(back.astype(np.float32) / 255, (0, 0), rng.uniform(0.3, 2.5))
    return soft * rng.uniform(0.03, 0.38)


def _place_labels(sheet: FormSheet) -> np.ndarray:
    """Bits of cell, area and check, and a bit where it is not known which of them it is."""
    places, labels = sheet.places, np.zeros(sheet.shape, np.uint8)

    def put(box: Box, bit: int) -> None:
        labels[
            max(round(box.y), 0) : max(round(box.bottom), 0),
            max(round(box.x), 0) : max(round(box.right), 0),
        ] = bit

    for box in places.unsure:
        put(box, 8)
    for box in places.areas:
        margin = min(AREA_MARGIN * MM, 0.2 * box.height)
        put(shrunk_by(box, margin), 2)
        if min(box.width, box.height) > 2 * FAR * MM:  # the edges are out of sight
            put(shrunk_by(box, FAR * MM), 8)
    for box in places.checks:
        put(shrunk(box, INNER), 4)
    for run in places.cells:
        for cell in run:
            put(shrunk(fit_cell(cell), INNER), 1)
    return labels


def _labelled(gray: np.ndarray, bent: FormSheet, places: np.ndarray, paper: np.ndarray) -> Sample:
    """Truth at half the resolution."""
    uncovered = bent.cover_up < 128
    truth = np.zeros((CROP // 2, CROP // 2), np.uint8)
    known = np.full_like(truth, 63)
    seen = _still_seen(gray)
    for bit, layer in enumerate((bent.line, bent.print, bent.writing)):
        cover = np.where(paper & (uncovered | (bit == 2)), layer.cover, 0)
        most = _halved_most(cover.astype(np.uint8))
        on = most > SEEN
        truth |= on.astype(np.uint8) << bit
        doubtful = (most > RIM) & ~on | (on & ~seen)
        known &= ~(doubtful.astype(np.uint8) << bit)
    picture = _halved_most(bent.picture) > 0
    known &= ~((picture & (truth & 2 == 0)).astype(np.uint8) << 1)
    middle = np.where(paper, places, 0)[::2, ::2]
    truth |= (middle & 7) << 3
    near = cv2.dilate(seen.astype(np.uint8), np.ones((NEAR, NEAR), np.uint8))
    unsure = (middle & 8 > 0) | ((middle > 0) & (near == 0))
    known &= ~np.where(unsure, 8 | 16 | 32, 0).astype(np.uint8)
    return Sample(gray, truth, known)


def _halved_most(cover: np.ndarray) -> np.ndarray:
    pairs = np.maximum(cover[::2], cover[1::2])
    return np.maximum(pairs[:, ::2], pairs[:, 1::2])


def _still_seen(gray: np.ndarray) -> np.ndarray:
    """Where something is darker than its surroundings, so that ink may be there; bool, halved."""
    small = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    around = cv2.blur(cv2.dilate(small, np.ones((5, 5), np.uint8)), (9, 9))
    darkest = cv2.erode(small, np.ones((5, 5), np.uint8))
    return cv2.subtract(around, darkest) > 6
