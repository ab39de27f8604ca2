"""The path of a page, from file to readings: a pure function of document and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.config import Settings, load_settings
from hcr_batch.documents import open_pages
from hcr_batch.glyphs.isolate import CellInk, isolate_field
from hcr_batch.glyphs.normalize import normalize_ink
from hcr_batch.glyphs.strings import TextLine, find_strings
from hcr_batch.layout.binarize import Ink, binarize
from hcr_batch.layout.deskew import deskew, estimate_skew
from hcr_batch.layout.fields import find_fields
from hcr_batch.recognition.context import with_context
from hcr_batch.recognition.models import GlyphScores, Recognizer
from hcr_batch.recognition.printed import Hand, printed_among_written, whose_hand
from hcr_batch.recognition.readings import (
    blank_reading,
    check_reading,
    glyph_reading,
    mark_reading,
)
from hcr_batch.recognition.strings import best_path, sureness
from hcr_batch.types import Box, CellReading, Field, FieldReading, Page, PageReading, Reading

__all__ = ["read_page", "scan_document"]

WORD_GAP = 1.1
"""Letter heights; a wider gap in a free string is a blank between words."""
USUAL_GAPS = 2.5
"""And it must be wider than this many usual gaps of the line."""


@dataclass(frozen=True)
class _FieldGlyphs:
    """A field with its ink: cells, or lines with candidates."""

    field: Field
    cells: tuple[CellInk, ...] = ()
    lines: tuple[TextLine, ...] = ()

    def inks(self) -> Iterator[np.ndarray]:
        yield from (cell.ink for cell in self.cells if cell.ink is not None)
        yield from (candidate.ink for line in self.lines for candidate in line.candidates)


def scan_document(
    path: str | Path,
    recognizer: Recognizer,
    template: None = None,
    settings: Settings | None = None,
) -> tuple[PageReading, ...]:
    """Read all pages of one document.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG, TIFF or PDF.
    recognizer : Recognizer
        As :func:`hcr_batch.load_recognizer` gives it.
    template : None
        Reserved for known forms.
    settings : Settings, optional
        The default settings where left out.

    Returns
    -------
    tuple of PageReading

    Raises
    ------
    DocumentError
        The file cannot be read.
    """
    settings = settings or load_settings()
    pages = open_pages(Path(path), settings.documents)
    return tuple(read_page(page, recognizer, settings) for page in pages)


def read_page(page: Page, recognizer: Recognizer, settings: Settings) -> PageReading:
    """Read one page.

    Parameters
    ----------
    page : Page
        Upright, dark ink on light paper; its skew is found here.
    recognizer : Recognizer
    settings : Settings

    Returns
    -------
    PageReading
        Boxes in pixels of the page as it lies in the file.
    """
    page = deskew(page, estimate_skew(page.gray, settings.layout.max_skew))
    ink = binarize(page, settings.layout)
    fields = find_fields(ink, page.pixels_per_mm, settings.layout)
    written = [_field_glyphs(ink, field, page, settings) for field in fields]
    scores = _score(written, recognizer)
    threshold = _threshold(recognizer, settings)
    readings = (
        _read_field(glyphs, score, threshold) for glyphs, score in zip(written, scores)
    )
    width, height = page.source_size
    return PageReading(
        number=page.number,
        width=width,
        height=height,
        fields=tuple(
            _on_source(field, cells, page) for field, cells in zip(fields, readings)
        ),
    )


def _field_glyphs(ink: Ink, field: Field, page: Page, settings: Settings) -> _FieldGlyphs:
    if field.kind == "free":
        lines = find_strings(ink, field, page.pixels_per_mm, settings.glyphs)
        return _FieldGlyphs(field, lines=lines)
    cells = isolate_field(ink, field, page.pixels_per_mm, settings.glyphs)
    return _FieldGlyphs(field, cells=cells)


def _score(written: Iterable[_FieldGlyphs], recognizer: Recognizer) -> list[GlyphScores]:
    """Classify all glyphs of a page at once; the scores come back field by field."""
    glyphs = [[normalize_ink(ink) for ink in field.inks()] for field in written]
    flat = [glyph for group in glyphs for glyph in group]
    stacked = np.stack(flat) if flat else np.zeros((0, 28, 28), np.uint8)
    scores = recognizer.scores(stacked)
    ends = np.cumsum([0, *(len(group) for group in glyphs)])
    return [
        GlyphScores(scores.characters[first:last], scores.printed[first:last])
        for first, last in zip(ends, ends[1:])
    ]


def _threshold(recognizer: Recognizer, settings: Settings) -> float:
    wanted = settings.recognition
    return wanted.threshold or recognizer.card.threshold(wanted.target_error)


def _read_field(
    glyphs: _FieldGlyphs, scores: GlyphScores, threshold: float
) -> list[tuple[Box, Reading]]:
    if glyphs.field.kind == "free":
        return _read_lines(glyphs, scores, threshold)
    return _read_cells(glyphs, scores, threshold)


def _read_cells(
    glyphs: _FieldGlyphs, scores: GlyphScores, threshold: float
) -> list[tuple[Box, Reading]]:
    boxes = [cell.box for cell in glyphs.field.cells]
    hand = whose_hand(scores.printed)
    if hand is Hand.PRINTED:
        return [(box, blank_reading()) for box in boxes]
    if hand is Hand.RATHER_PRINTED:
        read = iter([mark_reading(row, "printed") for row in scores.characters])
    elif glyphs.field.kind == "check":
        read = iter([check_reading(row, threshold) for row in scores.characters])
    else:
        read = iter(_read_inked(glyphs, scores, threshold, hand))
    return [
        (box, blank_reading() if cell.ink is None else next(read))
        for box, cell in zip(boxes, glyphs.cells)
    ]


def _read_inked(
    glyphs: _FieldGlyphs, scores: GlyphScores, threshold: float, hand: Hand
) -> list[Reading]:
    places = [place for place, cell in enumerate(glyphs.cells) if cell.ink is not None]
    inked = [glyphs.cells[place] for place in places]
    odd = printed_among_written(scores.printed)
    # Marks and print say nothing about the kind of their neighbours.
    plain = np.array([not cell.small for cell in inked], bool) & ~odd
    weighed = scores.characters.copy()
    after_blank = np.diff(np.array(places)[plain], prepend=0) > 1
    weighed[plain] = with_context(scores.characters[plain], after_blank)
    return [
        glyph_reading(row, threshold, _reasons(cell, hand))
        if is_plain
        else mark_reading(row, "printed" if is_odd else "not_a_character")
        for row, cell, is_plain, is_odd in zip(weighed, inked, plain, odd)
    ]


def _reasons(cell: CellInk, hand: Hand) -> tuple[str, ...]:
    named = (
        ("touching", cell.touching),
        ("out_of_cell", cell.out_of_cell),
        ("printed", hand is Hand.RATHER_WRITTEN),
    )
    return tuple(reason for reason, holds in named if holds)


def _read_lines(
    glyphs: _FieldGlyphs, scores: GlyphScores, threshold: float
) -> list[tuple[Box, Reading]]:
    cells: list[tuple[Box, Reading]] = []
    start = 0
    for line in glyphs.lines:
        stop = start + len(line.candidates)
        part = GlyphScores(scores.characters[start:stop], scores.printed[start:stop])
        cells += _read_line(line, part, threshold)
        start = stop
    return cells or [(glyphs.field.box, blank_reading())]


def _read_line(
    line: TextLine, scores: GlyphScores, threshold: float
) -> list[tuple[Box, Reading]]:
    path = best_path(line, sureness(scores.characters))
    chosen = [line.candidates[number] for number in path]
    hand = whose_hand(scores.printed[path])
    if hand is Hand.PRINTED:
        return []
    if hand is Hand.RATHER_PRINTED:
        return [(line.box, mark_reading(np.zeros(len(scores.characters[0])), "printed"))]
    reasons = ("printed",) if hand is Hand.RATHER_WRITTEN else ()
    gaps = [b.box.x - a.box.right for a, b in zip(chosen, chosen[1:])]
    usual = float(np.median(gaps)) if gaps else 0.0
    word_gap = max(WORD_GAP * line.height, USUAL_GAPS * usual)
    after_blank = np.array([False, *(gap > word_gap for gap in gaps)])
    weighed = with_context(scores.characters[path], after_blank)
    cells: list[tuple[Box, Reading]] = []
    for number, (candidate, row) in enumerate(zip(chosen, weighed)):
        if after_blank[number]:
            before = chosen[number - 1].box
            blank = Box(before.right, line.box.y, gaps[number - 1], line.box.height)
            cells.append((blank, blank_reading()))
        cells.append((candidate.box, glyph_reading(row, threshold, reasons)))
    return cells


def _on_source(field: Field, cells: list[tuple[Box, Reading]], page: Page) -> FieldReading:
    return FieldReading(
        name=field.name,
        kind=field.kind,
        cells=tuple(
            CellReading(_source_box(box, page), reading, _crop(box, page))
            for box, reading in cells
        ),
    )


def _source_box(box: Box, page: Page) -> Box:
    """Bounding box, in whole pixels of the file's own page."""
    corners = np.array(
        [(x, y, 1.0) for x in (box.x, box.right) for y in (box.y, box.bottom)]
    )
    # Pixel centres have whole coordinates, corners lie half a pixel before them.
    corners[:, :2] -= 0.5
    placed = corners @ page.to_source.T + 0.5
    width, height = page.source_size
    left, top = np.clip(np.floor(placed.min(axis=0) + 0.5), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(placed.max(axis=0) - 0.5), (left + 1, top + 1), (width, height))
    return Box(int(left), int(top), int(right - left), int(bottom - top))


def _crop(box: Box, page: Page) -> np.ndarray:
    rows = slice(max(0, int(box.y)), max(1, int(np.ceil(box.bottom))))
    columns = slice(max(0, int(box.x)), max(1, int(np.ceil(box.right))))
    return page.gray[rows, columns].copy()
