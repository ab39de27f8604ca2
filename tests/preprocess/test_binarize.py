"""Ink and paper are told apart, whatever the light."""

import cv2
import numpy as np
import pytest
from drawn_form import ink_of, page_of, paper, row_of_boxes

from hcr_batch.config import load_settings
from hcr_batch.preprocess.binarize import binarize, paper_surface


@pytest.fixture
def form():
    gray = paper()
    row_of_boxes(gray, 100, 100, 12)
    cv2.putText(gray, "Anna 1964", (120, 400), cv2.FONT_HERSHEY_SIMPLEX, 3, 30, 6)
    return gray


def test_ink_on_clean_paper_is_found_pixel_by_pixel(form):
    mask = ink_of(form).mask
    assert mask[form < 60].all()
    assert not mask[form > 200].any()


@pytest.mark.parametrize("darkest", [0.8, 0.5])
def test_a_shadow_over_the_page_changes_nothing(form, darkest):
    light = np.linspace(1, darkest, form.shape[1])
    mask = ink_of((form * light).astype(np.uint8)).mask
    drawn = form < 128
    assert mask[drawn].mean() > 0.99
    assert mask[~drawn].mean() < 0.001


def test_gray_paper_counts_as_paper(form):
    ink = ink_of(np.minimum(form, 170))
    assert np.median(ink.darkness) == pytest.approx(0, abs=2)
    assert ink.mask[form < 60].all()
    assert not ink.mask[form >= 170].any()


def test_an_empty_noisy_page_has_no_ink_and_its_noise_is_measured():
    noise = np.random.default_rng(1).normal(225, 6, (700, 900))
    ink = ink_of(np.clip(noise, 0, 255).astype(np.uint8))
    assert not ink.mask.any()
    assert ink.threshold >= load_settings().layout.min_ink_darkness
    assert ink.noise == pytest.approx(6, rel=0.4)


def test_a_page_with_one_bit_a_pixel(form):
    bilevel = np.where(form < 128, 0, 255).astype(np.uint8)
    ink = ink_of(bilevel)
    assert np.array_equal(ink.mask, (bilevel == 0).astype(np.uint8))
    assert ink.noise == 0


def test_a_black_page_and_a_tiny_one_are_no_error():
    settings = load_settings().layout
    for gray in (np.zeros((300, 200), np.uint8), np.full((9, 7), 255, np.uint8)):
        ink = binarize(page_of(gray), settings)
        assert ink.mask.shape == gray.shape


def test_the_paper_surface_does_not_see_the_writing(form):
    surface = paper_surface(np.minimum(form, 210), 200 / 25.4)
    assert np.median(surface) == pytest.approx(210, abs=2)
    assert surface.min() > 0.75 * 210
