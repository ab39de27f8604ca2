"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["FILE", "data_option", "fields_option", "files_offered", "format_option", "share"]

FILE = click.Path(path_type=Path)


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


data_option = click.option(
    "--data",
    envvar="HCR_DATA",
    required=True,
    type=FILE,
    help="Folder with .npz sets; or set HCR_DATA.",
)

fields_option = click.option(
    "--fields", type=FILE, help="Also a table with a row a page, a column a field."
)

format_option = click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    help="Of the results; from the ending of --out if not given.",
)
