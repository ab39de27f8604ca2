"""README.md names every command, option, column, reason and exit code, and nothing that is gone."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hcr_batch.cli import cli
from hcr_batch.errors import ExitCode
from hcr_batch.results.rows import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST = (
    "python3 -m venv .venv && .venv/bin/pip install . &&"
    " .venv/bin/hcr-batch scan samples/forms --out results.csv"
)
SECOND = 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/pytest'

MEASURED = re.compile(
    r"(?<![\d.])\d+(?:[.,]\d+)*\s"
    r"(?:%(?! interval| certainty)"
    r"|(?:pages|forms|characters|cells|files|glyphs|requests) (?:a|per) (?:second|minute|hour)"
    r"|(?:ms|milliseconds|MB|GB|megabytes|gigabytes)\b)"
)
"""What looks like a figure that somebody measured; `0.5%`, without a blank, is what one types."""

COMMAND_LINE = re.compile(
    r"(?:\.venv/bin/|(?<![\w/-]))(hcr-batch(?: [^\n`|]+)?|tests/\S+\.py[^\n`|]*)"
)


OTHERS_OPTIONS = {
    "--address",
    "--cov",
    "--head",
    "--now",
    "--psm",
    "--python",
    "--resolution",
}
"""Of pytest, Ray, systemd, Tesseract and uv."""


def commands() -> list[tuple[str, click.Command]]:
    """Every command with its name, those of groups as `data fetch`."""
    return sorted(leaves("", cli))


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for part in command.list_commands(context):
        yield from leaves(f"{name} {part}".strip(), command.get_command(context, part))


def options(command: click.Command) -> set[str]:
    return {
        name
        for option in command.params
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }


def sections() -> list[tuple[str, str]]:
    """Heading and text of every part of README down to the third level."""
    parts = re.split(r"^#{1,3} (.+)$", README, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def command_lines() -> list[str]:
    """What README tells to type, without the folder of the virtual environment."""
    code = re.findall(r"^    .+$", README, re.MULTILINE) + re.findall(r"`([^`\n]+)`", README)
    return [line.strip() for line in COMMAND_LINE.findall("\n".join(code))]


def test_the_two_commands_stand_at_the_top():
    code = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    assert code[:2] == [FIRST, SECOND]


def test_ci_runs_the_second_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for part in SECOND.split(" && "):
        assert part.replace("pip install", "pip install --quiet") in script


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()]
)
def test_every_command_and_option_is_there(name, command):
    assert f"hcr-batch {name}" in README
    assert not {option for option in options(command) if f"`{option}" not in README}


def test_every_option_named_exists():
    known = set().union(*(options(command) for _, command in commands()))
    known |= {"--help", "--version", *benchmark_options(), *OTHERS_OPTIONS}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def benchmark_options() -> set[str]:
    """Options of the programs beside the tests."""
    programs = [ROOT / "tests/form_maker.py", *(ROOT / "tests/benchmarks").glob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in programs)
    return set(re.findall(r'"(--[a-z][a-z-]+)"', text))


def test_options_belong_to_the_command_that_they_are_shown_with():
    known = dict(commands())
    shown = [line.split() for line in command_lines() if line.startswith("hcr-batch ")]
    assert len(shown) > 10
    for _, first, *words in shown:
        if first.startswith("-"):
            continue
        name = f"{first} {words[0]}" if words and f"{first} {words[0]}" in known else first
        groups = {other.split()[0] for other in known}
        assert name in known or first in groups, f"hcr-batch {first}"
        if name in known:
            wrong = {word for word in words if word.startswith("--")} - options(known[name])
            assert not wrong - {"--help"}, f"{wrong} with hcr-batch {name}"


def test_programs_named_exist():
    named = {line.split()[0] for line in command_lines() if not line.startswith("hcr-batch")}
    assert named
    assert not {name for name in named if not (ROOT / name).is_file()}


@pytest.mark.parametrize(("heading", "text"), sections(), ids=[name for name, _ in sections()])
def test_figures_stand_with_the_command_that_prints_them(heading, text):
    figures = [match[0] for match in MEASURED.finditer(text)]
    if figures:
        assert COMMAND_LINE.search(text), f"{heading}: {figures[:3]} without a command"


def test_every_column_reason_and_exit_code_is_there():
    rows = [line.split("|")[1].strip() for line in README.splitlines() if line.startswith("|")]
    assert set(COLUMNS) <= {name.strip() for row in rows for name in row.split(",")}
    assert {str(int(code)) for code in ExitCode} <= set(rows)
    assert reasons_in_code() <= set(rows)


def reasons_in_code() -> set[str]:
    """Words that the recognition gives as reasons."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "hcr_batch/recognition").glob("*.py")
    )
    words = ("low_confidence", "not_a_character", "touching", "out_of_cell", "printed")
    found = {word for word in words if f'"{word}"' in text}
    assert found == set(words), "a reason is gone; README should not name it either"
    return found


def test_every_file_named_exists():
    targets = re.findall(r"\]\((?!#|https?:)([^)#]+)\)", README)
    assert "LICENSE" in targets
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_settings_shown_are_settings(tmp_path):
    from hcr_batch.config import load_settings

    shown = re.findall(r"```toml\n(.*?)```", dict(sections())["Settings"], re.DOTALL)
    path = tmp_path / "my.toml"
    path.write_text("".join(shown), encoding="utf-8")
    assert load_settings(path) != load_settings()


def test_the_template_shown_is_one(tmp_path):
    from hcr_batch.forms.schema import load_template

    (shown,) = re.findall(r"```toml\n(.*?)```", dict(sections())["The file"], re.DOTALL)
    path = tmp_path / "form.toml"
    path.write_text(shown, encoding="utf-8")
    assert load_template(path).pages[0].fields
