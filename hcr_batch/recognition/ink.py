"""The ink of a page shared out: to its cells, its strings, and what stands in neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hcr_batch.config import Settings
from hcr_batch.forms.rules import Rule
from hcr_batch.glyphs.isolate import isolate_fields, of_one_pen, usual_pen, with_all_ink
from hcr_batch.glyphs.strings import TextLine, find_strings
from hcr_batch.glyphs.unplaced import unplaced_fields
from hcr_batch.glyphs.writing import Writing, strokes_of
from hcr_batch.layout.areas import typed_answers
from hcr_batch.layout.binarize import Ink, binarize
from hcr_batch.layout.fields import are_written, have_print
from hcr_batch.recognition.field_glyphs import FieldGlyphs, Source
from hcr_batch.segmentation.layers import Layers
from hcr_batch.types import Field, Page

__all__ = ["field_glyphs"]

FAINT = 0.4
"""Share of the usual darkness of a pen below which writing may shine through from the back. Within
one field it does: nobody changes the pen from cell to cell. In another field of the page it may be
pencil beside ink, and a person is told."""


def field_glyphs(
    page: Page,
    layers: Layers,
    fields: Sequence[Field],
    rules: Sequence[Rule],
    settings: Settings,
) -> list[FieldGlyphs]:
    """What is written in each field, and after them what is written in none.

    Parameters
    ----------
    page : Page
    layers : Layers
        Of the page.
    fields : sequence of Field
    rules : sequence of Rule
        Of each field.
    settings : Settings
    """
    sheet = _InkedPage(page, layers, binarize(page, settings.layout), settings)
    writing = sheet.strokes(layers.written)
    pairs = list(zip(fields, rules, strict=True))
    boxed = [pair for pair in pairs if pair[0].kind != "free"]
    free = [pair for pair in pairs if pair[0].kind == "free"]
    in_cells, stray = sheet.in_cells(writing, boxed)
    by_name = {glyphs.field.name: glyphs for glyphs in (*in_cells, *sheet.in_areas(writing, free))}
    placed = [by_name[field.name] for field in fields]
    faintest = max((glyphs.faintest for glyphs in in_cells), default=0.0)
    return placed + list(sheet.beside(writing, stray, fields, faintest))


@dataclass(frozen=True)
class _InkedPage:
    """A page with its layers and ink."""

    page: Page
    layers: Layers
    ink: Ink
    settings: Settings

    def strokes(self, layer: np.ndarray) -> Writing:
        """The ink of one of the layers."""
        per_mm = self.page.pixels_per_mm
        return strokes_of(layer, self.ink, self.layers, per_mm, self.settings.glyphs)

    def strings(self, strokes: Writing, fields: Sequence[Field]) -> list[tuple[TextLine, ...]]:
        """The lines of free areas."""
        return find_strings(strokes, fields, self.page.pixels_per_mm, self.settings.glyphs)

    def in_cells(
        self, writing: Writing, pairs: Sequence[tuple[Field, Rule]]
    ) -> tuple[list[FieldGlyphs], np.ndarray]:
        """What stands in cells, print included; and which parts of the writing do not."""
        fields, settings = [field for field, _ in pairs], self.settings.glyphs
        cells, stray = isolate_fields(writing, fields, settings)
        if have_print(self.layers, fields):
            both = self.strokes(np.maximum(self.layers.written, self.layers.printed))
            inked, _ = isolate_fields(both, fields, settings)
            written = are_written(self.layers, fields)
            cells = [
                with_all_ink(*found) for found in zip(cells, inked, written, strict=True)
            ]
        faintest = FAINT * usual_pen(cells)
        glyphs = [
            FieldGlyphs(field, cells=of_one_pen(inks, FAINT), rule=rule, faintest=faintest)
            for (field, rule), inks in zip(pairs, cells, strict=True)
        ]
        return glyphs, stray

    def in_areas(
        self, writing: Writing, pairs: Sequence[tuple[Field, Rule]]
    ) -> Iterator[FieldGlyphs]:
        """The strings of free areas; where nothing is written, the print that may be an answer."""
        fields = [field for field, _ in pairs]
        written = self.strings(writing, fields)
        unwritten = [f for f, lines in zip(fields, written, strict=True) if not lines]
        printed, typed = self._printed(unwritten), typed_answers(self.layers, unwritten)
        for (field, rule), lines in zip(pairs, written, strict=True):
            if lines or not printed.get(field.name):
                yield FieldGlyphs(field, lines=lines, rule=rule)
            else:
                source = Source.TYPED if field.name in typed else Source.PRINT
                yield FieldGlyphs(field, lines=printed[field.name], rule=rule, source=source)

    def _printed(self, fields: Sequence[Field]) -> dict[str, tuple[TextLine, ...]]:
        """The lines of print in some areas: labels, typed answers, hands as even as print."""
        if not have_print(self.layers, fields):
            return {}
        lines = self.strings(self.strokes(self.layers.printed), fields)
        return {field.name: found for field, found in zip(fields, lines, strict=True)}

    def beside(
        self, writing: Writing, stray: np.ndarray, fields: Sequence[Field], faintest: float
    ) -> Iterator[FieldGlyphs]:
        """What is written in no field; on a page without any, fields like others."""
        if self.settings.layout.mode == "boxes":
            return
        free = [field for field in fields if field.kind == "free"]
        unplaced = unplaced_fields(writing, stray, free, self.page.pixels_per_mm)
        if not fields:
            unplaced = [
                replace(field, name=f"f{number:03d}", kind="free")
                for number, field in enumerate(unplaced, start=1)
            ]
        rule = Rule(case=self.settings.recognition.case)
        for field, lines in zip(unplaced, self.strings(writing, unplaced), strict=True):
            if lines:
                faint = writing.cut(field.box).pen < faintest
                yield FieldGlyphs(field, lines=lines, rule=rule, faint=faint)
