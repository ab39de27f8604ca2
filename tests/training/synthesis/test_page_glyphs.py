"""Glyphs that the program cuts from made pages keep what was written."""

import cv2
import numpy as np
import pytest
from PIL import ImageFont
from sets_maker import cell

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.training.classifier.batches import Handwriting, class_balanced
from hcr_batch.training.synthesis.page_glyphs import (
    NOTHING,
    PAGES_A_FILE,
    PageMaker,
    make_page_glyphs,
)
from hcr_batch.training.synthesis.printing import Printer

LABELS = np.array(list("ABEFHKR"))


def written(labels, share):
    rng = np.random.default_rng(3)
    images = np.stack([normalize_ink(255 - cell(str(label), rng)) for label in labels])
    weights = np.ones(len(labels), np.float32)
    return Handwriting(images, labels, weights, class_balanced(labels, weights), share, "known")


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    path = tmp_path_factory.mktemp("fonts") / "default.ttf"
    path.write_bytes(ImageFont.load_default(12).font_bytes)
    sources = (written(LABELS[:4], 0.5), written(LABELS[4:], 0.5))
    return PageMaker(sources, [], Printer((str(path),), ()), load_segmenter(), 5)


@pytest.fixture(scope="module")
def pages(maker):
    return [maker.page(number) for number in range(2)]


def test_a_page_has_many_glyphs_of_every_source(pages):
    assert sum(len(page) for page in pages) > 30
    for source in (0, 1):
        assert sum(len(page.of(source)) for page in pages) > 8


def alike(one, other):
    a, b = (cv2.GaussianBlur(g, (0, 0), 1.5).ravel().astype(float) for g in (one, other))
    return a @ b > 0.5 * np.linalg.norm(a) * np.linalg.norm(b)


def test_the_glyphs_are_what_was_written(maker, pages):
    """Torn or blotted ones are among them, but few."""
    same = [
        alike(image, maker.sources[source].images[row])
        for page in pages
        for source, row, image in zip(page.sources, page.rows, page.images)
        if row != NOTHING
    ]
    assert np.mean(same) > 0.9


def test_what_is_no_character_stands_apart(pages):
    for page in pages:
        nothing = page.of(NOTHING)
        assert (nothing.rows == NOTHING).all()
        assert len(nothing) + len(page.of(0)) + len(page.of(1)) == len(page)


def test_the_same_number_gives_the_same_page(maker, pages):
    again = maker.page(1)
    assert np.array_equal(again.images, pages[1].images)
    assert np.array_equal(again.rows, pages[1].rows)


def test_what_was_made_is_not_made_again(maker, pages, tmp_path):
    first = np.concatenate([page.rows for page in pages])
    made = iter(pages * PAGES_A_FILE)

    class Once:
        def page(self, number):
            return next(made)

    glyphs = make_page_glyphs(Once(), 10, tmp_path)
    assert np.array_equal(glyphs.rows[: len(first)], first)
    made = iter(())
    assert np.array_equal(make_page_glyphs(Once(), 10, tmp_path).rows, glyphs.rows)
