"""Edited fields, written into the text of their template: comments and the rest stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from hcr_batch.config import parse_toml
from hcr_batch.errors import TemplateError
from hcr_batch.forms.draft_toml import (
    DraftField,
    DraftPage,
    anchors_line,
    field_lines,
    place_lines,
)
from hcr_batch.forms.key_fields import key_fault
from hcr_batch.forms.template_files import field_fault, name_fault, parse_unchecked
from hcr_batch.forms.template_parts import TemplatePage, UncheckedField
from hcr_batch.forms.toml_parts import parts_of
from hcr_batch.types import MillimetreBox

__all__ = ["PLAIN_RULES", "Anchors", "EditableTemplate", "EditedField", "Fault"]

PLAIN_RULES: Mapping[str, str | bool] = {
    "charset": "alnum",
    "case": "",
    "pattern": "",
    "check": "none",
    "required": False,
    "key": False,
}
"""Rules of a field with what is meant where they are left out."""
Anchors = Mapping[int, Sequence[MillimetreBox]]
PLACE = ("box", "cells", "gap", "cell_boxes")
"""Keys that say where a field lies."""


@dataclass(frozen=True)
class EditedField:
    """A field as an editor has it.

    Attributes
    ----------
    was : int or None
        Which field of the file it was, from 0; None for one that was added.
    name, kind : str
    page : int
    cells : tuple of MillimetreBox
        In millimetres; of a free area or check box itself.
    length : int or None
        Characters of a free area, where they are known.
    rules : Mapping
        Values for the keys of `PLAIN_RULES`.
    """

    was: int | None
    name: str
    kind: str
    page: int
    cells: tuple[MillimetreBox, ...]
    length: int | None = None
    rules: Mapping[str, str | bool] = field(default_factory=lambda: dict(PLAIN_RULES))


@dataclass(frozen=True)
class Fault:
    """What is wrong with a template: with which field (from 0) and key of it, where it is one's."""

    field: int | None
    key: str
    problem: str


