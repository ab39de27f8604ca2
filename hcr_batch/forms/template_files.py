"""Templates: the fields of a known form, their places and rules, read from TOML."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hcr_batch.arrays.box_sides import bounds
from hcr_batch.config import CASES, parse_toml, toml_text
from hcr_batch.errors import ConfigError, TemplateError
from hcr_batch.forms.automata import RuleError
from hcr_batch.forms.key_fields import key_fault
from hcr_batch.forms.rules import Rule, charset_of, make_rule
from hcr_batch.forms.template_parts import (
    Template,
    TemplateField,
    TemplatePage,
    UncheckedField,
    UncheckedTemplate,
)
from hcr_batch.forms.toml_lines import key_lines
from hcr_batch.geometry import evenly_divided
from hcr_batch.results.form_names import NUMBERED
from hcr_batch.types import UNKNOWN_FORM, MillimetreBox

if TYPE_CHECKING:
    from hcr_batch.forms.imprint import Imprint

__all__ = [
    "KINDS",
    "UNKNOWN_FORM",
    "Template",
    "TemplateField",
    "TemplatePage",
    "field_fault",
    "load_template",
    "load_templates",
    "name_fault",
    "parse_template",
    "parse_unchecked",
]

KINDS = ("comb", "boxes", "free", "check")
REQUIRED = object()
TOP_KEYS = {"name": REQUIRED, "page": REQUIRED, "field": REQUIRED}
PAGE_KEYS = {
    "number": 1,
    "width_mm": REQUIRED,
    "height_mm": REQUIRED,
    "anchors": (),
    "printed": None,
}
FIELD_KEYS = {
    "name": REQUIRED,
    "kind": REQUIRED,
    "box": None,
    "page": 1,
    "cells": None,
    "gap": 0.0,
    "cell_boxes": None,
    "charset": "alnum",
    "case": "",
    "pattern": "",
    "check": "none",
    "required": False,
    "key": False,
}
MAX_CELLS = 500
MAX_PAGE_MM = 5000
ROUNDING_MM = 0.11
"""A box may reach this far beyond the page: drafts have one decimal."""


def load_templates(paths: Iterable[Path]) -> tuple[Template, ...]:
    """Read templates; a folder stands for all `*.toml` files in it.

    Raises
    ------
    ConfigError
        One is malformed, a folder has none, or two have the same name.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not found:
            raise ConfigError(f"{path}: holds no template (*.toml); give the path of one")
        files += [file for file in found if file not in files]
    templates: dict[str, Template] = {}
    for file in files:
        template = load_template(file)
        if template.name in templates:
            raise ConfigError(f'{file}: another template is "{template.name}" too; rename one')
        templates[template.name] = template
    return tuple(templates.values())


def load_template(path: Path) -> Template:
    """Read a template and compile its rules.

    Raises
    ------
    ConfigError
        It cannot be read, is not TOML, has an unknown key or a bad value; the
        message names file, line and key.
    """
    return parse_template(path, toml_text(path))


def parse_template(path: Path, text: str) -> Template:
    """Read a template from the text of its file; lexicons lie beside `path`.

    Raises
    ------
    ConfigError
        As :func:`load_template` has it.
    """
    return _Reader(path, key_lines(text)).template(parse_toml(path, text), text)


def parse_unchecked(path: Path, text: str) -> UncheckedTemplate:
    """Read a template of which only the places are checked, to mend the rest.

    Raises
    ------
    ConfigError
        The text is no TOML, a key is unknown, or a place is none.
    """
    reader = _Reader(path, key_lines(text))
    top = reader.checked("", 0, parse_toml(path, text), TOP_KEYS)
    pages = reader.pages(top["page"])
    asked = reader.tables("field", top["field"], FIELD_KEYS)
    fields = (
        UncheckedField(entry, reader.placed(place, entry, pages)[1])
        for place, entry in enumerate(asked)
    )
    ready = (reader.page(n, pages[number], number, []) for n, number in enumerate(pages))
    name = reader.text("", 0, "name", top["name"])
    return UncheckedTemplate(name, tuple(ready), tuple(fields))


def name_fault(path: Path, name: str) -> TemplateError | None:
    """What is wrong with the name of a form; None where nothing is."""
    try:
        _Reader(path, {}).text("", 0, "name", name)
    except TemplateError as error:
        return error
    return None


def field_fault(
    path: Path, entry: dict[str, Any], pages: Iterable[TemplatePage]
) -> TemplateError | None:
    """What is wrong with one `[[field]]` of a template, seen alone; None where nothing is.

    Parameters
    ----------
    path : Path
        Of the template, beside which lexicons lie.
    entry : dict
        The field's keys with their values, as TOML has them.
    pages : iterable of TemplatePage
        Of the template.
    """
    sizes = {p.number: {"width_mm": p.width_mm, "height_mm": p.height_mm} for p in pages}
    reader = _Reader(path, {})
    try:
        reader.field(0, reader.checked("field", 0, entry, FIELD_KEYS), sizes)
    except TemplateError as error:
        return error
    return None


