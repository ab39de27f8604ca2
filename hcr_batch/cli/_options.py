"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["FILE", "Share", "data_option", "fields_option", "format_option"]

FILE = click.Path(path_type=Path)


class Share(click.ParamType):
    """A share of 1, given as 0.005 or as 0.5%."""

    name = "share"

    def convert(self, value: Any, parameter: Any, context: Any) -> float:
        text = str(value).strip()
        try:
            share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share; write 0.005 or 0.5%", parameter, context)
        return share


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
