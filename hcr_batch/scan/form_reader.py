"""Reads the pages of forms; imports all that it takes, which is most of a worker's start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

# The first two come into play with the model and the first page; better now than then.
import hcr_batch.documents.images
import hcr_batch.inference.litert  # noqa: F401
from hcr_batch.config import Settings
from hcr_batch.documents import count_pages, open_pages
from hcr_batch.pipeline import read_page
from hcr_batch.recognition import load_recognizer
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.timing import Stopwatch
from hcr_batch.types import Page, PageReading

if TYPE_CHECKING:
    from hcr_batch.forms.template_files import Template

__all__ = ["FormReader"]


class FormReader:
    """A `DocumentReader` with a model of its own.

    Raises
    ------
    ModelError
        The model cannot be loaded.
    """

    def __init__(self, settings: Settings, templates: Sequence[Template]) -> None:
        # One process a core: threads of their own would only get in each other's way.
        cv2.setNumThreads(1)
        self._settings = settings
        self._templates = templates
        self._recognizer = load_recognizer(settings.recognition.model or None, threads=1)
        self._segmenter = load_segmenter()

    def pages(self, path: Path, first: int, last: int, watch: Stopwatch) -> Iterator[PageReading]:
        """Read pages `first` to `last`, as far as there are any, timing the stages."""
        with closing(open_pages(path, self._settings.documents, first, last)) as pages:
            while taken := _next_timed(pages, watch):
                yield read_page(
                    taken.pop(),
                    self._recognizer,
                    self._segmenter,
                    self._settings,
                    self._templates,
                    watch,
                )

    def count(self, path: Path) -> int:
        """Number of pages."""
        return count_pages(path, self._settings.documents)


def _next_timed(pages: Iterator[Page], watch: Stopwatch) -> list[Page]:
    """The next page if there is one; who takes it from the list is the only one who holds it.

    So its pixels go as soon as they are turned level, and the others find room in their place.
    """
    with watch("decode"):
        return list(islice(pages, 1))
