"""Finds the fields of the truth among those of the results, and pairs their characters.

A field is looked for on its page by name, then by place, then by its text,
since results without a template carry no names (`f001`...). Letters whose two
cases look alike count as equal, as the recognizer reports them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hcr_batch.types import SourceBox

__all__ = [
    "Alignment",
    "PageKey",
    "PredictedCell",
    "PredictedField",
    "TruthField",
    "align",
    "fold",
    "is_right",
    "match_fields",
    "with_full_names",
]

LOOK_ALIKE = "cijkmopsuvwxyz"
"""Lower-case letters that differ from their capitals in size alone."""
MIN_SHARE = 0.34
"""A field is recognized by its text when at least this share of its characters is right."""
ERROR_WEIGHT = 0.1
"""Cost of a wrong, missed or invented character, against 1 for a right one, when fields are
paired by their text: enough to prefer the tidier of two equally right candidates."""

JOIN_DISTANCE = 10.0
"""Pieces of one text lie no further apart than this many times the height of its cells."""

_FOLDED = str.maketrans(LOOK_ALIKE + "l", LOOK_ALIKE.upper() + "I")
"""A small l is a bar, as I is."""

PageKey = tuple[str, int]
Alignment = list[tuple[str, "PredictedCell | None"]]


@dataclass(frozen=True)
class PredictedCell:
    """One cell of the results; `character` is empty for a blank or unreadable one."""

    box: SourceBox
    character: str
    flagged: bool = False

    @property
    def occupied(self) -> bool:
        """Whether something was seen in it: a character, or ink that a person should look at."""
        return bool(self.character) or self.flagged


@dataclass(frozen=True)
class PredictedField:
    """A field of the results with its cells in order of position."""

    name: str
    cells: tuple[PredictedCell, ...]

    @property
    def occupied(self) -> tuple[PredictedCell, ...]:
        """The cells that are not blank."""
        return tuple(cell for cell in self.cells if cell.occupied)


@dataclass(frozen=True)
class TruthField:
    """What a field really says; `box` is None where its place was not measured."""

    name: str
    text: str
    box: SourceBox | None = None

    @property
    def characters(self) -> str:
        """The text without its blanks."""
        return "".join(self.text.split())


def fold(text: str) -> str:
    """Capitals for the small letters that look like one."""
    return text.translate(_FOLDED)


def align(truth: str, cells: Sequence[PredictedCell]) -> Alignment:
    """Pair the characters of a text with cells, with the fewest differences.

    Parameters
    ----------
    truth : str
        Folded, without blanks.
    cells : sequence of PredictedCell
        Occupied ones, in order.

    Returns
    -------
    list of (str, PredictedCell or None)
        In order; an empty string stands for an invented cell, None for a
        missed character. Levenshtein's distance, a wrong character preferred
        to a missed and an invented one.
    """
    costs = _distances(truth, cells)
    pairs: list[tuple[str, PredictedCell | None]] = []
    row, column = len(truth), len(cells)
    while row or column:
        cost = costs[row][column]
        wrong = row and column and _differs(truth, cells, row, column)
        if row and column and cost == costs[row - 1][column - 1] + wrong:
            row, column = row - 1, column - 1
            pairs.append((truth[row], cells[column]))
        elif row and cost == costs[row - 1][column] + 1:
            row -= 1
            pairs.append((truth[row], None))
        else:
            column -= 1
            pairs.append(("", cells[column]))
    return pairs[::-1]


def is_right(text: str, cell: PredictedCell | None) -> bool:
    """Whether a pair of an alignment is a character of the truth, read as it is."""
    return bool(text) and cell is not None and fold(cell.character) == text


def match_fields(
    truth: Sequence[TruthField], predicted: Sequence[PredictedField]
) -> tuple[list[tuple[TruthField, tuple[PredictedCell, ...] | None]], list[PredictedField]]:
    """Find the fields of the truth among the predicted ones of a page.

    Returns
    -------
    matches : list of (TruthField, tuple of PredictedCell or None)
        The cells of each field; None where it was not found. An empty field
        that only its text could find is left out: nothing tells where it is.
    left : list of PredictedField
        What no field of the truth took.
    """
    left = list(predicted)
    found: dict[int, tuple[PredictedCell, ...]] = {}
    for index, field in enumerate(truth):
        named = next((other for other in left if other.name == field.name), None)
        if named:
            left.remove(named)
            found[index] = named.cells
        elif field.box:
            cells, left = _taken_from(left, field.box)
            if cells:
                found[index] = cells
    open_fields = [
        index
        for index, field in enumerate(truth)
        if index not in found and not field.box and field.characters
    ]
    by_text, left = _match_by_text([truth[index] for index in open_fields], left)
    found.update((open_fields[place], cells) for place, cells in by_text.items())
    matches = [
        (field, found.get(index))
        for index, field in enumerate(truth)
        if index in found or field.box or field.characters
    ]
    return matches, left


def with_full_names(
    truth: Mapping[PageKey, Sequence[TruthField]], predicted: Iterable[PageKey]
) -> dict[PageKey, Sequence[TruthField]]:
    """The truth under the names that its files have in the results."""
    names = {file for file, _ in predicted}
    by_last_part = {name.rpartition("/")[2]: name for name in sorted(names, reverse=True)}

    def full_name(file: str) -> str:
        return file if file in names else by_last_part.get(file.rpartition("/")[2], file)

    return {(full_name(file), page): fields for (file, page), fields in truth.items()}


def _differs(truth: str, cells: Sequence[PredictedCell], row: int, column: int) -> int:
    return int(truth[row - 1] != fold(cells[column - 1].character))


def _distances(truth: str, cells: Sequence[PredictedCell]) -> list[list[int]]:
    costs = [list(range(len(cells) + 1))]
    for row in range(1, len(truth) + 1):
        costs.append([row])
        for column in range(1, len(cells) + 1):
            replaced = costs[row - 1][column - 1] + _differs(truth, cells, row, column)
            costs[row].append(min(replaced, costs[row - 1][column] + 1, costs[row][-1] + 1))
    return costs


def _inside(cell: PredictedCell, area: SourceBox) -> bool:
    """Whether the middle of the cell lies in the area."""
    x, y = cell.box.x + cell.box.width / 2, cell.box.y + cell.box.height / 2
    return area.x <= x <= area.right and area.y <= y <= area.bottom


def _taken_from(
    predicted: Sequence[PredictedField], area: SourceBox
) -> tuple[tuple[PredictedCell, ...], list[PredictedField]]:
    """The cells that lie in the area, and the fields with what is left of them."""
    taken = [cell for field in predicted for cell in field.cells if _inside(cell, area)]
    rests = (
        replace(field, cells=tuple(cell for cell in field.cells if not _inside(cell, area)))
        for field in predicted
    )
    return tuple(taken), [field for field in rests if field.cells]


def _match_by_text(
    truth: Sequence[TruthField], predicted: Sequence[PredictedField]
) -> tuple[dict[int, tuple[PredictedCell, ...]], list[PredictedField]]:
    """Pair fields so that the most characters are right, then join what was read in pieces."""
    if not truth or not predicted:
        return {}, list(predicted)
    from scipy.optimize import linear_sum_assignment

    gains = [[_gain(field, other.occupied) for other in predicted] for field in truth]
    owners = {
        int(column): int(row)
        for row, column in zip(*linear_sum_assignment(gains, maximize=True), strict=True)
        if gains[row][column] > 0
    }
    pairs = list(owners.items())
    found = {row: _extended(truth[row], column, owners, predicted) for column, row in pairs}
    left = [field for column, field in enumerate(predicted) if column not in owners]
    return found, left


def _gain(field: TruthField, occupied: tuple[PredictedCell, ...]) -> float:
    """Characters right less a little for each difference; 0 if the texts are too unlike."""
    truth = fold(field.characters)
    # Many a cell apart, the texts cannot be the same; this spares most alignments.
    if len(occupied) * MIN_SHARE > len(truth) or len(truth) * MIN_SHARE > len(occupied):
        return 0.0
    pairs = align(truth, occupied)
    right = sum(is_right(text, cell) for text, cell in pairs)
    if right < MIN_SHARE * len(truth):
        return 0.0
    return max(0.0, right - ERROR_WEIGHT * (len(pairs) - right))


def _extended(
    field: TruthField,
    column: int,
    owners: dict[int, int],
    predicted: Sequence[PredictedField],
) -> tuple[PredictedCell, ...]:
    """The cells of a predicted field and of its free neighbours that continue its text.

    Neighbours that are taken are entered in `owners`.
    """
    cells, owner = predicted[column].cells, owners[column]
    first, last = column - 1, column + 1
    while True:
        before = _free_cells(first, owners, predicted, cells) + cells
        after = cells + _free_cells(last, owners, predicted, cells)
        now, earlier, later = (_gain(field, _occupied(run)) for run in (cells, before, after))
        if max(earlier, later) <= now:
            return cells
        if earlier > later:
            cells, owners[first], first = before, owner, first - 1
        else:
            cells, owners[last], last = after, owner, last + 1


def _free_cells(
    column: int,
    owners: Mapping[int, int],
    predicted: Sequence[PredictedField],
    beside: tuple[PredictedCell, ...],
) -> tuple[PredictedCell, ...]:
    """The cells of a predicted field that nobody owns, if they lie near the given ones."""
    if column in owners or not 0 <= column < len(predicted):
        return ()
    cells = predicted[column].cells
    reach = JOIN_DISTANCE * max(cell.box.height for cell in beside)
    return cells if _distance(_hull(cells), _hull(beside)) <= reach else ()


def _hull(cells: Sequence[PredictedCell]) -> SourceBox:
    """The smallest box around the cells."""
    left, top = min(cell.box.x for cell in cells), min(cell.box.y for cell in cells)
    right, bottom = max(c.box.right for c in cells), max(c.box.bottom for c in cells)
    return SourceBox(left, top, right - left, bottom - top)


def _distance(one: SourceBox, other: SourceBox) -> float:
    """The wider of the gaps between two boxes, across and down; 0 where they overlap."""
    across = max(one.x, other.x) - min(one.right, other.right)
    down = max(one.y, other.y) - min(one.bottom, other.bottom)
    return max(0, across, down)


def _occupied(cells: tuple[PredictedCell, ...]) -> tuple[PredictedCell, ...]:
    return tuple(cell for cell in cells if cell.occupied)
