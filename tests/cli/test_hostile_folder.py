"""A folder with everything that can be wrong with files, read by one worker and by four."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_files import SEEDS, bomb_pdf, encrypted_pdf, gif_of, png_of, tiff_of

from hcr_batch.errors import ExitCode

ROOT = Path(__file__).parents[2]
FORMS = ("payment-slip.png", "membership.png")
BROKEN = {
    "bomb.gif": (gif_of(65_535, 65_535), "4295 megapixels"),
    "bomb.pdf": (bomb_pdf(100_000), "10000 megapixels"),
    "bomb.png": (png_of(100_000, 100_000), "10000 megapixels"),
    "bomb.tif": (tiff_of(100_000, 100_000), "10000 megapixels"),
    "cut.jpg": (SEEDS["gray.jpg"][:3000], "cut short"),
    "cut.pdf": (SEEDS["scanned.pdf"][:2000], "cut short"),
    "cut.tif": (SEEDS["lzw.tif"][:3000], "cut short"),
    "empty.png": (b"", "is empty"),
    "locked.pdf": (encrypted_pdf(), "encrypted with a password"),
    "no-pages.pdf": (SEEDS["no-pages.pdf"], "without pages"),
    "tall.png": (png_of(1, 60_000, b"\0\xff" * 60_000), "too narrow"),
    "text.png": (b"a letter\n" * 99, "no picture or PDF"),
    "zero.png": (png_of(0, 0), "no picture or PDF"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("hostile") / "forms"
    made.mkdir()
    for name in FORMS:
        shutil.copy(ROOT / "samples" / "forms" / name, made)
    for name, (content, _) in BROKEN.items():
        (made / name).write_bytes(content)
    (made / "renamed.jpg").write_bytes(SEEDS["gray.png"])
    (made / "folder.png").mkdir()
    os.mkfifo(made / "pipe.png")
    (made / "nowhere.png").symlink_to("/nowhere")
    (made / "circle").symlink_to(made)
    return made


def scan(folder: Path, jobs: int) -> tuple[int, list[str], bytes]:
    """Exit code, lines on standard error, and the results."""
    out = folder.parent / f"jobs{jobs}.csv"
    command = ["-m", "hcr_batch", "scan", str(folder), "--out", str(out), "--jobs", str(jobs)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    # Of a file made a moment ago it is also said that the next run will take it.
    lines = [line.partition(" (new: ")[0] for line in done.stderr.splitlines()]
    return done.returncode, lines, out.read_bytes()


def told(folder: Path, lines: list[str]) -> list[str]:
    """The lines about single files."""
    return [line for line in lines if line.startswith(str(folder))]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_every_fault_is_named_the_forms_are_read_and_workers_change_nothing(folder):
    code, lines, results = scan(folder, 1)
    assert code == ExitCode.SOME_FAILED
    *_, summary = lines
    failures = told(folder, lines)
    assert summary.startswith(f"files: {len(FORMS) + 1} new, 0 skipped, {len(BROKEN) + 2} failed")
    for name, (_, problem) in BROKEN.items():
        (line,) = [line for line in failures if line.startswith(f"{folder / name}")]
        assert problem in line
        assert ";" in line
    assert len(failures) == len(BROKEN) + 2
    read = {row["file"] for row in csv.DictReader(results.decode().splitlines())}
    assert set(FORMS) <= read <= {*FORMS, "renamed.jpg"}
    other_code, other_lines, other_results = scan(folder, 4)
    assert other_code == code
    assert sorted(told(folder, other_lines)) == sorted(failures)
    assert other_results == results