@dataclass(frozen=True)
class _Reader:
    """Reads the parsed values of one file; knows where each of them stands."""

    path: Path
    lines: dict[tuple[str, int, str], int]

    def template(self, values: dict[str, Any], text: str) -> Template:
        top = self.checked("", 0, values, TOP_KEYS)
        name = self.text("", 0, "name", top["name"])
        pages = self.pages(top["page"])
        asked = self.tables("field", top["field"], FIELD_KEYS)
        fields: dict[int, list[TemplateField]] = {number: [] for number in pages}
        names: set[str] = set()
        for place, entry in enumerate(asked):
            field = self.field(place, entry, pages)
            if field.name in names:
                self.fail("field", place, "name", f'"{field.name}" is taken; choose another')
            names.add(field.name)
            fields[entry["page"]].append(field)
        if fault := key_fault(asked, pages):
            self.fail("field", fault[0], "key", fault[1])
        ready = (
            self.page(n, page, number, fields[number])
            for n, (number, page) in enumerate(pages.items())
        )
        digest = hashlib.sha256(text.encode())
        for file in self.lexicons(asked):
            digest.update(file.read_bytes())
        return Template(name, tuple(ready), digest.hexdigest())

    def pages(self, given: Any) -> dict[int, dict[str, Any]]:
        """The pages by their numbers."""
        tables = [given] if isinstance(given, dict) else given
        pages = self.tables("page", tables, PAGE_KEYS)
        for n, page in enumerate(pages):
            for key in ("width_mm", "height_mm"):
                page[key] = self.length("page", n, key, page[key])
        numbers = [self.whole("page", n, "number", page["number"]) for n, page in enumerate(pages)]
        if len(set(numbers)) < len(pages):
            self.fail("page", len(pages) - 1, "number", "stands for two pages; number them")
        return dict(zip(numbers, pages, strict=True))

    def page(
        self, place: int, page: dict[str, Any], number: int, fields: list[TemplateField]
    ) -> TemplatePage:
        anchors = self.boxes("page", place, "anchors", page["anchors"], flat=True)
        anchors = anchors or tuple(cell for field in fields for cell in field.cells)
        width, height = page["width_mm"], page["height_mm"]
        imprint = self.imprint(place, page["printed"], width, height)
        return TemplatePage(number, width, height, tuple(fields), anchors, imprint)

    def imprint(self, place: int, text: Any, width: float, height: float) -> Imprint | None:
        """What is printed on a page, where the template says so."""
        # Imported here: most commands need no pictures.
        from hcr_batch.forms.imprint import from_text

        if text is None:
            return None
        try:
            return from_text(self.text("page", place, "printed", text), width, height)
        except ValueError as error:
            self.fail("page", place, "printed", f"{error}; leave the line out, or draft it anew")

    def field(
        self, place: int, entry: dict[str, Any], pages: dict[int, dict[str, Any]]
    ) -> TemplateField:
        name, kind = self.text("field", place, "name", entry["name"]), entry["kind"]
        if NUMBERED.fullmatch(name):
            self.fail("field", place, "name", "ends in # and a number, like a second form's")
        if name == UNKNOWN_FORM:
            self.fail("field", place, "name", f'"{name}" is taken; choose another')
        box, cells = self.placed(place, entry, pages)
        rule = self.rule(place, entry, kind)
        given = (entry[key] for key in ("charset", "case", "pattern", "check"))
        summary = ", ".join(value for value in given if value not in ("", "none"))
        return TemplateField(name, kind, box, cells, rule, summary, entry["key"])

    def placed(
        self, place: int, entry: dict[str, Any], pages: dict[int, dict[str, Any]]
    ) -> tuple[MillimetreBox, tuple[MillimetreBox, ...]]:
        """The bounding box of a field, which lies on its page, and its cells."""
        number = self.whole("field", place, "page", entry["page"])
        if number not in pages:
            self.fail("field", place, "page", f"is {number}, but there is no such [[page]]")
        kind = self.text("field", place, "kind", entry["kind"])
        if kind not in KINDS:
            self.fail("field", place, "kind", f'is "{kind}"; it must be one of {", ".join(KINDS)}')
        box, cells = self.places(place, entry, kind)
        right, bottom = pages[number]["width_mm"], pages[number]["height_mm"]
        if min(box.x, box.y) < 0 or max(box.right - right, box.bottom - bottom) > ROUNDING_MM:
            key = "cell_boxes" if entry["cell_boxes"] else "box"
            self.fail("field", place, key, "reaches beyond the page; write x, y, width, height")
        return box, cells

    def places(
        self, place: int, entry: dict[str, Any], kind: str
    ) -> tuple[MillimetreBox, tuple[MillimetreBox, ...]]:
        """The bounding box of a field and its cells."""
        if entry["cell_boxes"] is not None:
            if kind not in ("comb", "boxes") or entry["box"] is not None:
                self.fail("field", place, "cell_boxes", "stands in place of box, in comb or boxes")
            cells = self.boxes("field", place, "cell_boxes", entry["cell_boxes"])
            return bounds(cells), cells
        if entry["box"] is None:
            self.fail("field", place, "", "has no box = [x, y, width, height]")
        box = self.boxes("field", place, "box", [entry["box"]])[0]
        if kind in ("free", "check"):
            return box, (box,)
        if entry["cells"] is None:
            self.fail("field", place, "", f"is a {kind} and has no cells: how many are there?")
        count = self.whole("field", place, "cells", entry["cells"])
        gap = self.number("field", place, "gap", entry["gap"])
        if gap < 0 or box.width <= gap * (count - 1):
            self.fail("field", place, "gap", f"of {gap} mm leaves no room for {count} cells")
        return box, evenly_divided(box, count, gap)

    def rule(self, place: int, entry: dict[str, Any], kind: str) -> Rule:
        for key in ("required", "key"):
            if type(entry[key]) is not bool:
                self.fail("field", place, key, "must be true or false")
        if kind == "check":
            for key in ("charset", "case", "pattern", "check", "cells"):
                if entry[key] != FIELD_KEYS[key]:
                    self.fail("field", place, key, "makes no sense in a check box; remove it")
            return Rule(required=entry["required"])
        texts = {k: self.text("field", place, k, entry[k]) for k in ("charset", "pattern", "check")}
        length = None
        if kind == "free" and entry["cells"] is not None:
            length = self.whole("field", place, "cells", entry["cells"])
        if entry["case"] not in ("", *CASES):
            words = ", ".join(f'"{case}"' for case in CASES)
            self.fail("field", place, "case", f"must be one of {words}")
        key = "charset"
        try:
            charset = charset_of(texts["charset"])
            key = "check" if texts["check"] != "none" else "pattern"
            rule = make_rule(
                charset,
                texts["pattern"],
                texts["check"],
                length=length,
                blanks=kind != "free",
                required=entry["required"],
                folder=self.path.parent,
            )
            return replace(rule, case=entry["case"])
        except RuleError as error:
            self.fail("field", place, key, str(error))

    def lexicons(self, asked: list[dict[str, Any]]) -> list[Path]:
        checks = (entry["check"].partition(":") for entry in asked)
        return [self.path.parent / name for kind, _, name in checks if kind == "lexicon"]

    def tables(
        self, table: str, values: Any, known: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
            self.fail("", 0, table, f"must be tables; write [[{table}]] before each")
        return [self.checked(table, place, entry, known) for place, entry in enumerate(values)]

    def checked(
        self, table: str, place: int, values: dict[str, Any], known: dict[str, Any]
    ) -> dict[str, Any]:
        """The values with defaults for those left out."""
        for key in values:
            if key not in known:
                self.fail(table, place, key, f"is unknown; known are {', '.join(known)}")
        for key, default in known.items():
            if default is REQUIRED and key not in values:
                self.fail(table, place, "", f"has no {key}")
        return {key: values.get(key, default) for key, default in known.items()}

    def text(self, table: str, place: int, key: str, value: Any) -> str:
        if not isinstance(value, str) or (key == "name" and not value.strip()):
            self.fail(table, place, key, f"must be a text, not {value!r}")
        if not value.isprintable():
            self.fail(table, place, key, "must not hold control characters")
        return value

    def number(self, table: str, place: int, key: str, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            self.fail(table, place, key, f"must be a number of millimetres, not {value!r}")
        return float(value)

    def length(self, table: str, place: int, key: str, value: Any) -> float:
        number = self.number(table, place, key, value)
        if not 0 < number <= MAX_PAGE_MM:
            self.fail(table, place, key, f"is {value}; it must be from 0 to {MAX_PAGE_MM} mm")
        return number

    def whole(self, table: str, place: int, key: str, value: Any) -> int:
        if type(value) is not int or not 1 <= value <= MAX_CELLS:
            self.fail(table, place, key, f"must be a whole number from 1 to {MAX_CELLS}")
        return value

    def boxes(
        self, table: str, place: int, key: str, values: Any, flat: bool = False
    ) -> tuple[MillimetreBox, ...]:
        """Boxes in millimetres; lines have no height or no width where `flat` allows it."""
        result = []
        for value in values if isinstance(values, (list, tuple)) else [values]:
            if not isinstance(value, list) or len(value) != 4:
                self.fail(table, place, key, "must be [x, y, width, height] in mm")
            x, y, width, height = (self.number(table, place, key, part) for part in value)
            least, most = sorted((width, height))
            if least < 0 or most == 0 or (least == 0 and not flat):
                self.fail(table, place, key, "has a width or height of 0 or less")
            result.append(MillimetreBox(x, y, width, height))
        if not result and key != "anchors":
            self.fail(table, place, key, "is empty")
        return tuple(result)

    def fail(self, table: str, place: int, key: str, problem: str) -> NoReturn:
        line = self.lines.get((table, place, key)) or self.lines.get((table, place, ""))
        line = line or self.lines.get(("", 0, table)) or 1
        named = f"[[{table}]] {place + 1}" if table else ""
        subject = " ".join(part for part in (named, key) if part) or "the template"
        message = f"{self.path}, line {line}: {subject} {problem}"
        raise TemplateError(message, table, place, key, problem)
