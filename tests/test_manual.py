"""The manual names every command, option, column, reason and exit code, and nothing that is gone.

README.md, CONTRIBUTING.md and docs/ are one text here: that it is told matters, not where.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from manual_tables import filled, manual

from hcr_batch.cli import cli
from hcr_batch.errors import ExitCode
from hcr_batch.results.rows import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
}
"""The manual: text by path."""

MANUAL = "\n".join(PAGES.values())
LINKED = {
    **PAGES,
    **{
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("CHANGELOG.md", "SECURITY.md", "samples/README.md")
    },
}
"""Every page whose links must lead somewhere."""

LINES_OF_README = 150
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
    "--find-links",
    "--head",
    "--no-index",
    "--now",
    "--psm",
    "--python",
    "--resolution",
}
"""Of pip, pytest, Ray, systemd, Tesseract and uv."""


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
    """Heading (`docs/scan.md: Settings`) and text of every part down to the third level."""
    found = []
    for page, text in PAGES.items():
        parts = re.split(r"^#{1,3} (.+)$", without_code(text), flags=re.MULTILINE)
        found += [(f"{page}: {heading}", part) for heading, part in pairwise(parts[1:])]
    return found


def pairwise(parts: list[str]) -> Iterator[tuple[str, str]]:
    return zip(parts[::2], parts[1::2], strict=True)


def without_code(text: str) -> str:
    """The same with `#` in blocks of code hidden, where it begins a comment and no heading."""
    block = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    return block.sub(lambda found: found[0].replace("\n#", "\n "), text)


def command_lines() -> list[str]:
    """What the manual tells to type, without the folder of the virtual environment."""
    code = re.findall(r"^    .+$", MANUAL, re.MULTILINE) + re.findall(r"`([^`\n]+)`", MANUAL)
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
    assert f"hcr-batch {name}" in MANUAL
    assert not {option for option in options(command) if f"`{option}" not in MANUAL}


def test_every_option_named_exists():
    known = set().union(*(options(command) for _, command in commands()))
    known |= {"--help", "--version", *benchmark_options(), *OTHERS_OPTIONS}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", MANUAL)) <= known


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
    rows = [line.split("|")[1].strip() for line in MANUAL.splitlines() if line.startswith("|")]
    assert set(COLUMNS) <= {name.strip() for row in rows for name in row.split(",")}
    assert {str(int(code)) for code in ExitCode} <= set(rows)
    assert reasons_in_code() <= set(rows)


def reasons_in_code() -> set[str]:
    """Words that the decoding gives as reasons."""
    text = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "hcr_batch/decoding").glob("*.py")
    )
    words = ("low_confidence", "not_a_character", "touching", "out_of_cell", "printed")
    found = {word for word in words if f'"{word}"' in text}
    assert found == set(words), "a reason is gone; the manual should not name it either"
    return found


def links() -> list[tuple[str, str]]:
    """Page and target of every link that stays in the project."""
    return [
        (page, target)
        for page, text in LINKED.items()
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)
    ]


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_every_link_leads_somewhere(page, target):
    name, _, anchor = target.partition("#")
    path = (ROOT / page).parent / name if name else ROOT / page
    assert path.exists()
    if anchor:
        assert anchor in anchors(path.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_of_the_manual_is_linked_from_readme_and_index():
    pages = {Path(page).name for page in PAGES if page.startswith("docs/")} - {"index.md"}
    assert pages <= set(re.findall(r"\]\(docs/([\w-]+\.md)", README))
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)", PAGES["docs/index.md"]))


@pytest.mark.parametrize("path", manual(), ids=lambda path: path.name)
def test_tables_from_cards_are_as_the_cards_have_them(path):
    text = path.read_text(encoding="utf-8")
    assert text == filled(text), "run python tests/manual_tables.py"


def test_every_path_named_exists():
    named = re.findall(
        r"`((?:hcr_batch|tests|docs|configs|models|samples)/[\w./-]*\w)(?=[`:])", MANUAL
    )
    assert len(named) > 30
    assert not {name for name in named if not (ROOT / name).exists()}


@pytest.mark.parametrize("name", ["Makefile", ".pre-commit-config.yaml", ".ci/run"])
def test_programs_of_habit_are_there(name):
    named = re.findall(r"tests/[\w/]+\.py", (ROOT / name).read_text(encoding="utf-8"))
    assert not {path for path in named if not (ROOT / path).is_file()}


def test_every_room_is_in_the_table_of_rooms():
    text = dict(sections())["docs/architecture.md: Rooms"]
    rooms = {f"hcr_batch/{path.name}" for path in (ROOT / "hcr_batch").glob("[a-z]*")}
    small = {"fingerprints.py", "probabilities.py", "processes.py", "timing.py"}
    assert rooms - {f"hcr_batch/{name}" for name in small} <= set(re.findall(r"`([\w/.]+)`", text))


def test_the_way_to_a_blank_cell_is_at_most_six_hops_from_file_to_file():
    text = dict(sections())["docs/architecture.md: How it is decided that a cell is blank"]
    hops = re.findall(r"^\| (\d) \| `(\S+)\.py` \| `(\w+)` ", text, flags=re.MULTILINE)
    assert [int(number) for number, _, _ in hops] == list(range(len(hops)))
    assert len(hops) - 1 <= 6
    sources = [(ROOT / f"{name}.py").read_text(encoding="utf-8") for _, name, _ in hops]
    for (_, _, function), source in zip(hops, sources, strict=True):
        assert f"def {function}(" in source
    for source, (_, name, _) in zip(sources, hops[1:]):
        assert f"from {name.replace('/', '.')} import" in source
    assert "CellInk(None, " in sources[-1]


def test_readme_is_one_screen_to_start_and_ways_on():
    assert len(README.splitlines()) <= LINES_OF_README


def test_every_message_explained_is_one_of_the_programs():
    said = "\n".join(
        node.value
        for path in (ROOT / "hcr_batch").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    text = dict(sections())["docs/troubleshooting.md: By message"]
    messages = [
        message
        for row in re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
        for message in re.findall(r"`([^`]+)`", row)
    ]
    assert len(messages) > 10
    assert not {message for message in messages if message not in said}


def blocks_of_python() -> list[tuple[str, str]]:
    return [
        (f"{page}: {code.splitlines()[0]}", code)
        for page, text in PAGES.items()
        for code in re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("name", "code"), blocks_of_python(), ids=lambda value: value[:40])
def test_python_shown_runs(name, code):
    done = run_program(ROOT, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def run_program(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def steps(section: str) -> list[str]:
    """The commands of a section that wait for nobody in a browser, without their program."""
    text = dict(sections())[section].replace("\\\n", "")
    lines = re.findall(r"^    \.venv/bin/hcr-batch (.+)$", text, flags=re.MULTILINE)
    return [line for line in lines if "review " not in line and " edit " not in line]


def run_steps(section: str, folder: Path) -> None:
    """Run the commands of a section where only the form is that they name, and its template."""
    for name in ("samples/forms/membership.png", "configs/forms/membership.toml"):
        (folder / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, folder / name)
    assert len(steps(section)) >= 4
    for step in steps(section):
        done = run_program(folder, "-m", "hcr_batch", *shlex.split(step))
        assert done.returncode == 0, f"{step}\n{done.stderr}"


def test_the_steps_of_readme_run_and_give_the_row_at_its_top(tmp_path):
    run_steps("README.md: From paper to table", tmp_path)
    assert the_row_at_the_top_of_readme().items() <= first_row(tmp_path / "fields.xlsx").items()


def test_the_steps_to_a_template_run(tmp_path):
    run_steps("docs/templates.md: From a blank form to named fields", tmp_path)


def the_row_at_the_top_of_readme() -> dict[str, str]:
    """The table that README begins with: column to value."""
    head, _, row = re.findall(r"^\|(.+)\|$", README, flags=re.MULTILINE)[:3]
    names, values = ([cell.strip() for cell in line.split("|")] for line in (head, row))
    return dict(zip(names, values, strict=True))


def first_row(workbook: Path) -> dict[str, str]:
    """Column to value in the first sheet, as text."""
    openpyxl = pytest.importorskip("openpyxl")
    head, row = list(openpyxl.load_workbook(workbook).worksheets[0].values)[:2]
    return {str(name): str(value) for name, value in zip(head, row, strict=True)}


def test_settings_shown_are_settings(tmp_path):
    from hcr_batch.config import load_settings

    shown = re.findall(r"```toml\n(.*?)```", dict(sections())["docs/scan.md: Settings"], re.DOTALL)
    path = tmp_path / "my.toml"
    path.write_text("".join(shown), encoding="utf-8")
    assert load_settings(path) != load_settings()


def test_the_template_shown_is_one(tmp_path):
    from hcr_batch.forms.template_files import load_template

    text = dict(sections())["docs/templates.md: The file"]
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "form.toml"
    path.write_text(shown, encoding="utf-8")
    assert load_template(path).pages[0].fields
