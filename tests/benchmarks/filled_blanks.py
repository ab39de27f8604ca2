"""Real blank forms of held-out repositories, filled and scanned by simulation, read back.

The mode `--blanks` of bench_layout.py. Only character cells whose walls are
printed, in rows of two and more, count, and only where these can be seen on the
scan: a 1-bit scanner leaves out thin lines. Boxes with hair ticks may be read as
strings, a single square may be a check box. Every page is the same for the
same seed; sources take turns, so that no one's forms prevail.

- written cells found: a cell of the results has half of its area in common;
- invented: characters read in blank cells or where nothing was written, to a
  hundred cells; check boxes and boxes of which nobody knows are left out;
- grouped: rows of two cells and more that are one field; other cells may belong to it if they stand
  beside these in the drawing, for what is known of the forms leaves out and parts some of a comb;
- right: of the written cells that were found, and of all that were written;
- silent: wrong ones not flagged, of all that were not flagged;
- to look at: flagged cells, to a hundred written characters.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle, islice, pairwise, zip_longest
from pathlib import Path

import cv2
import numpy as np
from bench_layout import MIN_OVERLAP
from PIL import Image

from hcr_batch import load_recognizer, scan_document
from hcr_batch.evaluation.scoring import fold
from hcr_batch.geometry import area, projected, shared_area
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.training.synthesis.blanks import (
    BlankForm,
    blank_forms,
    blank_sheet,
    is_held_out,
    is_lined,
)
from hcr_batch.training.synthesis.canvas import DPI, FormSheet
from hcr_batch.training.synthesis.filled_pages import FilledPage, fill_form
from hcr_batch.training.synthesis.penmanship import load_penmanship
from hcr_batch.types import Box, PageReading, Reading

AROUND_WORD_MM = 2.0
"""Tails and slant reach so far beyond the box of a word."""
MM_PER_INCH = 25.4
WALL_MM = 0.9
"""Cells no further apart share a wall."""
TOOTH = 0.3
"""Share of a cell's height, from its foot, along which a wall of it is looked for,"""
BESIDE_MM = (0.5, 1.3)
"""so far to either side at most, and beside it so far what surrounds it;"""
SEEN = 4.0
"""gray levels by which it must be darker than that."""


@dataclass(frozen=True)
class ReadCell:
    """A cell of the results, in pixels of the file, and the number of its field."""

    box: Box
    field: int
    reading: Reading


def main(options: argparse.Namespace) -> None:
    """Print a row a source and one of all."""
    data = Path(os.environ["HCR_DATA"])
    recognizer, segmenter = load_recognizer(), load_segmenter()
    totals: defaultdict[str, Counter] = defaultdict(Counter)
    for form, page, lines in islice(filled(data, options.seed), options.pages):
        found = cells_of(scanned(page, recognizer, segmenter))
        counts = measure(page, found, lines)
        totals[form.source] += counts
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            draw(page, found, options.save / f"{form.path.stem}.png")
    report(totals)


def filled(data: Path, seed: int) -> Iterator[tuple[BlankForm, FilledPage, DrawnLines]]:
    """Forms and filled pages of them with characters in cells; all forms again and again."""
    skill, forms = load_penmanship(data), list(held_out(data / "blank_forms", seed))
    for number, form in enumerate(cycle(forms)):
        page = in_rows(fill_form(form, skill, seed * 100_003 + number))
        if any(cell.character for cell in page.cells):
            yield form, page, DrawnLines.of(form, page)


@dataclass(frozen=True)
class DrawnLines:
    """The lines of a blank form, and the way there from the pixels of a filled page."""

    sheet: FormSheet
    to_blank: np.ndarray

    @classmethod
    def of(cls, form: BlankForm, page: FilledPage) -> DrawnLines:
        scale = np.diag([DPI / page.dpi] * 2 + [1])
        return cls(blank_sheet(form), scale @ np.linalg.inv(page.from_blank))

    def along(self, box: Box) -> bool:
        """Whether a line runs along the upper or lower side of a box."""
        corners = projected(self.to_blank, np.array([(box.x, box.y), (box.right, box.bottom)]))
        (left, top), (right, bottom) = corners.tolist()
        return is_lined(self.sheet, Box(left, top, right - left, bottom - top))


