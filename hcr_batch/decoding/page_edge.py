"""Characters that the edge of the scan cuts: what is left of them may look like another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hcr_batch.types import CellReading, Page

__all__ = ["flagged_at_edge"]

EDGE_MM = 0.2
"""Ink that ends so near to the edge goes on beyond it: a thin stroke is 0.3 mm wide."""


def flagged_at_edge(cell: CellReading, page: Page) -> CellReading:
    """A cell with its character flagged `cut_off` where that touches the edge of the page.

    Parameters
    ----------
    cell : CellReading
    page : Page
        In whose file the cell is placed.
    """
    scale = np.sqrt(abs(np.linalg.det(page.to_source[:2, :2])))
    reach = max(1.0, EDGE_MM * page.pixels_per_mm * scale)
    box, (width, height) = cell.box, page.source_size
    room = min(box.x, box.y, width - box.right, height - box.bottom)
    if not cell.reading.character or room >= reach:
        return cell
    reasons = (*cell.reading.reasons, "cut_off")
    return replace(cell, reading=replace(cell.reading, flagged=True, reasons=reasons))
