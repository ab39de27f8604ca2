"""Pale pencil and faded pens are seen on a page that is made darker."""

import numpy as np
import pytest

from hcr_batch.segmentation.faint_ink import darker, has_faint_writing
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.segmentation.seen_page import seen_page
from hcr_batch.types import Page

WRITING = CHANNELS.index("writing")


def written(levels, paper=250, noise=0):
    """A page of bars of these gray levels."""
    page = np.full((100 * len(levels), 400), paper, np.uint8)
    for row, level in enumerate(levels):
        for x in range(40, 360, 20):
            page[100 * row + 30 : 100 * row + 60, x : x + 4] = level
    spread = np.random.default_rng(3).normal(0, noise, page.shape)
    return np.clip(page + spread, 0, 255).astype(np.uint8)


def is_faint(levels, **changes):
    page, bars = written(levels, **changes), written(levels, paper=255)
    maps = np.zeros((len(CHANNELS), page.shape[0] // 2, page.shape[1] // 2), np.uint8)
    maps[WRITING] = 255 * (bars[::2, ::2] < 255)
    layers = Layers(maps, 2.0)
    return has_faint_writing(layers, seen_page(page, maps.shape[1:], layers.pixels_per_mm))


@pytest.mark.parametrize("levels", [[230], [60, 60, 60, 230], [232, 236]])
def test_pencil_is_faint_beside_whatever_else(levels):
    assert is_faint(levels)


@pytest.mark.parametrize("levels", [[60], [180, 60], [205]])
def test_pens_are_not(levels):
    assert not is_faint(levels)


def test_noise_makes_nothing_darker():
    assert is_faint([228], noise=6)
    assert not is_faint([60], noise=6)


def test_paper_is_white_and_pencil_twice_as_dark():
    page = written([230])
    page[:, 200:] = (page[:, 200:] * 0.8).astype(np.uint8)
    paper = np.full(page.shape, 250, np.uint8)
    paper[:, 200:] = 200
    made = darker(page, paper).astype(int)
    assert made[10].min() >= 253
    assert 255 - made[45].min() == pytest.approx(2 * 255 * 20 / 250, abs=4)


def test_what_is_seen_on_the_darker_page_counts():
    def sees_dark(gray):
        maps = np.zeros((len(CHANNELS), gray.shape[0] // 2, gray.shape[1] // 2), np.uint8)
        maps[WRITING] = 255 * (gray[::2, ::2] < 225)
        return maps

    gray = written([60, 228, 223])
    _, layers = segmented(Page(gray, 200.0, 1, np.eye(3), gray.shape[::-1]), sees_dark)
    assert [bool((part >= 128).any()) for part in np.split(layers.written, 3)] == [True] * 3
