"""Writers of results: CSV, JSON Lines and Parquet, row by row, each file whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any, get_type_hints

from hcr_batch.errors import UsageError
from hcr_batch.results.atomic import atomic_output
from hcr_batch.results.rows import COLUMNS, FieldRow, ResultRow, harmless, to_text

__all__ = ["FORMATS", "check_format", "format_of", "write_fields", "write_results"]

PARQUET_ROWS = 65536
"""Rows of one Parquet row group; as many are in memory at a time."""


def write_results(path: Path, rows: Iterable[ResultRow], file_format: str) -> None:
    """Write rows in one of `FORMATS`.

    Raises
    ------
    OutputError
        The file cannot be written; an older one is still there.
    UsageError
        As `check_format` has it.
    """
    check_format(file_format)
    with atomic_output(path) as file:
        FORMATS[file_format](file, rows)


def write_fields(path: Path, names: Sequence[str], rows: Iterable[FieldRow]) -> None:
    """Write the wide table as CSV: a row a page, three columns a field.

    Parameters
    ----------
    names : sequence of str
        All fields of all pages, in the order of the columns.

    Raises
    ------
    OutputError
        The file cannot be written; an older one is still there.
    """
    columns = [name + suffix for name in names for suffix in ("", ".confidence", ".flagged")]
    with atomic_output(path) as file:
        _write_csv(file, ["file", "page", *map(harmless, columns)], _field_lines(names, rows))


def format_of(path: Path) -> str:
    """The format that the ending of a file's name asks for; CSV where it asks for none."""
    ending = path.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else "csv"


def check_format(file_format: str) -> None:
    """See that a format can be written, before hours of work are spent on it.

    Raises
    ------
    UsageError
        Parquet without pyarrow.
    """
    if file_format == "parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            "--format parquet needs pyarrow; install it with pip install 'hcr-batch[parquet]'"
        )


def _write_csv(
    file: IO[bytes], header: Sequence[str], lines: Iterable[Sequence[str | int]]
) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(lines)
    text.flush()
    text.detach()


def _results_csv(file: IO[bytes], rows: Iterable[ResultRow]) -> None:
    _write_csv(file, COLUMNS, map(to_text, rows))


def _results_jsonl(file: IO[bytes], rows: Iterable[ResultRow]) -> None:
    for row in rows:
        line = json.dumps(_as_object(row), ensure_ascii=False)
        file.write(line.encode() + b"\n")


def _results_parquet(file: IO[bytes], rows: Iterable[ResultRow]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int32(), float: pa.float32(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in get_type_hints(ResultRow).items()])
    with pq.ParquetWriter(file, schema) as writer:
        for chunk in _chunks(rows, PARQUET_ROWS):
            columns = dict(zip(COLUMNS, zip(*chunk, strict=True), strict=True))
            writer.write_table(pa.table(columns, schema=schema))


FORMATS: dict[str, Callable[[IO[bytes], Iterable[ResultRow]], None]] = {
    "csv": _results_csv,
    "jsonl": _results_jsonl,
    "parquet": _results_parquet,
}
"""Writers by the name that --format takes."""


def _as_object(row: ResultRow) -> dict[str, Any]:
    values = row._asdict()
    pairs = (item.rsplit(":", 1) for item in row.alternatives.split())
    values["confidence"] = round(row.confidence, 4)
    values["reasons"] = row.reasons.split(";") if row.reasons else []
    values["alternatives"] = {character: float(share) for character, share in pairs}
    return values


def _field_lines(names: Sequence[str], rows: Iterable[FieldRow]) -> Iterator[list[str]]:
    for row in rows:
        line = [harmless(row.file), str(row.page)]
        for name in names:
            if name in row.values:
                text, confidence, flagged = row.values[name]
                line += [harmless(text), f"{confidence:.4f}", str(flagged).lower()]
            else:
                line += ["", "", ""]
        yield line


def _chunks(rows: Iterable[ResultRow], size: int) -> Iterator[list[ResultRow]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
