"""Strings taken from made pages are whole, and stand for what was written."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from hcr_batch.characters.line_strip import STRIP_HEIGHT, line_strip
from hcr_batch.config import data_folder
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.training.line_reader.line_drawing import Drawing
from hcr_batch.training.line_reader.line_pages import LinePageMaker, make_page_lines
from hcr_batch.training.line_reader.line_recipe import load_line_recipe
from hcr_batch.training.line_reader.line_samples import LineSample, Sampler
from hcr_batch.training.synthesis.printing import Printer

TEXTS = ("OAK", "RIVER", "42 WEST", "9075")


def drawn(text):
    font = ImageFont.load_default(44)
    _, _, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right) + 12, int(bottom) + 12), 0)
    ImageDraw.Draw(image).text((6, 6), text, fill=255, font=font)
    return Drawing(np.asarray(image), 32.0)


class Writer:
    """Writes one of a few texts each time."""

    def drawing(self, rng):
        text = TEXTS[int(rng.integers(len(TEXTS)))]
        return drawn(text), text, True


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    path = tmp_path_factory.mktemp("fonts") / "default.ttf"
    path.write_bytes(ImageFont.load_default(12).font_bytes)
    return LinePageMaker(Writer(), [], Printer((str(path),), ()), load_segmenter(), 5)


@pytest.fixture(scope="module")
def lines(maker):
    return [line for number in range(8) for line in maker.page(number)]


def test_the_strings_are_as_long_as_what_was_written(lines):
    assert len(lines) > 10
    wanted = {text: line_strip(drawn(text).ink).image.shape[1] for text in TEXTS}
    ratios = np.array([line.strip.shape[1] / wanted[line.text] for line in lines])
    assert all(line.strip.shape[0] == STRIP_HEIGHT for line in lines)
    assert np.mean(np.abs(ratios - 1) < 0.25) > 0.85


def test_the_same_number_gives_the_same_strings(maker, lines):
    again = [line for number in range(3) for line in maker.page(number)]
    for one, other in zip(again, lines, strict=False):
        assert one.text == other.text
        assert np.array_equal(one.strip, other.strip)


def test_what_was_made_is_not_made_again(lines, tmp_path):
    class Once:
        def __init__(self, pages):
            self.left = iter(pages)

        def page(self, number):
            return next(self.left)

    first = make_page_lines(Once([lines] + [[]] * 19), 5, tmp_path)
    again = make_page_lines(Once([]), 5, tmp_path)
    assert [line.text for line in first] == [line.text for line in again]
    assert all(np.array_equal(a.strip, b.strip) for a, b in zip(first, again, strict=True))


def test_they_are_shown_as_often_as_the_recipe_says():
    recipe = load_line_recipe(data_folder("configs") / "train" / "line_reader.toml")
    shown = LineSample(np.full((STRIP_HEIGHT, 120), 255, np.uint8), "A", False)
    rng = np.random.default_rng(1)

    class Drawn(Sampler):
        def __init__(self, share):
            self.recipe, self.pages = replace(recipe, page_share=share), [shown]

        def drawing(self, rng):
            return drawn("OAK"), "OAK", True

    for share in (0.0, 0.35, 1.0):
        texts = [Drawn(share).sample(rng).text for _ in range(200)]
        assert abs(texts.count("A") / 200 - share) < 0.12
