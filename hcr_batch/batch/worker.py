"""What a worker does with one file: read it, or draw what was read on it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hcr_batch.config import DocumentSettings, Settings
from hcr_batch.errors import DocumentError, HcrError
from hcr_batch.results.atomic import atomic_output
from hcr_batch.results.overlay import draw_page
from hcr_batch.results.records import PageRecord, record_page
from hcr_batch.types import Page

__all__ = ["DrawTask", "Outcome", "PageDrawer", "PageReader", "picture_paths"]


@dataclass(frozen=True)
class Outcome:
    """What came of reading one file; `failure` is None if it was read."""

    pages: tuple[PageRecord, ...]
    failure: str | None
    seconds: float


@dataclass(frozen=True)
class PageReader:
    """Makes the function that reads a file; the model is loaded once a process."""

    settings: Settings

    def __call__(self) -> Callable[[Path], Outcome]:
        import cv2

        from hcr_batch.recognition import load_recognizer
        from hcr_batch.recognition.pipeline import scan_document

        # One process a core: threads of their own would only get in each other's way.
        cv2.setNumThreads(1)
        recognizer = load_recognizer(self.settings.recognition.model or None, threads=1)
        return lambda path: read_file(
            path, lambda file: scan_document(file, recognizer, settings=self.settings)
        )


@dataclass(frozen=True)
class DrawTask:
    """A file, the pages read in it, and its name in the results."""

    path: Path
    name: str
    pages: tuple[PageRecord, ...]


@dataclass(frozen=True)
class PageDrawer:
    """Makes the function that draws the pages of a file into a folder."""

    settings: DocumentSettings
    folder: Path

    def __call__(self) -> Callable[[DrawTask], str | None]:
        return self._draw

    def _draw(self, task: DrawTask) -> str | None:
        """Write a PNG for every page; why it failed, or None."""
        from hcr_batch.documents import open_pages

        records = {record.number: record for record in task.pages}
        paths = picture_paths(self.folder, task.name, task.pages)
        try:
            with closing(open_pages(task.path, self.settings)) as pages:
                for page in pages:
                    if page.number in records:
                        self._draw_page(page, records[page.number], task, paths[page.number])
        except HcrError as error:
            return str(error)
        return None

    def _draw_page(self, page: Page, record: PageRecord, task: DrawTask, path: Path) -> None:
        picture = draw_page(page, record, f"{task.name}, page {page.number}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_output(path) as file:
            picture.save(file, format="PNG")


def picture_paths(folder: Path, name: str, pages: tuple[PageRecord, ...]) -> dict[int, Path]:
    """Where the picture of each page goes: `scans/a.pdf` has `scans/a.pdf.p1.png`."""
    return {page.number: folder / f"{name}.p{page.number}.png" for page in pages}


def read_file(path: Path, scan: Callable[[Path], tuple]) -> Outcome:
    """Read one file, whatever is wrong with it.

    Parameters
    ----------
    scan : callable
        From a path to a tuple of PageReading.
    """
    start = time.perf_counter()
    pages, failure = (), None
    try:
        pages = tuple(map(record_page, scan(path)))
    except DocumentError as error:
        failure = str(error)
    except Exception as error:
        # The outermost edge of one file: a defect met in it must not cost the
        # other files of the night. It is recorded with its place and counted as failed.
        place = traceback.extract_tb(error.__traceback__)[-1]
        failure = (
            f"{path}: cannot be read, by a defect of the program "
            f"({type(error).__name__}: {error}, at {Path(place.filename).name}:{place.lineno}); "
            "please report it"
        ).replace("\n", " ")
    return Outcome(pages, failure, time.perf_counter() - start)
