"""The characters of the results with what reviewers answered, for whoever learns from that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hcr_batch.config import DEFAULT_MODEL
from hcr_batch.errors import UsageError
from hcr_batch.journal.cell_table import DueCell
from hcr_batch.journal.corrections import Correction, Kind, is_same_place
from hcr_batch.journal.journal import Journal

__all__ = ["Conditions", "answered_cells", "conditions_of"]

SAYS_NOTHING = (Kind.OPEN, Kind.ILLEGIBLE)


def answered_cells(journal: Journal) -> Iterator[tuple[DueCell, str | None]]:
    """Every flagged cell and every character, each with what truly stands there.

    Returns
    -------
    iterator of (DueCell, str or None)
        The reading is the machine's, as it is now. None where nobody has
        answered, or could not say; empty for a blank.
    """
    answers: dict[tuple[str, int], list[Correction]] = defaultdict(list)
    for answer in journal.corrections.since():
        answers[answer.place.sha256, answer.place.page].append(answer)
    for cell in journal.cells.due(lambda _: True):
        yield cell, _truth(cell, answers.get((cell.place.sha256, cell.place.page), ()))


def _truth(cell: DueCell, answers: Sequence[Correction]) -> str | None:
    for answer in reversed(answers):
        if is_same_place(answer.place.box, cell.place.box):
            return None if answer.kind in SAYS_NOTHING else answer.character
    return None


@dataclass(frozen=True)
class Conditions:
    """How results were read: model (None for the default), forms, target error, threshold or 0."""

    model: Path | None
    templates: tuple[Path, ...]
    target_error: float
    threshold: float


def conditions_of(journal: Journal) -> Conditions:
    """Those of the last run.

    Raises
    ------
    UsageError
        No run is known.
    """
    run = next(journal.runs.latest(), None)
    if run is None:
        raise UsageError("the journal knows of no scan; scan first")
    values = run.conditions
    model = values.get("model", DEFAULT_MODEL)
    templates = map(Path, values.get("template_paths", ()))
    return Conditions(
        None if model == DEFAULT_MODEL else Path(model),
        tuple(path for path in templates if path.exists()),
        values["target_error"],
        values["threshold"],
    )
