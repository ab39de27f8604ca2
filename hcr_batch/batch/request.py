"""What a run is asked for, and what it did."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hcr_batch
from hcr_batch.batch.outputs import Outputs
from hcr_batch.batch.plan import Effort
from hcr_batch.config import Settings
from hcr_batch.errors import ExitCode
from hcr_batch.results.writers import COMMAS, CsvStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hcr_batch.forms.schema import Template
    from hcr_batch.recognition import ModelCard

__all__ = ["ScanRequest", "ScanSummary", "code_fingerprint", "fingerprint"]

READING_CODE = (
    "types.py",
    "geometry.py",
    "documents",
    "layout",
    "glyphs",
    "recognition",
    "forms",
    "results",
)
"""Parts of the program that decide what a reading is."""


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
    effort : Effort
    log : Path, optional
        Is written too, by an observer.
    sources : tuple of Path
        Files that are read beside the forms: templates, settings, lists of words.
    templates : tuple of Template
        Known forms; their contents count in the recipe.
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
    effort: Effort = field(default_factory=Effort)
    log: Path | None = None
    sources: tuple[Path, ...] = ()
    templates: tuple[Template, ...] = ()

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
            "recipe": self.recipe,
            **self.outputs.conditions,
        }

    @property
    def outputs(self) -> Outputs:
        """The tables that are written."""
        return Outputs(self.output, self.file_format, self.fields, self.style)

    def check_outputs(self, inputs: Iterable[Path]) -> None:
        """See that nothing written takes the place of anything; see `Outputs.check`."""
        forms = [template.name for template in self.templates]
        read = (*self.sources, *inputs)
        self.outputs.check(self.output, read, forms, self.log, self.overlay)


@dataclass(frozen=True)
class ScanSummary:
    """What a run did; pages, characters and flagged are of the files new in it.

    `failed` counts files given to this run that have no readings, those that
    failed in an earlier run included: the results lack them all the same.
    """

    new: int = 0
    skipped: int = 0
    failed: int = 0
    pages: int = 0
    characters: int = 0
    flagged: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the program ends with."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if not self.failed:
            return ExitCode.OK
        return ExitCode.SOME_FAILED if self.new or self.skipped else ExitCode.ALL_FAILED

    def __str__(self) -> str:
        share = 100 * self.flagged / self.characters if self.characters else 0.0
        rate = self.pages / self.seconds if self.seconds else 0.0
        return (
            f"files: {self.new} new, {self.skipped} skipped, {self.failed} failed; "
            f"pages: {self.pages}; characters: {self.characters}; "
            f"flagged: {self.flagged} ({share:.1f} %); {rate:.1f} pages a second"
        )


def fingerprint(card: ModelCard) -> str:
    """SHA-256 (hex) of a model's card, which itself holds the hashes of the model's files."""
    return hashlib.sha256(json.dumps(card.document, sort_keys=True).encode()).hexdigest()


@cache
def code_fingerprint() -> str:
    """SHA-256 (hex) of the source that makes readings: a new version of it reads anew.

    It is that of the program as it was started, whatever becomes of the files meanwhile.
    """
    digest = hashlib.sha256()
    root = Path(hcr_batch.__file__).parent
    for part in READING_CODE:
        place = root / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()