class EditableTemplate:
    """The text of a template with its fields, from which edited texts are made.

    Parameters
    ----------
    path : Path
        Of the file, named in errors; lexicons lie beside it.
    text : str
        Its content.

    Raises
    ------
    ConfigError
        It is no template whose fields could be placed.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        parsed = parse_unchecked(path, text)
        self.name = parsed.name
        self.pages: tuple[TemplatePage, ...] = parsed.pages
        self.fields = tuple(_editable(n, one) for n, one in enumerate(parsed.fields))
        self._parts = tuple(parts_of(text))
        self._known: dict[str, TemplateError | None] = {}

    def with_fields(
        self, fields: Sequence[EditedField], name: str | None = None, anchors: Anchors | None = None
    ) -> str:
        """The text with edited fields; what was not changed is as it was written.

        Parameters
        ----------
        fields : sequence of EditedField
            Those of the file, in another order perhaps, some of them left out, and new ones.
            A field that has changed places takes its own comments along.
        name : str, optional
            Of the form; as it was where left out.
        anchors : mapping from int to boxes, optional
            In millimetres, by the number of their page; without any, those of
            the fields are meant. Pages left out keep theirs.
        """
        kept = {one.was: one for one in fields if one.was is not None}
        text = ""
        for piece in self._pieces(kept, _added(fields), name or self.name, anchors or {}):
            # The file's last line may have no end.
            text += piece if not text or text.endswith("\n") else f"\n{piece}"
        return text

    def faults(
        self, fields: Sequence[EditedField], name: str | None = None
    ) -> tuple[Fault, ...]:
        """What `template check` says of the edited fields: of all of them, not the first alone."""
        if error := name_fault(self.path, self.name if name is None else name):
            return (Fault(None, "name", f"the name of the form {error.problem}"),)
        if not fields:
            return (Fault(None, "", "the template has no field"),)
        entries = parse_toml(self.path, self.with_fields(fields))["field"]
        found = [
            Fault(number, error.key, error.problem)
            for number, entry in enumerate(entries)
            if (error := self._fault(entry))
        ]
        if fault := key_fault(entries, [page.number for page in self.pages]):
            found.append(Fault(fault[0], "key", fault[1]))
        return (*found, *_taken(fields))

    def _pieces(
        self,
        kept: Mapping[int, EditedField],
        added: Mapping[int | None, Sequence[EditedField]],
        name: str,
        anchors: Anchors,
    ) -> Iterator[str]:
        texts = {part.field: part.text for part in self._parts}
        changed = {
            page.number: tuple(anchors[page.number])
            for page in self.pages
            if page.number in anchors and tuple(anchors[page.number]) != page.anchors
        }
        order, first = iter(kept), True
        for place, part in enumerate(self._parts):
            if part.field is None:
                # TOML has keys that are of no table before all tables.
                text = part.text if place else _renamed(part.text, self.name, name)
                yield _anchored(text, changed)
            elif part.field in kept:
                yield from (self._new(one) for one in added.get(None, ()) if first)
                first = False
                # What stands between the fields of the file stays there.
                field = next(order)
                yield self._rewritten(texts[field], kept[field])
                yield from map(self._new, added.get(field, ()))
        yield from (self._new(one) for one in added.get(None, ()) if first)

    def _rewritten(self, text: str, edited: EditedField) -> str:
        assert edited.was is not None
        return _rewritten(text, self.fields[edited.was], edited, self._page(edited.page))

    def _new(self, added: EditedField) -> str:
        lines = field_lines(_drafted(added), self._page(added.page))
        return "\n" + "".join(f"{line}\n" for line in lines)

    def _page(self, number: int) -> DraftPage:
        """A page that lets a field be written; one that is not there is told by the check."""
        page = next((page for page in self.pages if page.number == number), self.pages[0])
        return DraftPage(number, page.width_mm, page.height_mm, (), ())

    def _fault(self, entry: dict[str, Any]) -> TemplateError | None:
        """HashedFile, for a list of words or of all dates takes a while."""
        key = repr(sorted(entry.items()))
        if key not in self._known:
            self._known[key] = field_fault(self.path, entry, self.pages)
        return self._known[key]


def _renamed(text: str, old: str, new: str) -> str:
    """The beginning of a template with another name of the form."""
    if old == new:
        return text
    document = tomlkit.parse(text)
    document["name"] = new
    return tomlkit.dumps(document)


def _anchored(text: str, anchors: Anchors) -> str:
    """A part of a template with other anchors of the pages that stand there."""
    if not anchors:
        return text
    document = tomlkit.parse(text)
    given: Any = document.get("page", [])
    pages: list[Any] = [given] if isinstance(given, Mapping) else list(given)
    for page in pages:
        boxes = anchors.get(page.get("number", 1))
        if boxes:
            page["anchors"] = tomlkit.parse(anchors_line(boxes))["anchors"]
        elif boxes is not None:
            page.pop("anchors", None)
    return tomlkit.dumps(document)


def _editable(number: int, unchecked: UncheckedField) -> EditedField:
    entry = unchecked.entry
    return EditedField(
        number,
        entry["name"],
        entry["kind"],
        entry["page"],
        unchecked.cells,
        entry["cells"] if entry["kind"] == "free" else None,
        {key: entry[key] for key in PLAIN_RULES},
    )


def _added(fields: Sequence[EditedField]) -> dict[int | None, list[EditedField]]:
    """The fields that were added, by the field of the file behind which they stand."""
    added: dict[int | None, list[EditedField]] = {}
    before = None
    for one in fields:
        if one.was is None:
            added.setdefault(before, []).append(one)
        else:
            before = one.was
    return added


def _taken(fields: Sequence[EditedField]) -> Iterator[Fault]:
    names: set[str] = set()
    for number, one in enumerate(fields):
        if one.name in names:
            yield Fault(number, "name", f'"{one.name}" is taken; choose another')
        names.add(one.name)


def _drafted(edited: EditedField) -> DraftField:
    rules = _written_rules(edited)
    if edited.kind != "check":
        rules = {"charset": edited.rules["charset"], **rules}
    return DraftField(edited.name, edited.kind, edited.cells, rules, edited.length)


def _written_rules(edited: EditedField) -> dict[str, str | bool]:
    return {key: edited.rules[key] for key in PLAIN_RULES if edited.rules[key] != PLAIN_RULES[key]}


def _rewritten(text: str, old: EditedField, new: EditedField, page: DraftPage) -> str:
    """The lines of a field with the values that were changed."""
    if old == new:
        return text
    document = tomlkit.parse(text)
    table = document["field"][0]
    for key, value in _changes(old, new, page).items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
    return tomlkit.dumps(document)


def _changes(old: EditedField, new: EditedField, page: DraftPage) -> dict[str, Any]:
    """New values by their keys; None for keys that go."""
    changes: dict[str, Any] = {}
    if old.name != new.name:
        changes["name"] = new.name
    if old.kind != new.kind:
        changes["kind"] = new.kind
    if old.page != new.page:
        changes["page"] = new.page
    if (old.kind, old.cells, old.length) != (new.kind, new.cells, new.length):
        place = tomlkit.parse("\n".join(place_lines(_drafted(new), page)))
        changes |= {key: place.unwrap().get(key) for key in PLACE}
    for key, plain in PLAIN_RULES.items():
        if old.rules[key] != new.rules[key]:
            changes[key] = None if new.rules[key] == plain else new.rules[key]
    return changes
