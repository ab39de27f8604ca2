"""The path of a page, from file to readings: a pure function of document and settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.arrays.box_sides import sides_of
from hcr_batch.characters.field_ink import field_inks
from hcr_batch.characters.line_strip import Strip
from hcr_batch.characters.normalize import normalize_inks
from hcr_batch.config import Settings, load_settings
from hcr_batch.decoding.answers import read_answers
from hcr_batch.decoding.field_answers import FieldAnswer, FieldGlyphs
from hcr_batch.decoding.machine_print import surroundings
from hcr_batch.decoding.page_edge import flagged_at_edge
from hcr_batch.decoding.page_thresholds import page_thresholds
from hcr_batch.decoding.stored_values import with_stored_values
from hcr_batch.documents import open_pages
from hcr_batch.forms.rules import Rule
from hcr_batch.geometry import projected
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.binarize import Ink, binarize, is_blank
from hcr_batch.preprocess.orientation import turned, turns_by_cells, turns_by_letters
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.probabilities import shape_confidence
from hcr_batch.recognition.line_card import LineCard
from hcr_batch.recognition.recognizers import GlyphScores, Recognizer
from hcr_batch.results.unread_pages import NOTHING_FOUND, unread_page
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.timing import Stopwatch
from hcr_batch.types import (
    REGISTRATION,
    UNKNOWN_FORM,
    Box,
    CellReading,
    Field,
    FieldReading,
    Page,
    PageReading,
    SourceBox,
)

if TYPE_CHECKING:
    from hcr_batch.forms.matching_form import MatchedForm
    from hcr_batch.forms.template_files import Template

__all__ = ["read_page", "scan_document"]


def scan_document(
    path: str | Path,
    recognizer: Recognizer,
    template: str | Path | Template | Sequence[Template] | None = None,
    settings: Settings | None = None,
    segmenter: Segmenter | None = None,
) -> tuple[PageReading, ...]:
    """Read all pages of one document.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG, TIFF or PDF.
    recognizer : Recognizer
        As :func:`hcr_batch.load_recognizer` gives it.
    template : str, Path, Template or sequence of Template, optional
        The form that the pages are of, or the forms; a file, or a folder of
        files. A page that is of none of them has one flagged field,
        `unknown_form`.
    settings : Settings, optional
        The default settings where left out.
    segmenter : Segmenter, optional
        The page segmentation; that of the program where left out.

    Returns
    -------
    tuple of PageReading

    Raises
    ------
    DocumentError
        The file cannot be read.
    ConfigError
        A template is malformed.
    """
    settings = settings or load_settings()
    pages = open_pages(Path(path), settings.documents)
    templates = _templates(template)
    segmenter = segmenter or load_segmenter()
    return tuple(read_page(page, recognizer, segmenter, settings, templates) for page in pages)


def _templates(given: str | Path | Template | Sequence[Template] | None) -> Sequence[Template]:
    if not given:
        return ()
    from hcr_batch.forms.template_files import Template, load_templates

    if isinstance(given, (str, Path)):
        return load_templates([Path(given)])
    return (given,) if isinstance(given, Template) else tuple(given)


def read_page(
    page: Page,
    recognizer: Recognizer,
    segmenter: Segmenter,
    settings: Settings,
    templates: Sequence[Template] = (),
    watch: Stopwatch | None = None,
) -> PageReading:
    """Read one page.

    Parameters
    ----------
    page : Page
        Dark ink on light paper; its skew, and which way up it lies, are found here.
    recognizer : Recognizer
    segmenter : Segmenter
    settings : Settings
    templates : sequence of Template
        Known forms: the page is read as the one it is of, or not at all.
    watch : Stopwatch, optional
        Is told the time of the stages, :data:`~hcr_batch.timing.STAGES`.

    Returns
    -------
    PageReading
        Boxes in pixels of the page as it lies in the file.
    """
    watch = watch or Stopwatch()
    with watch("layout"):
        networks = _Networks(recognizer, watch)
        opened = page if page.stored else None
        with watch("level"):
            # Nobody holds the pixels of the page as it lay any more: there is room for the others.
            page = flatten(page, settings.layout.max_skew)
        reading = _read_ink(page, networks, segmenter, settings, templates)
        return with_stored_values(reading, opened, templates) if opened else reading


@dataclass(frozen=True)
class _Networks:
    """The networks that read, timed where they are called."""

    recognizer: Recognizer
    watch: Stopwatch

    @property
    def line_card(self) -> LineCard | None:
        """Of the line reader; None where the model has none."""
        reader = self.recognizer.line_reader
        return reader.card if reader else None

    def scores(self, inks: Sequence[np.ndarray]) -> GlyphScores:
        """What the classifier says of N inks, uint8 (rows, columns)."""
        with self.watch("ink"):
            glyphs = normalize_inks(inks)
        with self.watch("recognize"):
            return self.recognizer.scores(glyphs)

    def classify(self, inks: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities of characters, float32 (N, 62)."""
        return self.scores(inks).characters

    def letters(self, inks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """How surely N inks are characters, and the logits of machine print, float (N,)."""
        scores = self.scores(inks)
        return shape_confidence(scores.characters), scores.printed

    def columns(self, strips: Sequence[Strip]) -> list[np.ndarray]:
        """What the line reader, which there must be, says of strips."""
        assert self.recognizer.line_reader is not None, "a model without a line reader"
        with self.watch("recognize"):
            return self.recognizer.line_reader.probabilities([strip.image for strip in strips])


def _read_ink(
    page: Page,
    networks: _Networks,
    segmenter: Segmenter,
    settings: Settings,
    templates: Sequence[Template],
) -> PageReading:
    """The reading of a page that is flat and level, but may lie on its side."""
    watch = networks.watch
    found = _find(page, networks, segmenter, settings, templates)
    scored, turns, ink = None, None, None
    with watch("level"):
        if found and found.has_most_in_cells():
            scored = _score(found, networks, settings, None)
            turns = turns_by_cells(*scored.in_cells(), networks.classify)
        if turns is None:
            ink = binarize(page, settings.layout)
            text = found.text() if found and not found.form else None
            turns = turns_by_letters(ink, page.pixels_per_mm, networks.classify, text)
        if turns:
            page = turned(page, turns)
    if turns:
        found = _find(page, networks, segmenter, settings, templates)
        scored, ink = None, None
    if found is None:
        return unread_page(page, UNKNOWN_FORM, UNKNOWN_FORM)
    if found.form and not found.form.placed:
        return unread_page(page, UNKNOWN_FORM, REGISTRATION)
    scored = scored or _score(found, networks, settings, ink if found.page is page else None)
    with watch("read"):
        reading = _read(found, scored, networks, settings)
    if found.form:
        return found.form.flagged(reading)
    if not reading.fields and not is_blank(page, binarize(page, settings.layout)):
        return unread_page(page, NOTHING_FOUND, NOTHING_FOUND)
    return reading


@dataclass(frozen=True)
class _Found:
    """A level page with its fields, whichever way up it lies."""

    page: Page
    layers: Layers
    fields: Sequence[Field]
    rules: Sequence[Rule]
    form: MatchedForm | None = None

    def text(self) -> np.ndarray:
        """What of the page is print or writing, bool (rows, columns)."""
        text = np.maximum(self.layers.printed, self.layers.written)
        full: np.ndarray = self.layers.full(text, self.page.gray.shape) >= LIKELY
        return full

    def has_most_in_cells(self) -> bool:
        """Whether there are more cells than strings: on a page on its side there seldom are."""
        strings = sum(field.kind == "free" for field in self.fields)
        return sum(len(field.cells) for field in self.fields) > 2 * strings


@dataclass(frozen=True)
class _Scored:
    """What is written in the fields of a page, and what the network says about it."""

    written: list[FieldGlyphs]
    scores: list[GlyphScores]

    def in_cells(self) -> tuple[list[np.ndarray], np.ndarray]:
        """The N inks that have cells of their own, and their probabilities, float32 (N, 62)."""
        pairs = zip(self.written, self.scores, strict=True)
        boxed = [(glyphs, scores) for glyphs, scores in pairs if glyphs.cells]
        found = [scores.characters for _, scores in boxed]
        inks = [ink for glyphs, _ in boxed for ink in glyphs.inks()]
        return inks, np.concatenate([np.empty((0, len(CHARACTERS)), np.float32), *found])


def _find(
    page: Page,
    networks: _Networks,
    segmenter: Segmenter,
    settings: Settings,
    templates: Sequence[Template],
) -> _Found | None:
    """The fields of a page; None where it is of none of the forms."""
    with networks.watch("segment"):
        page, layers = segmented(page, segmenter, networks.letters)
    fields = find_fields(layers, settings.layout)
    if not templates:
        return _Found(page, layers, fields, [Rule(case=settings.recognition.case)] * len(fields))
    # Looking for forms takes thirty modules, and most pages are read without.
    from hcr_batch.forms.matching_form import find_form

    form = find_form(page, layers, fields, templates, segmenter, settings)
    if form is None:
        return None
    rules = [replace(rule, case=rule.case or settings.recognition.case) for rule in form.rules]
    return _Found(form.page, form.layers, form.fields, rules, form)


def _score(found: _Found, networks: _Networks, settings: Settings, ink: Ink | None) -> _Scored:
    """Classify all glyphs of a page, whose ink may be known, at once."""
    with networks.watch("ink"):
        alone = found.form is not None
        inks = field_inks(found.page, found.layers, found.fields, settings, alone, ink)
    # What stands in no field comes last, and is under no rule.
    rules = chain(found.rules, repeat(Rule(case=settings.recognition.case)))
    written = [FieldGlyphs.of(*pair) for pair in zip(inks, rules)]
    if not found.form:
        written = [part for glyphs in written for part in glyphs.by_line()]
    groups = [list(glyphs.inks()) for glyphs in written]
    scores = networks.scores([ink for group in groups for ink in group])
    ends = np.cumsum([0, *map(len, groups)])
    columns = _columns(written, networks)
    by_field = [
        GlyphScores(scores.characters[first:last], scores.printed[first:last], read)
        for first, last, read in zip(ends, ends[1:], columns, strict=False)
    ]
    return _Scored(written, by_field)


def _columns(
    written: Sequence[FieldGlyphs], networks: _Networks
) -> list[tuple[np.ndarray, ...]]:
    """What the line reader says about the lines of each field, all of a page at once."""
    if networks.line_card is None:
        return [()] * len(written)
    strips = [glyphs.strips for glyphs in written]
    read = iter(networks.columns([strip for group in strips for strip in group]))
    return [tuple(islice(read, len(group))) for group in strips]


def _read(
    found: _Found, scored: _Scored, networks: _Networks, settings: Settings
) -> PageReading:
    page, fields = found.page, [glyphs.field for glyphs in scored.written]
    card = networks.line_card
    thresholds = page_thresholds(
        settings.recognition, networks.recognizer.card, card, found.form
    )
    around = surroundings(scored.written, scored.scores)
    answers = read_answers(scored.written, scored.scores, thresholds, around, card)
    width, height = page.source_size
    return PageReading(
        number=page.number,
        width=width,
        height=height,
        fields=_on_source(fields, answers, page),
    )


def _on_source(
    fields: Sequence[Field], answers: Sequence[FieldAnswer], page: Page
) -> tuple[FieldReading, ...]:
    placed = iter(_source_boxes([box for answer in answers for box, _ in answer.cells], page))
    return tuple(
        FieldReading(
            name=field.name,
            kind=field.kind,
            cells=flagged_at_edge(
                (
                    CellReading(next(placed), reading, _crop(box, page))
                    for box, reading in answer.cells
                ),
                page,
            ),
            joint=answer.joint,
        )
        for field, answer in zip(fields, answers, strict=True)
        if answer.cells
    )


def _source_boxes(boxes: list[Box], page: Page) -> list[SourceBox]:
    """Bounding boxes, in whole pixels of the file's own page."""
    sides = sides_of(boxes).T
    corners = np.empty((len(boxes), 4, 2))
    # Pixel centres have whole coordinates, corners lie half a pixel before them.
    corners[:, :, 0], corners[:, :, 1] = sides[:, [0, 0, 2, 2]] - 0.5, sides[:, [1, 3, 1, 3]] - 0.5
    placed = projected(page.to_source, corners.reshape(-1, 2)).reshape(corners.shape) + 0.5
    size = np.array(page.source_size)
    first = np.clip(np.floor(placed.min(axis=1) + 0.5), 0, size - 1)
    last = np.clip(np.ceil(placed.max(axis=1) - 0.5), first + 1, size)
    return [SourceBox(*row) for row in np.hstack([first, last - first]).astype(int).tolist()]


def _crop(box: Box, page: Page) -> np.ndarray:
    rows = slice(max(0, int(box.y)), max(1, math.ceil(box.bottom)))
    columns = slice(max(0, int(box.x)), max(1, math.ceil(box.right)))
    return page.gray[rows, columns].copy()
