import csv
import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_reader import FakeReader

from hcr_batch.config import load_settings
from hcr_batch.errors import ExitCode, LockedError, NoInputError, OutputError, UsageError
from hcr_batch.journal.transaction import Transaction
from hcr_batch.scan.observers import FileEvent, Observer
from hcr_batch.scan.plan import ScanOptions
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import dry_run, scan


class Recorder(Observer):
    """Keeps the events of a run."""

    def __init__(self):
        self.events: list[FileEvent] = []

    def file_done(self, event):
        self.events.append(event)


@pytest.fixture
def forms(tmp_path):
    folder = tmp_path / "forms"
    folder.mkdir()
    for number in range(5):
        (folder / f"form{number}.png").write_text(f"ANNA{number} 12_3{number}\n")
    return folder


@pytest.fixture
def run(tmp_path, forms):
    """Scans `forms` with the fake reader; keyword arguments change the request."""

    def scan_forms(jobs=1, observer=None, **changes):
        request = ScanRequest(
            **{
                "paths": (str(forms),),
                "output": tmp_path / "results.csv",
                "settings": load_settings(),
                "model": "model",
                "jobs": jobs,
                **changes,
            }
        )
        return scan(request, observer or Recorder(), reader=FakeReader(tmp_path / "read.log", 0.01))

    return scan_forms


