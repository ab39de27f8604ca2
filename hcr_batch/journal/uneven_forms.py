"""Pages that look like one form, but whose fields came out under different names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from hcr_batch.results.records import FieldRecord, PageRecord

__all__ = ["UnevenForms", "uneven_forms"]

Place = tuple[float, float, float]
"""Left, top and right of a field, as shares of its page's width."""

MOST_PAGES, MOST_FORMS = 200, 20
"""So many pages are looked through, of so many forms: what is uneven shows soon."""
SAME_PLACE = 0.025
"""Share of the page's width by which a field lies elsewhere on another scan: 5 mm of A4."""
ALIKE = 0.6
"""Share of the fields of two pages that lie in the same places where they are one form."""
FEWEST = 3
"""Fields by which a page can be told from others."""


@dataclass(frozen=True)
class UnevenForms:
    """How many pages have their fields in other columns than a page like them, and two of these."""

    pages: int
    example: str
    like: str


def uneven_forms(pages: Iterable[tuple[str, PageRecord]]) -> UnevenForms | None:
    """Find pages that need a template: without one a field is named by its place in the order.

    Parameters
    ----------
    pages : iterable of (str, PageRecord)
        With the names of their files; those that a template named are passed over.

    Returns
    -------
    UnevenForms or None
        None where pages that look alike have the same fields.
    """
    first: list[tuple[str, dict[str, Place]]] = []
    uneven = 0
    example = ("", "")
    for file, page in islice(pages, MOST_PAGES):
        places = _places(page)
        if page.form or len(places) < FEWEST:
            continue
        like = next((one for one in first if _are_alike(places, one[1])), None)
        if like is None:
            first = [*first, (file, places)][:MOST_FORMS]
        elif _are_named_otherwise(places, like[1]):
            uneven += 1
            example = example if example[0] else (file, like[0])
    return UnevenForms(uneven, *example) if uneven else None


def _places(page: PageRecord) -> dict[str, Place]:
    """Places of the fields with cells: those of strings are where the writing happens to be."""
    return {
        field.name: _place(field, page.width)
        for field in page.fields
        if field.kind != "free" and field.cells
    }


def _place(field: FieldRecord, width: int) -> Place:
    boxes = [cell.box for cell in field.cells]
    sides = min(b.x for b in boxes), min(b.y for b in boxes), max(b.right for b in boxes)
    left, top, right = (side / width for side in sides)
    return left, top, right


def _are_alike(a: dict[str, Place], b: dict[str, Place]) -> bool:
    shared = sum(any(_are_one(place, other) for other in b.values()) for place in a.values())
    return shared >= ALIKE * max(len(a), len(b))


def _are_named_otherwise(a: dict[str, Place], b: dict[str, Place]) -> bool:
    """Whether fields in one place have two names."""
    return any(
        _are_one(place, other) and name != named
        for name, place in a.items()
        for named, other in b.items()
    )


def _are_one(a: Place, b: Place) -> bool:
    return all(abs(one - other) <= SAME_PLACE for one, other in zip(a, b, strict=True))
