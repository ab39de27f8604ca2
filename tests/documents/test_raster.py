import cv2
import numpy as np
import pytest

from hcr_batch.config import load_settings
from hcr_batch.documents.raster import Orientation, Raster, make_page, page_dpi

SETTINGS = load_settings().documents


def written_page(rows=1650, columns=1275, border=0):
    """White paper with lines of text-like strokes and a box, as a 150 dpi Letter page."""
    gray = np.full((rows, columns), 240, np.uint8)
    for top in range(150, rows - 150, 60):
        for left in range(150, columns - 150, 30):
            cv2.line(gray, (left, top), (left + 14, top + 22), 20, 3)
    if border:
        gray[:border], gray[-border:], gray[:, :border], gray[:, -border:] = 0, 0, 0, 0
    return gray


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("flip_x", [False, True])
@pytest.mark.parametrize("flip_y", [False, True])
def test_map_to_the_stored_pixels_undoes_the_orientation(transposed, flip_x, flip_y):
    stored = np.full((40, 30), 255, np.uint8)
    stored[7, 21] = 0
    orientation = Orientation(transposed, flip_x, flip_y)
    page = make_page(Raster(orientation.upright(stored), orientation), 1, SETTINGS)
    row, column = np.argwhere(page.gray == 0)[0]
    assert (page.to_source @ (column + 0.5, row + 0.5, 1))[:2] == pytest.approx((21.5, 7.5))
    assert page.source_size == (30, 40)


@pytest.mark.parametrize(
    ("size", "tag", "expected"),
    [
        ((2480, 3508), (300, 300), 300),
        ((2480, 3508), None, 300),
        ((3508, 2480), None, 300),
        ((2550, 3300), None, 300),
        ((2560, 3300), (72, 72), 300),
        ((620, 877), (75, 75), 75),
        ((4960, 7016), (1, 1), 600),
        ((2480, 3508), (300000, 300000), 300),
        ((2480, 3508), (0, 0), 300),
        ((2480, 3508), (float("nan"), 300), 300),
        ((2480, 3508), (300, 20), 300),
        ((827, 1169), (300, 300), 100),
        ((2500, 550), None, 300),
        ((900, 200), (300, 300), 300),
        ((4960, 3508), (300, 300), 300),
    ],
)
def test_resolution_is_plausible(size, tag, expected):
    dpi_x, dpi_y = page_dpi(size, tag, SETTINGS)
    assert dpi_x == pytest.approx(expected, rel=0.03)
    assert dpi_y == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("size", [(5, 5), (1, 4000), (60000, 60000)])
def test_estimate_stays_within_the_bounds_set(size):
    low, high = page_dpi(size, None, SETTINGS)
    assert SETTINGS.min_dpi <= low == high <= SETTINGS.max_dpi


def test_fax_pixels_become_square():
    gray = np.full((1078, 1728), 255, np.uint8)
    gray[500:510, 800:820] = 0
    page = make_page(Raster(gray, dpi=(204, 98)), 1, SETTINGS)
    assert page.dpi == 204
    assert page.gray.shape == (2244, 1728)
    rows, columns = np.nonzero(page.gray < 128)
    corner = (page.to_source @ (columns.min(), rows.min(), 1))[:2]
    assert corner == pytest.approx((800, 500), abs=1)
    assert page.source_size == (1728, 1078)


def test_white_on_black_is_inverted():
    page = make_page(Raster(255 - written_page()), 1, SETTINGS)
    assert np.array_equal(page.gray, written_page())


def test_white_boxes_however_dense_on_black_are_inverted():
    gray = np.full((1650, 1275), 255, np.uint8)
    for y in range(100, 1500, 60):
        for x in range(100, 1100, 45):
            cv2.rectangle(gray, (x, y), (x + 45, y + 50), 0, 2)
    page = make_page(Raster(255 - gray, dpi=(150.0, 150.0)), 1, load_settings().documents)
    assert page.gray.mean() > 200


@pytest.mark.parametrize("border", [0, 120, 140])
def test_black_scan_border_is_no_inversion(border):
    gray = written_page(border=border)
    assert np.array_equal(make_page(Raster(gray), 1, SETTINGS).gray, gray)


def test_small_form_on_a_black_scanner_bed_is_no_inversion():
    gray = np.full((3300, 2550), 8, np.uint8)
    gray[:1650, :1275] = written_page()
    assert make_page(Raster(gray), 1, SETTINGS).gray[3000, 2000] == 8


def test_dark_photograph_on_a_page_is_no_inversion():
    gray = written_page()
    noise = np.random.default_rng(1).integers(0, 120, (1000, 1275))
    gray[:1000] = cv2.blur(noise.astype(np.uint8), (5, 5))
    assert make_page(Raster(gray), 1, SETTINGS).gray[1600, 5] == 240


def test_black_page_stays_black():
    assert make_page(Raster(np.zeros((300, 200), np.uint8)), 1, SETTINGS).gray.max() == 0


def test_numbers_that_are_no_resolution_still_tell_the_shape_of_the_pixels():
    across, down = page_dpi((1654, 1170), (2.0, 1.0), load_settings().documents)
    assert across == pytest.approx(200, abs=3)
    assert down == pytest.approx(100, abs=2)
