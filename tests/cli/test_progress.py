"""What a person at the terminal is told of files that cannot be read."""

from hcr_batch.cli._progress import Terminal
from hcr_batch.scan.observers import FileEvent

FAILURE = "forms/a.png: no picture or PDF that can be read"


def told(capsys, *events):
    terminal = Terminal(quiet=False)
    for event in events:
        terminal.file_done(event)
    return capsys.readouterr().err.splitlines()


def test_a_failure_names_all_files_of_its_content(capsys):
    lines = told(capsys, FileEvent(("a.png", "b.png"), FAILURE), FileEvent(("c\x1b.png",), FAILURE))
    assert lines == [
        f"{FAILURE}; the same content: b.png",
        f"{FAILURE}; the same content: c\\x1b.png",
    ]


def test_a_failure_of_one_file_stands_alone(capsys):
    assert told(capsys, FileEvent(("a.png",), FAILURE)) == [FAILURE]


def test_a_copy_of_what_failed_earlier_is_named(capsys):
    Terminal(quiet=False).known_failure("moved.png", FAILURE)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{FAILURE}; the same content: moved.png (an earlier run")
