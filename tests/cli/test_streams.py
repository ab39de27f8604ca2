"""Nobody listens, the disk is full, names are too long: the exit code says what became of it."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
LONG = "x" * 256 + ".csv"


@pytest.fixture
def run(tmp_path):
    """Runs a command line of the shell in a folder with a form; `hcr` stands for the program."""
    (tmp_path / "forms").mkdir()
    page = np.full((550, 850), 255, np.uint8)
    for left in range(100, 340, 60):
        cv2.rectangle(page, (left, 200), (left + 60, 270), 60, 2)
        cv2.putText(page, "7", (left + 14, 254), cv2.FONT_HERSHEY_DUPLEX, 1.5, 40, 3)
    cv2.imwrite(str(tmp_path / "forms" / "a.png"), page)
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])

    def start(line):
        program = f'hcr() {{ "{sys.executable}" -m hcr_batch "$@"; }}\n{line}'
        return subprocess.run(
            ["sh", "-c", program],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": paths},
            timeout=120,
        )

    return start


@needs_full
@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", ">&-", ">/dev/full", "<&- >&- 2>&-"])
def test_a_scan_that_nobody_listens_to_is_a_whole_scan(run, tmp_path, streams):
    assert run("hcr scan forms --out heard.csv").returncode == 0
    assert run(f"hcr scan forms --out r.csv {streams}").returncode == 0
    assert len((tmp_path / "r.csv").read_text().splitlines()) > 1
    assert (tmp_path / "r.csv").read_bytes() == (tmp_path / "heard.csv").read_bytes()
    assert run(f"hcr scan forms --out r.csv {streams}").returncode == 0


@needs_full
@pytest.mark.parametrize("streams", [">&-", ">/dev/full"])
@pytest.mark.parametrize("command", ["status r.csv", "predict forms", "scan --dry-run forms"])
def test_data_that_cannot_be_written_are_an_error(run, command, streams):
    assert run("hcr scan forms --out r.csv").returncode == 0
    done = run(f"hcr {command} {streams}")
    assert done.returncode == 9
    (line,) = done.stderr.splitlines()
    assert line.startswith("hcr-batch: standard output: cannot be written (")
    assert run(f"hcr {command} {streams} 2>&-").returncode == 9


@pytest.mark.parametrize(
    "command",
    [
        *(f"scan forms --out {LONG}", f"scan forms --fields {LONG}"),
        *(f"scan forms --overlay {LONG}", f"scan forms --log-json {LONG}"),
        f"export r.csv --out {LONG}",
        *(f"template draft forms/a.png --out {LONG}", f"review r.csv --fields {LONG}"),
    ],
    ids=lambda command: command.replace(LONG, "LONG"),
)
def test_names_that_are_too_long_are_told_in_one_line(run, command):
    if "r.csv" in command:
        run("hcr scan forms --out r.csv")
    done = run(f"hcr {command}")
    assert done.returncode == 9
    (line,) = done.stderr.splitlines()
    assert "File name too long" in line
    assert ";" in line


@pytest.mark.parametrize("limit", [8, 10, 12, 14, 16])
def test_few_open_files_are_enough_or_told(run, limit):
    done = run(f"ulimit -n {limit}; hcr scan forms --out r.csv --jobs 1")
    assert done.returncode in (0, 9)
    assert "Traceback" not in done.stderr
    assert run("hcr scan forms --out r.csv").returncode == 0


@pytest.mark.parametrize("command", ["scan - --out r.csv", "scan --dry-run -", "predict -"])
def test_a_list_on_a_standard_input_that_is_closed_is_no_missing_file(run, tmp_path, command):
    done = run(f"hcr {command} <&-")
    assert done.returncode == 5
    (line,) = done.stderr.splitlines()
    assert "nothing was given on standard input" in line
    assert not (tmp_path / "r.csv").exists()
