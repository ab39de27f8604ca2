"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["FILE", "data_option", "fields_option", "format_option"]

FILE = click.Path(path_type=Path)

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
