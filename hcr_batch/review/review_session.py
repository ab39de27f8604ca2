"""One sitting of review: what is answered goes into the results, and into a verdict on them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hcr_batch.errors import HcrError, LockedError, OutputError
from hcr_batch.evaluation.matching import fold
from hcr_batch.evaluation.sampling import ReviewedCharacter, silent_error, threshold_for
from hcr_batch.journal.cell_table import PlacedField
from hcr_batch.journal.corrections import Answer, Correction, Kind, Place
from hcr_batch.journal.exporting import export
from hcr_batch.journal.journal import Journal, open_journal
from hcr_batch.journal.output_lock import exclusive, lock_path
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.answer_rules import FieldRules, GivenCharacter
from hcr_batch.review.review_queue import AnsweredReading, ReviewQueue
from hcr_batch.review.reviewers import efforts

__all__ = ["GivenAnswer", "ReviewRequest", "ReviewSession", "StandingAnswer"]


IDLE_S = 60.0
"""Seconds without an answer after which the results are written."""


@dataclass(frozen=True)
class ReviewRequest:
    """What to review and where the corrections go.

    Attributes
    ----------
    journal : Path
    outputs : Outputs
        The results, and what else is written with the answers.
    sample : float
        Share of the unflagged characters to mix in, 0 to 1.
    target_error : float
        Wanted share of wrong among unflagged characters.
    """

    journal: Path
    outputs: Outputs
    sample: float = 0.0
    target_error: float = 0.005

    @property
    def results(self) -> Path:
        """The results under review."""
        return self.outputs.results


@dataclass(frozen=True)
class GivenAnswer:
    """What a window sends: the cell's key, what it says, and the answer that it saw there."""

    key: str
    kind: Kind
    character: str
    seen: int


@dataclass(frozen=True)
class StandingAnswer:
    """What now counts for a cell.

    `taken` is False where somebody else was faster, and where the answer
    breaks the rule of its field: `breaks` says how.
    """

    key: str
    taken: bool
    correction: Correction | None
    breaks: str = ""


