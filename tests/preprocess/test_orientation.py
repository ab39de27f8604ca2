"""Pages that lie on their side or upside down are read upright."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_form import the_segmenter

from hcr_batch import load_recognizer
from hcr_batch.alphabet import CHARACTERS
from hcr_batch.characters.isolate import isolate_fields
from hcr_batch.characters.normalize import normalize_inks
from hcr_batch.characters.writing import strokes_of
from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.geometry import projected
from hcr_batch.layout.fields import find_fields
from hcr_batch.pipeline import read_page
from hcr_batch.preprocess.binarize import binarize
from hcr_batch.preprocess.orientation import reads_upright, turned, turns_by_cells, turns_by_letters
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import Page

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "forms"


def page_of(name):
    (page,) = open_pages(SAMPLES / name, load_settings().documents)
    return page


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


@pytest.fixture(scope="module")
def slip():
    return page_of("payment-slip.png")


def rotated(page, turns):
    """The page as it would lie in a file that was scanned `turns` quarters clockwise."""
    gray = np.ascontiguousarray(np.rot90(page.gray, -turns))
    return Page(gray, page.dpi, 1, np.eye(3), gray.shape[::-1])


@pytest.fixture(scope="module")
def classify(recognizer):
    return lambda inks: recognizer.scores(normalize_inks(inks)).characters


def cells_of(page, classify):
    """What stands in the cells of a page as it lies, and its probabilities."""
    settings = load_settings()
    page, layers = segmented(page, the_segmenter())
    boxed = [f for f in find_fields(layers, settings.layout) if f.kind != "free"]
    ink = binarize(page, settings.layout)
    writing = strokes_of(layers.written, ink, layers, page.pixels_per_mm, settings.glyphs)
    cells, _ = isolate_fields(writing, boxed, settings.glyphs)
    inks = [cell.ink for row in cells for cell in row if cell.ink is not None]
    return inks, classify(inks)


@pytest.mark.parametrize("turns", range(4))
def test_letters_tell_the_way_up(slip, classify, turns):
    page = rotated(slip, turns)
    ink = binarize(page, load_settings().layout)
    assert turns_by_letters(ink, page.pixels_per_mm, classify) == turns


@pytest.mark.parametrize("name", ["membership.png", "parking-permit.jpg"])
@pytest.mark.parametrize(("turns", "told"), [(0, 0), (1, None), (2, 2), (3, None)])
def test_the_characters_in_cells_tell_whether_a_page_is_upside_down(classify, name, turns, told):
    page = rotated(page_of(name), turns)
    assert turns_by_cells(*cells_of(page, classify), classify) == told


def test_specks_of_a_coarse_scan_do_not_tell(slip, classify):
    """Only what is print or writing is looked at: specks may look like letters on their side."""
    gray = slip.gray.copy()
    rng = np.random.default_rng(5)
    for y, x in (rng.random((900, 2)) * (np.array(gray.shape) - 30)).astype(int):
        gray[y : y + 4, x : x + 12] = gray[y : y + 16, x : x + 4] = 0
    ink = binarize(dataclasses.replace(slip, gray=gray), load_settings().layout)
    clean = binarize(slip, load_settings().layout)
    text = cv2.dilate(clean.mask, np.ones((3, 3), np.uint8)) > 0
    assert turns_by_letters(ink, slip.pixels_per_mm, classify, text) == 0


def test_a_classifier_that_has_hardly_learned_anything_cannot_tell(slip, classify):
    turned_slip = rotated(slip, 1)
    ink = binarize(turned_slip, load_settings().layout)
    assert turns_by_letters(ink, slip.pixels_per_mm, lambda inks: classify(inks) * 0.3) == 0


def surely(text):
    """Probabilities of characters that were read without doubt."""
    return 0.97 * np.eye(62, dtype=np.float32)[[CHARACTERS.index(c) for c in text]] + 1e-4


def test_characters_that_look_alike_upside_down_do_not_tell():
    assert reads_upright(surely("MARKGRAF42"))
    assert not reads_upright(surely("8019SOXNZH" * 9))
    assert not reads_upright(surely("bPdnW7LhetS" * 9))
    assert not reads_upright(surely("RA4"))
    assert not reads_upright(surely(""))


def test_a_recognizer_without_small_letters_cannot_tell():
    characters = surely("MARKGRAF42")
    characters[:, [CHARACTERS.index(c) for c in "abcdefghijklmnopqrstuvwxyz"]] = 1e-12
    assert not reads_upright(characters)


def test_an_empty_page_is_left_as_it_is(classify):
    page = Page(np.full((600, 400), 255, np.uint8), 100.0, 1, np.eye(3), (400, 600))
    ink = binarize(page, load_settings().layout)
    assert turns_by_letters(ink, page.pixels_per_mm, classify) == 0


@pytest.mark.parametrize("turns", range(1, 4))
def test_turned_places_map_back_to_the_file(turns):
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    page = turned(Page(gray, 100.0, 1, np.eye(3), (4, 3)), turns)
    for y, x in np.ndindex(page.gray.shape):
        ((column, row),) = projected(page.to_source, np.array([[x, y]]))
        assert gray[round(row), round(column)] == page.gray[y, x]


@pytest.mark.parametrize(
    ("name", "turns"), [("payment-slip.png", 1), ("payment-slip.png", 2), ("membership.png", 2)]
)
def test_a_turned_form_reads_the_same_with_its_cells_in_place(name, recognizer, turns):
    settings, page = load_settings(), page_of(name)
    upright = read_page(page, recognizer, the_segmenter(), settings)
    other = read_page(rotated(page, turns), recognizer, the_segmenter(), settings)
    texts = [field.text for field in upright.fields]
    same = [a == b for a, b in zip(texts, [field.text for field in other.fields], strict=True)]
    assert np.mean(same) >= 0.8
    first, there = upright.fields[0].cells[0].box, other.fields[0].cells[0].box
    rows, columns = page.gray.shape
    middle = {
        1: (rows - first.y - first.height / 2, first.x + first.width / 2),
        2: (columns - first.x - first.width / 2, rows - first.y - first.height / 2),
    }[turns]
    assert there.x < middle[0] < there.right
    assert there.y < middle[1] < there.bottom