@pytest.fixture
def read_names(tmp_path):
    """Names of the files that were really read, in all runs so far."""
    return lambda: sorted((tmp_path / "read.log").read_text().split())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_format_that_cannot_be_written_is_refused_before_anything_is_read(
    run, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow"):
        run(output=tmp_path / "r.parquet", file_format="parquet")
    assert not (tmp_path / "read.log").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_cell_becomes_a_row_in_order(run, tmp_path, jobs):
    summary = run(jobs)
    assert (summary.new, summary.failed, summary.pages) == (5, 0, 5)
    assert summary.exit_code is ExitCode.OK
    table = rows(tmp_path / "results.csv")
    keys = [(row["file"], row["field"], int(row["position"])) for row in table]
    assert len(keys) == 5 * 10
    assert keys == sorted(keys)
    assert "".join(row["character"] or "_" for row in table[:10]) == "ANNA012_30"


def test_jobs_do_not_change_the_results(run, tmp_path):
    run(1)
    alone = (tmp_path / "results.csv").read_bytes()
    run(3, options=ScanOptions(force=True))
    assert (tmp_path / "results.csv").read_bytes() == alone


def test_a_second_run_reads_nothing_and_changes_nothing(run, tmp_path, read_names):
    run()
    before = (tmp_path / "results.csv").read_bytes()
    summary = run()
    assert (summary.new, summary.skipped, summary.exit_code) == (0, 5, ExitCode.OK)
    assert len(read_names()) == 5
    assert (tmp_path / "results.csv").read_bytes() == before


def test_only_new_and_changed_files_are_read(run, forms, tmp_path, read_names):
    run()
    (forms / "form1.png").write_text("NEW")
    (forms / "form9.png").write_text("ADDED")
    summary = run()
    assert (summary.new, summary.skipped) == (2, 4)
    assert len(read_names()) == 7
    assert read_names().count("form1.png") == 2
    text = {row["file"]: row["character"] for row in rows(tmp_path / "results.csv")}
    assert text["form1.png"] == "W"
    assert text["form9.png"] == "D"


def test_a_touched_file_is_not_read_again(run, forms, read_names):
    run()
    os.utime(forms / "form1.png", (1, 1))
    assert run().new == 0
    assert len(read_names()) == 5


def test_force_reads_everything_again(run, read_names):
    run()
    assert run(options=ScanOptions(force=True)).new == 5
    assert len(read_names()) == 10


def test_other_settings_and_other_models_read_everything_again(run):
    run()
    assert run(settings=load_settings(recognition={"threshold": 0.9})).new == 5
    assert run(model="another").new == 5
    assert run(model="another").new == 0


def test_equal_files_are_read_once_and_reported_under_each_name(run, forms, tmp_path, read_names):
    (forms / "twin.png").write_text((forms / "form0.png").read_text())
    summary = run()
    assert summary.new == 6
    assert len(read_names()) == 5
    files = [row["file"] for row in rows(tmp_path / "results.csv")]
    assert files.count("twin.png") == files.count("form0.png") == 10


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("trouble", ["BROKEN", "DEFECT"])
def test_a_failed_file_does_not_stop_the_others(run, forms, tmp_path, jobs, trouble):
    (forms / "bad.png").write_text(trouble)
    recorder = Recorder()
    summary = run(jobs, recorder)
    assert (summary.new, summary.failed, summary.exit_code) == (5, 1, ExitCode.SOME_FAILED)
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "bad.png" in failure
    assert "\n" not in failure
    assert "bad.png" not in {row["file"] for row in rows(tmp_path / "results.csv")}


def test_a_process_that_dies_costs_only_its_file(run, forms):
    (forms / "form2a.png").write_text("DIE")
    recorder = Recorder()
    summary = run(2, recorder)
    assert (summary.new, summary.failed, summary.exit_code) == (5, 1, ExitCode.SOME_FAILED)
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "SIGKILL" in failure


@pytest.fixture
def settled(monkeypatch):
    """Files count as finished however lately they were written."""
    monkeypatch.setattr("hcr_batch.scan.plan.SETTLED_SECONDS", -1)


@pytest.mark.usefixtures("settled")
def test_a_failure_is_remembered_and_retried_on_request(run, forms, read_names):
    (forms / "bad.png").write_text("BROKEN")
    run()
    assert run().exit_code is ExitCode.SOME_FAILED
    assert read_names().count("bad.png") == 1
    run(options=ScanOptions(retry_failed=True))
    assert read_names().count("bad.png") == 2
    assert len(read_names()) == 7


def test_all_failed_has_its_own_exit_code(run, forms):
    for file in forms.iterdir():
        file.write_text(f"BROKEN {file.name}")
    assert run().exit_code is ExitCode.ALL_FAILED


def test_a_file_that_cannot_be_opened_fails_alone_and_is_tried_again(run, forms):
    (forms / "gone.png").symlink_to(forms / "nowhere.png")
    assert (run().failed, run().failed) == (1, 1)
    (forms / "nowhere.png").write_text("HERE")
    assert run().failed == 0


def test_files_not_given_stay_in_the_results(run, forms, tmp_path):
    run()
    run(paths=(str(forms / "form3.png"),))
    assert len({row["file"] for row in rows(tmp_path / "results.csv")}) == 5


def text_of(path, file):
    return "".join(row["character"] for row in rows(path) if row["file"] == file)


def test_archived_files_stay_in_the_results_and_are_counted(run, forms, tmp_path):
    run()
    (tmp_path / "archive").mkdir()
    for name in ("form3.png", "form4.png"):
        (forms / name).rename(tmp_path / "archive" / name)
    before = (tmp_path / "results.csv").read_bytes()
    summary = run()
    assert (tmp_path / "results.csv").read_bytes() == before
    assert (summary.holdings.files, summary.holdings.gone, summary.gone) == (5, 2, ())
    assert run(gone="list").gone == ("form3.png", "form4.png")
    assert run(gone="drop").holdings.files == 3
    files = {row["file"] for row in rows(tmp_path / "results.csv")}
    assert files == {f"form{number}.png" for number in range(3)}


def test_a_new_file_under_the_name_of_an_archived_one_takes_nothing_from_it(run, forms, tmp_path):
    results = tmp_path / "results.csv"
    for day in range(3):
        for form in forms.iterdir():
            form.unlink()
        run(allow_empty=True)
        (forms / "0001.png").write_text(f"DAY{day}")
        run()
    written = {row["file"] for row in rows(results)}
    assert len(written) == 3
    assert text_of(results, "0001.png") == "DAY2"
    assert {text_of(results, file) for file in written} == {"DAY0", "DAY1", "DAY2"}


def test_a_file_that_moved_or_came_back_stands_once(run, forms, tmp_path):
    run()
    (forms / "sub").mkdir()
    (forms / "form4.png").rename(forms / "sub" / "form4.png")
    assert run().holdings.files == 5
    away = forms.rename(tmp_path / "away")
    forms.mkdir()
    assert run().holdings.gone == 5
    forms.rmdir()
    away.rename(forms)
    summary = run()
    assert (summary.holdings.files, summary.holdings.gone) == (5, 0)
    assert {row["file"] for row in rows(tmp_path / "results.csv")} >= {"sub/form4.png"}


def test_copies_that_are_archived_together_stay_each(run, forms):
    (forms / "copy.png").write_bytes((forms / "form1.png").read_bytes())
    run()
    for form in forms.iterdir():
        form.unlink()
    holdings = run().holdings
    assert (holdings.files, holdings.gone, holdings.copies) == (6, 6, 1)


def test_a_file_that_failed_and_went_is_no_failure_any_more(run, forms):
    (forms / "bad.png").write_text("BROKEN")
    assert "; not in it: 1 file that could not be read" in next(run().holdings.lines())
    (forms / "bad.png").unlink()
    summary = run()
    assert (summary.exit_code, summary.holdings.failed) == (ExitCode.OK, 0)


def test_copies_and_what_takes_the_place_of_something_are_counted(run, forms):
    run()
    (forms / "copy.png").write_bytes((forms / "form1.png").read_bytes())
    (forms / "form0.png").write_text("OTHER")
    summary = run()
    assert (summary.new, summary.replaced, summary.holdings.copies) == (1, 1, 1)
    assert any(line.startswith("replaced: 1 files") for line in summary.lines())


def test_the_summary_says_where_the_results_are_and_what_comes_next(run, forms, tmp_path):
    (forms / "lower.png").write_text("abc")
    (forms / "photo.heic").write_bytes(b"0000ftypheic")
    lines = list(run(fields=tmp_path / "fields.csv").lines())
    results = tmp_path / "results.csv"
    assert lines[0] == "passed over: 1 .heic"
    assert lines[1].startswith(f"{results}: 6 files, 6 pages, ")
    assert lines[2:4] == [f"fields: {tmp_path / 'fields.csv'}", f"next: hcr-batch review {results}"]
    again = list(run().lines())
    assert again[1].split(", ")[:2] == [f"{results}: 6 files", "6 pages"]
    assert "0 new, 6 skipped" in again[-1]


def test_pages_without_any_field_are_counted(run, forms):
    (forms / "empty.png").write_text("")
    assert run().holdings.without_field == 1


def test_a_quiet_night_is_no_error(run, forms, tmp_path):
    for form in forms.iterdir():
        form.unlink()
    with pytest.raises(NoInputError):
        run()
    assert run(allow_empty=True).exit_code is ExitCode.OK
    assert rows(tmp_path / "results.csv") == []
    assert run().exit_code is ExitCode.OK
    with pytest.raises(NoInputError, match="no such file"):
        run(paths=(str(forms / "typo"),))


def test_equal_names_of_two_folders_stay_apart(run, forms, tmp_path):
    run()
    other = tmp_path / "other"
    other.mkdir()
    (other / "form1.png").write_text("OTHER")
    run(paths=(str(other),))
    table = rows(tmp_path / "results.csv")
    assert "".join(row["character"] for row in table if row["file"] == "form1.png") == "OTHER"
    assert {row["file"] for row in table} >= {"form1.png", "forms/form1.png", "form2.png"}
    keys = [(row["file"], row["page"], row["field"], row["position"]) for row in table]
    assert len(set(keys)) == len(keys)


def test_limit_leaves_the_rest_for_the_next_run(run):
    assert run(options=ScanOptions(limit=2)).new == 2
    summary = run()
    assert (summary.new, summary.skipped) == (3, 2)


def test_a_dry_run_writes_nothing(tmp_path, forms):
    request = ScanRequest((str(forms),), tmp_path / "out" / "r.csv", load_settings(), "model")
    assert len(list(dry_run(request))) == 5
    assert not (tmp_path / "out").exists()


def test_no_input_is_an_error(run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NoInputError):
        run(paths=(str(empty),))


def test_an_output_that_is_a_folder_is_refused(run, tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        run(output=tmp_path)


def test_the_fields_table_has_a_row_a_page(run, tmp_path):
    run(fields=tmp_path / "fields.csv")
    first = rows(tmp_path / "fields.csv")[0]
    assert list(first) == [
        *("file", "page", "f001", "f002", "f001.confidence", "f001.flagged"),
        *("f002.confidence", "f002.flagged"),
    ]
    assert (first["f001"], first["f002"]) == ("ANNA0", "12 30")
    assert float(first["f001.confidence"]) == pytest.approx(0.98765**5, abs=1e-4)


def test_a_second_run_on_the_same_output_is_refused(run, forms):
    (forms / "form0.png").write_text("SLEEP")

    class Intruder(Recorder):
        refused = False

        def begun(self, files, conditions):
            with pytest.raises(LockedError):
                run()
            self.refused = True

    intruder = Intruder()
    run(observer=intruder)
    assert intruder.refused


RUN_SCRIPT = """
import signal
import sys
from pathlib import Path
from fake_reader import FakeReader
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan
from hcr_batch.config import load_settings

if __name__ == "__main__":
    # A shell starts its background jobs, and so these tests among them, deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder, jobs = Path(sys.argv[1]), int(sys.argv[2])
    request = ScanRequest((str(folder / "forms"),), folder / "results.csv", load_settings(),
                          "model", jobs)
    summary = scan(request, Observer(), reader=FakeReader(folder / "read.log", float(sys.argv[3])))
    sys.exit(summary.exit_code)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a scan of tmp_path/forms in a process of its own."""
    script = tmp_path / "run_scan.py"
    script.write_text(RUN_SCRIPT)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])

    def start_scan(jobs=2, seconds=0.05):
        return subprocess.Popen(
            [sys.executable, str(script), str(tmp_path), str(jobs), str(seconds)],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )

    return start_scan


