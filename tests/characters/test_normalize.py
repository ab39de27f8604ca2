"""Every glyph comes in EMNIST's form, whatever the resolution."""

import cv2
import numpy as np
import pytest

from hcr_batch.characters.normalize import GLYPH_SIZE, normalize_ink, normalize_inks


def ink_of(character, scale=3.0, pen=7, size=200, place=(60, 140)):
    ink = np.zeros((size, size), np.uint8)
    cv2.putText(ink, character, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, pen, cv2.LINE_AA)
    return ink


def likeness(a, b):
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


def extent(glyph, level=48):
    left, top, width, height = cv2.boundingRect((glyph > level).astype(np.uint8))
    return left, top, GLYPH_SIZE - left - width, GLYPH_SIZE - top - height


@pytest.mark.parametrize("character", "A8gW1")
def test_a_glyph_is_centred_with_a_border_of_two_pixels(character):
    glyph = normalize_ink(ink_of(character))
    assert glyph.shape == (28, 28)
    assert glyph.dtype == np.uint8
    left, top, right, bottom = extent(glyph)
    assert min(left, top, right, bottom) in (2, 3)
    assert abs(left - right) <= 2
    assert abs(top - bottom) <= 2
    assert glyph.max() > 200


def test_the_aspect_stays():
    bar = np.zeros((120, 120), np.uint8)
    bar[20:100, 50:60] = 255
    left, top, right, bottom = extent(normalize_ink(bar))
    assert (top, bottom) == (2, 2)
    assert 28 - left - right <= 6


def test_place_and_surroundings_do_not_matter():
    near, far = ink_of("R", place=(10, 80)), ink_of("R", size=300, place=(150, 250))
    assert np.array_equal(normalize_ink(near), normalize_ink(far))


@pytest.mark.parametrize("character", "AB8gk5")
def test_a_glyph_looks_alike_at_75_and_at_600_dpi(character):
    large = ink_of(character, scale=8, pen=18, size=500, place=(150, 350))
    small = cv2.resize(large, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    assert likeness(normalize_ink(large), normalize_ink(small)) > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (3, 90), (60, 40)])
def test_no_ink_gives_an_empty_glyph(shape):
    assert not normalize_ink(np.zeros(shape, np.uint8)).any()
    assert normalize_ink(np.full(shape, 20, np.uint8)).shape == (28, 28)


@pytest.mark.parametrize("shape", [(1, 1), (1, 60), (60, 1), (4, 4)])
def test_ink_of_any_size_gives_a_glyph(shape):
    glyph = normalize_ink(np.full(shape, 255, np.uint8))
    assert glyph.shape == (28, 28)
    assert glyph.any()


def test_glyphs_of_emnist_stay_what_they_are(hcr_data):
    with np.load(hcr_data / "characters" / "emnist_balanced_part.npz") as data:
        images = data["images"][::200]
    similar = [likeness(image, normalize_ink(image)) for image in images]
    assert np.median(similar) > 0.95


def test_many_inks_give_the_glyphs_that_each_gives_alone():
    sizes = {"A": (3.0, 200), "g": (0.8, 60), "W": (6.0, 500)}
    inks = [
        ink_of(character, scale, place=(size // 3, 2 * size // 3), size=size)
        for character, (scale, size) in sizes.items()
    ] * 30
    inks.insert(1, np.zeros((40, 20), np.uint8))
    inks.insert(70, np.full((300, 1), 255, np.uint8))
    glyphs = normalize_inks(inks)
    assert glyphs.shape == (len(inks), GLYPH_SIZE, GLYPH_SIZE)
    assert not glyphs[1].any()
    for ink, glyph in zip(inks, glyphs, strict=True):
        np.testing.assert_array_equal(glyph, normalize_ink(ink))


def test_no_inks_give_no_glyphs():
    assert normalize_inks([]).shape == (0, GLYPH_SIZE, GLYPH_SIZE)
