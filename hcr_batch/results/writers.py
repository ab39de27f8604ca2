"""Writers of results: CSV, Excel, JSON Lines and Parquet, each file whole or not at all."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, get_type_hints

from hcr_batch.errors import UsageError
from hcr_batch.results.atomic import atomic_output
from hcr_batch.results.form_tables import FieldValue, FormRow, FormTable
from hcr_batch.results.rows import COLUMNS, ResultRow, alternatives_of, harmless, to_text

if TYPE_CHECKING:
    from hcr_batch.results.workbook import Summary

__all__ = [
    "COMMAS",
    "FORMATS",
    "CsvStyle",
    "check_format",
    "format_of",
    "write_csv_tables",
    "write_results",
    "write_table_sheets",
]

PARQUET_ROWS = 65536
"""Rows of one Parquet row group; as many are in memory at a time."""

NO_TABLES = frozenset(
    (
        ".png .jpg .jpeg .jpe .jfif .jp2 .tif .tiff .pdf .bmp .gif .webp .heic "
        ".toml .sqlite .lock .keras .h5 .tflite .npz .xls .xlsm .xlsb .ods .zip .gz .json .html"
    ).split()
)
"""Endings of forms, templates, journals, models and of what other programs write: a table of that
name would not open, or stand in the place of something else."""


@dataclass(frozen=True)
class CsvStyle:
    """How CSV is written.

    Attributes
    ----------
    delimiter : str
        Between two columns; empty for what the ending of the file asks for,
        a tab in `.tsv`, else a comma.
    bom : bool
        Whether a mark of UTF-8 stands in front: without it Excel takes
        letters beyond ASCII for others.
    """

    delimiter: str = ""
    bom: bool = False

    def of(self, path: Path) -> CsvStyle:
        """The style with the delimiter that a file of this name has."""
        by_ending = "\t" if path.suffix.lower() == ".tsv" else ","
        return CsvStyle(self.delimiter or by_ending, self.bom)


COMMAS = CsvStyle(",")
"""CSV as RFC 4180 has it."""

ResultsWriter = Callable[[IO[bytes], Iterable[ResultRow], CsvStyle, "Summary"], None]


def write_results(
    path: Path,
    rows: Iterable[ResultRow],
    file_format: str,
    style: CsvStyle = COMMAS,
    summary: Summary = (),
) -> None:
    """Write rows in one of `FORMATS`; only a workbook has room for the summary.

    Raises
    ------
    OutputError
        The file cannot be written; an older one is still there.
    UsageError
        As `check_format` has it.
    """
    check_format(file_format)
    with atomic_output(path) as file:
        FORMATS[file_format](file, rows, style.of(path), summary)


def write_csv_tables(
    paths: Mapping[str, Path],
    tables: Sequence[FormTable],
    rows: Iterable[FormRow],
    style: CsvStyle = COMMAS,
) -> None:
    """Write the wide tables, a file a form.

    Parameters
    ----------
    paths : mapping
        Where the table of each form goes, as
        :func:`~hcr_batch.results.form_tables.table_paths` has it.
    rows : iterable of FormRow
        Of forms that have a table.

    Raises
    ------
    OutputError
        A file cannot be written; older ones are still there.
    """
    with ExitStack() as opened:
        writers = {}
        for table in tables:
            path = paths[table.form]
            file = opened.enter_context(atomic_output(path))
            writer = opened.enter_context(_csv(file, style.of(path)))
            writer.writerow(map(harmless, table.header))
            writers[table.form] = writer, table.fields
        for row in rows:
            writer, fields = writers[row.form]
            writer.writerow(_form_line(row, fields))


def write_table_sheets(
    path: Path, tables: Sequence[FormTable], rows: Iterable[FormRow], summary: Summary
) -> None:
    """Write the wide tables as one workbook, a sheet a form; raises as `write_csv_tables` does."""
    from hcr_batch.results.workbook import write_form_sheets

    with atomic_output(path) as file:
        write_form_sheets(file, tables, rows, summary)


def format_of(
    path: Path, asked: str | None = None, known: Sequence[str] = ("csv", "xlsx", "jsonl", "parquet")
) -> str:
    """The format of a file: the one asked for, else that of its ending, else CSV.

    Raises
    ------
    UsageError
        The ending belongs to another format or to another kind of file: it
        would open as what it is not.
    """
    ending = path.suffix.lower()
    by_ending = ending.lstrip(".") if ending.lstrip(".") in FORMATS else ""
    wanted = asked or by_ending or "csv"
    endings = ", ".join(f".{name}" for name in known)
    if ending in NO_TABLES or wanted not in known:
        raise UsageError(f"{path}: {ending} is no ending of a table; take one of {endings}")
    if by_ending not in ("", wanted):
        raise UsageError(f"{path}: --format {asked} does not fit its ending; take .{asked}")
    return wanted


def check_format(file_format: str) -> None:
    """See that a format can be written, before hours of work are spent on it.

    Raises
    ------
    UsageError
        What writes it is not installed.
    """
    for name, package, remedy in (
        ("parquet", "pyarrow", "'hcr-batch[parquet]'"),
        ("xlsx", "openpyxl", "openpyxl"),
    ):
        if file_format == name and find_spec(package) is None:
            raise UsageError(
                f"the format {name} needs {package}; install it with pip install {remedy}"
            )


@contextmanager
def _csv(file: IO[bytes], style: CsvStyle) -> Iterator[Any]:
    """A writer of the csv module; all that it was given is in the file at the end."""
    if style.bom:
        file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield csv.writer(text, delimiter=style.delimiter)
        text.flush()
    finally:
        text.detach()


def _results_csv(
    file: IO[bytes], rows: Iterable[ResultRow], style: CsvStyle, _: Summary
) -> None:
    with _csv(file, style) as writer:
        writer.writerow(COLUMNS)
        writer.writerows(map(to_text, rows))


def _results_xlsx(
    file: IO[bytes], rows: Iterable[ResultRow], _: CsvStyle, summary: Summary
) -> None:
    from hcr_batch.results.workbook import write_cell_sheets

    write_cell_sheets(file, rows, summary)


def _results_jsonl(file: IO[bytes], rows: Iterable[ResultRow], *_: object) -> None:
    for row in rows:
        line = json.dumps(_as_object(row), ensure_ascii=False)
        file.write(line.encode() + b"\n")


def _results_parquet(file: IO[bytes], rows: Iterable[ResultRow], *_: object) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int32(), float: pa.float32(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in get_type_hints(ResultRow).items()])
    with pq.ParquetWriter(file, schema) as writer:
        for chunk in _chunks(rows, PARQUET_ROWS):
            columns = dict(zip(COLUMNS, zip(*chunk, strict=True), strict=True))
            writer.write_table(pa.table(columns, schema=schema))


FORMATS: dict[str, ResultsWriter] = {
    "csv": _results_csv,
    "xlsx": _results_xlsx,
    "jsonl": _results_jsonl,
    "parquet": _results_parquet,
}
"""Writers by the name that --format takes."""


def _as_object(row: ResultRow) -> dict[str, Any]:
    values = row._asdict()
    values["confidence"] = round(row.confidence, 4)
    values["reasons"] = row.reasons.split(";") if row.reasons else []
    values["alternatives"] = dict(alternatives_of(row.alternatives))
    return values


def _form_line(row: FormRow, fields: Sequence[str]) -> list[str]:
    """Place and texts, then confidence and flag of each field."""
    values = [row.values.get(name) for name in fields]
    texts = [harmless(value.text) if value else "" for value in values]
    behind = [part for value in values for part in _behind(value)]
    return [harmless(row.file), str(row.page), *texts, *behind]


def _behind(value: FieldValue | None) -> tuple[str, str]:
    return (f"{value.confidence:.4f}", str(value.flagged).lower()) if value else ("", "")


def _chunks(rows: Iterable[ResultRow], size: int) -> Iterator[list[ResultRow]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
