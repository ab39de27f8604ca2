"""Glyphs cut from made pages are learned from, and others held out."""

import numpy as np
import pytest
from PIL import ImageFont
from sets_maker import write_sets

from hcr_batch.training.classifier import page_sets
from hcr_batch.training.classifier.batches import Mixture
from hcr_batch.training.classifier.page_sets import PAGES, with_page_glyphs
from hcr_batch.training.classifier.training_data import load_data
from hcr_batch.training.recipe import load_recipe
from hcr_batch.training.synthesis import page_glyphs
from hcr_batch.training.synthesis.printing import Printer


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Recipe, data and the data with glyphs of pages, few a file to be quick."""
    folder = tmp_path_factory.mktemp("pages")
    path = write_sets(folder)
    font = folder / "default.ttf"
    font.write_bytes(ImageFont.load_default(12).font_bytes)
    recipe = load_recipe(path, page_glyphs=20, page_share=0.9)
    data = load_data(folder, recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_glyphs, "PAGES_A_FILE", 1)
        patch.setattr(page_sets, "load_printer", lambda folder: Printer((str(font),), ()))
        return recipe, data, with_page_glyphs(data, recipe, folder, folder / "work")


def test_each_source_has_glyphs_of_its_own_characters(made):
    _, _, data = made
    assert sum(len(source.paged.rows) for source in data.sources if source.paged) >= 20
    for source in data.sources:
        if source.paged:
            assert len(source.paged.images) == len(source.paged.rows)
            assert source.paged.rows.max() < len(source.labels)


def test_held_out_pages_are_a_set_of_held_out_characters(made):
    _, before, data = made
    (pages,) = (one for one in data.held if one.name == PAGES)
    assert len(pages) > 0
    clean = {str(label) for one in before.held if one.name == "boxed" for label in one.labels}
    assert set(pages.labels.tolist()) <= clean


def test_batches_are_made_of_them(made):
    recipe, _, data = made
    glyphs, targets, weights = Mixture(data.sources, data.printed, recipe, data.rests).batch(0, 0)
    assert glyphs.shape == (recipe.batch_size, 28, 28, 1)
    assert np.isfinite(targets).all()
    assert (weights > 0).all()