def in_rows(page: FilledPage) -> FilledPage:
    """The page with its single cells, and those no wall of which is seen, among the unknown."""
    runs: defaultdict[int, list[Box]] = defaultdict(list)
    for cell in page.cells:
        runs[cell.run].append(cell.box)
    counted = {number for number, run in runs.items() if len(run) > 1 and _are_seen(run, page)}
    unknown = tuple(cell.box for cell in page.cells if cell.run not in counted)
    cells = tuple(cell for cell in page.cells if cell.run in counted)
    return replace(page, cells=cells, unsure=(*page.unsure, *unknown))


def _are_seen(run: Sequence[Box], page: FilledPage) -> bool:
    """Whether half of the walls between the cells of a row are to be seen on the scan."""
    per_mm = page.dpi / MM_PER_INCH
    return bool(np.mean([_wall_darkness(box, page.gray, per_mm) >= SEEN for box in run]) >= 0.5)


def _wall_darkness(cell: Box, gray: np.ndarray, per_mm: float) -> float:
    """Gray levels by which a cell's right wall is darker than what is beside it."""
    near, far = (round(mm * per_mm) for mm in BESIDE_MM)
    foot, x = round(cell.bottom - near), round(cell.right)
    strip = gray[max(0, round(foot - TOOTH * cell.height)) : max(foot, 1), max(0, x - far) :]
    columns = strip[:, : 2 * far + 1].mean(axis=0)
    if len(columns) <= 2 * far:
        return 0.0
    beside = np.r_[columns[: far - near], columns[far + near + 1 :]]
    return float(np.median(beside) - columns[far - near : far + near + 1].min())


def held_out(folder: Path, seed: int) -> Iterator[BlankForm]:
    """The held-out forms with cells, one of each source in turn, shuffled by the seed."""
    random = np.random.default_rng(seed)
    by_source: defaultdict[str, list[BlankForm]] = defaultdict(list)
    for form in blank_forms(folder):
        if form.cells and is_held_out(form.source):
            by_source[form.source].append(form)
    shuffled = [
        [forms[place] for place in random.permutation(len(forms))]
        for _, forms in sorted(by_source.items())
    ]
    return (form for form in chain(*zip_longest(*shuffled)) if form)


def scanned(page: FilledPage, recognizer: Recognizer, segmenter: Segmenter) -> PageReading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "form.png")
        Image.fromarray(page.gray).save(path, dpi=(page.dpi, page.dpi), compress_level=1)
        (reading,) = scan_document(path, recognizer, segmenter=segmenter)
        return reading


def cells_of(reading: PageReading) -> list[ReadCell]:
    return [
        ReadCell(cell.box, number, cell.reading)
        for number, field in enumerate(reading.fields)
        for cell in field.cells
    ]


def measure(page: FilledPage, found: Sequence[ReadCell], lines: DrawnLines) -> Counter:
    """Counts of one page, by the names of `report`'s columns."""
    counts: Counter = Counter(pages=1, cells=len(page.cells))
    places = [_best(cell.box, found) for cell in page.cells]
    for cell, place in zip(page.cells, places, strict=True):
        if cell.character:
            counts["written"] += 1
            counts["found"] += place is not None
            right = place is not None and _is_right(cell.character, place.reading)
            counts["right"] += right
            if place and place.reading.character and not place.reading.flagged:
                counts["accepted"] += 1
                counts["silent"] += not right
    counts["invented"] = len(_invented(page, found, places))
    counts["flagged"] = sum(cell.reading.flagged for cell in found)
    runs: defaultdict[int, list[ReadCell | None]] = defaultdict(list)
    for cell, place in zip(page.cells, places, strict=True):
        runs[cell.run].append(place)
    counts["runs"] = len(runs)
    counts["grouped"] = sum(_is_field(run, found, lines, page.dpi) for run in runs.values())
    return counts


