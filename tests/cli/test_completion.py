"""Tab in a shell: bash is asked in earnest, zsh and fish for their scripts."""

import os
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def program(tmp_path):
    """A folder with `hcr-batch` in it, as an installation puts it on the PATH."""
    path = tmp_path / "bin" / "hcr-batch"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hcr_batch "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path.parent


def shell(program, *command, **variables):
    environment = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}", **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def completed(program, *words):
    """What bash offers at the end of a line, by the script of docs/install.md."""
    line = " ".join(f"'{word}'" for word in words)
    return shell(
        program,
        "bash",
        "-c",
        'eval "$(_HCR_BATCH_COMPLETE=bash_source hcr-batch)"\n'
        f"COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
        '_hcr_batch_completion hcr-batch; printf "%s\\n" "${COMPREPLY[@]}"',
    ).split()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["hcr-batch", "sc"], ["scan", "score"]),
        (["hcr-batch", "scan", "--over"], ["--overlay"]),
        (["hcr-batch", "scan", "--format", ""], ["csv", "xlsx", "jsonl", "parquet"]),
        (["hcr-batch", "template", "dr"], ["draft"]),
    ],
    ids=lambda value: value[-1] or "choice",
)
def test_bash_offers_commands_options_and_choices(program, words, offered):
    assert completed(program, *words) == offered


@pytest.mark.parametrize("line", ["scan sam", "scan --model mod", "predict a", "score res"])
def test_files_are_offered_where_they_are_wanted(program, line):
    words = f"hcr-batch {line}"
    number = str(len(words.split()) - 1)
    text = shell(
        program,
        "hcr-batch",
        _HCR_BATCH_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=number,
    )
    assert text == f"file,{words.split()[-1]}\n"


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(program, name):
    if name == "bash" and not shutil.which("bash"):
        pytest.skip("there is no bash")
    text = shell(program, "hcr-batch", _HCR_BATCH_COMPLETE=f"{name}_source")
    assert "hcr-batch" in text
    assert f"{name}_complete" in text
