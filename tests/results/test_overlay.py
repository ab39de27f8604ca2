import numpy as np

from hcr_batch.results.overlay import DPI, draw_page
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Page, Reading, SourceBox


def drawn(
    reading,
    to_source=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    box=None,
    size=(600, 400),
    dpi=DPI,
    print_at=None,
):
    """The picture, as int16 RGB, of a white page with one cell, and print in a part of it."""
    width, height = size
    gray = np.full((height, width), 255, np.uint8)
    if print_at is not None:
        gray[print_at] = 0
    page = Page(gray, dpi, 1, np.array(to_source, float), size)
    cell = CellRecord(box or SourceBox(200, 200, 60, 80), reading)
    record = PageRecord(1, width, height, (FieldRecord("f001", "comb", (cell,)),))
    return np.array(draw_page(page, record, "page 1")).astype(np.int16)


def reddish(picture):
    return (picture[..., 0] - picture[..., 1]) > 60


def bluish(picture):
    return (picture[..., 2] - picture[..., 0]) > 60


def test_a_read_cell_is_blue_and_nothing_is_red():
    page = drawn(Reading("7", 0.99))[:400]
    rows, columns = np.nonzero(bluish(page))
    assert columns.min() >= 198
    assert columns.max() <= 262
    assert rows.min() < 198  # the tag with the character stands above the cell
    assert rows.max() <= 282
    assert not reddish(page).any()


def test_what_is_printed_above_a_cell_is_not_covered():
    printed = drawn(Reading("7", 0.99), print_at=(slice(170, 195), slice(195, 260)))[:400]
    assert (printed[170:195, 195:260, 0] < 150).all()
    rows, _ = np.nonzero(bluish(printed))
    assert rows.min() >= 198
    assert rows.max() > 290  # the tag stands below


def test_the_line_of_its_own_box_is_no_print():
    print_at = np.zeros((400, 600), bool)
    print_at[281:284, 150:310] = True  # the box, a little askew
    print_at[184:190, 228:232] = True  # a short word above it
    printed = drawn(Reading("7", 0.99), print_at=print_at)[:400]
    assert (printed[184:190, 228:232, 0] < 150).all()


def test_the_name_of_a_field_stands_beside_it():
    page = drawn(Reading("7", 0.99))[:400]
    assert (page[200:280, 266:340] < 200).any()
    aside = drawn(Reading("7", 0.99), print_at=(slice(200, 280), slice(265, 600)))[:400]
    assert (aside[200:280, 120:196] < 200).any()


def test_in_the_middle_of_a_table_a_name_stands_in_its_own_field():
    around = np.zeros((400, 600), bool)
    around[100:380, :] = True
    around[190:290, 190:390] = False
    page = drawn(Reading("", 0.99), box=SourceBox(200, 200, 180, 80), print_at=around)[:400]
    brown = (page[..., 0] - page[..., 2]) > 60
    rows, columns = np.nonzero(brown)
    assert len(rows)
    assert 200 <= columns.min() <= columns.max() <= 380
    assert 200 <= rows.min() <= rows.max() <= 280


def test_a_flagged_cell_is_red_and_tinted():
    page = drawn(Reading("7", 0.4, flagged=True))[:400]
    assert reddish(page)[200, 230]
    assert tuple(page[240, 230]) != (255, 255, 255)
    assert not bluish(page).any()


def test_a_blank_cell_is_faint_and_has_no_tag():
    page = drawn(Reading("", 0.99))[:400]
    assert not bluish(page).any()
    assert not reddish(page).any()
    assert (page[200, 200:260] < 255).any()
    assert (page[150:199] == 255).all()
    assert (page[282:400] == 255).all()


def test_pictures_have_one_resolution_whatever_the_scan():
    box = SourceBox(400, 400, 120, 160)
    fine = drawn(Reading("7", 0.99), size=(1200, 800), dpi=2 * DPI, box=box)
    usual = drawn(Reading("7", 0.99))
    assert fine.shape == usual.shape
    assert (bluish(fine) == bluish(usual)).mean() > 0.99


def test_cells_of_a_page_lying_sideways_are_drawn_upright():
    # Upright (x, y) lies at (y, 599 - x) in a file turned by a quarter.
    picture = drawn(
        Reading("7", 0.99),
        to_source=((0, 1, 0), (-1, 0, 599), (0, 0, 1)),
        box=SourceBox(200, 339, 80, 60),
    )
    expected = drawn(Reading("7", 0.99))
    assert (bluish(picture) == bluish(expected)).mean() > 0.99
