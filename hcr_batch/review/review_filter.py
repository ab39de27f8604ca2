"""Which of the due cells a window shows: all, or those of a form, field, file or reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hcr_batch.journal.cell_table import DueCell
from hcr_batch.results.form_names import form_of

__all__ = ["FACETS", "CellFilter", "counts"]

FACETS = ("form", "field", "file", "reason")
"""What cells are told apart by."""

MOST_CHOICES = 500
"""Values of a facet that are offered; a longer list nobody looks through."""


@dataclass(frozen=True)
class CellFilter:
    """What a window wants to see: a value for each facet that matters."""

    wanted: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, wanted: Mapping[str, str]) -> CellFilter:
        """The filter of values by facet; empty values want everything."""
        return cls(frozenset((facet, wanted[facet]) for facet in FACETS if wanted.get(facet)))

    def takes(self, cell: DueCell) -> bool:
        """Whether the window wants to see a cell."""
        return all(value in _values(cell, facet) for facet, value in self.wanted)


def counts(cells: Iterable[DueCell]) -> dict[str, list[tuple[str, int]]]:
    """How many cells each value of each facet has, in the order in which they come."""
    found: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    for cell in cells:
        for facet in FACETS:
            found[facet].update(_values(cell, facet))
    return {facet: list(counter.items())[:MOST_CHOICES] for facet, counter in found.items()}


def _values(cell: DueCell, facet: str) -> tuple[str, ...]:
    if facet == "reason":
        return cell.reading.reasons
    if facet == "file":
        return (cell.file,)
    _, form, field = form_of(cell.form, cell.field)
    value = form if facet == "form" else field
    return (value,) if value else ()
