import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hearing import hear_signals

from hcr_batch.cli import main
from hcr_batch.timing import STAGES

ROOT = Path(__file__).resolve().parents[2]


def leave(capsys, *arguments):
    """Exit code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def comb(characters: str) -> np.ndarray:
    """A page with one comb, a character drawn with a thick pen in each cell."""
    page = np.full((1100, 850), 255, np.uint8)
    for place, character in enumerate(characters):
        left = 100 + 60 * place
        cv2.rectangle(page, (left, 300), (left + 60, 370), 60, 2)
        cv2.putText(page, character, (left + 14, 354), cv2.FONT_HERSHEY_DUPLEX, 1.5, 40, 3)
    return page


@pytest.fixture
def forms(tmp_path):
    folder = tmp_path / "forms"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), comb("0123456789"))
    cv2.imwrite(str(folder / "b.png"), comb("ABC   4711"))
    return folder


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_table(capsys, forms, tmp_path):
    out = tmp_path / "out" / "results.csv"
    shutil.copy(ROOT / "samples" / "forms" / "payment-slip.png", forms / "c.png")
    code, stdout, err = leave(capsys, "scan", forms, "--out", out, "--jobs", 1)
    assert (code, stdout) == (0, "")
    assert err.splitlines()[-1].startswith("files: 3 new, 0 skipped, 0 failed; pages: 3; ")
    table = rows(out)
    assert {row["file"] for row in table} == {"a.png", "b.png", "c.png"}
    cells = [row for row in table if row["file"] == "b.png" and row["field"] < "unplaced"]
    assert len(cells) == 10
    assert [row["character"] for row in cells[3:6]] == ["", "", ""]
    written = "".join(row["character"] for row in table if row["file"] == "c.png")
    assert len(written) >= 40
    assert written.isalnum()
    assert all(0 <= float(row["confidence"]) <= 1 for row in table)


def test_a_second_scan_skips_and_quiet_says_nothing(capsys, forms, tmp_path):
    arguments = ("scan", forms, "--out", tmp_path / "r.csv", "--jobs", 1)
    leave(capsys, *arguments)
    assert "0 new, 2 skipped" in leave(capsys, *arguments)[2]
    assert leave(capsys, *arguments, "--quiet") == (0, "", "")


def test_where_nothing_is_new_no_process_starts(capsys, forms, tmp_path, monkeypatch):
    out = tmp_path / "results.csv"
    leave(capsys, "scan", forms, "--out", out)
    monkeypatch.setattr(subprocess, "Popen", None)
    code, _, err = leave(capsys, "scan", forms, "--out", out)
    assert code == 0
    assert "2 skipped" in err


def test_a_scan_that_is_refused_leaves_no_process_behind(capsys, forms, tmp_path, monkeypatch):
    started = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    out = tmp_path / "results.csv"
    code, _, _ = leave(capsys, "scan", forms, "--out", out, "--template", tmp_path / "none.toml")
    assert code == 3
    assert started
    assert all(process.returncode is not None for process in started)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--out", "{forms}/a.png"), "no ending of a table"),
        (("--out", "{forms}/a.png", "--format", "csv"), "no ending of a table"),
        (("--out", "r.csv", "--fields", "r.csv"), "as --fields and as --out"),
        (("--out", "r.csv", "--fields", "r.hcr.sqlite"), "no ending of a table"),
        (("--out", "r.csv", "--log-json", "other.hcr.sqlite"), "is the name of a journal"),
        (("--out", "r.csv", "--fields", "link.csv"), "link.csv: holds a form"),
        (("--out", "r.csv", "--log-json", "{forms}/a.png"), "a.png: holds a form"),
        (("--out", "r.csv", "--overlay", "{forms}"), "lies in the folder of --overlay"),
        (("--out", "-"), "is written to files only"),
        (("--out", "r.csv", "--template", "t.toml", "--fields", "t.csv"), "t.toml: is read"),
        (("--out", "r.csv", "--template", "t.toml", "--fields", "words.csv"), "words.csv: is read"),
        (("--out", "r.xlsx", "--format", "csv"), "does not fit its ending"),
    ],
)
def test_no_output_takes_another_place(capsys, forms, tmp_path, monkeypatch, arguments, named):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "configs" / "forms" / "membership.toml", "t.toml")
    os.link("t.toml", "t.csv")
    Path("words.csv").write_text("ANNA\n")
    with Path("t.toml").open("a") as template:
        template.write('\n[[field]]\nname = "who"\nkind = "free"\nbox = [1, 1, 9, 9]\n')
        template.write('check = "lexicon:words.csv"\n')
    os.symlink(forms / "b.png", "link.csv")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    given = [argument.format(forms=forms) for argument in arguments]
    code, _, err = leave(capsys, "scan", forms, *given)
    assert code == 2
    assert named in err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_device_stays_a_device(capsys, forms, tmp_path):
    code, _, err = leave(capsys, "scan", forms, "--out", tmp_path / "r.csv", "--fields", os.devnull)
    assert (code, "device" in err) == (9, True)
    assert not Path(os.devnull).is_file()


def test_a_pipe_that_nobody_reads_is_not_waited_for(capsys, forms, tmp_path):
    os.mkfifo(tmp_path / "log")
    arguments = ("--out", tmp_path / "r.csv", "--log-json", tmp_path / "log")
    code, _, err = leave(capsys, "scan", forms, *arguments)
    assert (code, "log: cannot be written" in err) == (9, True)


def test_all_outputs_of_one_scan(capsys, forms, tmp_path):
    code, _, _ = leave(
        capsys,
        *("scan", forms, "--out", tmp_path / "r.jsonl", "--jobs", 1),
        *("--fields", tmp_path / "f.csv", "--overlay", tmp_path / "pictures"),
        *("--log-json", tmp_path / "log.jsonl", "--limit", 1),
    )
    assert code == 0
    first = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])
    assert first["file"] == "a.png"
    assert [row["file"] for row in rows(tmp_path / "f.csv")] == ["a.png"]
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["a.png.p1.png"]
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").open()]
    assert [event["event"] for event in events] == ["run", *8 * ["page"], "file", "end"]
    assert len({event["run"] for event in events}) == 1
    stages = [event for event in events if event["event"] == "page"]
    assert {event["stage"] for event in stages} == set(STAGES)
    assert all((event["file"], event["page"]) == ("a.png", 1) for event in stages)
    whole = events[-2]["milliseconds"]
    together = round(sum(event["milliseconds"] for event in stages), 1)
    assert 0.9 * whole <= together <= whole


def test_outputs_inside_the_folder_are_not_input(capsys, forms):
    arguments = ("scan", forms, "--out", forms / "r.csv", "--overlay", forms / "pictures")
    leave(capsys, *arguments, "--jobs", 1)
    assert "0 new, 2 skipped" in leave(capsys, *arguments, "--jobs", 1)[2]


def test_a_dry_run_prints_what_would_be_done(capsys, forms, tmp_path):
    arguments = ("scan", forms, "--out", tmp_path / "r.csv", "--jobs", 1)
    assert leave(capsys, *arguments, "--dry-run")[:2] == (0, "read\ta.png\nread\tb.png\n")
    assert not (tmp_path / "r.csv").exists()
    leave(capsys, *arguments, "--limit", 1)
    assert leave(capsys, *arguments, "--dry-run")[1] == "read\tb.png\nskip\ta.png\n"


def test_a_broken_file_is_named_and_the_rest_is_read(capsys, forms, tmp_path):
    (forms / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    code, _, err = leave(capsys, "scan", forms, "--out", tmp_path / "r.csv", "--jobs", 1)
    assert code == 6
    assert len([line for line in err.splitlines() if "broken.png" in line]) == 1
    assert {row["file"] for row in rows(tmp_path / "r.csv")} == {"a.png", "b.png"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--config", "nowhere.toml"], 3),
        (["--model", "nowhere"], 4),
        (["--threshold", "1.5"], 2),
        (["--target-error", "often"], 2),
        (["--target-error", "50%"], 2),
        (["--target-error", "0"], 2),
        (["--threshold", "0.5", "--target-error", "1%"], 2),
        (["--jobs", "0"], 2),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_read(
    capsys, forms, tmp_path, arguments, code
):
    out = tmp_path / "r.csv"
    assert leave(capsys, "scan", forms, "--out", out, *arguments)[0] == code
    assert not out.exists()


def test_no_input_and_no_output_have_their_exit_codes(capsys, forms, tmp_path):
    (tmp_path / "empty").mkdir()
    assert leave(capsys, "scan", tmp_path / "empty", "--out", tmp_path / "r.csv")[0] == 5
    assert leave(capsys, "scan", forms, "--out", tmp_path)[0] == 9


def test_a_share_may_be_given_in_per_cent(capsys, forms, tmp_path):
    def flagged(threshold):
        out = tmp_path / f"{threshold.rstrip('%')}.csv"
        leave(capsys, "scan", forms, "--out", out, "--threshold", threshold, "--jobs", 1)
        return [row["flagged"] for row in rows(out)]

    assert flagged("99.9%") == flagged("0.999")


def test_export_writes_the_results_again(capsys, forms, tmp_path):
    out = tmp_path / "r.csv"
    leave(capsys, "scan", forms, "--out", out, "--jobs", 1)
    before = out.read_bytes()
    out.unlink()
    assert leave(capsys, "export", out)[0] == 0
    assert out.read_bytes() == before
    leave(capsys, "export", out, "--out", tmp_path / "r.jsonl", "--fields", tmp_path / "f.csv")
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == len(rows(out))
    assert len(rows(tmp_path / "f.csv")) == 2


def test_status_shows_what_the_journal_holds(capsys, forms, tmp_path):
    out = tmp_path / "r.csv"
    (forms / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    _, _, err = leave(capsys, "scan", forms, "--out", out, "--jobs", 1)
    summary = err.splitlines()[-1]
    code, shown, _ = leave(capsys, "status", out)
    assert code == 0
    lines = shown.splitlines()
    assert lines[:2] == ["files: 3, 1 of them failed", "pages: 2"]
    assert f"{lines[2]};" in summary
    assert f"{lines[3]};" in summary
    assert "ended after" in shown
    assert "files: 2 new, 0 skipped, 1 failed" in shown
    assert "target error 0.5 %" in shown
    assert [line.split("\t")[:2] for line in lines if "\t" in line] == [["failed", "broken.png"]]
    figures = json.loads(leave(capsys, "status", out, "--report", "json")[1])
    assert (figures["files"], figures["pages"], figures["reviewed"]) == (3, 2, 0)


def test_status_of_nothing_is_refused(capsys, tmp_path):
    assert leave(capsys, "status", tmp_path / "r.csv")[0] == 2
    assert not list(tmp_path.iterdir())


def test_export_without_a_journal_is_refused(capsys, tmp_path):
    code, _, err = leave(capsys, "export", tmp_path / "r.csv")
    assert code == 2
    assert "no journal" in err


def test_doctor_shows_the_model_and_what_is_missing(capsys):
    code, out, _ = leave(capsys, "doctor")
    assert code == 0
    assert "62 classes" in out
    assert "poppler:" in out
    assert leave(capsys, "doctor", "--model", "nowhere")[0] == 4


@pytest.mark.skipif(os.name == "nt", reason="names of any bytes, and links")
def test_names_that_would_steer_a_terminal_are_shown_as_escapes(capsys, forms, tmp_path):
    for name in (b"\x1b[31mred\xff.png", "\u202egnp.nrut".encode()):
        os.symlink("nowhere", os.path.join(os.fsencode(forms), name + b".png"))
    arguments = ("scan", forms, "--out", tmp_path / "r.csv")
    for more in ((), ("--dry-run",)):
        _, out, err = leave(capsys, *arguments, *more)
        assert (out + err).replace("\n", "").replace("\t", "").isprintable()
        assert "\\x1b[31mred\\xff.png" in out + err
    capsys.readouterr()
    out = leave(capsys, "status", tmp_path / "r.csv")[1]
    assert out.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_kill_and_a_closed_terminal_end_a_scan_as_ctrl_c_does(tmp_path, name):
    (tmp_path / "forms").mkdir()
    for page in range(60):
        cv2.imwrite(str(tmp_path / "forms" / f"{page:02d}.png"), comb(f"{page:010d}"))
    log, out = tmp_path / "log.jsonl", tmp_path / "r.csv"
    command = [sys.executable, "-m", "hcr_batch", "scan", tmp_path / "forms", "--out", out]
    process = subprocess.Popen(
        [*command, "--jobs", "2", "--log-json", log],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,
    )
    deadline = time.monotonic() + 30
    done = '"event": "file"'
    while not (log.exists() and done in log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    assert process.wait(10) == 130
    finished = {json.loads(line)["file"] for line in log.open() if done in line}
    kept = {row["file"] for row in rows(out)}
    assert finished  # each named once it is kept: the signal may fall in between
    assert finished <= kept
    assert len(kept) < 60
    assert "0 failed" in process.stderr.read()
