"""Find and read the cells of generated forms; prints the measures of each style.

    HCR_DATA=... python tests/benchmarks/bench_layout.py --pages 33 --seed 1

Two pages in three are turned by up to 5 degrees, the third by up to `--skew`.
The table has a row for each style and for each class of angles. Below it stand
what the layout costs (characters read right on the pages, and of the same glyphs
as they were before they were printed on a page) and what over-segmenting with
dynamic programming gains over connected components in boxes that hold strings.
`in place` and `cut perfectly` are of the characters whose cells were found in their
place alone: what they lose is lost with their ink.

`--blanks` takes real blank forms of held-out repositories in place of drawn ones
(filled_blanks.py); 60 pages say enough.

`--layout-only` leaves out the reading (no model is needed); `--save DIR` keeps
the pages on which something was missed or invented, with the cells found (green),
missed (blue) and invented (red) drawn on them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from form_glyphs import EmnistGlyphs, GlyphSource, StrokeGlyphs
from form_maker import FilledForm, TruthField, random_form
from form_sheet import STYLES

from hcr_batch import load_recognizer, scan_document
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.characters.string_candidates import TextLine, find_strings
from hcr_batch.characters.writing import strokes_of
from hcr_batch.config import load_settings
from hcr_batch.decoding.cut_paths import best_path
from hcr_batch.decoding.neighbours import with_context
from hcr_batch.documents import open_pages
from hcr_batch.evaluation.scoring import fold
from hcr_batch.geometry import projected
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.binarize import binarize
from hcr_batch.preprocess.deskew import deskew
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.probabilities import fold_cases, shape_confidence
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import Box, Cell, Field, Page

MIN_OVERLAP = 0.5
"""Intersection over union from which a cell counts as found."""
MEASURES = (
    "cell recall",
    "precision",
    "grouped",
    "free found",
    "characters",
    "blanks",
    "print unread",
)
ANGLES = ("<= 5 deg", "<= 15 deg")
USUAL_SKEW = 5.0
"""Degrees; two pages in three are turned no further."""
STRINGS = "cut by dynamic programming", "cut at connected components"
PERFECT = "every one cut perfectly"
IN_PLACE = "in place"
SAME_PERFECT = "cut perfectly"
"""The cells found in their place: read there, and the same glyphs cut perfectly."""


@dataclass(frozen=True)
class FoundCell:
    """A cell in pixels of the file; `character` is None where nothing was read."""

    box: Box
    field: int
    character: str | None = None


Reader = Callable[[Path], "list[FoundCell]"]
Cut = Callable[[TextLine, np.ndarray], "list[int]"]


def measure(form: FilledForm, found: Sequence[FoundCell]) -> Counter:
    """Count what of a form was found, grouped and read.

    Parameters
    ----------
    form : FilledForm
    found : sequence of FoundCell

    Returns
    -------
    Counter
        For each of `MEASURES` the keys (measure, "right") and (measure, "all").
    """
    free = [field for field in form.fields if field.kind == "free"]
    inside = [[cell for cell in found if _holds(field.box, cell.box)] for field in free]
    labelled = [[cell for cell in found if _holds(box, cell.box)] for box in form.labels]
    taken = {id(cell) for cells in inside + labelled for cell in cells}
    outside = [cell for cell in found if id(cell) not in taken]
    counts: Counter = Counter()
    for field, cells in zip(free, inside, strict=True):
        _count_free(field, cells, counts)
    for cells in labelled:
        if all(cell.character is not None for cell in cells):
            _add(counts, "print unread", int(not any(cell.character for cell in cells)), 1)
    matched = 0
    for field in form.fields:
        if field.kind != "free":
            matched += _count_cells(field, outside, counts)
    _add(counts, "precision", matched, len(outside))
    return counts


def _count_cells(field: TruthField, found: Sequence[FoundCell], counts: Counter) -> int:
    pairs = [_best(cell, found) for cell in field.cells]
    hits = [pair for pair in pairs if pair]
    _add(counts, "cell recall", len(hits), len(pairs))
    owners = {pair.field for pair in hits}
    whole = len(hits) == len(pairs) and len(owners) == 1
    size = sum(cell.field in owners for cell in found)
    _add(counts, "grouped", int(whole and size == len(pairs)), 1)
    for text, pair in zip(field.text, pairs, strict=True):
        read = pair.character if pair else None
        if pair and read is None:  # the layout alone
            continue
        if text:
            _add(counts, "characters", int(fold(read or "") == fold(text)), 1)
        elif pair:
            _add(counts, "blanks", int(read == ""), 1)
    return len(hits)


def _count_free(field: TruthField, cells: Sequence[FoundCell], counts: Counter) -> None:
    if not field.string:
        return
    _add(counts, "free found", int(bool(cells)), 1)
    if any(cell.character is None for cell in cells):
        return
    truth = fold(field.string.replace(" ", ""))
    ordered = sorted(cells, key=lambda cell: cell.box.x)
    read = fold("".join(cell.character or "" for cell in ordered))
    _add(counts, "string characters", _shared(truth, read), len(truth))


def _shared(truth: str, read: str) -> int:
    """Number of characters that stand in both strings in one order."""
    blocks = SequenceMatcher(None, truth, read, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)


def _add(counts: Counter, measure_name: str, right: int, every: int) -> None:
    counts[measure_name, "right"] += right
    counts[measure_name, "all"] += every


def _best(truth: Box, found: Sequence[FoundCell]) -> FoundCell | None:
    best = max(found, key=lambda cell: _overlap(truth, cell.box), default=None)
    return best if best and _overlap(truth, best.box) >= MIN_OVERLAP else None


def _overlap(a: Box, b: Box) -> float:
    width = min(a.right, b.right) - max(a.x, b.x)
    height = min(a.bottom, b.bottom) - max(a.y, b.y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a.width * a.height + b.width * b.height - shared)


def _holds(outer: Box, inner: Box) -> bool:
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.right and outer.y <= y <= outer.bottom


def whole_reader(recognizer: Recognizer) -> Reader:
    """The scan as users have it."""

    def read(path: Path) -> list[FoundCell]:
        (page,) = scan_document(path, recognizer)
        return [
            FoundCell(cell.box, number, cell.reading.character)
            for number, field in enumerate(page.fields)
            for cell in field.cells
        ]

    return read


def layout_reader() -> Reader:
    """The layout alone."""
    settings, segmenter = load_settings(), load_segmenter()

    def read(path: Path) -> list[FoundCell]:
        (page,) = open_pages(path, settings.documents)
        page, layers = segmented(flatten(page, settings.layout.max_skew), segmenter)
        fields = find_fields(layers, settings.layout)
        return [
            FoundCell(_mapped(cell.box, page.to_source), number)
            for number, field in enumerate(fields)
            for cell in field.cells
        ]

    return read


def _mapped(box: Box, matrix: np.ndarray) -> Box:
    corners = np.array([(x, y) for x in (box.x, box.right) for y in (box.y, box.bottom)])
    placed = projected(matrix, corners)
    (left, top), (right, bottom) = placed.min(axis=0), placed.max(axis=0)
    return Box(left, top, right - left, bottom - top)


def count_glyphs(
    form: FilledForm, found: Sequence[FoundCell], recognizer: Recognizer
) -> Counter:
    """Characters read right of the ink as it was before it was printed on the page.

    Those whose cell was found in its place are counted by themselves too, as they were
    read there and as they were before: their difference is what the ink lost.
    """
    counts: Counter = Counter()
    rows = [field for field in form.fields if field.kind != "free"]
    for field, (text, inks) in zip(rows, form.glyphs, strict=True):
        if not text:
            continue
        glyphs = [normalize_ink((255 * ink).astype(np.uint8)) for ink in inks]
        characters = fold_cases(with_context(recognizer.scores(np.stack(glyphs)).characters))
        read = fold("".join(recognizer.classes[index] for index in characters.argmax(axis=1)))
        cells = [cell for cell, written in zip(field.cells, field.text, strict=True) if written]
        for truth, perfect, cell in zip(fold(text), read, cells, strict=True):
            _add(counts, PERFECT, int(truth == perfect), 1)
            place = _best(cell, found)
            if place:
                _add(counts, IN_PLACE, int(fold(place.character or "") == truth), 1)
                _add(counts, SAME_PERFECT, int(truth == perfect), 1)
    return counts


def count_strings(form: FilledForm, recognizer: Recognizer, segmenter: Segmenter) -> Counter:
    """Characters of strings read right, cut in both ways, in the true boxes."""
    settings = load_settings()
    page = Page(form.gray, form.dpi, 1, np.eye(3), form.gray.shape[::-1])
    page = deskew(page, form.skew)
    page, layers = segmented(page, segmenter)
    ink = binarize(page, settings.layout)
    written = strokes_of(layers.written, ink, layers, page.pixels_per_mm, settings.glyphs)
    to_page = cv2.invertAffineTransform(page.to_source[:2])
    counts: Counter = Counter()
    for field in form.fields:
        if field.kind == "free" and field.string:
            box = _level(field.box, form.skew, to_page)
            area = Field(field.name, "free", box, (Cell(box),))
            (lines,) = find_strings(written, [area], page.pixels_per_mm, settings.glyphs)
            for name, cut in zip(STRINGS, (_best_cut, _component_cut), strict=True):
                read = "".join(_read_line(line, cut, recognizer) for line in lines)
                truth = fold(field.string.replace(" ", ""))
                _add(counts, name, _shared(truth, fold(read)), len(truth))
    return counts


def _level(box: Box, skew: float, matrix: np.ndarray) -> Box:
    """The box on the levelled page; `box` is the upright one around the turned one."""
    x, y = matrix @ (box.x + box.width / 2, box.y + box.height / 2, 1)
    sine, cosine = abs(np.sin(np.radians(skew))), np.cos(np.radians(skew))
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2]))) / (cosine**2 - sine**2)
    width = scale * (box.width * cosine - box.height * sine)
    height = scale * (box.height * cosine - box.width * sine)
    return Box(x - width / 2, y - height / 2, width, height)


def _read_line(line: TextLine, cut: Cut, recognizer: Recognizer) -> str:
    scores = recognizer.scores(np.stack([normalize_ink(c.ink) for c in line.candidates]))
    chosen = scores.characters[cut(line, shape_confidence(scores.characters))]
    characters = fold_cases(with_context(chosen))
    return "".join(recognizer.classes[index] for index in characters.argmax(axis=1))


def _best_cut(line: TextLine, sure: np.ndarray) -> list[int]:
    return best_path(line, sure)


def _component_cut(line: TextLine, sure: np.ndarray) -> list[int]:
    """What is connected is one character, and nothing else is, as far as there are candidates."""
    starts = {c.first for c in line.candidates if not c.starts_at_cut} | {line.pieces}
    by_span = {(c.first, c.last): number for number, c in enumerate(line.candidates)}
    path, first = [], 0
    while first < line.pieces:
        stop = min(start for start in starts if start > first)
        last = max(last for begin, last in by_span if begin == first and last < stop)
        path.append(by_span[first, last])
        first = last + 1
    return path


def draw(form: FilledForm, found: Sequence[FoundCell], path: Path) -> None:
    """Save the page with found true cells in green, missed ones in blue, all others in red."""
    picture = cv2.cvtColor(form.gray, cv2.COLOR_GRAY2BGR)
    truth = [cell for field in form.fields for cell in field.cells]
    right = [_best(cell, found) for cell in truth]
    taken = {id(cell) for cell in right if cell}
    marks = [(cell.box, (0, 0, 255)) for cell in found if id(cell) not in taken]
    marks += [
        (box, (0, 160, 0) if hit else (255, 60, 0)) for box, hit in zip(truth, right, strict=True)
    ]
    for box, colour in marks:
        corners = [(round(box.x), round(box.y)), (round(box.right), round(box.bottom))]
        cv2.rectangle(picture, *corners, colour, 2)
    cv2.imwrite(str(path), picture)


def row(name: str, counts: Counter) -> str:
    """One line of the table."""
    cells = []
    for measure_name in (*MEASURES, IN_PLACE, SAME_PERFECT):
        cells.append(f"{_share(counts, measure_name):>15}")
    return f"{name:<12}{counts['pages']:>6}" + "".join(cells)


def main() -> None:
    options = _options()
    if options.blanks:
        import filled_blanks

        filled_blanks.main(options)
        return
    data = Path(os.environ["HCR_DATA"]) / "characters"
    hands: list[GlyphSource] = [
        StrokeGlyphs(data / "unipen_strokes.npz"),
        EmnistGlyphs(data / "emnist_balanced_part.npz"),
    ]
    recognizer = None if options.layout_only else load_recognizer()
    segmenter = load_segmenter()
    read = whole_reader(recognizer) if recognizer else layout_reader()
    totals = {name: Counter() for name in [*(options.style or STYLES), *ANGLES]}
    for index, form in enumerate(_forms(options, hands)):
        found = _read_back(form, read)
        counts = measure(form, found) + Counter({"pages": 1})
        if recognizer:
            counts += count_glyphs(form, found, recognizer)
            counts += count_strings(form, recognizer, segmenter)
        totals[form.style] += counts
        totals[ANGLES[abs(form.skew) > USUAL_SKEW]] += counts
        if options.save and _is_flawed(counts):
            options.save.mkdir(parents=True, exist_ok=True)
            draw(form, found, options.save / f"{form.style}-{index}.png")
    report(totals)


def _forms(options: argparse.Namespace, hands: list[GlyphSource]) -> Iterator[FilledForm]:
    styles = options.style or list(STYLES)
    for index in range(options.pages):
        seed, style = options.seed * 100_003 + index, styles[index % len(styles)]
        skew = options.skew if index % 3 == 2 else min(options.skew, USUAL_SKEW)
        # Three forms in four in pen strokes: they are the more realistic.
        yield random_form(seed, hands[int(seed % 4 == 3)], style, skew)


def _read_back(form: FilledForm, read: Reader) -> list[FoundCell]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "form.png")
        Image.fromarray(form.gray).save(path, dpi=(form.dpi, form.dpi), compress_level=1)
        return read(path)


def report(totals: dict[str, Counter]) -> None:
    """Print a row for each style, each class of angles and all, and the costs and gains."""
    names = (*MEASURES, IN_PLACE, SAME_PERFECT)
    print(f"{'':<12}{'pages':>6}" + "".join(f"{name:>15}" for name in names))
    for style, counts in totals.items():
        print(row(style, counts))
    every = sum((totals[name] for name in ANGLES), Counter())
    print(row("all", every))
    print()
    print(f"characters in cells, found on the page     {_share(every, 'characters')} %")
    print(f"the same glyphs, {SAME_PERFECT:<26}{_share(every, PERFECT)} %")
    print(f"of those whose cells are in their place    {_share(every, IN_PLACE)} %")
    print(f"the same glyphs, {SAME_PERFECT:<26}{_share(every, SAME_PERFECT)} %")
    print(f"characters of strings, found on the page   {_share(every, 'string characters')} %")
    for name in STRINGS:
        print(f"strings, {name:<34}{_share(every, name)} %")


def _share(counts: Counter, measure_name: str) -> str:
    every = counts[measure_name, "all"]
    return f"{100 * counts[measure_name, 'right'] / every:.2f}" if every else "-"


def _is_flawed(counts: Counter) -> bool:
    return any(
        counts[name, "right"] < counts[name, "all"]
        for name in ("cell recall", "precision", "grouped")
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=330)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skew", type=float, default=15.0, help="largest, in degrees")
    parser.add_argument("--style", action="append", choices=list(STYLES))
    parser.add_argument("--blanks", action="store_true", help="real blank forms")
    parser.add_argument("--layout-only", action="store_true")
    parser.add_argument("--save", type=Path, help="folder for pictures of flawed pages")
    return parser.parse_args()


if __name__ == "__main__":
    main()
