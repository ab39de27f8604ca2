"""Characters that the edge of the scan cuts: what is left of them may look like another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hcr_batch.geometry import enlargement
from hcr_batch.types import CUT_OFF, CellReading, Page, SourceBox

__all__ = ["flagged_at_edge"]

EDGE_MM = 0.2
"""Ink that ends so near to the edge goes on beyond it: a thin stroke is 0.3 mm wide."""


def flagged_at_edge(cells: Iterable[CellReading], page: Page) -> tuple[CellReading, ...]:
    """Cells with their characters flagged `cut_off` where these touch the edge of the page.

    Parameters
    ----------
    cells : iterable of CellReading
    page : Page
        In whose file the cells are placed.
    """
    reach = max(1.0, EDGE_MM * page.pixels_per_mm * enlargement(page.to_source))
    return tuple(
        replace(cell, reading=cell.reading.doubted(CUT_OFF))
        if cell.reading.character and _room(cell.box, page) < reach
        else cell
        for cell in cells
    )


def _room(box: SourceBox, page: Page) -> float:
    """Pixels between a box and the nearest edge of the page."""
    width, height = page.source_size
    return min(box.x, box.y, width - box.right, height - box.bottom)
