"""The frozen values that pass from one stage of the pipeline to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "CUT_OFF",
    "REGISTRATION",
    "UNKNOWN_FORM",
    "AnyBox",
    "Box",
    "Cell",
    "CellReading",
    "Field",
    "FieldReading",
    "Glyphs",
    "Gray",
    "MillimetreBox",
    "Numbers",
    "Page",
    "PageReading",
    "Reading",
    "Rectangle",
    "SourceBox",
    "StoredValue",
]

MM_PER_INCH = 25.4

UNKNOWN_FORM = "unknown_form"
"""Name of the one field of a page that fits no template, and what such pages are called together;
no field of a template may take it."""

REGISTRATION = "registration"
"""Reason: it is not certain that the form's fields lie where they were read."""

CUT_OFF = "cut_off"
"""Reason: a part of what stands here is not on the page, or cannot be seen."""

# Spelled as texts, so that numpy is not imported for them.
Gray: TypeAlias = "NDArray[np.uint8]"
"""Levels of gray, (rows, columns): 0 is black, 255 is white."""

Glyphs: TypeAlias = "NDArray[np.uint8]"
"""Normalized characters, (N, 28, 28) or one (28, 28): ink is 255, ground 0."""

Numbers: TypeAlias = "NDArray[np.float32]"
"""What a network computes: logits, probabilities."""


@dataclass(frozen=True)
class Rectangle:
    """An upright rectangle; (x, y) is its top left corner.

    It is of one of the kinds below, which say in what it is measured: to take one for another is
    an error of types.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge, x."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge, y."""
        return self.y + self.height


class Box(Rectangle):
    """In pixels of the page as it is read: upright and level."""


class SourceBox(Rectangle):
    """In pixels of the page as it lies in the file."""


class MillimetreBox(Rectangle):
    """In millimetres of a form, or of a page of a PDF."""


AnyBox = TypeVar("AnyBox", Box, SourceBox, MillimetreBox)
"""Boxes of one frame, whichever it is."""


@dataclass(frozen=True)
class StoredValue:
    """What a form field of a fillable PDF holds.

    Attributes
    ----------
    box : SourceBox
    kind : str
        `text` or `check`.
    text : str
        Its value; X for a box that is checked, empty for one that is not.
    cells : int
        Cells of a comb; 0 where the text runs freely.
    """

    box: SourceBox
    kind: str
    text: str
    cells: int = 0


@dataclass(frozen=True)
class Page:
    """One image of a document.

    Attributes
    ----------
    gray : ndarray of uint8, shape (rows, columns)
        0 is black ink, 255 is white paper; upright, dark ink on light paper.
    dpi : float
        Resolution in dots per inch; always plausible (estimated from the
        size of the image where the file says nothing or nonsense).
    number : int
        Place in its document, from 1.
    to_source : ndarray of float64, shape (3, 3)
        Homography from pixels of `gray` to pixels of the page as it lies in
        the file (before EXIF rotation, deskewing and the like);
        see :func:`hcr_batch.geometry.projected`.
    source_size : tuple of int
        (width, height) in pixels of the page as it lies in the file.
    stored : tuple of StoredValue
        Of a fillable PDF that holds some value, all form fields of the page.
    """

    gray: Gray
    dpi: float
    number: int
    to_source: NDArray[np.float64]
    source_size: tuple[int, int]
    stored: tuple[StoredValue, ...] = ()

    @property
    def pixels_per_mm(self) -> float:
        """Resolution in pixels per millimetre."""
        return self.dpi / MM_PER_INCH


@dataclass(frozen=True)
class Cell:
    """The area that holds exactly one character, in pixels of the deskewed page."""

    box: Box


@dataclass(frozen=True)
class Field:
    """One answer on a page.

    Attributes
    ----------
    name : str
        The template's name, or `f001`, `f002`... in reading order.
    kind : str
        `comb` (a run of cells with shared walls), `boxes` (separate boxes),
        `free` (one box or line with a string; its cells come from the ink)
        or `check` (one check box).
    box : Box
        Bounding box in pixels of the deskewed page.
    cells : tuple of Cell
        In reading order; for `free` the one area that holds the string.
    """

    name: str
    kind: str
    box: Box
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Reading:
    """What was read in one cell.

    Attributes
    ----------
    character : str
        One of 0-9 A-Z a-z, or empty for a blank cell and for ink that is no
        character (the latter is flagged `not_a_character`).
    confidence : float
        Calibrated probability, 0 to 1, that `character` is right.
    flagged : bool
        A person should look.
    reasons : tuple of str
        Why, for example `low_confidence`.
    alternatives : tuple of (str, float)
        Up to 3 other characters with their probabilities, likeliest first.
    """

    character: str
    confidence: float
    flagged: bool = False
    reasons: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()

    def doubted(self, reason: str) -> Reading:
        """The same, for a person to look at for this reason too."""
        if reason in self.reasons:
            return self
        return replace(self, flagged=True, reasons=(*self.reasons, reason))


@dataclass(frozen=True)
class CellReading:
    """A cell of the source page with what was read in it.

    Attributes
    ----------
    box : SourceBox
        Integers.
    reading : Reading
    image : ndarray of uint8, shape (rows, columns)
        The cell as it looks on the deskewed page, gray, for review.
    """

    box: SourceBox
    reading: Reading
    image: Gray


@dataclass(frozen=True)
class FieldReading:
    """A field with its cells read, in order of position.

    `joint` is the probability that its whole text is right, where a rule of
    its template tells it; else it is the product of its cells' confidences.
    """

    name: str
    kind: str
    cells: tuple[CellReading, ...]
    joint: float | None = None

    @property
    def text(self) -> str:
        """The field's characters; inner blanks as spaces, outer ones dropped."""
        return "".join(cell.reading.character or " " for cell in self.cells).strip()


@dataclass(frozen=True)
class PageReading:
    """All that was read on one page; `width` and `height` as in the file.

    `form` names the template that it is of; empty where none was given. Where
    several forms lie on the page it has their templates in order, each on a
    line, and the fields of the second form are named `name#2` and so on.
    """

    number: int
    width: int
    height: int
    fields: tuple[FieldReading, ...]
    form: str = ""
