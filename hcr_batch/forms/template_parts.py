"""What a template consists of: pages and fields with their places and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hcr_batch.forms.rules import Rule
from hcr_batch.types import MillimetreBox

if TYPE_CHECKING:
    from hcr_batch.forms.imprint import Imprint

__all__ = ["Template", "TemplateField", "TemplatePage", "UncheckedField", "UncheckedTemplate"]


@dataclass(frozen=True)
class TemplateField:
    """A field of a form.

    Attributes
    ----------
    name : str
    kind : str
        `comb`, `boxes`, `free` or `check`.
    box : MillimetreBox
        In millimetres on the blank form.
    cells : tuple of MillimetreBox
        Its cells in millimetres; for `free` and `check` the box itself.
    rule : Rule
    summary : str
        Charset, pattern and check as the template has them, for people.
    key : bool
        Whether pages on which it reads the same are of one form.
    """

    name: str
    kind: str
    box: MillimetreBox
    cells: tuple[MillimetreBox, ...]
    rule: Rule
    summary: str = ""
    key: bool = False


@dataclass(frozen=True)
class TemplatePage:
    """A page of a form.

    Attributes
    ----------
    number : int
    width_mm, height_mm : float
    fields : tuple of TemplateField
    anchors : tuple of MillimetreBox
        Boxes printed on the form by which a scan is recognized, in
        millimetres: those of its fields unless the template names others.
    imprint : Imprint, optional
        What is printed on it, where the template was drafted.
    """

    number: int
    width_mm: float
    height_mm: float
    fields: tuple[TemplateField, ...]
    anchors: tuple[MillimetreBox, ...]
    imprint: Imprint | None = None


@dataclass(frozen=True)
class Template:
    """A known form; `fingerprint` is a SHA-256 (hex) over all that its readings depend on."""

    name: str
    pages: tuple[TemplatePage, ...]
    fingerprint: str


@dataclass(frozen=True)
class UncheckedField:
    """A field with its keys, defaults where left out, and its cells in millimetres."""

    entry: dict[str, Any]
    cells: tuple[MillimetreBox, ...]


@dataclass(frozen=True)
class UncheckedTemplate:
    """The name of a form, its pages, without fields, and all its fields in their order."""

    name: str
    pages: tuple[TemplatePage, ...]
    fields: tuple[UncheckedField, ...]
