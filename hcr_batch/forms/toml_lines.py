"""Where a key stands in a TOML file: parsers tell only where the syntax is wrong."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["key_lines"]

HEADER = re.compile(r"\s*(\[\[?)\s*([\w-]+)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"\s*([\w-]+|\"[^\"]*\"|'[^']*')\s*=")


def key_lines(text: str) -> dict[tuple[str, int, str], int]:
    """Line numbers of the keys of a flat TOML file.

    Parameters
    ----------
    text : str
        Valid TOML of keys, tables and arrays of tables, one level deep.

    Returns
    -------
    dict
        From (table, its place in an array of tables from 0, key) to the line,
        from 1. The table of the first keys is empty; an empty key stands for
        the header itself.
    """
    lines: dict[tuple[str, int, str], int] = {}
    counts: Counter[str] = Counter()
    table, place = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = header[2]
            place = counts[table]
            counts[table] += 1
            lines[table, place, ""] = number
        elif key := KEY.match(line):
            lines.setdefault((table, place, key[1].strip("\"'")), number)
    return lines
