"""Fields with their ink, what is asked of their readings, and the answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

import numpy as np

from hcr_batch.forms.rules import Rule
from hcr_batch.glyphs.isolate import CellInk
from hcr_batch.glyphs.marks import BaseLetter, base_letter
from hcr_batch.glyphs.strings import TextLine
from hcr_batch.recognition.calibration import CHARSETS
from hcr_batch.recognition.card import NOTHING_ACCEPTED
from hcr_batch.types import Box, Field, Reading

__all__ = ["Answer", "FieldGlyphs", "Source", "Thresholds"]


class Source(Enum):
    """What the page segmentation took the ink of a string for."""

    PEN = "pen"
    PRINT = "print"
    TYPED = "print where an answer belongs"


@dataclass(frozen=True)
class FieldGlyphs:
    """A field with its ink: cells, or lines with candidates and what they are of; and its rule.

    Attributes
    ----------
    field : Field
    cells : tuple of CellInk
    lines : tuple of TextLine
    rule : Rule
    source : Source
        Of the lines.
    faintest : float
        Darkness of a pen, 0 to 255, below which the cells' ink may shine through.
    faint : bool
        Whether the writing of an unplaced string may.
    """

    field: Field
    cells: tuple[CellInk, ...] = ()
    lines: tuple[TextLine, ...] = ()
    rule: Rule = dataclasses.field(default_factory=Rule)
    source: Source = Source.PEN
    faintest: float = 0.0
    faint: bool = False

    @cached_property
    def bases(self) -> dict[int, BaseLetter]:
        """Letters below marks, by their places among the cells with ink."""
        inks = (cell.ink for cell in self.cells if cell.ink is not None)
        found = ((number, base_letter(ink)) for number, ink in enumerate(inks))
        return {number: base for number, base in found if base}

    def inks(self) -> Iterator[np.ndarray]:
        """Every ink of the field that may be a character; those of bases stand after the cells'."""
        yield from (cell.ink for cell in self.cells if cell.ink is not None)
        yield from (base.ink for base in self.bases.values())
        yield from (candidate.ink for line in self.lines for candidate in line.candidates)


@dataclass(frozen=True)
class Thresholds:
    """The least confidence that needs no person, by charset.

    Attributes
    ----------
    of_charset : callable
        From `alnum`, `digits` or `upper` to a confidence.
    of_strings : float
        That of strings that are read whole.
    """

    of_charset: Callable[[str], float]
    of_strings: float = NOTHING_ACCEPTED

    def of(self, charset: str) -> float:
        """That of the narrowest of the model's charsets that holds all of `charset`."""
        return self.of_charset(_narrowest(charset))

    @property
    def strict(self) -> float:
        """For what a rule has corrected: the writing itself said otherwise."""
        return max(map(self.of_charset, CHARSETS))


@lru_cache(maxsize=64)
def _narrowest(charset: str) -> str:
    fitting = [name for name, wide in CHARSETS.items() if set(charset) <= set(wide)]
    return min(fitting, key=lambda name: len(CHARSETS[name]))


@dataclass(frozen=True)
class Answer:
    """The cells of a field with their readings; `joint` where a rule or a string tells it."""

    cells: list[tuple[Box, Reading]]
    joint: float | None = None