class ReviewSession:
    """The queue and the journal behind the pages; may be used from several threads."""

    def __init__(self, request: ReviewRequest, rules: FieldRules | None = None) -> None:
        self.request = request
        self.rules = rules or FieldRules()
        self.queue = ReviewQueue(self.open_journal, request.sample)
        self._exporting = threading.Lock()
        # Answers of an earlier sitting may have been left out of the results by a crash.
        self._exported = 0

    def open_journal(self) -> Journal:
        """Open the journal of the results under review.

        Raises
        ------
        OutputError
            It is gone: a new one in its place would take answers to nothing,
            and empty the results.
        """
        journal = self.request.journal
        if not journal.exists():
            raise OutputError(
                f"{journal}: the journal is gone; nothing more is saved; put it back, or scan"
                " again and start the review anew"
            )
        return open_journal(journal)

    def record(
        self, given: Sequence[GivenAnswer], reviewer: str, confirmed: bool = False
    ) -> list[StandingAnswer]:
        """Write answers into the journal; each taken is there for good when this returns.

        Parameters
        ----------
        confirmed : bool
            Take answers also where they break the rule of their field.
        """
        with self.open_journal() as journal:
            fields = [journal.cells.field(Place.of_key(one.key)) for one in given]
            answers = [_answer(*pair, self.rules) for pair in zip(given, fields, strict=True)]
            found = [answer for answer in answers if answer]
            breaks = {} if confirmed else self._complaints(journal, found, fields)
            kept = [answer for answer in found if answer.place.key not in breaks]
            taken = iter(journal.corrections.record(kept, reviewer))
            standing = []
            for one, answer in zip(given, answers, strict=True):
                correction = next(taken) if answer and one.key not in breaks else None
                now = correction or journal.corrections.latest(Place.of_key(one.key))
                standing.append(
                    StandingAnswer(one.key, correction is not None, now, breaks.get(one.key, ""))
                )
        if None in answers:
            # Such a cell was read anew meanwhile.
            self.queue.reload()
        self.queue.refresh()
        return standing

    def _complaints(
        self, journal: Journal, answers: Sequence[Answer], fields: Sequence[PlacedField | None]
    ) -> dict[str, str]:
        """What is wrong with answers, by the key of their cell, one field after the other."""
        by_place = {
            (field.sha256, field.page, cell.box): field
            for field in fields
            if field
            for cell in field.field.cells
        }
        groups: dict[tuple[str, int, str], list[Answer]] = defaultdict(list)
        for answer in answers:
            groups[answer.place.sha256, answer.place.page, answer.field].append(answer)
        complaints: dict[str, str] = {}
        for (sha256, page, _), group in groups.items():
            if all(answer.kind is Kind.OPEN for answer in group):
                continue  # taking back is always right
            field = by_place[sha256, page, group[0].place.box]
            characters = [GivenCharacter(one.place.box, _character(one)) for one in group]
            there = journal.corrections.of_page(sha256, page)
            if wrong := self.rules.complaint(field, characters, there):
                complaints.update((one.place.key, wrong) for one in group)
        return complaints

    def export(self) -> str:
        """Write the results with all answers so far; a line that says what came of it.

        Raises
        ------
        OutputError
            The results cannot be written; the answers are in the journal.
        """
        with self._exporting, self.open_journal() as journal:
            self.queue.refresh()
            newest = self.queue.last_answer
            try:
                with exclusive(lock_path(self.request.results)):
                    export(journal, self.request.outputs)
            except LockedError:
                return (
                    f"{self.request.results}: a scan is writing it; the answers are in the "
                    "journal, and the scan puts them in when it ends"
                )
            self._exported = newest
        progress = self.queue.progress()
        return (
            f"{self.request.results}: written with the answers to {progress.answered} "
            f"of {progress.due} cells"
        )

    @property
    def is_exported(self) -> bool:
        """Whether the results hold every answer known."""
        return self._exported == self.queue.last_answer

    def export_when_idle(self, leaving: threading.Event) -> None:
        """Export whenever nobody has answered for a while; returns when `leaving` is set."""
        seen = self.queue.last_answer
        while not leaving.wait(IDLE_S):
            idle, seen = seen == self.queue.last_answer, self.queue.last_answer
            if idle and not self.is_exported:
                # What goes wrong now is told when the reviewer leaves.
                with suppress(HcrError):
                    self.export()

    def efforts(self) -> list[str]:
        """Who has answered how much, in lines for a person to read."""
        with self.open_journal() as journal:
            return list(map(str, efforts(journal.corrections.since())))

    def verdict(self) -> list[str]:
        """What the sample says of the unflagged characters, in lines for a person to read."""
        if not self.request.sample:
            return []
        size, judged = self.queue.sample()
        wrong = sum(not _is_right(one) for one in judged)
        error = silent_error(wrong, len(judged))
        lines = [
            f"sample: {len(judged)} of {size} unflagged characters answered, {wrong} wrong",
            f"silent error rate: {error.rate:.2%} (95 % interval {error.low:.2%} to "
            f"{error.high:.2%}); target {self.request.target_error:.2%}",
        ]
        if len(judged) < size:
            lines.append("the sample is not finished: the rate holds for the answered part alone")
        return [*lines, self._threshold(judged)]

    def _threshold(self, judged: Sequence[AnsweredReading]) -> str:
        weighted = [(one, 1 / self.request.sample) for one in judged]
        weighted += [(one, 1.0) for one in self.queue.doubtful()]
        characters = [
            ReviewedCharacter(one.reading.confidence, _is_right(one), weight)
            for one, weight in weighted
            if one.reading.character
        ]
        threshold = threshold_for(characters, self.request.target_error)
        if threshold is None:
            return "no threshold would have met the target"
        return (
            f"threshold that would have met the target: {threshold:.4f} "
            f"(scan --threshold {threshold:.4f})"
        )


def _character(answer: Answer) -> str | None:
    """What an answer puts in its cell; None where it leaves that open."""
    return None if answer.kind in (Kind.OPEN, Kind.ILLEGIBLE) else answer.character


def _answer(
    given: GivenAnswer, field: PlacedField | None, rules: FieldRules
) -> Answer | None:
    """The answer with what the machine read; None if there is no such cell any more.

    Also None if a reading was accepted that is not the one there now.
    """
    if field is None:
        return None
    place = Place.of_key(given.key)
    position, cell = next(
        (number, cell)
        for number, cell in enumerate(field.field.cells, start=1)
        if cell.box == place.box
    )
    if given.kind is Kind.ACCEPTED and given.character != cell.reading.character:
        return None
    character = given.character
    if given.kind is Kind.CHARACTER:
        if not _has_small_look_alikes(field):
            character = fold(character)
        character = rules.spelled(field, character)
    return Answer(
        place, field.field.name, position, cell.reading, given.kind, character, given.seen
    )


def _has_small_look_alikes(field: PlacedField) -> bool:
    """Whether the field's readings tell `s` from `S`; without a template they do not."""
    characters = (cell.reading.character for cell in field.field.cells)
    return any(character != fold(character) for character in characters)


def _is_right(judged: AnsweredReading) -> bool:
    """Whether the machine had read what the reviewer says."""
    return fold(judged.truth) == fold(judged.reading.character)
