"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = [
    "FILE",
    "OUTPUT_FILE",
    "config_option",
    "csv_options",
    "data_option",
    "fields_option",
    "files_offered",
    "format_option",
    "model_option",
    "share",
    "templates_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


class _OutputFile(click.Path):
    """A file to write: `.` and `/` have no name to put others beside, nor has standard output."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.name:
            self.fail(f"{path}: is a folder; give the name of a file", param, ctx)
        if path.name == "-":
            self.fail("-: is written to files only; give the name of one", param, ctx)
        return path


OUTPUT_FILE = _OutputFile(path_type=Path)


def share(value: str | float) -> float:
    """A share of 1, given as 0.005 or as 0.5%."""
    text = str(value).strip()
    try:
        number = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise click.BadParameter(f"{value!r} is no share; write 0.005 or 0.5%")
    return number


def files_offered(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Files and folders, where a shell asks how a text may go on that may name one."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="file")]


config_option = click.option(
    "--config", type=FILE, metavar="FILE", help="A file with settings (TOML)."
)

model_option = click.option(
    "--model", type=FILE, metavar="PATH", help="A model folder or file other than the default."
)

templates_option = click.option(
    "--template",
    "templates",
    multiple=True,
    type=FILE,
    metavar="PATH",
    help="A template of a known form, or a folder of them; may be repeated.",
)

data_option = click.option(
    "--data",
    envvar="HCR_DATA",
    required=True,
    type=FILE,
    metavar="DIR",
    help="Folder of .npz sets; or set HCR_DATA.",
)

fields_option = click.option(
    "--fields",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Also a table with one row per form and a column a field: .csv or .xlsx.",
)

format_option = click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "xlsx", "jsonl", "parquet"]),
    help="Format of the results; by default the ending of --out decides.",
)

DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t"}


def _delimiter(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    return DELIMITERS[given] if given else None


def csv_options(command: Command) -> Command:
    """Add how CSV is written: --delimiter and --bom."""
    bom = click.option(
        "--bom/--no-bom", default=None, help="Begin CSV with a UTF-8 mark, for Excel."
    )
    delimiter = click.option(
        "--delimiter",
        type=click.Choice(list(DELIMITERS)),
        callback=_delimiter,
        help="What separates the columns of CSV; Excel expects ; in much of Europe.",
    )
    return delimiter(bom(command))
