"""Whatever happens to a run, and in whatever order, the results end in the same bytes.

`HCR_EXAMPLES=500` tries so many sequences in place of 25.
"""

import itertools
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fake_reader import FakeReader
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hcr_batch.config import load_settings
from hcr_batch.journal.corrections import Answer, Kind
from hcr_batch.journal.exporting import export
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.plan import ScanOptions
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan

FORMS = {
    **{f"form{number}.png": f"ANNA{number} 12_3{number} abc{number}" for number in range(4)},
    "twin.png": "ANNA1 12_31 abc1",
    "long.png": "\f".join(f"page{number} B{number}" for number in range(19)),
    "torn.png": "first\fTORN\flast",
    "broken.png": "BROKEN",
}
"""Forms as `FakeReader` has them; small letters are flagged."""

SETTINGS = load_settings()
OTHERS = replace(SETTINGS, layout=replace(SETTINGS.layout, max_skew=7.0))

counts = st.integers(0, 6)
statements = st.integers(0, 150)
"""Of SQL, before which a process dies."""
steps = st.one_of(
    st.tuples(st.just("scan"), st.just(0)),
    st.tuples(st.just("scan with other settings"), st.just(0)),
    st.tuples(st.just("scan some"), st.integers(1, 4)),
    st.tuples(st.just("scan by force"), counts),
    st.tuples(st.just("try again"), counts),
    st.tuples(st.just("kill"), counts),
    st.tuples(st.just("interrupt"), counts),
    st.tuples(st.just("die"), statements),
    st.tuples(st.just("review"), st.integers(1, 30)),
    st.tuples(st.just("die reviewing"), statements),
    st.tuples(st.just("archive"), st.integers(0, 3)),
    st.tuples(st.just("export"), st.just(0)),
)


class Killed(BaseException):
    """The process ends here, and nothing of it is run any more."""


def dying(work: Callable[[], object], after: int) -> None:
    """Have a process work, and end like one that is killed before so many statements are over."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        left = itertools.count(after, -1)
        connect = sqlite3.connect

        def watched(*arguments: object, **options: object) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            connection.set_trace_callback(lambda _: next(left) > 0 or os._exit(9))
            return connection

        sqlite3.connect = watched
        work()
    finally:
        os._exit(0)


@dataclass(frozen=True)
class Night:
    """A folder of forms, and all that may happen to it."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "forms").mkdir()
        for name, text in FORMS.items():
            (self.folder / "forms" / name).write_text(text)

    @property
    def request(self) -> ScanRequest:
        return ScanRequest(
            (str(self.folder / "forms"),),
            self.folder / "results.csv",
            SETTINGS,
            "model",
            fields=self.folder / "fields.csv",
            allow_empty=True,
        )

    def happen(self, step: str, count: int) -> None:
        changes: dict[str, dict[str, object]] = {
            "scan": {},
            "scan with other settings": {"settings": OTHERS},
            "scan some": {"options": ScanOptions(limit=count)},
            "scan by force": {"options": ScanOptions(force=True)},
            "try again": {"options": ScanOptions(retry_failed=True)},
        }
        if step in changes:
            self.scan(replace(self.request, **changes[step]))
        elif step in ("kill", "interrupt"):
            self.scan(self.request, {"kill": Killed, "interrupt": KeyboardInterrupt}[step], count)
        elif step == "die":
            dying(lambda: self.scan(self.request), count)
        elif journal_path(self.request.output).exists():
            {
                "review": self.review,
                "die reviewing": lambda after: dying(lambda: self.review(9), after),
                "archive": self.archive,
                "export": self.export,
            }[step](count)

    def scan(
        self, request: ScanRequest, ending: type[BaseException] | None = None, after: int = 0
    ) -> None:
        def engine(
            make_handler: Callable, next_task: Callable, time_limit: Callable | None = None
        ) -> Iterator[tuple]:
            handler = make_handler()
            for number in itertools.count():
                if ending and number == after:
                    raise ending
                if (task := next_task()) is None:
                    return
                yield task, handler(task)

        with suppress(Killed):
            scan(request, Observer(), reader=FakeReader(self.folder / "log"), engine=engine)

    def review(self, count: int) -> None:
        """Answer some of what is due, every place in a way of its own."""
        with open_journal(journal_path(self.request.output)) as journal:
            answers = []
            for cell in itertools.islice(list(journal.cells.due()), count):
                if not journal.corrections.latest(cell.place):
                    kind = list(Kind)[len(cell.place.key + cell.field) % 4]
                    character = "Q" if kind is Kind.CHARACTER else ""
                    if kind is Kind.ACCEPTED:
                        character = cell.reading.character
                    place = cell.place, cell.field, cell.position
                    answers.append(Answer(*place, cell.reading, kind, character, 0))
            journal.corrections.record(answers, "Anna")

    def archive(self, number: int) -> None:
        """Take a form away that was read."""
        path = self.folder / "forms" / f"form{number}.png"
        if not path.exists():
            return
        with open_journal(journal_path(self.request.output)) as journal:
            read = {file.path for file, _ in journal.pages()}
        if path in read:
            path.unlink()

    def export(self, _: int) -> None:
        with open_journal(journal_path(self.request.output)) as journal:
            outputs = replace(self.request.outputs, results=self.folder / "other.jsonl")
            export(journal, replace(outputs, file_format="jsonl"))

    def answers(self) -> list[tuple[int, str]]:
        """What persons have answered so far; the journal is whole."""
        path = journal_path(self.request.output)
        if not path.exists():
            return []
        with open_journal(path) as journal:
            journal.check()
            return [(one.id, one.character) for one in journal.corrections.since()]

    def end(self) -> dict[str, bytes]:
        """The morning: all is read, answered and archived."""
        self.happen("scan", 0)
        self.happen("review", 1000)
        for number in range(4):
            self.happen("archive", number)
        self.happen("scan", 0)
        self.happen("export", 0)
        names = ("results.csv", "fields.csv", "other.jsonl")
        return {name: (self.folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def settled():
    """Files count as finished however lately they were written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hcr_batch.scan.plan.SETTLED_SECONDS", -1)
        yield


@pytest.fixture(scope="module")
def undisturbed(settled):
    with tempfile.TemporaryDirectory() as folder:
        return Night(Path(folder)).end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process can be split here")
@settings(
    max_examples=int(os.environ.get("HCR_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(happenings=st.lists(steps, max_size=7))
@example(happenings=[("scan", 0), ("archive", 1), ("scan by force", 0)])
@example(happenings=[("die", after) for after in range(10, 150, 20)])
@example(happenings=[("scan", 0), ("review", 5), ("die reviewing", 9), ("die", 40), ("export", 0)])
def test_the_results_are_those_of_an_undisturbed_night(undisturbed, happenings):
    with tempfile.TemporaryDirectory() as folder:
        night, before = Night(Path(folder)), []
        for step, count in happenings:
            night.happen(step, count)
            answers = night.answers()
            assert answers[: len(before)] == before, "no answer is lost"
            before = answers
        assert night.end() == undisturbed
