"""What the results hold in all, told to a person at the end of a scan."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hcr_batch.journal.journal import Journal
from hcr_batch.journal.uneven_forms import UnevenForms, uneven_forms

__all__ = ["Holdings", "count_holdings"]


@dataclass(frozen=True)
class Holdings:
    """Figures of the results, whichever scan read them.

    Attributes
    ----------
    results : str
        Where they are.
    tables : tuple of str
        Where the tables of fields are.
    files : int
        All that are in the results.
    failed : int
        Files that could not be read; the results lack them.
    gone, copies, in_part : int
        Of the files, those that are not there any more, those whose content
        another one has, and those some pages of which could not be read.
    pages, without_field : int
        All pages, and those on which no field was found.
    characters, flagged, reviewed : int
        Flagged as the program left them; reviewed by a person.
    uneven : UnevenForms, optional
        Pages that would have the same columns with a template.
    """

    results: str
    tables: tuple[str, ...]
    files: int
    failed: int
    gone: int
    copies: int
    in_part: int
    pages: int
    without_field: int
    characters: int
    flagged: int
    reviewed: int
    uneven: UnevenForms | None = None

    def lines(self) -> Iterator[str]:
        """Where the table is, what is in it, and what to do next."""
        copies = "copy" if self.copies == 1 else "copies"
        parts = {"gone": self.gone, copies: self.copies, "in part": self.in_part}
        files = _counted(self.files, "file", parts)
        pages = _counted(self.pages, "page", {"without a field": self.without_field})
        share = 100 * self.flagged / self.characters if self.characters else 0.0
        reviewed = f", {self.reviewed} reviewed" if self.reviewed else ""
        missing = f"; not in it: {_counted(self.failed, 'file', {})} that could not be read"
        yield (
            f"{self.results}: {files}, {pages}, {self.characters} characters, "
            f"{self.flagged} flagged ({share:.1f} %){reviewed}{missing if self.failed else ''}"
        )
        if self.tables:
            yield f"fields: {', '.join(self.tables)}"
        if self.uneven:
            pages = _counted(self.uneven.pages, "page", {})
            yield (
                f"{pages} with fields in other columns than a page of the same form "
                f"({self.uneven.example}, {self.uneven.like}); name them once: "
                "hcr-batch template draft FORM --out form.toml, then scan --template form.toml"
            )
        if self.flagged > self.reviewed:
            yield f"next: hcr-batch review {shlex.quote(self.results)}"


def count_holdings(journal: Journal, results: Path, tables: tuple[Path, ...]) -> Holdings:
    """Count what a journal holds for these results."""
    totals = journal.totals()
    failed, in_part = journal.failed_files()
    names = ("gone", "copies", "pages", "without_field", "characters", "flagged", "reviewed")
    figures = {name: totals[name] for name in names}
    files = totals["files"] - failed
    return Holdings(
        str(results),
        tuple(map(str, tables)),
        files,
        failed,
        in_part=in_part,
        uneven=_uneven(journal),
        **figures,
    )


def _uneven(journal: Journal) -> UnevenForms | None:
    """Pages that need a template; as the last run found them if nothing has changed since."""
    run = next((run for run in journal.runs.latest() if run.summary), None)
    if run is None or run.summary is None or run.revision != journal.runs.revision:
        return uneven_forms((file.name, page) for file, page in journal.pages())
    found = (run.summary.get("holdings") or {}).get("uneven")
    return UnevenForms(found["pages"], found["example"], found["like"]) if found else None


def _counted(number: int, noun: str, parts: Mapping[str, int]) -> str:
    """`12 files (2 gone, 1 copy)`; what there is none of is left out."""
    inner = ", ".join(f"{count} {part}" for part, count in parts.items() if count)
    return f"{number} {noun}{'' if number == 1 else 's'}" + (f" ({inner})" if inner else "")
