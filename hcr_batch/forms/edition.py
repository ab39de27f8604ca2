"""A new edition of a form: what it takes over from the template of the old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.config import load_toml
from hcr_batch.forms.draft_toml import DraftField, DraftPage
from hcr_batch.forms.template_files import Template, TemplateField, load_template
from hcr_batch.types import MillimetreBox

__all__ = ["Edition", "carried_over"]

RULES = ("charset", "case", "pattern", "check", "required", "key")
"""Keys of a field that go over to the new edition."""
SAME_SIZE_MM, SAME_SIZE = 2.0, 0.1
"""Fields are alike whose sides differ by less than this, or this share."""
MOVED_MM = 1.5
"""A field that lies further off than this has moved."""
NAME, PLACE = 4.0, 1.0
"""What a name of the PDF's own, and what the same place, add to the 2 of a field that is alike."""
REACH_MM = 60.0
"""Fields further from their old place than this are not told by it."""


@dataclass(frozen=True)
class Edition:
    """The pages of a new edition, and what became of the old one's fields, a line each."""

    pages: tuple[DraftPage, ...]
    changes: tuple[str, ...]


def carried_over(pages: Sequence[DraftPage], old: Path) -> Edition:
    """Give the fields of a new edition the names and rules of the old one's.

    Fields are paired in their order on the paper, where they have the same
    kind, size and number of cells; of several ways the one that keeps most of
    them in their places.

    Parameters
    ----------
    pages : sequence of DraftPage
        Drafted from the new edition.
    old : Path
        The template of the old one.

    Raises
    ------
    ConfigError
        The old template is malformed.
    """
    template = load_template(old)
    rules = {field["name"]: _rules(field) for field in load_toml(old)["field"]}
    before = [_fields_of(template, page.number) for page in pages]
    pairs = [_paired(fields, page.fields) for fields, page in zip(before, pages, strict=True)]
    named = tuple(
        _distinct(
            replace(page, fields=tuple(_named(page, fields, paired, rules)))
            for page, fields, paired in zip(pages, before, pairs, strict=True)
        )
    )
    changes = [
        change
        for page, fields, paired in zip(named, before, pairs, strict=True)
        for change in _changes(fields, page.fields, paired)
    ]
    numbers = {page.number for page in pages}
    gone = (page for page in template.pages if page.number not in numbers)
    changes += [f"removed: {field.name}" for page in gone for field in page.fields]
    return Edition(named, tuple(changes))


def _fields_of(template: Template, number: int) -> tuple[TemplateField, ...]:
    return next((page.fields for page in template.pages if page.number == number), ())


def _rules(field: Mapping[str, Any]) -> dict[str, str | bool]:
    return {key: field[key] for key in RULES if key in field}


def _paired(old: Sequence[TemplateField], new: Sequence[DraftField]) -> dict[int, int]:
    """Which old field each of the new ones is: the pairs in order that are worth most."""
    worth = np.array([[_alike(a, b) for b in new] for a in old]).reshape(len(old), len(new))
    best = np.zeros((len(old) + 1, len(new) + 1))
    for i in range(len(old)):
        for j in range(len(new)):
            paired = best[i, j] + worth[i, j] if worth[i, j] else -1.0
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], paired)
    pairs = {}
    i, j = len(old), len(new)
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[j] = i
    return pairs


def _alike(old: TemplateField, new: DraftField) -> float:
    """How much speaks for two fields being one; 0 where they are not alike."""
    box = bounds(new.cells)
    same_name = old.name == new.name
    sides = ((old.box.width, box.width), (old.box.height, box.height))
    same_size = all(abs(a - b) <= max(SAME_SIZE_MM, SAME_SIZE * a) for a, b in sides)
    same_size &= len(old.cells) == len(new.cells)
    if old.kind != new.kind or not (same_name or same_size):
        return 0.0
    near = max(0.0, 1 - _apart(old.box, box) / REACH_MM)
    return 2.0 + NAME * same_name + PLACE * near


def _apart(a: MillimetreBox, b: MillimetreBox) -> float:
    return max(abs(a.x - b.x), abs(a.y - b.y))


def _named(
    page: DraftPage,
    before: Sequence[TemplateField],
    pairs: Mapping[int, int],
    rules: Mapping[str, Mapping[str, str | bool]],
) -> Iterator[DraftField]:
    for number, field in enumerate(page.fields):
        if number in pairs:
            name = before[pairs[number]].name
            yield replace(field, name=name, rules=rules[name])
        else:
            yield field


def _changes(
    before: Sequence[TemplateField], after: Sequence[DraftField], pairs: Mapping[int, int]
) -> Iterator[str]:
    for number, field in enumerate(after):
        if number not in pairs:
            yield f"added: {field.name}"
            continue
        old, box = before[pairs[number]].box, bounds(field.cells)
        if _apart(old, box) > MOVED_MM:
            # Added to 0, a rounded -0 has no sign.
            right, down = round(box.x - old.x, 1) + 0.0, round(box.y - old.y, 1) + 0.0
            yield f"moved: {field.name} by {right:+.1f}, {down:+.1f} mm"
    kept = set(pairs.values())
    yield from (f"removed: {field.name}" for n, field in enumerate(before) if n not in kept)


def _distinct(pages: Iterable[DraftPage]) -> Iterator[DraftPage]:
    """The pages with the new fields renamed whose drafted names the old edition has."""
    named = tuple(pages)
    taken = {field.name for page in named for field in page.fields if field.rules is not None}
    for page in named:
        fields = []
        for field in page.fields:
            name, copy = field.name, 1
            while field.rules is None and name in taken:
                copy += 1
                name = f"{field.name}_{copy}"
            taken.add(name)
            fields.append(replace(field, name=name))
        yield replace(page, fields=tuple(fields))
