"""The files that the results are written to, known again by later commands."""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcr_batch.documents.opening import open_regular
from hcr_batch.documents.sources import begins_like_a_document
from hcr_batch.errors import UsageError
from hcr_batch.journal.journal_paths import journal_path, lock_path
from hcr_batch.journal.run_table import Runs
from hcr_batch.results.atomic import check_writable
from hcr_batch.results.form_tables import ANY_FORM, distinct
from hcr_batch.results.path_conflicts import check_apart
from hcr_batch.results.writers import COMMAS, CsvStyle, check_format, format_of
from hcr_batch.types import UNKNOWN_FORM

__all__ = ["Outputs", "last_outputs"]

OURS = (".hcr.sqlite", ".hcr.sqlite-wal", ".hcr.sqlite-shm", ".hcr.sqlite-journal", ".hcr.lock")
"""Endings of journals, which no result takes the place of."""
DATABASE = b"SQLite format 3\0"
"""First bytes of a journal, whatever its name."""


@dataclass(frozen=True)
class Outputs:
    """What is written from a journal.

    Attributes
    ----------
    results : Path
        The results; the journal lies beside those of a scan.
    file_format : str
        One of `hcr_batch.results.writers.FORMATS`.
    fields : Path, optional
        The wide tables, CSV or a workbook.
    style : CsvStyle
    """

    results: Path
    file_format: str = "csv"
    fields: Path | None = None
    style: CsvStyle = COMMAS

    @property
    def fields_format(self) -> str:
        """Format of the wide tables, by their ending; raises as `format_of` does."""
        return format_of(self.fields, known=("csv", "xlsx")) if self.fields else "csv"

    @property
    def conditions(self) -> dict[str, object]:
        """As a journal notes it with each run."""
        return {
            "fields": str(self.fields.absolute()) if self.fields else "",
            "delimiter": self.style.delimiter,
            "bom": self.style.bom,
        }

    def table_paths(self, forms: Collection[str], templates: Collection[str]) -> dict[str, Path]:
        """Where the tables go: all into one workbook, or a CSV each.

        Of one form with a template, or none at all, it is `fields.csv`; of several
        `fields.FORM.csv` each, also where only one of them has been met yet:
        names do not change from one day to the next.

        Parameters
        ----------
        forms : collection of str
            Those that there are pages of.
        templates : collection of str
            Names of all that are looked for.
        """
        if self.fields is None:
            return {}
        if self.fields_format == "xlsx":
            return dict.fromkeys(forms, self.fields)
        known = {*forms, *templates} - {"", UNKNOWN_FORM}
        plain = "" if not known else next(iter(known)) if len(known) == 1 else None
        ordered = sorted({*forms, *templates})
        names = distinct(re.sub(r"[^\w -]", "_", form or ANY_FORM) for form in ordered)
        return {
            form: self.fields if form == plain else _with_name(self.fields, name)
            for form, name in zip(ordered, names, strict=True)
            if form in forms
        }

    def check(
        self,
        scanned: Path,
        inputs: Iterable[Path] = (),
        forms: Iterable[str] = (),
        log: Path | None = None,
        overlay: Path | None = None,
    ) -> None:
        """See, before anything is written, that nothing takes the place of anything else.

        Parameters
        ----------
        scanned : Path
            The results beside which the journal lies.
        inputs : iterable of Path
            All files that are read.
        forms : iterable of str
            Names of the templates, after which tables are named.
        log, overlay : Path, optional
            What else is written.

        Raises
        ------
        UsageError
            Two are one file, one is an input, a journal or any other form, or
            a format does not fit its name.
        """
        check_format(self.file_format)
        check_format(self.fields_format)
        tables = self.table_paths({*forms, "", UNKNOWN_FORM}, ())
        files = {"--out": self.results, "--fields": self.fields, "--log-json": log}
        for path in filter(None, files.values()):
            if path.name.endswith(OURS):
                raise UsageError(f"{path}: is the name of a journal; give another")
        own = {"the journal": journal_path(scanned), "the lock": lock_path(scanned)}
        own |= {f"--fields, {form}": path for form, path in tables.items() if path != self.fields}
        check_apart({**files, **own}, inputs, {"--overlay": overlay})
        for path in filter(None, files.values()):
            if kept := _what_it_holds(path):
                raise UsageError(f"{path}: holds {kept}, which would be lost; give another name")

    def prepare(self) -> None:
        """Make the folders of the files and try to write there; raises as `check_writable` does."""
        check_writable(self.results)
        if self.fields:
            check_writable(self.fields)


def _with_name(path: Path, name: str) -> Path:
    return path.with_name(f"{path.stem}.{name}{path.suffix}")


def _what_it_holds(path: Path) -> str:
    """What a file is that is no table, be it through a link; empty for what may be replaced."""
    if begins_like_a_document(path):
        return "a form"
    with suppress(OSError), open_regular(path) as file:
        return "a journal" if file.read(len(DATABASE)) == DATABASE else ""
    return ""


def last_outputs(runs: Runs, results: Path) -> Outputs:
    """What the last scan into these results wrote, and how; CSV where none noted it.

    Tables that are not there any more are not made anew: the results may have
    been moved since.
    """
    found: Mapping[str, Any] = next(
        (run.conditions for run in runs.latest() if "delimiter" in run.conditions), {}
    )
    fields = Path(found["fields"]) if found.get("fields") else None
    style = CsvStyle(found.get("delimiter", ""), bool(found.get("bom")))
    is_there = fields is not None and any(fields.parent.glob(f"{glob.escape(fields.stem)}*"))
    return Outputs(results, format_of(results), fields if is_there else None, style)
