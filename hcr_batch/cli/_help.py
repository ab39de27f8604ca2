"""Help in parts: options and commands under headings, for those who look for one of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

__all__ = ["CommandInParts"]

OTHERS = "Other options"


class CommandInParts(click.Command):
    """A command whose help shows its options under headings, in the order of their declaration.

    Parameters
    ----------
    parts : mapping of str to str
        Heading by the first option that stands under it: `{"--out": "What to write"}`. What comes
        before the first of these, and `--help`, stands under a heading of its own at the end.
    """

    def __init__(self, *arguments: Any, parts: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.parts = parts

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for heading, record in self._records(ctx):
            sections.setdefault(heading, []).append(record)
        sections[OTHERS] = sections.pop(OTHERS)  # to the end
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def _records(self, ctx: click.Context) -> Iterator[tuple[str, tuple[str, str]]]:
        """Heading of each option, with its names and what it means."""
        heading = OTHERS
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        for option in options:
            heading = self.parts.get(option.opts[0], heading)
            record = option.get_help_record(ctx)
            if record:
                yield OTHERS if "--help" in option.opts else heading, record
