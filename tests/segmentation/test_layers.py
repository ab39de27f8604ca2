"""Layers lie where their page does, at any resolution of it."""

import cv2
import numpy as np
import pytest
from drawn_form import page_of

from hcr_batch.arrays.box_sides import marked_shares
from hcr_batch.segmentation.layers import segment
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.page_scale import rescaled, segmented
from hcr_batch.types import Box


def dark_is(channel):
    """A segmenter to which all that is dark is of one channel."""

    def segmenter(gray):
        maps = np.zeros((len(CHANNELS), -(-gray.shape[0] // 2), -(-gray.shape[1] // 2)), np.uint8)
        small = cv2.resize(gray, maps.shape[:0:-1], interpolation=cv2.INTER_AREA)
        maps[CHANNELS.index(channel)] = np.where(small < 128, 255, 0)
        return maps

    return segmenter


@pytest.mark.parametrize("dpi", [75, 100, 150, 200, 300])
def test_a_layer_brought_to_the_page_lies_on_its_ink(dpi):
    gray = np.full((6 * dpi, 4 * dpi), 255, np.uint8)
    gray[2 * dpi : 3 * dpi, dpi : 3 * dpi] = 0
    layers = segment(page_of(gray, dpi), dark_is("writing"))
    assert layers.pixels_per_mm * 25.4 == pytest.approx(100, abs=1)
    full = layers.full(layers.written, gray.shape)
    assert full.shape == gray.shape
    assert ((full > 128) == (gray < 128)).mean() > 0.98
    assert layers.pen_share(Box(0.5 * dpi, 1.5 * dpi, 3 * dpi, 2 * dpi)) > 0.95
    assert layers.pen_share(Box(0, 4 * dpi, dpi, dpi)) == 1.0
    (box,) = layers.on_page(np.array([[100, 200, 300, 300.0]]))
    assert (box.x, box.y, box.right, box.bottom) == pytest.approx(
        (dpi, 2 * dpi, 3 * dpi, 3 * dpi), abs=2
    )


def lettered(height_mm, dpi):
    """A page with 60 pieces of print of a height."""
    gray = np.full((5 * dpi, 6 * dpi), 255, np.uint8)
    size = round(height_mm * dpi / 25.4)
    for number in range(60):
        y, x = (number // 10) * dpi // 2 + 20, (number % 10) * dpi // 2 + 20
        gray[y : y + size, x : x + size] = 0
    return page_of(gray, dpi)


@pytest.mark.parametrize("height", [1.9, 2.6, 3.6])
def test_print_of_usual_height_leaves_the_resolution_alone(height):
    page = lettered(height, 150)
    same, _ = segmented(page, dark_is("print"))
    assert same is page


@pytest.mark.parametrize("wrong", [60, 400])
def test_print_of_impossible_height_corrects_the_resolution(wrong):
    page = lettered(2.6, 150)
    seen = page_of(page.gray, wrong)
    better, layers = segmented(seen, dark_is("print"))
    assert better.dpi == pytest.approx(150, rel=0.12)
    assert layers.scale == pytest.approx(1.5, rel=0.12)


def test_a_page_without_print_tells_nothing():
    page = page_of(np.full((300, 300), 255, np.uint8), 200)
    assert rescaled(page, segment(page, dark_is("print"))) is None


def test_marked_shares_are_the_means_of_what_lies_in_the_boxes():
    mask = np.random.default_rng(2).random((60, 80)) > 0.6
    boxes = np.array([[3.0, 4, 20, 31], [50.4, 9.6, 79, 60], [-5, -5, 10, 8], [70, 50, 99, 99]])
    plain = [mask[4:31, 3:20], mask[10:60, 50:79], mask[:8, :10], mask[50:, 70:]]
    assert marked_shares(mask, boxes) == pytest.approx([part.mean() for part in plain])
    assert marked_shares(mask, boxes[:1]) == pytest.approx([plain[0].mean()])
    assert marked_shares(mask, boxes[:0]).shape == (0,)
