"""Pictures of the pages that cells stand on, made again from the files that were scanned."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hcr_batch.documents import LimitedReader, open_regular
from hcr_batch.errors import DocumentError
from hcr_batch.geometry import scaled
from hcr_batch.journal.cell_table import PlacedField
from hcr_batch.types import Box, Page, SourceBox

if TYPE_CHECKING:
    from hcr_batch.config import Settings

__all__ = ["PagePictures"]

KEPT_PAGES = 4
"""Pages kept in memory: the one looked at and those before."""
PAGE_WIDTH = 1400
"""Pixels; wider pages are reduced for the screen."""
FIELD_WIDTH = 1400
MARGINS = (7.0, 1.6, 0.6, 0.6)
"""Left of a field, above, right and below, as shares of its cells' height: the printed label stands
before it or above it."""
FRAME = 0.05
"""Thickness of the frame around a marked cell, as a share of its height."""
MARK_COLOR = (0, 96, 230)
"""Orange (blue, green, red): stands out on paper, light and dark, also to the colour-blind."""
DIGEST_BLOCK = 1 << 20


class PagePictures:
    """Draws fields and pages; the files come from the journal, never from a request.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader = LimitedReader.of(settings.batch)
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, int], Page] = OrderedDict()

    def field(self, field: PlacedField, marked: Sequence[SourceBox]) -> bytes:
        """PNG of a field and a little around it, with some of its cells marked.

        Raises
        ------
        DocumentError
            The file is gone, is another one now, or cannot be read.
        """
        page = self._page(field)
        cells = [_on_page(cell.box, page, field.size) for cell in field.field.cells]
        height = max(cell.height for cell in cells)
        marks = [_on_page(box, page, field.size) for box in marked]
        return _drawn(page, _around(cells, height), marks, FIELD_WIDTH)

    def page(self, field: PlacedField, marked: Sequence[SourceBox]) -> bytes:
        """PNG of a whole page with some cells marked; raises as `field` does."""
        page = self._page(field)
        rows, columns = page.gray.shape
        marks = [_on_page(box, page, field.size) for box in marked]
        return _drawn(page, Box(0, 0, columns, rows), marks, PAGE_WIDTH)

    def _page(self, field: PlacedField) -> Page:
        key = field.sha256, field.page
        with self._lock:
            if key not in self._pages:
                self._pages[key] = self._read(field)
            self._pages.move_to_end(key)
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
            return self._pages[key]

    def _read(self, field: PlacedField) -> Page:
        path = next((path for path in field.paths if _sha256(path) == field.sha256), None)
        if path is None:
            raise DocumentError(f"{field.file}: not there any more as it was scanned")
        settings, number = self._settings.documents, field.page
        with closing(self._reader.pages(path, settings, number, number)) as pages:
            for page in pages:
                return page
        raise DocumentError(f"{field.file}: has no page {number} any more")


def _sha256(path: Path) -> str | None:
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while block := file.read(DIGEST_BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def _on_page(box: SourceBox, page: Page, size: tuple[int, int]) -> Box:
    """A box of the page as it was read, on the upright page as it is drawn now."""
    from hcr_batch.results.overlay import upright_corners

    # Rendered pages may now have another resolution.
    across, down = page.source_size[0] / size[0], page.source_size[1] / size[1]
    now = scaled(box, across, down)
    (left, top), _, (right, bottom), _ = upright_corners(now, page)
    return Box(left, top, right - left, bottom - top)


def _around(boxes: list[Box], height: float) -> Box:
    before, above, behind, below = (height * share for share in MARGINS)
    left = min(box.x for box in boxes) - before
    top = min(box.y for box in boxes) - above
    right = max(box.right for box in boxes) + behind
    bottom = max(box.bottom for box in boxes) + below
    return Box(left, top, right - left, bottom - top)


def _drawn(page: Page, part: Box, marks: Sequence[Box], width: int) -> bytes:
    """PNG of a part of a page, at most `width` pixels wide, with frames around `marks`."""
    import cv2

    rows, columns = page.gray.shape
    left, top = max(0, int(part.x)), max(0, int(part.y))
    right, bottom = min(columns, round(part.right)), min(rows, round(part.bottom))
    picture = page.gray[top:bottom, left:right]
    scale = min(1.0, width / picture.shape[1])
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    color = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    for mark in marks:
        line = max(2, round(FRAME * mark.height * scale))
        first = _pixel(mark.x - left, mark.y - top, scale, -line)
        last = _pixel(mark.right - left, mark.bottom - top, scale, line)
        cv2.rectangle(color, first, last, MARK_COLOR, line, cv2.LINE_AA)
    return cv2.imencode(".png", color)[1].tobytes()


def _pixel(x: float, y: float, scale: float, shift: float) -> tuple[int, int]:
    return round(x * scale + shift), round(y * scale + shift)

