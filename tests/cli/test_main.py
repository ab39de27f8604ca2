import os
import re
import subprocess
import sys

import click
import pytest

import hcr_batch.cli
from hcr_batch.cli import cli, main
from hcr_batch.cli._help import CommandInParts
from hcr_batch.errors import LockedError


def leave(capsys, *arguments):
    """Exit code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def commands():
    context = click.Context(cli)
    return [cli.get_command(context, name) for name in cli.list_commands(context)]


def paths():
    """Every command by what is typed: `scan`, `template`, `template draft`."""
    for command in commands():
        yield command.name, command
        for name, part in getattr(command, "commands", {}).items():
            yield f"{command.name} {name}", part


@pytest.mark.parametrize(("path", "command"), list(paths()), ids=[path for path, _ in paths()])
def test_every_command_has_an_example(path, command):
    assert "Example" in command.help
    assert f"hcr-batch {path}" in command.help


def test_help_lists_every_command_once_with_all_of_its_first_sentence(capsys):
    code, out, _ = leave(capsys, "--help")
    assert code == 0
    for command in commands():
        (line,) = [line for line in out.splitlines() if line.startswith(f"  {command.name} ")]
        assert line.endswith(".")
        assert not line.endswith("...")


def test_help_shows_every_option_of_a_long_command_once_under_a_heading(capsys):
    code, out, _ = leave(capsys, "scan", "--help")
    assert code == 0
    sections = re.split(r"^(\w[\w ]+):$", out, flags=re.MULTILINE)[1:]
    assert sections[-2] == "Other options"
    assert "--help" in sections[-1]
    assert "--out" in sections[sections.index("What to write") + 1]
    shown = re.findall(r"^  (?:-h, )?(--[a-z-]+)", out, flags=re.MULTILINE)
    assert len(shown) == len(set(shown)) > 20


def test_headings_of_help_begin_with_options_that_are_there():
    in_parts = [command for command in commands() if isinstance(command, CommandInParts)]
    assert in_parts
    for command in in_parts:
        assert set(command.parts) <= {option.opts[0] for option in command.params}


def test_a_wrong_option_is_wrong_usage(capsys):
    code, out, err = leave(capsys, "scan", ".", "--treshold", "0.5")
    assert (code, out) == (2, "")
    assert "--threshold" in err


def test_an_unknown_command_is_wrong_usage(capsys):
    assert leave(capsys, "scam")[0] == 2


def test_an_error_is_one_line_with_its_exit_code(capsys, monkeypatch):
    @click.command()
    def fails():
        raise LockedError("results.csv: another run is writing it; wait for it")

    monkeypatch.setattr(hcr_batch.cli, "cli", fails)
    assert leave(capsys) == (
        8,
        "",
        "hcr-batch: results.csv: another run is writing it; wait for it\n",
    )


def test_an_interrupt_has_its_exit_code(capsys, monkeypatch):
    @click.command()
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(hcr_batch.cli, "cli", interrupted)
    assert leave(capsys)[0] == 130


def test_an_interrupt_while_an_error_is_told_is_no_traceback(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(click, "echo", stop)
    with pytest.raises(SystemExit) as leaving:
        main(["scan", "no-such-folder", "--out", "results.csv"])
    assert leaving.value.code == 130


def test_a_reader_that_has_enough_ends_it_quietly():
    program = "import click, hcr_batch.cli as c\n" + (
        "@click.command()\ndef much():\n    for _ in range(100000): click.echo('x' * 100)\n"
        "c.cli = much\nc.main([])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(20) == 0


def test_help_answers_in_a_fraction_of_a_second():
    """Of processor time, which other programs on the machine do not stretch."""
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run(
            [sys.executable, "-m", "hcr_batch", "--help"], check=True, capture_output=True
        )
        after = os.times()
        times.append(sum(after[2:4]) - sum(before[2:4]))
    assert min(times) < 0.3
