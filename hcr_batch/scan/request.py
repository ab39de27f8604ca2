"""What a run is asked for, and what it did."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import hcr_batch
from hcr_batch.config import Settings
from hcr_batch.errors import ExitCode
from hcr_batch.fingerprints import code_fingerprint
from hcr_batch.forms.key_fields import all_fields, key_fields
from hcr_batch.journal.holdings import Holdings
from hcr_batch.journal.outputs import Outputs
from hcr_batch.results.writers import COMMAS, CsvStyle
from hcr_batch.scan.plan import ScanOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hcr_batch.forms.template_files import Template

__all__ = ["GONE", "ScanRequest", "ScanSummary"]


GONE = ("keep", "drop", "list")
"""Keep them in the results, drop them, or keep them and tell which they are."""


@dataclass(frozen=True)
class ScanRequest:
    """What to scan, how, and where the results go.

    Attributes
    ----------
    paths : tuple of str
        Folders, files, patterns, URLs, `-`.
    output : Path
        The results; the journal lies beside them.
    model : str
        Fingerprint of the model, part of what a reading is known by.
    jobs : int
        Processes, or actors on a cluster.
    file_format : str
        One of `hcr_batch.results.writers.FORMATS`.
    fields, overlay : Path, optional
        The wide tables; a folder for pictures of the pages.
    style : CsvStyle
    options : ScanOptions
    log : Path, optional
        Is written too, by an observer.
    gone : str
        What becomes of files of earlier scans that are not there any more: one of `GONE`.
    allow_empty : bool
        No document at all is no error.
    sources : tuple of Path
        Files that are read beside the forms: templates, settings, lists of words.
    templates : tuple of Template
        Known forms; their contents count in the recipe.
    template_paths : tuple of Path
        Where they were read, for a review to find their rules again.
    """

    paths: tuple[str, ...]
    output: Path
    settings: Settings
    model: str
    jobs: int = 1
    file_format: str = "csv"
    fields: Path | None = None
    overlay: Path | None = None
    style: CsvStyle = COMMAS
    options: ScanOptions = field(default_factory=ScanOptions)
    log: Path | None = None
    gone: str = "keep"
    allow_empty: bool = False
    sources: tuple[Path, ...] = ()
    templates: tuple[Template, ...] = ()
    template_paths: tuple[Path, ...] = ()

    @property
    def recipe(self) -> str:
        """Hash of all that a reading depends on but the file itself."""
        forms = sorted(template.fingerprint for template in self.templates)
        parts = [self.settings.fingerprint(), self.model, code_fingerprint(), *forms]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def conditions(self) -> dict[str, object]:
        """What a person wants to know of a run later."""
        return {
            "program": hcr_batch.__version__,
            "model": self.settings.recognition.model or "default",
            "model_fingerprint": self.model,
            "settings": self.settings.fingerprint(),
            "target_error": self.settings.recognition.target_error,
            "threshold": self.settings.recognition.threshold,
            "templates": [template.name for template in self.templates],
            "key_fields": key_fields(self.templates),
            "all_fields": all_fields(self.templates),
            "template_paths": [str(path.absolute()) for path in self.template_paths],
            "recipe": self.recipe,
            **self.outputs.conditions,
        }

    @property
    def outputs(self) -> Outputs:
        """The tables that are written."""
        return Outputs(self.output, self.file_format, self.fields, self.style)

    def writes(self, path: Path) -> bool:
        """Whether a file is one of those that the run writes, by its name."""
        if path.absolute() in {one.absolute() for one in (self.output, self.log) if one}:
            return True
        fields = self.fields
        return (
            fields is not None
            and (path.parent.absolute(), path.suffix) == (fields.parent.absolute(), fields.suffix)
            and (path.stem == fields.stem or path.stem.startswith(f"{fields.stem}."))
        )

    def check_outputs(self, inputs: Iterable[Path]) -> None:
        """See that nothing written takes the place of anything; see `Outputs.check`."""
        forms = [template.name for template in self.templates]
        read = (*self.sources, *inputs)
        self.outputs.check(self.output, read, forms, self.log, self.overlay)


@dataclass(frozen=True)
class ScanSummary:
    """What a run did; pages, characters and flagged are of the files new in it.

    `failed` counts files given to this run that have no readings, those that
    failed in an earlier run included: the results lack them all the same, but
    for `in_part`, some pages of which could not be read.
    `replaced` counts new ones under a path that had another content before,
    which is not in the results any more; `passed_over` tells which kinds of
    file in the folders are no documents; `holdings` is of the results in all.
    """

    new: int = 0
    skipped: int = 0
    failed: int = 0
    pages: int = 0
    characters: int = 0
    flagged: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    replaced: int = 0
    passed_over: str = ""
    gone: tuple[str, ...] = ()
    holdings: Holdings | None = None
    in_part: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """What the program ends with."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not self.failed:
            return ExitCode.OK
        some = self.new or self.skipped or self.in_part
        return ExitCode.SOME_FAILED if some else ExitCode.ALL_FAILED

    def lines(self) -> Iterator[str]:
        """What a person wants to know at the end, the figures of this run last."""
        yield from (f"gone, still in the results: {name}" for name in self.gone)
        if self.passed_over:
            yield f"passed over: {self.passed_over}"
        if self.replaced:
            yield (
                f"replaced: {self.replaced} files have another content than before, which the"
                " results do not hold any more"
            )
        if self.holdings:
            yield from self.holdings.lines()
        yield str(self)

    def __str__(self) -> str:
        share = 100 * self.flagged / self.characters if self.characters else 0.0
        rate = self.pages / self.seconds if self.seconds else 0.0
        return (
            f"files: {self.new} new, {self.skipped} skipped, {self.failed} failed; "
            f"pages: {self.pages}; characters: {self.characters}; "
            f"flagged: {self.flagged} ({share:.1f} %); {rate:.1f} pages a second"
        )


