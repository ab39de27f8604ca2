"""End-to-end measures: what a scan's results are worth beside the truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from hcr_batch.evaluation.matching import (
    PageKey,
    PredictedCell,
    PredictedField,
    TruthField,
    align,
    fold,
    is_right,
    match_fields,
    with_full_names,
)

__all__ = ["Comparison", "Tally", "compare", "score", "score_page"]


@dataclass(frozen=True)
class Tally:
    """Counts that add up over pages and files.

    Attributes
    ----------
    fields, fields_found, fields_right : int
        Fields of the truth; those found; those with every character right.
    characters, found, right : int
        Characters of the truth; those with a cell; those read right.
    invented : int
        Occupied cells, in fields of the truth, that stand for no character.
    read, flagged : int
        Occupied cells in fields of the truth; those flagged (human effort).
    silent : int
        Characters read wrong or invented, and not flagged.
    digits, digits_right : int
        `characters` and `right` over fields that hold digits alone.
    extra, extra_silent : int
        Characters read outside every field of the truth; those not flagged.
    """

    fields: int = 0
    fields_found: int = 0
    fields_right: int = 0
    characters: int = 0
    found: int = 0
    right: int = 0
    invented: int = 0
    read: int = 0
    flagged: int = 0
    silent: int = 0
    digits: int = 0
    digits_right: int = 0
    extra: int = 0
    extra_silent: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def missed(self) -> int:
        """Characters of the truth without a cell."""
        return self.characters - self.found

    def shares(self) -> dict[str, float | None]:
        """The measures as shares of 1; None where there is nothing to measure."""
        return {
            "fields_found": _share(self.fields_found, self.fields),
            "cells_found": _share(self.found, self.characters),
            "characters_right": _share(self.right, self.characters),
            "digits_right": _share(self.digits_right, self.digits),
            "fields_right": _share(self.fields_right, self.fields),
            "silent_errors": _share(self.silent, self.read - self.flagged),
            "human_effort": _share(self.flagged, self.read),
        }


@dataclass(frozen=True)
class Comparison:
    """A field of the truth and what was read: None if it was not found, `?` for unknown ink."""

    file: str
    page: int
    field: str
    text: str
    read: str | None
    tally: Tally


def score(
    truth: Mapping[PageKey, Sequence[TruthField]],
    predicted: Mapping[PageKey, Sequence[PredictedField]],
) -> dict[str, Tally]:
    """Measure the results of every file.

    Parameters
    ----------
    truth, predicted : mapping of (file, page) to fields
        A file of the truth may be named by its last part alone.

    Returns
    -------
    dict of str to Tally
        By file, in the order of their names; files without truth have only
        `extra`, what was read on them.
    """
    located = with_full_names(truth, predicted)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for file, page in sorted(located.keys() | predicted.keys()):
        key = (file, page)
        tallies[file] += score_page(located.get(key, ()), predicted.get(key, ()))
    return dict(tallies)


def compare(
    truth: Mapping[PageKey, Sequence[TruthField]],
    predicted: Mapping[PageKey, Sequence[PredictedField]],
) -> Iterator[Comparison]:
    """Every field of the truth beside what was read, in the order of `score`."""
    for (file, page), fields in sorted(with_full_names(truth, predicted).items()):
        matches, _ = match_fields(fields, predicted.get((file, page), ()))
        for field, cells in matches:
            read = None if cells is None else "".join(map(_shown, cells)).strip()
            yield Comparison(file, page, field.name, field.text, read, _field_tally(field, cells))


def score_page(truth: Sequence[TruthField], predicted: Sequence[PredictedField]) -> Tally:
    """Measure one page."""
    matches, left = match_fields(truth, predicted)
    tally = sum((_field_tally(field, cells) for field, cells in matches), Tally())
    extra = [cell for field in left for cell in field.cells if cell.character]
    silent = sum(not cell.flagged for cell in extra)
    return tally + Tally(extra=len(extra), extra_silent=silent)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _field_tally(field: TruthField, cells: tuple[PredictedCell, ...] | None) -> Tally:
    truth = fold(field.characters)
    whole = Tally(fields=1, characters=len(truth))
    if truth.isdigit():
        whole = replace(whole, digits=len(truth))
    if cells is None:
        return whole
    occupied = [cell for cell in cells if cell.occupied]
    pairs = align(truth, occupied)
    right = sum(is_right(text, cell) for text, cell in pairs)
    wrong = [cell for text, cell in pairs if cell and not is_right(text, cell)]
    return replace(
        whole,
        fields_found=1,
        fields_right=int(right == len(pairs)),
        found=sum(bool(text and cell) for text, cell in pairs),
        right=right,
        invented=sum(not text for text, _ in pairs),
        read=len(occupied),
        flagged=sum(cell.flagged for cell in occupied),
        silent=sum(not cell.flagged for cell in wrong),
        digits_right=right if whole.digits else 0,
    )


def _shown(cell: PredictedCell) -> str:
    return cell.character or ("?" if cell.flagged else " ")
