"""Find and read the cells of generated forms; prints the measures of each style.

    HCR_DATA=... python tests/benchmarks/bench_layout.py --pages 200 --seed 1

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
from collections.abc import Callable, Sequence
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

from hcr_batch.evaluation.score import fold
from hcr_batch.types import Box

MIN_OVERLAP = 0.5
"""Intersection over union from which a cell counts as found."""
MEASURES = ("cell recall", "precision", "grouped", "free found", "characters", "blanks")


@dataclass(frozen=True)
class FoundCell:
    """A cell in pixels of the file; `character` is None where nothing was read."""

    box: Box
    field: int
    character: str | None = None


Reader = Callable[[Path], "list[FoundCell]"]


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
    taken = {id(cell) for cells in inside for cell in cells}
    outside = [cell for cell in found if id(cell) not in taken]
    counts: Counter = Counter()
    for field, cells in zip(free, inside, strict=True):
        _count_free(field, cells, counts)
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
    blocks = SequenceMatcher(None, truth, read, autojunk=False).get_matching_blocks()
    _add(counts, "characters", sum(block.size for block in blocks), len(truth))


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


def whole_reader() -> Reader:
    """The scan as users have it, with the default model."""
    from hcr_batch import load_recognizer, scan_document

    recognizer = load_recognizer()

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
    from hcr_batch.config import load_settings
    from hcr_batch.documents import open_pages
    from hcr_batch.layout.binarize import binarize
    from hcr_batch.layout.deskew import deskew, estimate_skew
    from hcr_batch.layout.fields import find_fields

    settings = load_settings()

    def read(path: Path) -> list[FoundCell]:
        (page,) = open_pages(path, settings.documents)
        page = deskew(page, estimate_skew(page.gray, settings.layout.max_skew))
        ink = binarize(page, settings.layout)
        fields = find_fields(ink, page.pixels_per_mm, settings.layout)
        return [
            FoundCell(_mapped(cell.box, page.to_source), number)
            for number, field in enumerate(fields)
            for cell in field.cells
        ]

    return read


def _mapped(box: Box, matrix: np.ndarray) -> Box:
    corners = np.array([(x, y, 1.0) for x in (box.x, box.right) for y in (box.y, box.bottom)])
    (left, top), (right, bottom) = (pick(corners @ matrix.T, axis=0) for pick in (np.min, np.max))
    return Box(left, top, right - left, bottom - top)


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
    for measure_name in MEASURES:
        every = counts[measure_name, "all"]
        share = f"{100 * counts[measure_name, 'right'] / every:.2f}" if every else "-"
        cells.append(f"{share:>12}")
    return f"{name:<12}{counts['pages']:>6}" + "".join(cells)


def main() -> None:
    options = _options()
    data = Path(os.environ["HCR_DATA"]) / "characters"
    hands: list[GlyphSource] = [
        StrokeGlyphs(data / "unipen_strokes.npz"),
        EmnistGlyphs(data / "emnist_balanced_part.npz"),
    ]
    read = layout_reader() if options.layout_only else whole_reader()
    styles = options.style or list(STYLES)
    totals: dict[str, Counter] = {style: Counter() for style in styles}
    with tempfile.TemporaryDirectory() as folder:
        for index in range(options.pages):
            seed, style = options.seed * 100_003 + index, styles[index % len(styles)]
            # Three forms in four in pen strokes: they are the more realistic.
            form = random_form(seed, hands[int(seed % 4 == 3)], style, options.skew)
            path = Path(folder, "form.png")
            Image.fromarray(form.gray).save(path, dpi=(form.dpi, form.dpi), compress_level=1)
            found = read(path)
            counts = measure(form, found)
            totals[style] += counts + Counter({"pages": 1})
            if options.save and _is_flawed(counts):
                options.save.mkdir(parents=True, exist_ok=True)
                draw(form, found, options.save / f"{style}-{seed}.png")
    print(f"{'style':<12}{'pages':>6}" + "".join(f"{name:>12}" for name in MEASURES))
    for style, counts in totals.items():
        print(row(style, counts))
    print(row("all", sum(totals.values(), Counter())))


def _is_flawed(counts: Counter) -> bool:
    return any(
        counts[name, "right"] < counts[name, "all"]
        for name in ("cell recall", "precision", "grouped")
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skew", type=float, default=3.5, help="largest, in degrees")
    parser.add_argument("--style", action="append", choices=list(STYLES))
    parser.add_argument("--layout-only", action="store_true")
    parser.add_argument("--save", type=Path, help="folder for pictures of flawed pages")
    return parser.parse_args()


if __name__ == "__main__":
    main()
