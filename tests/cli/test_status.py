"""`hcr-batch status` looks, and writes nothing."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from journal_maker import SmallScan

from hcr_batch.errors import ExitCode
from hcr_batch.journal.journal import journal_path

MOUNTED = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    made = SmallScan.made(tmp_path_factory.mktemp("kept"))
    made.run()
    return made


@pytest.fixture
def run_in_read_only(tmp_path):
    """Runs the program with a folder in which nothing can be written."""
    if os.geteuid():
        pytest.importorskip("posix", reason="POSIX permissions")

        def run(folder, *arguments):
            for path in folder.iterdir():
                path.chmod(0o444 if path.is_file() else 0o555)
            folder.chmod(0o555)
            command = [sys.executable, "-m", "hcr_batch", *arguments]
            done = subprocess.run(command, capture_output=True, encoding="utf-8")
            folder.chmod(0o755)
            return done

        return run
    probe = ["unshare", "-m", "sh", "-c", MOUNTED, "sh", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("for root no folder is read-only, and none can be mounted so")

    def mounted(folder, *arguments):
        program = f'{MOUNTED}; shift; exec "$@"'
        command = [sys.executable, "-m", "hcr_batch", *arguments]
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", program, "sh", str(folder), *command],
            capture_output=True,
            encoding="utf-8",
        )

    return mounted


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_status_of_an_archive_where_nothing_can_be_written(scanned, run_in_read_only):
    results = str(scanned.results)
    done = run_in_read_only(scanned.folder, "status", results)
    assert (done.returncode, done.stderr) == (0, "")
    assert "files: 8, 0 of them failed" in done.stdout
    planned = run_in_read_only(
        scanned.folder, "scan", "--dry-run", str(scanned.folder / "forms"), "--out", results
    )
    assert planned.returncode == 0
    refused = run_in_read_only(
        scanned.folder, "scan", str(scanned.folder / "forms"), "--out", results
    )
    assert refused.returncode == 9
    assert "Traceback" not in refused.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_an_archive_where_nothing_can_be_written_is_exported_elsewhere(
    scanned, run_in_read_only, tmp_path
):
    elsewhere = tmp_path / "results.jsonl"
    command = ("export", str(scanned.results), "--out")
    done = run_in_read_only(scanned.folder, *command, str(elsewhere))
    assert (done.returncode, done.stderr) == (0, "")
    rows = scanned.results.read_text(encoding="utf-8").count("\n") - 1
    assert elsewhere.read_text(encoding="utf-8").count("\n") == rows
    refused = run_in_read_only(scanned.folder, *command, str(scanned.folder / "more.csv"))
    assert refused.returncode == 9
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("report", ["text", "json"])
@pytest.mark.parametrize("conditions", ["5", "[]", '"text"', "{}", '{"model": "default"}'])
def test_a_run_that_was_never_written_so_is_damage_and_told_in_one_line(
    scanned, tmp_path, conditions, report
):
    results = tmp_path / "results.csv"
    shutil.copy(scanned.journal, journal_path(results))
    with closing(sqlite3.connect(journal_path(results))) as connection, connection:
        connection.execute("UPDATE runs SET conditions = ?", [conditions])
    command = [sys.executable, "-m", "hcr_batch", "status", results, "--report", report]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (ExitCode.OUTPUT, 1)
    assert f"{journal_path(results)}: the journal is damaged" in done.stderr
