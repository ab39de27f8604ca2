"""A rerun of what has not changed asks the journal little, and opens no file."""

import os
import sys

from fake_reader import FakeReader

from hcr_batch.config import load_settings
from hcr_batch.journal.journal import Journal, journal_path, open_journal
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan

FILES = 120
opened: list[str] = []


def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.fsdecode(arguments[0]))


sys.addaudithook(note)


def test_many_files_are_asked_for_in_one_question(tmp_path, monkeypatch):
    (tmp_path / "forms").mkdir()
    for number in range(FILES):
        path = tmp_path / "forms" / f"{number}.png"
        path.write_text(f"TEXT{number}")
        os.utime(path, (0, 0))
    # Only what was left alone before it was read is known by its times.
    monkeypatch.setattr("hcr_batch.scan.plan.seconds_unchanged", lambda _: 60.0)
    request = ScanRequest(
        (str(tmp_path / "forms"),), tmp_path / "r.csv", load_settings(), "model", 1
    )
    reader = FakeReader(tmp_path / "read.log")
    assert scan(request, Observer(), reader=reader).new == FILES
    with open_journal(journal_path(request.output)) as journal:
        paths = sorted((tmp_path / "forms").iterdir())
        known = journal.find_hashed([*paths, tmp_path / "new.png"])
        assert [one.name for one in known[:-1]] == [path.name for path in paths]
        assert known[-1] is None
    statements: list[str] = []
    started = Journal.__init__

    def traced(self, connection, path):
        started(self, connection, path)
        connection.set_trace_callback(statements.append)

    monkeypatch.setattr(Journal, "__init__", traced)
    opened.clear()
    assert scan(request, Observer(), reader=reader).skipped == FILES
    assert len(statements) < FILES / 4
    assert not [one for one in statements if one.startswith("SELECT cells FROM pages")]
    assert not [path for path in opened if path.endswith(".png")]
