"""What people said about cells of their own forms, from the journal of a scan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.errors import NoInputError
from hcr_batch.journal.corrections import Place
from hcr_batch.journal.journal import Journal, journal_path, open_journal
from hcr_batch.training.datasets.character_sets import CharacterSet, infer_cases, new_set

__all__ = ["read_corrections"]


def read_corrections(results: Path) -> CharacterSet:
    """The corrected and confirmed cells of a scan as glyphs, a writer a file.

    Glyphs are made by the normalizer that the recognizer uses. Cells said to
    be blank or illegible are left out.

    Parameters
    ----------
    results : Path
        The results of a scan, or its journal.

    Raises
    ------
    NoInputError
        There is no journal, or nobody has corrected anything in it.
    """
    path = results if results.name.endswith(".hcr.sqlite") else journal_path(results)
    if not path.is_file():
        raise NoInputError(f"{path}: no journal of these results; give the --out of a scan")
    with open_journal(path) as journal:
        found = dict(_reviewed(journal))
    if not found:
        raise NoInputError(f"{path}: holds no corrections; make some with hcr-batch review")
    writers, characters, pictures = zip(*found.values(), strict=True)
    labels = np.array(characters, "U1")
    glyphs = np.stack([_glyph(picture) for picture in pictures])
    return new_set(results.stem, glyphs, labels, np.array(writers), infer_cases(labels))


def _reviewed(journal: Journal) -> Iterator[tuple[str, tuple[str, str, bytes]]]:
    """Key of each reviewed cell, and its file, character and picture (PNG)."""
    for file, page in journal.pages():
        for cell in (cell for field in page.fields for cell in field.cells):
            said = cell.reading
            if "reviewed" in said.reasons and said.character and said.character in CHARACTERS:
                place = Place(file.sha256, page.number, cell.box)
                if picture := journal.cells.picture(place):
                    yield place.key, (file.name, said.character, picture)


def _glyph(png: bytes) -> np.ndarray:
    cell = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if cell is None:
        raise NoInputError("a cell's picture in the journal is damaged; scan with --force anew")
    return normalize_ink(isolate_cell(cell))