def wait_for_readings(log: Path, count: int) -> None:
    """Until so many files were begun in all runs."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if log.exists() and len(log.read_text().split()) >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{log}: fewer than {count} files were begun")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_killed_at_random_moments_the_results_are_those_of_an_undisturbed_run(
    run, start, forms, tmp_path
):
    run()
    results = tmp_path / "results.csv"
    old = results.read_bytes()
    for number in range(40):
        (forms / f"slow{number}.png").write_text(f"SLEEP K{number}")
    (forms / "slow.png").write_text("\f".join(f"SLEEP L{number}" for number in range(30)))
    rng = random.Random(7)
    for jobs in (1, 2, 2, 1, 2, 2):
        process = start(jobs, seconds=0.05)
        time.sleep(rng.uniform(0.2, 1.0))
        process.kill()
        process.communicate()
        # A run that was killed before its end has not touched the results.
        assert results.read_bytes() == old
    assert start(seconds=0.0).wait(60) == 0
    run(4, output=tmp_path / "undisturbed.csv")
    assert results.read_bytes() == (tmp_path / "undisturbed.csv").read_bytes() != old


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_ends_soon_and_keeps_what_is_finished(start, forms, tmp_path, jobs):
    for number in range(40):
        (forms / f"slow{number:02d}.png").write_text(f"SLEEP K{number}")
    process = start(jobs, seconds=0.3)
    wait_for_readings(tmp_path / "read.log", 8)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == ExitCode.INTERRUPTED, process.stderr.read()
    assert time.monotonic() - began < 2
    assert process.stderr.read() == ""
    files = {row["file"] for row in rows(tmp_path / "results.csv")}
    assert {f"form{number}.png" for number in range(5)} <= files
    assert len(files) < 45


@pytest.mark.parametrize("moment", ["__enter__", "__exit__"])
def test_an_interrupt_amid_a_change_of_the_journal_takes_back_that_change_alone(
    run, monkeypatch, tmp_path, moment
):
    """Where Python calls the handler between two steps of a change."""
    plain, count = getattr(Transaction, moment), iter(range(1000))

    def interrupted(self, *error):
        # The first is that of the run itself.
        if next(count) != 3:
            return plain(self, *error)
        if moment == "__enter__":
            plain(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Transaction, moment, interrupted)
    summary = run(1)
    assert summary.interrupted
    assert summary.new == 2
    assert {row["file"] for row in rows(tmp_path / "results.csv")} == {"form0.png", "form1.png"}
    assert run(1).new == 3


def long_document(pages: int) -> str:
    return "\f".join(f"PAGE{number}" for number in range(1, pages + 1))


def test_pages_of_a_long_document_are_spread_over_the_workers(run, forms, tmp_path):
    (forms / "long.png").write_text(long_document(45))
    recorder = Recorder()
    assert run(2, recorder).pages == 50
    (event,) = [event for event in recorder.events if event.names == ("long.png",)]
    assert event.pages == 45
    table = [row for row in rows(tmp_path / "results.csv") if row["file"] == "long.png"]
    text = {int(row["page"]): "" for row in table}
    for row in table:
        text[int(row["page"])] += row["character"]
    assert text == {number: f"PAGE{number}" for number in range(1, 46)}
    assert list(text) == sorted(text)


@pytest.mark.usefixtures("settled")
def test_a_long_document_that_fails_on_one_page_fails_whole(run, forms, tmp_path, read_names):
    (forms / "long.png").write_text(long_document(30) + "\fBROKEN")
    summary = run(2)
    assert (summary.new, summary.failed) == (5, 1)
    assert "long.png" not in {row["file"] for row in rows(tmp_path / "results.csv")}
    before = len(read_names())
    run(2)
    assert len(read_names()) == before


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("pages", [5, 30])
def test_a_damaged_page_costs_one_flagged_row_and_not_its_document(run, forms, tmp_path, pages):
    for path in forms.iterdir():
        path.unlink()
    texts = [f"PAGE{number}" for number in range(1, pages + 1)]
    texts[2] = texts[pages - 1] = "TORN"
    (forms / "long.png").write_text("\f".join(texts))
    recorder = Recorder()
    summary = run(2, recorder)
    assert (summary.new, summary.failed, summary.in_part, summary.pages) == (0, 1, 1, pages)
    assert summary.exit_code == ExitCode.SOME_FAILED
    told = next(summary.holdings.lines())
    assert f"1 file (1 in part), {pages} pages" in told
    assert "not in it" not in told
    (event,) = recorder.events
    assert "page 3: torn; scan it again" in event.failure
    assert "the other pages are in the results" in event.failure
    table = rows(tmp_path / "results.csv")
    assert {int(row["page"]) for row in table} == set(range(1, pages + 1))
    torn = [row for row in table if int(row["page"]) in (3, pages)]
    assert [(row["field"], row["flagged"], row["reasons"]) for row in torn] == (
        [("unreadable", "true", "unreadable")] * 2
    )
    again = run(2)
    assert (again.new, again.failed, again.in_part) == (0, 1, 1)
    assert again.exit_code == ExitCode.SOME_FAILED
    assert rows(tmp_path / "results.csv") == table


def test_a_damaged_page_of_a_new_file_is_waited_for(run, forms, tmp_path, monkeypatch):
    monkeypatch.setattr("hcr_batch.scan.plan.SETTLED_SECONDS", 60)  # however slow the machine is
    for path in forms.iterdir():
        path.unlink()
    (forms / "new.png").write_text("FIRST\fTORN\fLAST")
    recorder = Recorder()
    assert run(observer=recorder).failed == 1
    (event,) = recorder.events
    assert "page 2: torn; scan it again (new: if it is still being written" in event.failure
    assert "in the results" not in event.failure
    assert rows(tmp_path / "results.csv") == []


@pytest.mark.usefixtures("settled")
def test_a_document_all_of_whose_pages_are_damaged_is_not_read(run, forms):
    for path in forms.iterdir():
        path.unlink()
    (forms / "torn.png").write_text("TORN\fTORN")
    summary = run(1)
    assert (summary.failed, summary.in_part, summary.exit_code) == (1, 0, ExitCode.ALL_FAILED)


def test_a_long_document_is_gone_on_with_after_a_kill(start, run, forms, tmp_path, read_names):
    pages = "\f".join(f"SLEEP P{number}" for number in range(40))
    (forms / "form0.png").write_text(pages)
    process = start(jobs=1, seconds=0.05)
    wait_for_readings(tmp_path / "read.log", 20)
    process.kill()
    process.communicate()
    at_kill = read_names().count("form0.png")
    assert run().new >= 1
    # What was in work at the kill, eight pages at the most, is read a second time.
    assert 40 <= read_names().count("form0.png") <= 48 < at_kill + 40
    before = (tmp_path / "results.csv").read_bytes()
    run(options=ScanOptions(force=True))
    assert (tmp_path / "results.csv").read_bytes() == before


def test_a_passing_failure_is_tried_again_without_being_asked(run, forms, read_names):
    (forms / "bad.png").write_text("BUSY")
    assert (run().failed, run().failed) == (1, 1)
    assert read_names().count("bad.png") == 2


def test_a_file_that_is_just_being_written_is_tried_again(run, forms, read_names, monkeypatch):
    monkeypatch.setattr("hcr_batch.scan.plan.SETTLED_SECONDS", 60)  # however slow the machine is
    (forms / "new.png").write_text("BROKEN")
    recorder = Recorder()
    run(observer=recorder)
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "still being written" in failure
    run()
    assert read_names().count("new.png") == 2


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(run, forms, tmp_path):
    class Writer(Recorder):
        def pages_read(self, name, stages):
            if name == "form2.png":
                (forms / name).write_text("OTHER")

    assert run(observer=Writer()).failed == 1
    assert "form2.png" not in {row["file"] for row in rows(tmp_path / "results.csv")}
    assert run().failed == 0
    text = "".join(
        row["character"]
        for row in rows(tmp_path / "results.csv")
        if row["file"] == "form2.png"
    )
    assert text == "OTHER"


def test_a_file_that_goes_while_others_are_read_fails_alone(run, forms):
    class Remover(Recorder):
        def begun(self, files, conditions):
            (forms / "form4.png").unlink()

    summary = run(observer=Remover())
    assert (summary.new, summary.failed) == (4, 1)


def test_a_crash_in_native_code_is_no_passing_failure(run, forms, read_names):
    (forms / "bad.png").write_text("CRASH")
    recorder = Recorder()
    assert run(observer=recorder).failed == 1
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "SIGSEGV" in failure


def test_a_page_that_takes_too_long_costs_only_its_file(run, forms, monkeypatch):
    monkeypatch.setattr("hcr_batch.scan.feed.PAGES_A_TASK", 1)
    (forms / "bad.png").write_text("HANG")
    recorder = Recorder()
    summary = run(1, recorder, settings=load_settings(batch={"page_seconds": 1.0}))
    assert (summary.new, summary.failed) == (5, 1)
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "not done within" in failure


@pytest.mark.usefixtures("settled")
def test_unchanged_files_are_not_even_opened(run, forms, monkeypatch):
    run()

    def refuse(path):
        raise AssertionError(f"{path} is hashed again")

    monkeypatch.setattr("hcr_batch.scan.plan.digest", refuse)
    assert run().skipped == 5


def test_results_that_would_be_equal_are_not_written_again(run, tmp_path, monkeypatch):
    results = tmp_path / "results.csv"
    run()
    first = results.stat().st_ino
    run()
    monkeypatch.setattr("hcr_batch.scan.plan.SETTLED_SECONDS", -1)
    run()  # in which the files come to count as finished
    assert results.stat().st_ino == first
    before = results.read_bytes()
    results.write_text("damaged")
    run()
    assert results.read_bytes() == before


def test_names_of_any_bytes_links_in_circles_and_twins(run, forms, tmp_path):
    odd = os.fsdecode(os.fsencode(forms) + b"/\xff\xfe\xe4.png")
    Path(odd).write_text("ODD")
    Path(odd.replace("\udce4", "\udce5")).write_text("BROKEN")
    (forms / "circle").symlink_to(forms)
    (forms / "to-nowhere.png").symlink_to(forms / "to-nowhere.png")
    recorder = Recorder()
    summary = run(2, recorder)
    assert (summary.new, summary.failed) == (6, 2)
    assert all(event.failure.isprintable() for event in recorder.events if event.failure)
    assert "\\xff\\xfe\\xe4.png" in {row["file"] for row in rows(tmp_path / "results.csv")}
    assert run().skipped == 6


def test_a_folder_that_cannot_be_listed_fails_and_the_others_are_read(run, forms, monkeypatch):
    (forms / "closed").mkdir()
    listed = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    recorder = Recorder()
    summary = run(1, recorder)
    assert (summary.new, summary.failed, summary.exit_code) == (5, 1, ExitCode.SOME_FAILED)
    (failure,) = [event.failure for event in recorder.events if event.failure]
    assert "closed: cannot be read" in failure
