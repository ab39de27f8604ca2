"""The version stands in one place, and what it has is told."""

import re
import subprocess
import sys
from pathlib import Path

from hcr_batch import __version__

ROOT = Path(__file__).resolve().parents[1]


def test_the_program_tells_its_version():
    done = subprocess.run(
        [sys.executable, "-m", "hcr_batch", "--version"], capture_output=True, text=True
    )
    assert done.stdout == f"hcr-batch, version {__version__}\n"


def test_the_version_stands_in_one_place():
    files = [ROOT / "setup.cfg", ROOT / "pyproject.toml", *(ROOT / "hcr_batch").rglob("*.py")]
    quoted = re.compile(rf"['\"= ]{re.escape(__version__)}\b")
    there = [path.name for path in files if quoted.search(path.read_text(encoding="utf-8"))]
    assert there == ["__init__.py"]


def test_the_changelog_has_the_version_on_top():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)", text, re.MULTILINE)
    assert versions[0] == __version__


def test_the_oldest_python_is_the_same_everywhere():
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    declared = re.findall(r"Python :: (3\.\d+)", setup)
    assert f"python_requires = >={declared[0]}\n" in setup
    assert f"python_version = {declared[0]}\n" in setup
    assert f'target-version = "py{declared[0].replace(".", "")}"' in (
        ROOT / "pyproject.toml"
    ).read_text(encoding="utf-8")