def _is_field(
    run: Sequence[ReadCell | None], found: Sequence[ReadCell], lines: DrawnLines, dpi: float
) -> bool:
    """Whether all of a row was found as one field, which has nothing but cells, side by side."""
    cells = [cell for cell in run if cell]
    owners = {cell.field for cell in cells}
    if len(cells) < len(run) or len(owners) > 1:
        return False
    mine = {id(cell) for cell in cells}
    field = sorted((cell for cell in found if cell.field in owners), key=lambda one: one.box.x)
    wall = WALL_MM * dpi / MM_PER_INCH
    are_near = all(
        (id(a) in mine) == (id(b) in mine) or b.box.x - a.box.right <= wall
        for a, b in pairwise(field)
    )
    return are_near and all(id(cell) in mine or lines.along(cell.box) for cell in field)


def _is_right(truth: str, reading: Reading) -> bool:
    base = unicodedata.normalize("NFD", truth)[0]
    return fold(reading.character) == fold(base)


def _invented(
    page: FilledPage, found: Sequence[ReadCell], places: Sequence[ReadCell | None]
) -> list[ReadCell]:
    """Cells in which a character was read though nothing is written there."""
    written = {
        id(place)
        for cell, place in zip(page.cells, places, strict=True)
        if place and cell.character
    }
    margin = AROUND_WORD_MM * page.dpi / MM_PER_INCH
    inked = [_grown(word.box, margin) for word in page.words]
    inked += [cell.box for cell in page.cells if cell.character]
    unknown = [*inked, *page.checks, *page.unsure]
    return [
        cell
        for cell in found
        if cell.reading.character
        and id(cell) not in written
        and not any(_holds(box, cell.box) for box in unknown)
    ]


def _grown(box: Box, margin: float) -> Box:
    sides = box.width + 2 * margin, box.height + 2 * margin
    return Box(box.x - margin, box.y - margin, *sides)


def _holds(outer: Box, inner: Box) -> bool:
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.right and outer.y <= y <= outer.bottom


def _best(truth: Box, found: Sequence[ReadCell]) -> ReadCell | None:
    best = max(found, key=lambda cell: _overlap(truth, cell.box), default=None)
    return best if best and _overlap(truth, best.box) >= MIN_OVERLAP else None


def _overlap(one: Box, other: Box) -> float:
    shared = shared_area(one, other)
    return shared / (area(one) + area(other) - shared)


def draw(page: FilledPage, found: Sequence[ReadCell], path: Path) -> None:
    """Save the page with found true cells in green, missed ones in blue, invented ones in red."""
    picture = cv2.cvtColor(page.gray, cv2.COLOR_GRAY2BGR)
    places = [_best(cell.box, found) for cell in page.cells]
    marks = [
        (cell.box, (0, 160, 0) if place else (255, 60, 0))
        for cell, place in zip(page.cells, places, strict=True)
    ]
    marks += [(cell.box, (0, 0, 255)) for cell in _invented(page, found, places)]
    for box, colour in marks:
        corners = [(round(box.x), round(box.y)), (round(box.right), round(box.bottom))]
        cv2.rectangle(picture, *corners, colour, 2)
    cv2.imwrite(str(path), picture)


def report(totals: dict[str, Counter]) -> None:
    """Print the table: shares in per cent."""
    names = "found", "invented", "grouped", "right of found", "right of all", "silent", "to look at"
    print(f"{'':<34}{'pages':>6}{'cells':>7}" + "".join(f"{name:>16}" for name in names))
    for name, counts in [*sorted(totals.items()), ("all", sum(totals.values(), Counter()))]:
        shares = (
            (counts["found"], counts["written"]),
            (counts["invented"], counts["cells"]),
            (counts["grouped"], counts["runs"]),
            (counts["right"], counts["found"]),
            (counts["right"], counts["written"]),
            (counts["silent"], counts["accepted"]),
            (counts["flagged"], counts["written"]),
        )
        cells = (f"{100 * part / whole:.1f}" if whole else "-" for part, whole in shares)
        row = "".join(f"{cell:>16}" for cell in cells)
        print(f"{name[:33]:<34}{counts['pages']:>6}{counts['cells']:>7}{row}")
