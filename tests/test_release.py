"""What is published: a wheel of the same bytes wherever it is built; the look for known faults."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "configs", "models", "hcr_batch")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def built(folder, seed, modified):
    """A wheel made of a copy of the sources that is so old, in a process of its own."""
    pytest.importorskip("setuptools", minversion="70.1")
    source = folder / "source"
    source.mkdir(parents=True)
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__", "*.keras")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source)
    for path in source.rglob("*"):
        os.utime(path, (modified, modified))
    done = subprocess.run(
        [sys.executable, "-c", BUILD, folder],
        cwd=source,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": seed, "TZ": seed},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built(tmp_path_factory.mktemp("one"), "1", 1.6e9)


def test_two_builds_give_the_same_bytes(wheel, tmp_path):
    other = built(tmp_path / "another" / "place", "77", 1.65e9)
    assert other.name == wheel.name
    assert other.read_bytes() == wheel.read_bytes()


def test_the_wheel_has_all_that_a_scan_needs_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    default = ROOT / "models" / "default"
    networks = {path.name for path in default.glob("*.tflite")}
    cards = {path.with_suffix(".json").name for path in default.glob("*.tflite")} - {"model.json"}
    shipped = {Path(name).name for name in files if name.startswith("hcr_batch/models/")}
    assert shipped == networks | cards | {"card.json"}
    for folder, inside in (("configs", "hcr_batch/configs"), ("hcr_batch", "hcr_batch")):
        of_ours = {
            f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert of_ours <= files
    assert not [name for name in files if not name.startswith("hcr_batch/")]


@pytest.fixture
def audit(tmp_path):
    """Runs `.ci/audit` with a pip-audit that prints a text and ends with a code."""
    (tmp_path / ".venv" / "lib" / "python3" / "site-packages").mkdir(parents=True)
    program = tmp_path / ".audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)

    def run(text, code=0):
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
        program.chmod(0o755)
        command = [sys.executable, ROOT / ".ci" / "audit"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


SOUND = {"name": "flask", "version": "3.1", "vulns": []}
UNMENDED = {"name": "ray", "version": "2.9", "vulns": [{"id": "PYSEC-3", "fix_versions": []}]}
UNKNOWN = {"name": "click", "skip_reason": "not found"}
FAULTY = {
    "name": "pillow",
    "version": "9.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}


def test_a_fault_that_is_mended_in_a_later_version_fails(audit):
    done = audit(json.dumps({"dependencies": [SOUND, FAULTY, UNKNOWN]}), code=1)
    assert done.returncode == 1
    assert "pillow 9.0: PYSEC-1, mended in 9.1" in done.stdout
    assert "pillow 9.0: PYSEC-2, mended in none yet" in done.stdout
    assert "2 of 3 packages looked up, 2 faults" in done.stdout


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 1, "could not ask"),
        ("ERROR: no network", 1, "could not ask"),
        (json.dumps({"dependencies": [UNKNOWN]}), 0, "0 of 1 packages looked up"),
        (json.dumps({"dependencies": [SOUND]}), 0, "1 of 1 packages looked up, 0 faults"),
        (json.dumps({"dependencies": [UNMENDED]}), 1, "ray 2.9: PYSEC-3, mended in none yet"),
    ],
)
def test_where_nothing_can_be_asked_or_done_it_is_said_and_nothing_fails(audit, text, code, said):
    done = audit(text, code)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_cards_name_no_place_of_the_machine_they_were_made_on():
    for card in (ROOT / "models" / "default").glob("*.json"):
        recipe = json.loads(card.read_text(encoding="utf-8")).get("recipe", {})
        places = [recipe.get("start_from", ""), *recipe.get("teachers", [])]
        assert not any(Path(place).is_absolute() for place in places), card.name
