"""Pages that lie on their side or upside down are read upright."""

from pathlib import Path

import numpy as np
import pytest

from hcr_batch import load_recognizer
from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.geometry import projected
from hcr_batch.layout.binarize import binarize
from hcr_batch.recognition.orientation import quarter_turns, turned
from hcr_batch.recognition.pipeline import read_page
from hcr_batch.types import Page

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "forms"


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


@pytest.fixture(scope="module")
def slip():
    (page,) = open_pages(SAMPLES / "payment-slip.png", load_settings().documents)
    return page


def rotated(page, turns):
    """The page as it would lie in a file that was scanned `turns` quarters clockwise."""
    gray = np.ascontiguousarray(np.rot90(page.gray, -turns))
    return Page(gray, page.dpi, 1, np.eye(3), gray.shape[::-1])


@pytest.mark.parametrize("turns", range(4))
def test_the_way_up_is_found(slip, recognizer, turns):
    page = rotated(slip, turns)
    ink = binarize(page, load_settings().layout)
    assert quarter_turns(ink, page.pixels_per_mm, recognizer) == turns


def test_an_empty_page_is_left_as_it_is(recognizer):
    page = Page(np.full((600, 400), 255, np.uint8), 100.0, 1, np.eye(3), (400, 600))
    ink = binarize(page, load_settings().layout)
    assert quarter_turns(ink, page.pixels_per_mm, recognizer) == 0


@pytest.mark.parametrize("turns", range(1, 4))
def test_turned_places_map_back_to_the_file(turns):
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    page = turned(Page(gray, 100.0, 1, np.eye(3), (4, 3)), turns)
    for y, x in np.ndindex(page.gray.shape):
        ((column, row),) = projected(page.to_source, np.array([[x, y]]))
        assert gray[round(row), round(column)] == page.gray[y, x]


@pytest.mark.parametrize("turns", [1, 2])
def test_a_turned_form_reads_the_same_with_its_cells_in_place(slip, recognizer, turns):
    settings = load_settings()
    upright = read_page(slip, recognizer, settings)
    other = read_page(rotated(slip, turns), recognizer, settings)
    texts = [field.text for field in upright.fields]
    same = [a == b for a, b in zip(texts, [field.text for field in other.fields], strict=True)]
    assert np.mean(same) >= 0.8
    first, there = upright.fields[0].cells[0].box, other.fields[0].cells[0].box
    rows, columns = slip.gray.shape
    middle = {
        1: (rows - first.y - first.height / 2, first.x + first.width / 2),
        2: (columns - first.x - first.width / 2, rows - first.y - first.height / 2),
    }[turns]
    assert there.x < middle[0] < there.right
    assert there.y < middle[1] < there.bottom
