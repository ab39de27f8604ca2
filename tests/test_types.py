"""The package's types hold: mypy, with the settings of setup.cfg."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_types_hold():
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


MIXED = """
from hcr_batch.geometry import in_pixels, shared_area
from hcr_batch.types import Box, MillimetreBox, SourceBox
page, source, paper = Box(0, 0, 1, 1), SourceBox(0, 0, 1, 1), MillimetreBox(0, 0, 1, 1)
shared_area(page, in_pixels(paper, 8.0))
shared_area(page, source)
in_pixels(page, 8.0)
page = source
"""
"""The last three lines take a box of one frame for one of another."""


def test_boxes_of_different_frames_cannot_be_mixed(tmp_path):
    file = tmp_path / "mixed.py"
    file.write_text(MIXED)
    command = [sys.executable, "-m", "mypy", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    told = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line]
    assert told == ["6", "7", "8"], done.stdout
