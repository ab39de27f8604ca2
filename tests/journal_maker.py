"""A small scan in this very process, whose journal can be damaged and gone on with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fake_reader import FakeReader

from hcr_batch.config import load_settings
from hcr_batch.journal.corrections import Answer, Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.plan import ScanOptions
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan

__all__ = ["ANSWERS", "CONDITIONS", "SUMMARY", "SmallScan"]

CONDITIONS = {
    "program": "0.0",
    "model": "default",
    "model_fingerprint": "model",
    "settings": "settings",
    "target_error": 0.005,
    "threshold": 0.0,
}
"""What every run notes when it begins."""
SUMMARY = {"new": 1, "skipped": 0, "failed": 0, "seconds": 1.0, "interrupted": False}
"""What every run notes when it ends."""

ANSWERS = 10
"""Answers of a reviewer in the journal."""


class _Notes(Observer):
    def __init__(self) -> None:
        self.taken: list[str] = []

    def note(self, message: str) -> None:
        self.taken.append(message)


@dataclass(frozen=True)
class SmallScan:
    """Eight forms in a folder, read and partly reviewed."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "SmallScan":
        made = cls(folder)
        (folder / "forms").mkdir()
        for number in range(8):
            text = f"ANNA{number} 12_3{number} abc{number}\nBERTA{number}\n"
            (folder / "forms" / f"form{number}.png").write_text(text)
        made.run()
        made._review()
        made.run()
        return made

    @property
    def results(self) -> Path:
        return self.folder / "results.csv"

    @property
    def journal(self) -> Path:
        return journal_path(self.results)

    def run(self, force: bool = False) -> list[str]:
        """Scan the forms; the notes that a person would see."""
        notes = _Notes()
        request = ScanRequest(
            paths=(str(self.folder / "forms"),),
            output=self.results,
            settings=load_settings(),
            model="model",
            jobs=1,
            options=ScanOptions(force=force),
        )
        scan(request, notes, reader=FakeReader(self.folder / "read.log"), engine=_in_this_process)
        return notes.taken

    def restore(self, journal: bytes) -> None:
        """Nothing but a journal of these bytes."""
        for path in self.folder.glob("results*"):
            path.unlink()
        self.journal.write_bytes(journal)

    def _review(self) -> None:
        with open_journal(self.journal) as journal:
            journal.corrections.record(
                [
                    Answer(cell.place, cell.field, cell.position, cell.reading, Kind.BLANK, "", 0)
                    for cell in list(journal.cells.due())[:ANSWERS]
                ],
                "Anna",
            )


def _in_this_process(
    make_handler: Callable, next_task: Callable, time_limit: Callable | None = None
) -> Iterator[tuple]:
    handler = make_handler()
    while (task := next_task()) is not None:
        yield task, handler(task)
