"""`hcr-batch data`: importing sets, corrections among them."""

import json
import string

import numpy as np
import pytest
from click.testing import CliRunner
from format_files import write_csv, write_emnist
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.cli import cli
from hcr_batch.config import data_folder
from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.journal.corrections import Answer, Kind
from hcr_batch.journal.journal import journal_path, open_journal


def run(*words):
    return CliRunner().invoke(cli, ["data", *map(str, words)])


def glyphs(characters: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.stack([normalize_ink(255 - cell(c, rng)) for c in characters])


def test_imported_letters_are_evaluated(tmp_path):
    path = write_csv(tmp_path / "az.csv", glyphs(string.ascii_uppercase), range(26))
    result = run("import", "csv", path, "--out", tmp_path / "sets" / "az.npz")
    assert result.exception is None
    assert "26 characters of 26 classes" in result.stderr
    words = ["evaluate", "--data", str(tmp_path / "sets"), "--format", "json"]
    rows = json.loads(CliRunner().invoke(cli, words).stdout)
    assert {row["samples"] for row in rows} == {26}


def test_glyphs_on_their_side_are_told(tmp_path):
    letters = "ABDEFGHKNRTZ" * 3
    path = write_emnist(tmp_path, "byclass", letters[:12], glyphs(letters), letters)
    result = run("import", "idx", path, "--upright", "--out", tmp_path / "side.npz")
    assert "--transposed" in result.stderr
    good = run("import", "idx", path, "--out", tmp_path / "good.npz")
    assert "--transposed" not in good.stderr


def test_odd_requests_are_refused_in_one_line(tmp_path):
    (tmp_path / "x.csv").write_text("")
    assert isinstance(run("import", "csv", tmp_path / "x.csv", "--out", "x").exception, UsageError)
    absent = run("import", "csv", tmp_path / "absent.csv", "--out", tmp_path / "x.npz")
    assert isinstance(absent.exception, NoInputError)
    assert not (tmp_path / "x.npz").exists()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results of a sample form."""
    out = tmp_path_factory.mktemp("scan") / "results.csv"
    form = data_folder("configs").parent / "samples" / "forms" / "membership.png"
    words = ["scan", str(form), "--out", str(out), "--jobs", "1", "--quiet"]
    assert CliRunner().invoke(cli, words).exception is None
    return out


def review(results, count: int) -> list[str]:
    """Accept the first characters, correct one, call one illegible; what stands for a set."""
    with open_journal(journal_path(results)) as journal:
        due = [cell for cell in journal.cells.due(lambda key: True) if cell.reading.character]
        answers = []
        for number, cell in enumerate(due[:count]):
            kind = {0: Kind.ILLEGIBLE, 1: Kind.CHARACTER}.get(number, Kind.ACCEPTED)
            said = {0: "", 1: "Q"}.get(number, cell.reading.character)
            named = cell.place, cell.field, cell.position, cell.reading
            answers.append(Answer(*named, kind, said, seen=0))
        journal.corrections.record(answers, "Ada")
    return [answer.character for answer in answers[1:]]


def test_corrections_of_a_scan_become_a_set(results, tmp_path):
    untouched = run("import", "corrections", results, "--out", tmp_path / "none.npz")
    assert "hcr-batch review" in str(untouched.exception)
    entered = review(results, 12)
    result = run("import", "corrections", results, "--out", tmp_path / "mine.npz")
    assert result.exception is None
    with np.load(tmp_path / "mine.npz") as stored:
        assert sorted(stored["labels"]) == sorted(entered)
        assert set(stored["writer"]) == {"membership.png"}
        assert stored["images"].max(axis=(1, 2)).min() > 100
