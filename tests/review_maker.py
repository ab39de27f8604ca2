"""A scan made up for reviewing: real pictures on a page, readings that are known to be wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.results.cell_pictures import pack_pictures
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox

__all__ = ["Made", "make_scan"]

CELL = 60
COLUMNS = 10


@dataclass(frozen=True)
class Made:
    """Results with their journal, and what truly stands in each cell by (field, position)."""

    results: Path
    page: Path
    truth: dict[tuple[str, int], str]


def make_scan(
    folder: Path,
    fields: dict[str, tuple[str, str]],
    sure: str = "",
    sure_fields: tuple[str, ...] = (),
    form: str = "",
) -> Made:
    """Write a page and enter it as scanned.

    Parameters
    ----------
    fields : dict
        By name: what stands there, and what was read; `_` is a blank.
    sure : str
        Characters that are not flagged when they are read.
    sure_fields : tuple of str
        Fields in which none is.
    form : str
        Template that the page is of.
    """
    image = np.full((200 + 100 * len(fields), 800), 255, np.uint8)
    records, pictures, truth = [], [], {}
    for row, (name, (written, read)) in enumerate(fields.items()):
        cells = []
        for place, (true, machine) in enumerate(zip(written, read, strict=True)):
            box = SourceBox(100 + CELL * place, 100 + 100 * row, CELL, CELL)
            truth[name, place + 1] = true.strip("_")
            is_sure = machine in sure or name in sure_fields
            cells.append(_cell(image, box, true.strip("_"), machine.strip("_"), is_sure))
            pictures.append(_picture(image, box) if cells[-1].occupied else np.zeros((0, 0), "u1"))
        records.append(FieldRecord(name, "comb", tuple(cells)))
    page = folder / "form.png"
    cv2.imwrite(str(page), image)
    sha256 = hashlib.sha256(page.read_bytes()).hexdigest()
    results = folder / "results.csv"
    with open_journal(journal_path(results)) as journal:
        height, width = image.shape
        packed = pack_pictures(pictures)
        record = PageRecord(1, width, height, tuple(records), packed, form)
        journal.add(sha256, "recipe", [record], None, 0.1, [(page, "form.png")])
    return Made(results, page, truth)


def _cell(image: np.ndarray, box: SourceBox, true: str, read: str, sure: bool) -> CellRecord:
    x, y = int(box.x), int(box.y)
    cv2.rectangle(image, (x, y), (x + CELL, y + CELL), 120, 1)
    if not true and not read:
        return CellRecord(box, Reading("", 0.999))
    cv2.putText(image, true, (x + 14, y + 46), cv2.FONT_HERSHEY_DUPLEX, 1.5, 40, 3)
    if sure:
        return CellRecord(box, Reading(read, 0.9987))
    # The wrong ones are the less sure ones, as in life.
    confidence = 0.8 if read == true else 0.4
    others = tuple((other, 0.1) for other in dict.fromkeys((true, "Q", "R")) if other)
    return CellRecord(box, Reading(read, confidence, True, ("low_confidence",), others[:3]))


def _picture(image: np.ndarray, box: SourceBox) -> np.ndarray:
    x, y = int(box.x), int(box.y)
    return image[y : y + CELL, x : x + CELL].copy()
