"""Reads truth and results for scoring; writes the score as a table or JSON."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hcr_batch.errors import UsageError
from hcr_batch.evaluation.matching import PageKey, PredictedCell, PredictedField, TruthField
from hcr_batch.evaluation.scoring import Comparison, Tally
from hcr_batch.results.rows import without_escapes
from hcr_batch.types import SourceBox

__all__ = [
    "aligned",
    "field_table",
    "page_table",
    "read_results",
    "read_truth",
    "score_report",
    "score_table",
]

COLUMNS = (
    ("fields", "{0.fields_found}/{0.fields}"),
    ("fields right", "{0.fields_right}"),
    ("cells", "{0.found}/{0.characters}"),
    ("right", "{0.right}"),
    ("right %", "{1[characters_right]}"),
    ("digits %", "{1[digits_right]}"),
    ("invented", "{0.invented}"),
    ("silent", "{0.silent}"),
    ("effort %", "{1[human_effort]}"),
    ("extra", "{0.extra}"),
    ("extra silent", "{0.extra_silent}"),
)
"""Heading and content of the table's columns; 0 is the tally, 1 its shares in per cent."""

DELIMITERS = ",;\t|"
"""One of these is between the columns of a CSV: the one that its header has most of."""


def read_truth(path: Path) -> dict[PageKey, list[TruthField]]:
    """Read truth.csv: file, page, field, x, y, width, height, text; one row a field.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, or a number is none.
    """
    fields: dict[PageKey, list[TruthField]] = defaultdict(list)
    for place, row in _rows(path, {"file", "page", "field", "x", "y", "width", "height", "text"}):
        box = _box(row, place) if row["x"] else None
        key = row["file"], _number(row["page"], place)
        fields[key].append(TruthField(row["field"], row["text"], box))
    return dict(fields)


def read_results(path: Path) -> dict[PageKey, list[PredictedField]]:
    """Read results.csv (CSV alone, with any delimiter); fields and cells keep its order.

    Raises
    ------
    UsageError
        The file cannot be read, lacks a column, or a number is none.
    """
    wanted = {"file", "page", "field", "x", "y", "width", "height", "character", "flagged"}
    cells: dict[PageKey, dict[str, list[PredictedCell]]] = defaultdict(lambda: defaultdict(list))
    for place, row in _rows(path, wanted):
        cell = PredictedCell(_box(row, place), row["character"], row["flagged"] == "true")
        key = without_escapes(row["file"]), _number(row["page"], place)
        cells[key][without_escapes(row["field"])].append(cell)
    return {
        key: [PredictedField(name, tuple(content)) for name, content in fields.items()]
        for key, fields in cells.items()
    }


def score_table(tallies: Mapping[str, Tally]) -> str:
    """A table with a line a file and one for all, columns aligned."""
    lines = [["file", *(heading for heading, _ in COLUMNS)]]
    lines += [[file, *_row(tally)] for file, tally in tallies.items()]
    lines.append(["all", *_row(sum(tallies.values(), Tally()))])
    return aligned(lines, "<" + ">" * len(COLUMNS))


def field_table(comparisons: Iterable[Comparison]) -> str:
    """A table with a line a field: characters right, what it says, and what was read."""
    lines = [["file", "page", "field", "right", "truth", "read"]]
    for item in comparisons:
        right = f"{item.tally.right}/{item.tally.characters}"
        read = "(not found)" if item.read is None else item.read
        lines.append([item.file, str(item.page), item.field, right, item.text, read])
    return aligned(lines, "<><><<")


def page_table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Figures of the page segmentation: a line a channel, and one for the cells."""
    lines = [["channel", "precision", "recall", "F1"]]
    cells = metrics["cells"]
    lines += [
        [name, *(f"{one[key]:.4f}" for key in ("precision", "recall", "f1"))]
        for name, one in metrics.items()
        if name != "cells"
    ]
    found = (
        f"cells {cells['found']}/{cells['cells']}, written {cells['found_written']}/"
        f"{cells['written']}, invented {cells['invented']}"
    )
    return f"{aligned(lines, '<>>>')}\n{found}"


def score_report(tallies: Mapping[str, Tally]) -> str:
    """The counts and shares as JSON: `all`, and `files` by name."""
    files = {file: _counts(tally) for file, tally in tallies.items()}
    report = {"all": _counts(sum(tallies.values(), Tally())), "files": files}
    return json.dumps(report, indent=2, ensure_ascii=False)


def aligned(lines: Sequence[Sequence[str]], sides: str) -> str:
    """Lines of text with their columns aligned left (`<`) or right (`>`)."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "\n".join(layout.format(*line).rstrip() for line in lines)


def _rows(path: Path, wanted: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows with their places, `file: line n`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = max(DELIMITERS, key=file.readline().count)
            file.seek(0)
            rows = csv.DictReader(file, delimiter=delimiter)
            missing = wanted - set(rows.fieldnames or ())
            if missing:
                names = ", ".join(sorted(missing))
                raise UsageError(f"{path}: no column {names}; is it the right file?")
            for row in rows:
                yield f"{path}: line {rows.line_num}", row
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a UTF-8 CSV file ({error})") from error


def _box(row: Mapping[str, str], place: str) -> SourceBox:
    return SourceBox(*(_number(row[name], place) for name in ("x", "y", "width", "height")))


def _number(text: str | None, place: str) -> int:
    try:
        return int(text or "")
    except ValueError as error:
        raise UsageError(f"{place}: {text!r} should be a whole number; correct it") from error


def _counts(tally: Tally) -> dict[str, object]:
    return {**asdict(tally), "missed": tally.missed, "shares": tally.shares()}


def _row(tally: Tally) -> list[str]:
    shares = {name: _per_cent(share) for name, share in tally.shares().items()}
    return [content.format(tally, shares) for _, content in COLUMNS]


def _per_cent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
