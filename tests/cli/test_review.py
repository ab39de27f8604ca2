import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from hearing import hear_signals
from review_maker import make_scan

from hcr_batch.cli import main
from hcr_batch.journal.corrections import Answer, Kind
from hcr_batch.journal.journal import journal_path, open_journal


def leave(capsys, *arguments):
    """Exit code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def made(tmp_path):
    return make_scan(tmp_path, {"number": ("1734", "7134"), "name": ("SAM", "SAM")}, sure="4SAM")


def answer_first(made, character):
    with open_journal(journal_path(made.results)) as journal:
        due = next(journal.cells.due())
        place = (due.place, due.field, due.position)
        answer = Answer(*place, due.reading, Kind.CHARACTER, character, 0)
        journal.corrections.record([answer], "Ada")


@pytest.fixture
def running(made):
    """The program as a user starts it, and its address."""
    command = [sys.executable, "-m", "hcr_batch", "review", str(made.results), "--no-browser"]
    command += ["--fields", str(made.results.with_name("fields.csv")), "--sample", "100%"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=hear_signals,
    )
    line = process.stderr.readline()
    yield process, re.search(r"http://127.0.0.1:\d+/\S+/", line)[0], line
    process.kill()
    process.communicate()


def post(address, body):
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_ctrl_c_writes_the_results_and_prints_the_verdict(made, running):
    process, address, line = running
    assert line.startswith("7 of 7 cells to review at ")
    for cell in post(f"{address}tiles", {"size": 50})["cells"]:
        one = {"key": cell["key"], "kind": "accepted", "character": cell["read"], "seen": 0}
        post(f"{address}answers", {"reviewer": "Ada", "answers": [one]})
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "written with the answers to 7 of 7 cells" in err
    assert out.splitlines()[0] == "sample: 4 of 4 unflagged characters answered, 0 wrong"
    assert "silent error rate: 0.00% (95 % interval 0.00% to 60.24%)" in out
    assert {row["reasons"] for row in rows(made.results)} == {"reviewed"}
    (wide,) = rows(made.results.with_name("fields.csv"))
    assert (wide["number"], wide["number.confidence"], wide["number.flagged"]) == (
        "7134",
        "1.0000",
        "false",
    )


def test_finishing_on_the_page_ends_the_program(made, running):
    process, address, _ = running
    lines = post(f"{address}finish", {})["lines"]
    assert "written" in lines[0]
    assert process.wait(timeout=30) == 0
    assert len(rows(made.results)) == 7


def test_a_port_that_is_taken_is_named(capsys, made):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = leave(capsys, "review", made.results, "--no-browser", "--port", port)
    assert code == 2
    assert f"127.0.0.1:{port}: cannot be listened on" in err


def test_nothing_to_review_is_said(capsys, tmp_path):
    made = make_scan(tmp_path, {"name": ("SAM", "SAM")}, sure="SAM")
    code, out, err = leave(capsys, "review", made.results, "--no-browser")
    assert (code, out) == (0, "")
    assert "nothing is flagged" in err


def test_results_without_a_journal_are_refused(capsys, tmp_path):
    code, _, err = leave(capsys, "review", tmp_path / "r.csv", "--no-browser")
    assert code == 2
    assert "no journal" in err


def test_export_of_what_was_reviewed_alone(capsys, made, tmp_path):
    answer_first(made, "1")
    out, fields = tmp_path / "reviewed.csv", tmp_path / "fields.csv"
    options = ("--only-reviewed", "--out", out, "--fields", fields)
    assert leave(capsys, "export", made.results, *options)[0] == 0
    ((row),) = rows(out)
    assert (row["field"], row["position"], row["character"]) == ("number", "1", "1")
    (wide,) = rows(fields)
    assert (wide["number"], wide["name"]) == ("1134", "")


def test_export_of_what_was_reviewed_does_not_take_the_place_of_all(capsys, made):
    code, _, err = leave(capsys, "export", made.results, "--only-reviewed")
    assert code == 2
    assert "give another --out" in err


@pytest.mark.skipif(os.name == "nt", reason="a shell script for a browser")
def test_the_secret_stands_on_no_command_line(made, tmp_path):
    """The browser is given a page that nobody else can read, which leads it on and is gone then."""
    home, seen, browser = tmp_path / "home", tmp_path / "seen", tmp_path / "browser"
    home.mkdir()
    browser.write_text(f'#!/bin/sh\n(echo "$@"; ls -l "$HOME"; cat "$HOME"/*) > {seen}\n')
    browser.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "hcr_batch", "review", str(made.results)],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"HOME": str(home), "BROWSER": f"{browser} %s"},
        preexec_fn=hear_signals,
    )
    address = re.search(r"http://127.0.0.1:\d+/\S+/", process.stderr.readline())[0]
    deadline = time.monotonic() + 30
    while not (seen.exists() and address in seen.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    given, *rest = seen.read_text().splitlines()
    assert re.fullmatch(rf"file://{home}/hcr-batch-\w+\.html", given)
    assert address.split("/")[3] not in given
    assert any(line.startswith("-rw-------") for line in rest)
    assert f'content="0; url={address}"' in seen.read_text()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert not list(home.iterdir())
