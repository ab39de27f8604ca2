"""One set of whatever format, and what is odd about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch.errors import NoInputError
from hcr_batch.recognition.recognizers import Recognizer
from hcr_batch.training.datasets.archives import read_npz
from hcr_batch.training.datasets.character_sets import CharacterSet, joined
from hcr_batch.training.datasets.corrected_cells import read_corrections
from hcr_batch.training.datasets.folders import read_folder
from hcr_batch.training.datasets.glyph_pixels import upright
from hcr_batch.training.datasets.idx import find_pairs, read_pair
from hcr_batch.training.datasets.label_tables import read_csv

__all__ = ["KINDS", "ImportOptions", "import_set", "looks_transposed", "sample_agreement"]

CHECKED = 500
"""So many glyphs tell whether a set lies on its side."""
CLEARLY = 0.25
"""By so much more (0 to 1) must the recognizer agree with the turned glyphs."""


@dataclass(frozen=True)
class ImportOptions:
    """What is declared about a source; None and `auto` where it tells by itself."""

    classes: str | None = None
    split: str | None = None
    part: str | None = None
    transposed: bool | None = None
    ink: str = "auto"


def import_set(kind: str, sources: Sequence[Path], options: ImportOptions) -> CharacterSet:
    """Read sources of one kind as one set.

    Parameters
    ----------
    kind : str
        A key of :data:`KINDS`.
    sources : sequence of Path
    options : ImportOptions

    Raises
    ------
    NoInputError, UsageError
        A source is missing, damaged or of another format.
    """
    missing = [source for source in sources if kind != "corrections" and not source.exists()]
    if missing:
        raise NoInputError(f"{missing[0]}: does not exist; check the path")
    return joined([part for source in sources for part in KINDS[kind](source, options)])


def sample_agreement(recognizer: Recognizer, data: CharacterSet) -> float:
    """Share, in a sample of a set, that a recognizer reads as labelled, either case counting."""
    return _agreement(recognizer, _sample(data))


def looks_transposed(recognizer: Recognizer, data: CharacterSet) -> bool:
    """Whether the recognizer clearly agrees better with the glyphs read by columns."""
    part = _sample(data)
    turned = part.with_images(upright(part.images))
    return _agreement(recognizer, turned) > _agreement(recognizer, part) + CLEARLY


def _sample(data: CharacterSet) -> CharacterSet:
    """Glyphs spread evenly over the set."""
    return data.take(np.linspace(0, len(data) - 1, min(CHECKED, len(data))).astype(int))


def _agreement(recognizer: Recognizer, data: CharacterSet) -> float:
    best = recognizer.probabilities(data.images).argmax(axis=1)
    read = np.char.upper(np.array(recognizer.classes)[best])
    return float((read == np.char.upper(data.labels)).mean())


def _idx(source: Path, options: ImportOptions) -> list[CharacterSet]:
    pairs = find_pairs(source, options.split, options.part)
    return [read_pair(pair, options.classes, options.transposed, options.ink) for pair in pairs]


def _csv(source: Path, options: ImportOptions) -> list[CharacterSet]:
    return [read_csv(source, options.classes or options.split, options.transposed, options.ink)]


def _npz(source: Path, options: ImportOptions) -> list[CharacterSet]:
    return [read_npz(source, options.classes, options.transposed, options.ink)]


KINDS: dict[str, Callable[[Path, ImportOptions], list[CharacterSet]]] = {
    "idx": _idx,
    "csv": _csv,
    "folder": lambda source, options: [read_folder(source, options.ink)],
    "npz": _npz,
    "corrections": lambda source, options: [read_corrections(source)],
}
"""Reader by kind of source."""
