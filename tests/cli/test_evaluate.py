"""`hcr-batch evaluate` on small sets."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from sets_maker import write_sets

from hcr_batch.cli import cli
from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.datasets.character_sets import unseen_part


@pytest.fixture
def folder(tmp_path):
    write_sets(tmp_path)
    return tmp_path


def test_report_as_json_has_a_row_a_set(folder):
    words = ["evaluate", "--data", str(folder), "--set", "later", "--format", "json"]
    result = CliRunner().invoke(cli, words)
    assert result.exception is None
    row = json.loads(result.stdout)[1]
    assert (row["set"], row["samples"]) == ("later", 20)
    assert row["accuracy"] > 0.6


def test_table_covers_every_set_and_passes_over_strokes(folder):
    for name in ("boxed", "unipen"):
        (folder / f"{name}.npz").unlink()
    result = CliRunner().invoke(cli, ["evaluate", "--data", str(folder)])
    assert result.stdout.splitlines()[0].split()[:3] == ["set", "reading", "glyphs"]
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == 3 * ["later"]


def test_readings_say_how_many_classes_are_told_apart(folder):
    words = ["evaluate", "--data", str(folder), "--set", "later", "--format", "json"]
    rows = json.loads(CliRunner().invoke(cli, words).stdout)
    accuracy = {row["reading"]: row["accuracy"] for row in rows}
    assert list(accuracy) == ["62", "47", "36"]
    assert accuracy["62"] <= accuracy["47"] <= accuracy["36"]


def test_report_has_a_page_with_pictures_and_numbers(folder, tmp_path):
    out = tmp_path / "report"
    words = ["evaluate", "--data", folder, "--set", "later", "--report", out]
    result = CliRunner().invoke(cli, [*map(str, words)])
    assert result.exception is None
    page = (out / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r"src='([^']+)'", page)
    assert {"reject.png", "later.confusion.png", "later.reliability.png"} <= set(pictures)
    assert all((out / picture).stat().st_size > 100 for picture in pictures)
    report = json.loads((out / "report.json").read_text())
    later = report["sets"]["later"]
    assert sum(map(sum, later["confusion"]["counts"])) == 20
    assert sum(row["samples"] for row in later["classes"]) == 20
    assert len(later["accepted"]) == 5


def test_unknown_set_is_named(folder):
    result = CliRunner().invoke(cli, ["evaluate", "--data", str(folder), "--set", "absent"])
    assert isinstance(result.exception, NoInputError)
    assert "absent.npz" in str(result.exception)


def test_writers_learned_from_do_not_count(folder):
    recipe = load_recognizer().card.document["recipe"]
    part = unseen_part(folder / "unipen.npz", recipe)
    with np.load(folder / "unipen.npz") as stored:
        writers = np.unique(stored["writer"])
    held = next(s["held"] for s in recipe["sources"] if s["name"] == "unipen")
    assert len(np.unique(part.writers)) == round(held * len(writers))
    assert len(unseen_part(folder / "later.npz", recipe)) == 20


def test_pages_do_not_go_with_sets(folder):
    words = ["evaluate", "--data", str(folder), "--pages", "1", "--set", "later"]
    result = CliRunner().invoke(cli, words)
    assert isinstance(result.exception, UsageError)
    assert "--set does not go with --pages" in str(result.exception)
