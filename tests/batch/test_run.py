import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_reader import FakeReader

from hcr_batch.batch.observers import FileEvent, Observer
from hcr_batch.batch.plan import Effort
from hcr_batch.batch.request import ScanRequest
from hcr_batch.batch.run import dry_run, scan
from hcr_batch.config import load_settings
from hcr_batch.errors import ExitCode, LockedError, NoInputError, OutputError, UsageError


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
        return scan(request, observer or Recorder(), reader=FakeReader(tmp_path / "read.log"))

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
    run(3, effort=Effort(force=True))
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
    assert run(effort=Effort(force=True)).new == 5
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
    monkeypatch.setattr("hcr_batch.batch.plan.SETTLED_SECONDS", -1)


@pytest.mark.usefixtures("settled")
def test_a_failure_is_remembered_and_retried_on_request(run, forms, read_names):
    (forms / "bad.png").write_text("BROKEN")
    run()
    assert run().exit_code is ExitCode.SOME_FAILED
    assert read_names().count("bad.png") == 1
    run(effort=Effort(retry_failed=True))
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


def test_earlier_files_stay_in_the_results_until_they_are_gone(run, forms, tmp_path):
    run()
    run(paths=(str(forms / "form3.png"),))
    assert len({row["file"] for row in rows(tmp_path / "results.csv")}) == 5
    (forms / "form4.png").unlink()
    run(paths=(str(forms / "form3.png"),))
    files = {row["file"] for row in rows(tmp_path / "results.csv")}
    assert files == {f"form{number}.png" for number in range(4)}


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
    assert run(effort=Effort(limit=2)).new == 2
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
        *("file", "page", "f001", "f001.confidence", "f001.flagged"),
        *("f002", "f002.confidence", "f002.flagged"),
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
from hcr_batch.batch.observers import Observer
from hcr_batch.batch.request import ScanRequest
from hcr_batch.batch.run import scan
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
    for number in range(30):
        (forms / f"slow{number}.png").write_text(f"SLEEP K{number}")
    rng = random.Random(7)
    for _ in range(4):
        process = start(seconds=0.05)
        time.sleep(rng.uniform(0.2, 1.0))
        process.kill()
        process.communicate()
        results = tmp_path / "results.csv"
        assert not results.exists() or results.read_bytes().endswith(b"\n")
    assert start(seconds=0.0).wait(60) == 0
    after_kills = hashlib.sha256((tmp_path / "results.csv").read_bytes()).hexdigest()
    run(output=tmp_path / "undisturbed.csv")
    undisturbed = (tmp_path / "undisturbed.csv").read_bytes()
    assert hashlib.sha256(undisturbed).hexdigest() == after_kills


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_ends_soon_and_keeps_what_is_finished(start, forms, tmp_path, jobs):
    for number in range(40):
        (forms / f"slow{number:02d}.png").write_text(f"SLEEP K{number}")
    process = start(jobs, seconds=0.3)
    wait_for_readings(tmp_path / "read.log", 8)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == ExitCode.INTERRUPTED
    assert time.monotonic() - began < 2
    assert process.stderr.read() == ""
    files = {row["file"] for row in rows(tmp_path / "results.csv")}
    assert {f"form{number}.png" for number in range(5)} <= files
    assert len(files) < 45
