"""`hcr-batch predict` as it is called."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from drawn_character import draw
from PIL import Image

from hcr_batch.cli import cli


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """7.png, dark on light, and A.jpg, light on dark."""
    Image.fromarray(draw("7")).save(tmp_path / "7.png")
    Image.fromarray(draw("A", ink=250, paper=20)).save(tmp_path / "A.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words, stdin=None):
    return CliRunner().invoke(cli, ["predict", *map(str, words)], input=stdin)


def test_a_folder_gives_a_table(folder):
    result = run(folder)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:3] == ["file", "character", "confidence"]
    assert [line[:2] for line in lines[1:]] == [["7.png", "7"], ["A.jpg", "A"]]
    assert result.exit_code == 0


def test_json_has_the_alternatives_as_numbers(folder):
    (entry,) = json.loads(run("7.png", "--format", "json").stdout)
    assert (entry["file"], entry["character"]) == ("7.png", "7")
    assert 0.5 < entry["confidence"] <= 1
    assert all(0 < share < entry["confidence"] for share in entry["alternatives"].values())


def test_csv_has_a_row_a_picture(folder):
    rows = list(csv.DictReader(io.StringIO(run("7.png", "A.jpg", "--format", "csv").stdout)))
    assert [(row["file"], row["character"]) for row in rows] == [("7.png", "7"), ("A.jpg", "A")]


def test_a_list_of_files_is_read_from_standard_input(folder):
    result = run("-", "--format", "json", stdin="A.jpg\n7.png\n")
    assert [entry["character"] for entry in json.loads(result.stdout)] == ["A", "7"]


def test_a_charset_allows_nothing_else(folder):
    (entry,) = json.loads(run("A.jpg", "--format", "json", "--charset", "digits").stdout)
    assert entry["character"] in {"", *"0123456789"}
    assert set(entry["alternatives"]) <= set("0123456789")


def test_a_picture_that_cannot_be_read_is_named_and_stops_no_other(folder):
    (folder / "bad.png").write_text("no picture")
    result = run(folder)
    assert result.exit_code == 6
    assert "bad.png: no picture" in result.stderr
    assert len(result.stdout.splitlines()) == 3
    assert run("bad.png").exit_code == 7


def test_a_path_that_is_not_there_is_an_error(folder):
    result = run("absent.png")
    assert "absent.png: no such file" in str(result.exception)
