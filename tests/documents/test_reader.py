import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hcr_batch.config import load_settings
from hcr_batch.documents import count_pages, open_pages

SETTINGS = load_settings().documents


@pytest.fixture(params=["tif", "pdf", "pdf with poppler"])
def document(request, tmp_path):
    """Five pages, each of a width of its own, and the settings to read them with."""
    ending, _, renderer = request.param.partition(" with ")
    if renderer and not shutil.which("pdftoppm"):
        pytest.skip("poppler is not installed")
    pages = [Image.new("L", (600 + 40 * number, 800), 255) for number in range(1, 6)]
    path = tmp_path / f"five.{ending}"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=72.0)
    settings = replace(SETTINGS, pdf_dpi=72.0, pdf_renderer=renderer or "pdfium")
    return path, settings


def test_a_part_of_a_document_is_as_in_the_whole(document):
    path, settings = document
    whole = list(open_pages(path, settings))
    assert count_pages(path, settings) == len(whole) == 5
    for first, last in ((1, 2), (3, 5), (4, 9), (2, 2)):
        part = list(open_pages(path, settings, first, last))
        assert [page.number for page in part] == list(range(first, min(last, 5) + 1))
        for page in part:
            assert np.array_equal(page.gray, whole[page.number - 1].gray)
            assert np.array_equal(page.to_source, whole[page.number - 1].to_source)
    assert list(open_pages(path, settings, 6, 8)) == []


def test_a_picture_is_one_page(tmp_path):
    path = tmp_path / "one.png"
    Image.new("L", (600, 800), 255).save(path)
    assert count_pages(path, SETTINGS) == len(list(open_pages(path, SETTINGS))) == 1
