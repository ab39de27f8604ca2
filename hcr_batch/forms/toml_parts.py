"""A template's file in parts, one a field, so that what is not edited stays as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hcr_batch.forms.toml_lines import HEADER

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True)
class Part:
    """Some lines of a file, with their ends.

    Attributes
    ----------
    text : str
    field : int or None
        Which `[[field]]` of the file this is, from 0, with the comments right
        above it; None for all between them.
    """

    text: str
    field: int | None = None


def parts_of(text: str) -> Iterator[Part]:
    """The parts of a valid template in order; together they are its text.

    Comments that an empty line parts from a field belong to none: they stay
    where the field is deleted.
    """
    lines = text.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if HEADER.match(line)]
    cuts = [_with_comments(lines, start) for start in starts]
    yield from _loose(lines[: cuts[0] if cuts else None])
    count = 0
    for start, cut, end in zip(starts, cuts, [*cuts[1:], len(lines)], strict=True):
        header = HEADER.match(lines[start])
        if header is None or header[2] != "field":
            yield from _loose(lines[cut:end])
            continue
        last = _last_line(lines, start, end)
        yield Part("".join(lines[cut:last]), count)
        yield from _loose(lines[last:end])
        count += 1


def _with_comments(lines: list[str], start: int) -> int:
    """Where a table begins: with the comments right above its header, and one empty line."""
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start - 1 if start and not lines[start - 1].strip() else start


def _last_line(lines: list[str], start: int, end: int) -> int:
    """Where a table ends: behind its last key, and the comments that follow at once."""
    after = start
    while after < end and lines[after].strip():
        after += 1
    # A key that stands behind an empty line is still of the table.
    keys = [n for n in range(start, end) if _is_content(lines[n])]
    return max(after, keys[-1] + 1)


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _loose(lines: list[str]) -> Iterator[Part]:
    if lines:
        yield Part("".join(lines))
