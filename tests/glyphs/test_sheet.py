"""Fields lie on sheets as they lie on their page, apart from each other."""

import numpy as np
from drawn_form import PIXELS_PER_MM, field_of, paper, row_of_boxes

from hcr_batch.glyphs.sheet import SHEET_PIXELS, lay_out
from hcr_batch.types import Box

OVERHANG = 0.3


def some_fields(gray):
    rows = [row_of_boxes(gray, 60, 100 + 120 * number, 3 + number) for number in range(4)]
    return [field_of("comb", boxes) for boxes in [*rows, rows[0][:1]]]


def test_every_field_is_there_with_what_is_around_it():
    gray = paper(150, 80)
    fields = some_fields(gray)
    page = 255 - gray
    (sheet,) = lay_out(page, fields, OVERHANG, PIXELS_PER_MM)
    assert sheet.fields == tuple(fields)
    for field, cut, (left, top, _, _), (right, down) in zip(
        fields, sheet.cuts(), sheet.areas, sheet.shifts, strict=True
    ):
        margin = OVERHANG * field.box.height
        assert left - right == int(field.box.x - margin)
        assert top - down == int(field.box.y - margin)
        there = slice(top - down, cut[0].stop - down), slice(left - right, cut[1].stop - right)
        np.testing.assert_array_equal(sheet.darkness[cut], page[there])


def test_between_fields_is_paper():
    gray = np.zeros_like(paper(150, 80))
    (sheet,) = lay_out(255 - gray, some_fields(gray), OVERHANG, PIXELS_PER_MM)
    inside = np.zeros_like(sheet.darkness)
    for cut in sheet.cuts():
        assert not inside[cut].any()
        inside[cut] = 1
    np.testing.assert_array_equal(sheet.darkness, 255 * inside)
    assert not any(rim.any() for rim in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


def test_each_pixel_tells_its_cell():
    gray = paper(150, 80)
    fields = some_fields(gray)
    (sheet,) = lay_out(255 - gray, fields, OVERHANG, PIXELS_PER_MM)
    boxes = [cell.box for field in fields for cell in field.cells]
    shifts = sheet.shifts[sheet.owners]
    for number, (box, (right, down)) in enumerate(zip(boxes, shifts, strict=True), start=1):
        area = sheet.cell_at == number
        assert area.sum() == round(box.width) * round(box.height)
        assert area[int(box.y) + down : int(box.bottom) + down, int(box.x) + right].all()


def test_fields_beyond_the_edge_of_the_page_are_cut_there():
    gray = paper(150, 80)
    rows, columns = gray.shape
    field = field_of("boxes", [Box(columns - 50.0, rows - 40.0, 60.0, 60.0)])
    (sheet,) = lay_out(255 - gray, [field], OVERHANG, PIXELS_PER_MM)
    (left, top, right, bottom), (shift, down) = sheet.areas[0], sheet.shifts[0]
    assert (right - shift, bottom - down) == (columns, rows)
    assert (sheet.cell_at[top:bottom, left:right][18:, 18:] == 1).all()


def test_many_fields_take_several_sheets_in_their_order():
    gray = paper(210, 297)
    fields = some_fields(gray) * 40
    sheets = list(lay_out(255 - gray, fields, OVERHANG, PIXELS_PER_MM))
    assert len(sheets) > 1
    assert [field for sheet in sheets for field in sheet.fields] == fields
    assert all(sheet.darkness.size <= 1.1 * SHEET_PIXELS for sheet in sheets)


def test_no_fields_take_no_sheet():
    assert list(lay_out(paper(), [], OVERHANG, PIXELS_PER_MM)) == []
