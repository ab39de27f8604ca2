"""`hcr-batch doctor` names every fault with its remedy."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from journal_maker import SmallScan

from hcr_batch.cli import cli
from hcr_batch.journal.journal import journal_path, open_journal

MODEL = Path(__file__).resolve().parents[2] / "models" / "default"


def run(*words):
    return CliRunner().invoke(cli, ["doctor", *map(str, words)])


def test_a_sound_system_has_no_fault(tmp_path):
    result = run("--out", tmp_path / "results.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "62 classes" in result.stdout
    assert "none yet" in result.stdout
    assert not list(tmp_path.iterdir())


def test_a_damaged_model_is_told_to_be_restored(tmp_path):
    shutil.copytree(MODEL, tmp_path / "model")
    with (tmp_path / "model" / "model.tflite").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    result = run("--model", tmp_path / "model")
    assert result.exit_code == 4
    assert "model.tflite: damaged" in result.stderr
    assert "restore" in result.stderr


def test_a_renderer_that_is_set_but_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "my.toml").write_text('[documents]\npdf_renderer = "poppler"\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("--config", tmp_path / "my.toml")
    assert result.exit_code == 3
    assert "install poppler-utils" in result.stderr
    assert "thresholds for alnum" in result.stdout


def test_wrong_settings_are_named_once(tmp_path):
    (tmp_path / "my.toml").write_text("[documents]\npdf_dpii = 3\n")
    result = run("--config", tmp_path / "my.toml")
    assert result.exit_code == 3
    assert result.stderr.count("pdf_dpii") == 1


def test_a_library_that_does_not_load_is_named(monkeypatch):
    monkeypatch.setattr("hcr_batch.cli.doctor.LIBRARIES", ("numpy", "no_such_library"))
    result = run()
    assert result.exit_code == 3
    assert "no_such_library is installed but does not load" in result.stderr


def test_a_journal_can_be_gone_on_with_unless_it_is_another_versions(tmp_path):
    out = tmp_path / "results.csv"
    with open_journal(journal_path(out)):
        pass
    assert "can be gone on with" in run("--out", out).stdout
    connection = sqlite3.connect(journal_path(out))
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    result = run("--out", out)
    assert result.exit_code == 9
    assert "results.hcr.sqlite" in result.stderr


def test_a_damaged_journal_is_told_to_be_kept_aside(tmp_path):
    made = SmallScan.made(tmp_path)
    content = bytearray(made.journal.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = bytes(8192)
    made.restore(bytes(content))
    result = run("--out", made.results)
    assert result.exit_code == 9
    assert "the journal is damaged" in result.stderr
    assert "scan again with --force" in result.stderr


def test_a_folder_that_takes_no_files_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("--out", tmp_path / "file" / "results.csv")
    assert result.exit_code == 9
    assert "results.csv" in result.stderr


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="no folder nobody may write to")
def test_a_read_only_folder_is_named():
    result = run("--out", "/proc/results.csv")
    assert result.exit_code == 9
    assert "check" in result.stderr


LOOSE = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')"


@pytest.mark.parametrize(
    "changes",
    [
        ("UPDATE runs SET conditions = '{}'",),
        (LOOSE, "UPDATE corrections SET reviewer = NULL"),
    ],
)
def test_a_journal_that_was_changed_from_outside_is_told(tmp_path, changes):
    made = SmallScan.made(tmp_path)
    for change in changes:
        with closing(sqlite3.connect(made.journal)) as connection:
            connection.executescript(change)
    result = run("--out", made.results)
    assert result.exit_code == 9
    assert f"{made.journal}: the journal is damaged" in result.stderr
    assert "scan again with --force" in result.stderr
