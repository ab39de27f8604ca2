"""How well the page segmentation does on forms of sources that it has not learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage.measure import label, regionprops

from hcr_batch.segmentation.network import CHANNELS, Segmenter
from hcr_batch.training.synthesis.blanks import BlankForm, blank_forms, is_held_out
from hcr_batch.training.synthesis.canvas import DPI
from hcr_batch.training.synthesis.filled_pages import FilledPage, fill_form
from hcr_batch.training.synthesis.penmanship import load_penmanship
from hcr_batch.training.synthesis.printing import load_printer
from hcr_batch.training.synthesis.samples import Sample, SampleMaker

__all__ = ["cells_found", "channel_metrics", "measure_pages"]

SEED = 20240229
"""Of what is measured on; always the same."""
CROPS_A_PAGE = 6
"""Crops on which the channels are measured, by whole pages on which the cells are."""
ON = 128
"""Probability, 0 to 255, from which a pixel belongs to a channel."""
LEAST_CELL = 9
"""Pixels at 100 dpi of a component of the cell channel that counts."""


def measure_pages(segmenter: Segmenter, data: Path, fonts: Path, pages: int) -> dict[str, Any]:
    """Figures of each channel on crops, and of cells by their places on whole pages.

    Parameters
    ----------
    segmenter : Segmenter
    data : Path
        Folder with blank_forms/ and characters/.
    fonts : Path
    pages : int
        How many; all forms come from held-out sources.

    Returns
    -------
    dict
        By channel: `precision`, `recall`, `f1` (0 to 1) over the pixels where it is known;
        `cells`: `cells`, `found`, `found_written` and `invented`.
    """
    held = [form for form in blank_forms(data / "blank_forms") if is_held_out(form.source)]
    skill = load_penmanship(data)
    maker = SampleMaker(held, load_printer(fonts), skill, SEED)
    metrics: dict[str, Any] = channel_metrics(
        segmenter, (maker.sample() for _ in range(CROPS_A_PAGE * pages))
    )
    with_cells = _spread([form for form in held if form.cells], pages)
    filled = (fill_form(form, skill, SEED + i) for i, form in enumerate(with_cells))
    return metrics | {"cells": _summed(cells_found(segmenter, page) for page in filled)}


def _spread(forms: Sequence[BlankForm], count: int) -> list[BlankForm]:
    """So many forms, the sources in turn as far as they go, then over again."""
    chosen = np.linspace(0, len(forms) - 1, count).round().astype(int) if forms else []
    return [forms[i] for i in chosen]


def channel_metrics(segmenter: Segmenter, samples: Iterable[Sample]) -> dict[str, Any]:
    """Precision, recall and F1 of each channel at the pixel."""
    hits, said, wanted = (np.zeros(len(CHANNELS)) for _ in range(3))
    bits = (1 << np.arange(len(CHANNELS), dtype=np.uint8))[:, None, None]
    for sample in samples:
        known = (sample.known & bits) > 0
        on = (segmenter(sample.gray) >= ON) & known
        true = ((sample.truth & bits) > 0) & known
        hits += (on & true).sum((1, 2))
        said += on.sum((1, 2))
        wanted += true.sum((1, 2))
    precision, recall = hits / np.maximum(said, 1), hits / np.maximum(wanted, 1)
    f1 = 2 * hits / np.maximum(said + wanted, 1)
    return {
        name: {"precision": float(p), "recall": float(r), "f1": float(f)}
        for name, p, r, f in zip(CHANNELS, precision, recall, f1)
    }


def cells_found(segmenter: Segmenter, page: FilledPage) -> dict[str, int]:
    """Cells in whose middle one component of the cell channel lies; `invented` lie in none."""
    gray = page.gray
    if page.dpi != DPI:
        scale = DPI / page.dpi
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    layer = segmenter(gray)[CHANNELS.index("cell")] >= ON
    inner = [one.centroid[::-1] for one in regionprops(label(layer)) if one.area >= LEAST_CELL]
    middles = np.array(inner).reshape(-1, 2) * (2 * page.dpi / DPI)
    used = np.zeros(len(middles), bool)
    found = written = 0
    for cell in page.cells:
        box = cell.box
        aside = np.abs(middles - (box.x + box.width / 2, box.y + box.height / 2))
        inside = (aside < (0.5 * box.width, 0.5 * box.height)).all(1)
        used |= inside
        found += bool(inside.sum() == 1)
        written += bool(inside.sum() == 1 and cell.character)
    doubtful = sum(_within(middles, box) for box in page.unsure)
    return {
        "cells": len(page.cells),
        "written": sum(bool(cell.character) for cell in page.cells),
        "found": found,
        "found_written": written,
        "invented": int((~used & ~np.asarray(doubtful, bool)).sum()),
    }


def _within(points: np.ndarray, box: Any) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    return (x > box.x) & (x < box.right) & (y > box.y) & (y < box.bottom)


def _summed(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total
