"""What the server answers: predictions and scanned pages as JSON, CSV and pictures."""

from __future__ import annotations

import base64
import io
import math
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hcr_batch.pipeline import read_page
from hcr_batch.results.form_tables import FormTable, form_rows
from hcr_batch.results.overlay import draw_page
from hcr_batch.results.records import FieldRecord, PageRecord, record_page
from hcr_batch.results.rows import page_rows
from hcr_batch.results.workbook import write_form_sheets
from hcr_batch.results.writers import COMMAS, FORMATS

if TYPE_CHECKING:
    from hcr_batch.config import Settings
    from hcr_batch.decoding.single_characters import Prediction
    from hcr_batch.documents import LimitedReader, MemoryFile
    from hcr_batch.forms.template_files import Template
    from hcr_batch.recognition import Recognizer
    from hcr_batch.segmentation.network import Segmenter
    from hcr_batch.types import Reading

__all__ = [
    "ScannedPage",
    "TooMuchError",
    "csv_of",
    "prediction_json",
    "scan_json",
    "scan_pages",
    "workbook_of",
]


class TooMuchError(Exception):
    """A document has more pages, or takes longer, than the server allows."""


@dataclass(frozen=True)
class ScannedPage:
    """A page that was read; `overlay` is its picture as PNG, None where nobody asked for it."""

    record: PageRecord
    overlay: bytes | None


def prediction_json(prediction: Prediction, classes: tuple[str, ...]) -> dict[str, Any]:
    """The answer of POST /predict for one picture."""
    return {
        **_reading_json(prediction.reading),
        "results": [round(float(share), 6) for share in prediction.probabilities],
        "classes": list(classes),
    }


def scan_pages(
    file: MemoryFile,
    reader: LimitedReader,
    recognizer: Recognizer,
    segmenter: Segmenter,
    settings: Settings,
    templates: Sequence[Template] = (),
    *,
    draw: bool,
    max_pages: int,
    max_seconds: float,
) -> list[ScannedPage]:
    """Read all pages of an upload.

    Raises
    ------
    DocumentError
        It cannot be read.
    TooMuchError
        It has more than `max_pages`, or took longer than `max_seconds`.
    """
    start = time.monotonic()
    scanned: list[ScannedPage] = []
    with closing(reader.pages(file, settings.documents)) as pages:
        for page in pages:
            if page.number > max_pages:
                raise TooMuchError(f"{file}: more than {max_pages} pages; send it in parts")
            if time.monotonic() - start > max_seconds:
                raise TooMuchError(f"{file}: not done after {max_seconds:g} s; send fewer pages")
            reading = read_page(page, recognizer, segmenter, settings, templates)
            record = record_page(reading)
            title = f"{file}, page {page.number}"
            overlay = _png(draw_page(page, record, title)) if draw else None
            scanned.append(ScannedPage(record, overlay))
    return scanned


def scan_json(name: str, pages: list[ScannedPage], extras: Collection[str]) -> dict[str, Any]:
    """The answer of POST /scan; with CSV as text and a workbook in base64 where they are wanted."""
    answer: dict[str, Any] = {"file": name, "pages": [_page_json(page) for page in pages]}
    if "csv" in extras:
        answer["csv"] = csv_of(name, pages).decode()
    if "xlsx" in extras:
        answer["xlsx"] = base64.b64encode(workbook_of(name, pages)).decode()
    return answer


def workbook_of(name: str, pages: list[ScannedPage]) -> bytes:
    """The fields of an upload as fields.xlsx has them, a sheet a kind of form."""
    fields: dict[str, dict[str, None]] = {}
    for page in pages:
        names = fields.setdefault(page.record.form, {})
        names.update(dict.fromkeys(field.name for field in page.record.fields))
    out = io.BytesIO()
    write_form_sheets(
        out,
        [FormTable(form, tuple(names)) for form, names in fields.items()],
        form_rows((name, page.record) for page in pages),
        [("file", name), ("pages", len(pages))],
    )
    return out.getvalue()


def csv_of(name: str, pages: list[ScannedPage]) -> bytes:
    """The rows of an upload as results.csv has them."""
    out = io.BytesIO()
    rows = (row for page in pages for row in page_rows(name, page.record))
    FORMATS["csv"](out, rows, COMMAS, ())
    return out.getvalue()


def _page_json(page: ScannedPage) -> dict[str, Any]:
    record = page.record
    answer = {
        "number": record.number,
        "width": record.width,
        "height": record.height,
        "fields": [_field_json(field) for field in record.fields],
    }
    if page.overlay is not None:
        answer["overlay"] = "data:image/png;base64," + base64.b64encode(page.overlay).decode()
    return answer


def _field_json(field: FieldRecord) -> dict[str, Any]:
    readings = [cell.reading for cell in field.cells]
    return {
        "name": field.name,
        "kind": field.kind,
        "text": "".join(reading.character or " " for reading in readings).strip(),
        "confidence": round(math.prod(reading.confidence for reading in readings), 4),
        "flagged": any(reading.flagged for reading in readings),
        "cells": list(_cells_json(field)),
    }


def _cells_json(field: FieldRecord) -> Iterator[dict[str, Any]]:
    for cell in field.cells:
        box = cell.box
        place = {name: round(getattr(box, name)) for name in ("x", "y", "width", "height")}
        yield {**place, **_reading_json(cell.reading)}


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "character": reading.character,
        "confidence": round(reading.confidence, 6),
        "flagged": reading.flagged,
        "reasons": list(reading.reasons),
        "alternatives": [
            {"character": other, "confidence": round(share, 6)}
            for other, share in reading.alternatives
        ],
    }


def _png(picture: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format="PNG", compress_level=3)
    return out.getvalue()
