"""Pages that could not be read: one flagged cell, the page itself, so that a person looks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from hcr_batch.geometry import projected
from hcr_batch.types import (
    UNKNOWN_FORM,
    Box,
    CellReading,
    FieldReading,
    Page,
    PageReading,
    Reading,
    SourceBox,
)

__all__ = ["NOTHING_FOUND", "part_not_read", "unread_page"]

NOTHING_FOUND = "nothing_found"
"""Why a person looks at a page that has something on it, but no field."""
PICTURE_WIDTH = 800
"""Pixels of the picture of such a page."""


def unread_page(page: Page, name: str, reason: str) -> PageReading:
    """The reading of a page whose fields are not known: one field of that name, flagged.

    Parameters
    ----------
    page : Page
    name : str
        `unknown_form` or :data:`NOTHING_FOUND`.
    reason : str
        Why a person looks at it.
    """
    width, height = page.source_size
    rows, columns = page.gray.shape
    field = part_not_read(page, Box(0, 0, columns, rows), reason)
    (cell,) = field.cells
    cells = (replace(cell, box=SourceBox(0, 0, width, height)),)
    form = UNKNOWN_FORM if name == UNKNOWN_FORM else ""
    return PageReading(page.number, width, height, (replace(field, name=name, cells=cells),), form)


def part_not_read(page: Page, area: Box, reason: str) -> FieldReading:
    """A flagged cell for a part of the page that is of no known form."""
    first, last = (max(0, int(area.x)), max(0, int(area.y))), (int(area.right), int(area.bottom))
    part = page.gray[first[1] : last[1], first[0] : last[0]]
    scale = min(1.0, PICTURE_WIDTH / part.shape[1])
    image = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cell = CellReading(_on_source(area, page), Reading("", 0.0, True, (reason,)), image)
    return FieldReading(UNKNOWN_FORM, "free", (cell,))


def _on_source(box: Box, page: Page) -> SourceBox:
    """The bounding box in whole pixels of the page as it lies in the file."""
    corners = np.array([(x, y) for x in (box.x, box.right) for y in (box.y, box.bottom)])
    placed = projected(page.to_source, corners)
    size = np.array(page.source_size)
    first = np.clip(np.floor(placed.min(axis=0)), 0, size - 1)
    last = np.clip(np.ceil(placed.max(axis=0)), first + 1, size)
    return SourceBox(*np.concatenate([first, last - first]).astype(int).tolist())


