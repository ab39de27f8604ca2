"""What is left to review, in the orders that the pages show it."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import groupby
from typing import Any

from hcr_batch.journal.cell_table import DueCell
from hcr_batch.journal.corrections import Correction, Kind, is_same_place
from hcr_batch.journal.journal import Journal
from hcr_batch.review.review_filter import CellFilter
from hcr_batch.types import Reading

__all__ = ["AnsweredReading", "Progress", "ReviewQueue", "is_sampled"]

LEASE_S = 120.0
"""Seconds for which cells shown in one window are not shown in another."""
RELOAD_S = 30.0
"""Seconds between two looks for new readings: a scan that runs beside makes some all the time."""
HASH_BYTES = 8
EVERYTHING = CellFilter()


@dataclass(frozen=True)
class Progress:
    """How many cells are to be reviewed, and how many of them are."""

    due: int
    answered: int


@dataclass(frozen=True)
class AnsweredReading:
    """A reading and what a person says stands there; empty for a blank."""

    reading: Reading
    truth: str


@dataclass(frozen=True)
class _Item:
    """A cell that is due; `rank` sorts the tiles that were read as the same character."""

    cell: DueCell
    rank: float
    sampled: bool


class ReviewQueue:
    """The cells that are due, with their answers; may be used from several threads.

    Parameters
    ----------
    open_journal : callable
        Opens the journal; it is closed again after each use, so that every
        thread has a connection of its own.
    sample : float
        Share of the unflagged characters to mix in, 0 to 1. Which ones is
        settled by their places alone: the same ones in every run.
    """

    def __init__(self, open_journal: Callable[[], Journal], sample: float = 0.0) -> None:
        self._open_journal, self._sample = open_journal, sample
        self._lock = threading.RLock()
        self._state: tuple[Any, ...] | None = None
        self._items: dict[str, _Item] = {}
        self._answers: dict[str, Correction] = {}
        self._last = 0
        self._leases: dict[str, tuple[str, float]] = {}
        self._loaded_at = 0.0
        self.reload()

    def reload(self, needed: bool = True) -> None:
        """Take over new readings too; unless `needed` only if there are some, and now and then."""
        with self._lock, self._open_journal() as journal:
            rested = time.monotonic() - self._loaded_at > RELOAD_S
            if needed or (rested and journal.cells.state() != self._state):
                self._load(journal)
        self.refresh()

    def refresh(self) -> None:
        """Take over what other windows and processes answered."""
        with self._lock, self._open_journal() as journal:
            for answer in journal.corrections.since(self._last):
                self._last = answer.id
                for key in self._keys_at(answer):
                    self._answers[key] = answer

    @property
    def last_answer(self) -> int:
        """Id of the newest answer known."""
        return self._last

    def progress(self) -> Progress:
        """How many cells are due, and how many of them answered."""
        with self._lock:
            return Progress(len(self._items), sum(not self._is_open(key) for key in self._items))

    def open_cells(self) -> list[DueCell]:
        """All cells that nobody has answered, in the order of the results."""
        with self._lock:
            return [self._items[key].cell for key in self._order if self._is_open(key)]

    def tiles(
        self,
        client: str,
        size: int,
        first: Sequence[str] = (),
        skip: Collection[str] = (),
        only: CellFilter = EVERYTHING,
    ) -> list[DueCell]:
        """Open cells, those read as the same character together, the least sure first.

        Parameters
        ----------
        client : str
            The window that shows them; no other one gets them for a while.
        size : int
            How many at most.
        first : sequence of str
            Keys that come before all others.
        skip : collection of str
            Keys that this window has put off.
        only : CellFilter
            What the window wants to see.
        """
        with self._lock:
            free = [key for key in self._free(client, only) if key not in skip]
            wanted = set(first)
            free.sort(key=lambda key: (key not in wanted, *self._tile_order(key)))
            return self._leased(client, free[:size])

    def next_cell(
        self,
        client: str,
        after: str | None,
        backwards: bool = False,
        other_field: bool = False,
        only: CellFilter = EVERYTHING,
    ) -> DueCell | None:
        """The next open cell in the order of the results, going round at the end."""
        with self._lock:
            for key in self._round(after, backwards):
                if self._is_free(key, client, only) and not (
                    other_field and after in self._items and self._same_field(key, after)
                ):
                    return self._leased(client, [key])[0]
        return None

    def fields(
        self, client: str, after: str | None, size: int, only: CellFilter = EVERYTHING
    ) -> list[DueCell]:
        """The first open cell of each of the next fields that have one."""
        with self._lock:
            free = (key for key in self._round(after, False) if self._is_free(key, client, only))
            groups = groupby(free, key=self._field_of)
            firsts = [next(keys) for _, keys in groups][:size]
            return self._leased(client, firsts)

    def renew(self, client: str) -> None:
        """Keep what a window shows from the others for longer."""
        with self._lock:
            until = time.monotonic() + LEASE_S
            for key, (holder, _) in self._leases.items():
                if holder == client:
                    self._leases[key] = (client, until)

    def release(self, client: str) -> None:
        """A window was closed: others may have its cells."""
        with self._lock:
            self._leased(client, [])

    def sample(self) -> tuple[int, list[AnsweredReading]]:
        """How many unflagged characters are mixed in, and those answered so far."""
        with self._lock:
            items = [(key, item.cell) for key, item in self._items.items() if item.sampled]
            return len(items), self._judged(items)

    def doubtful(self) -> list[AnsweredReading]:
        """The cells answered so far that are flagged for their low confidence alone."""
        with self._lock:
            items = ((key, item.cell) for key, item in self._items.items())
            return self._judged(
                (key, cell) for key, cell in items if cell.reading.reasons == ("low_confidence",)
            )

    def _judged(self, cells: Iterable[tuple[str, DueCell]]) -> list[AnsweredReading]:
        """What can be said of the readings as they are now; illegible cells say nothing."""
        return [
            AnsweredReading(cell.reading, self._answers[key].character)
            for key, cell in cells
            if not self._is_open(key) and self._answers[key].kind is not Kind.ILLEGIBLE
        ]

    def due_in_field(self, key: str) -> list[DueCell]:
        """All cells that are due in the field of a cell, open or not."""
        with self._lock:
            if key not in self._items:
                return []
            place = self._items[key].cell.place
            there = self._on_page[place.sha256, place.page]
            return [self._items[one].cell for one in there if self._same_field(one, key)]

    def _load(self, journal: Journal) -> None:
        self._state, self._loaded_at = journal.cells.state(), time.monotonic()
        self._items = {}
        sampled = partial(is_sampled, share=self._sample) if self._sample else None
        for cell in journal.cells.due(sampled):
            item = _Item(cell, cell.reading.confidence, not cell.reading.flagged)
            self._items.setdefault(cell.place.key, item)
        self._items.update(_hidden_among_flagged(self._items))
        self._on_page: dict[tuple[str, int], list[str]] = defaultdict(list)
        for key, item in self._items.items():
            self._on_page[item.cell.place.sha256, item.cell.place.page].append(key)
        self._order = list(self._items)
        self._number = {key: number for number, key in enumerate(self._order)}
        self._answers, self._last = {}, 0

    def _keys_at(self, answer: Correction) -> list[str]:
        key = answer.place.key
        if key in self._items:
            return [key]
        there = self._on_page.get((answer.place.sha256, answer.place.page), ())
        return [
            key for key in there if is_same_place(self._items[key].cell.place.box, answer.place.box)
        ]

    def _is_open(self, key: str) -> bool:
        answer = self._answers.get(key)
        return answer is None or answer.kind is Kind.OPEN

    def _is_free(self, key: str, client: str, only: CellFilter) -> bool:
        holder, until = self._leases.get(key, (client, 0.0))
        unheld = holder == client or until < time.monotonic()
        return self._is_open(key) and unheld and only.takes(self._items[key].cell)

    def _free(self, client: str, only: CellFilter) -> Iterator[str]:
        return (key for key in self._order if self._is_free(key, client, only))

    def _tile_order(self, key: str) -> tuple[bool, str, float, int]:
        item = self._items[key]
        character = item.cell.reading.character
        return not character, character, item.rank, self._number[key]

    def _round(self, after: str | None, backwards: bool) -> list[str]:
        start = self._number.get(after or "", -1)
        if backwards:
            start = max(start, 0)
            return [*self._order[:start][::-1], *self._order[start:][::-1]]
        return [*self._order[start + 1 :], *self._order[: start + 1]]

    def _field_of(self, key: str) -> tuple[str, int, str]:
        cell = self._items[key].cell
        return cell.place.sha256, cell.place.page, cell.field

    def _same_field(self, one: str, other: str) -> bool:
        return self._field_of(one) == self._field_of(other)

    def _leased(self, client: str, keys: Iterable[str]) -> list[DueCell]:
        """The cells of keys, held for a window in place of what it held before."""
        self._leases = {key: lease for key, lease in self._leases.items() if lease[0] != client}
        keys, until = list(keys), time.monotonic() + LEASE_S
        self._leases.update((key, (client, until)) for key in keys)
        return [self._items[key].cell for key in keys]


def is_sampled(key: str, share: float) -> bool:
    """Whether the cell of a key is in a random sample of this share; larger shares add cells."""
    return _lot(key) < share


def _lot(key: str) -> float:
    """A number from 0 to 1 that is settled by the key and looks random."""
    digest = blake2b(key.encode(), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big") / 256**HASH_BYTES


def _hidden_among_flagged(items: dict[str, _Item]) -> dict[str, _Item]:
    """Give sampled cells the ranks of flagged ones read alike: their place must not tell them."""
    ranks: dict[str, list[float]] = defaultdict(list)
    for item in items.values():
        if not item.sampled:
            ranks[item.cell.reading.character].append(item.rank)
    hidden = {}
    for key, item in items.items():
        flagged = ranks.get(item.cell.reading.character)
        if item.sampled and flagged:
            rank = flagged[int(_lot(f"rank {key}") * len(flagged))]
            hidden[key] = replace(item, rank=rank)
    return hidden
