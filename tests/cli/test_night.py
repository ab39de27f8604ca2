"""The program as a night runs it: in processes of its own that are killed, starved and doubled."""

import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from hcr_batch.errors import ExitCode

ROOT = Path(__file__).parents[2]
PAGES = 12

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX processes")

WITH_FILES_UP_TO = """
import resource, sys
size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from hcr_batch.cli import main
main()
"""
"""Runs a command line that can write no file larger than its first argument: a full disk."""


def comb(characters: str) -> np.ndarray:
    """A small page with one comb, a character in each cell."""
    page = np.full((550, 850), 255, np.uint8)
    for place, character in enumerate(characters):
        left = 100 + 60 * place
        cv2.rectangle(page, (left, 200), (left + 60, 270), 60, 2)
        cv2.putText(page, character, (left + 14, 254), cv2.FONT_HERSHEY_DUPLEX, 1.5, 40, 3)
    return page


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "forms").mkdir()
    for number in range(PAGES):
        cv2.imwrite(str(tmp_path / "forms" / f"{number:02d}.png"), comb(f"{number:010d}"))
    return tmp_path


def start(folder, *options, program=("-m", "hcr_batch"), out="results.csv"):
    """Starts a scan of folder/forms with one worker."""
    command = [sys.executable, *program, "scan", folder / "forms", "--out", folder / out]
    return subprocess.Popen(
        [*map(str, command), "--jobs", "1", *map(str, options)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def starved(size: int) -> tuple[str, str, str]:
    """The program where no file can grow larger than so many bytes."""
    return "-c", WITH_FILES_UP_TO, str(size)


def wait_for_files(log: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if log.exists() and log.read_text().count('"event": "file"') >= count:
            return
        time.sleep(0.01)
    raise AssertionError(f"{log}: fewer than {count} files were read")


def finished(process) -> tuple[int, str]:
    """Exit code, and last line on standard error."""
    _, err = process.communicate(timeout=60)
    return process.returncode, err.splitlines()[-1]


def test_killed_twice_the_results_are_those_of_an_undisturbed_run(folder):
    for number, count in enumerate((2, 3)):
        log = folder / f"log{number}.jsonl"
        process = start(folder, "--log-json", log)
        wait_for_files(log, count)
        process.kill()
        process.communicate()
        assert not (folder / "results.csv").exists()
    code, summary = finished(start(folder))
    assert code == ExitCode.OK
    skipped = int(summary.split(" new, ")[1].split(" ")[0])
    # What the killed runs had told of is kept.
    assert 5 <= skipped < PAGES
    assert finished(start(folder, out="undisturbed.csv"))[0] == ExitCode.OK
    results = (folder / "results.csv").read_bytes()
    assert results == (folder / "undisturbed.csv").read_bytes()


def test_a_full_disk_ends_the_run_and_the_next_one_completes_it(folder):
    code, message = finished(start(folder, program=starved(160_000)))
    assert code == ExitCode.OUTPUT
    assert "free space" in message
    assert not (folder / "results.csv").exists()
    code, summary = finished(start(folder))
    assert code == ExitCode.OK
    assert f"{PAGES} new, 0 skipped" not in summary
    # The old results stay where there is no room for new ones.
    before = (folder / "results.csv").read_bytes()
    cv2.imwrite(str(folder / "forms" / "new.png"), comb("NEW"))
    code, _ = finished(start(folder, "--fields", folder / "f.csv", program=starved(4096)))
    assert code == ExitCode.OUTPUT
    assert (folder / "results.csv").read_bytes() == before
    assert not (folder / "f.csv").exists()
    assert finished(start(folder))[0] == ExitCode.OK
    assert b"new.png" in (folder / "results.csv").read_bytes()


def test_a_second_run_on_the_same_output_ends_at_once(folder):
    log = folder / "log.jsonl"
    first = start(folder, "--log-json", log)
    wait_for_files(log, 1)
    code, message = finished(start(folder))
    assert code == ExitCode.LOCKED
    assert "another run" in message
    assert finished(first)[0] == ExitCode.OK
