"""SECURITY.md: what it names is there."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_the_readme_leads_there():
    assert "[SECURITY.md](SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:tests|\.ci)/[\w./]*\w", TEXT))))
def test_files_that_are_named_are_there(path):
    assert (ROOT / path).exists()


def test_every_figure_has_its_command():
    rows = [line for line in TEXT.splitlines() if line.startswith("| ")]
    measured = [row for row in rows if "---" not in row and "| figure |" not in row]
    assert len(measured) > 10
    for row in measured:
        command = re.search(r"`([^`]+)`|the same", row.split("|")[-2])
        assert command, row
        assert command[1] is None or shlex.split(command[1])
