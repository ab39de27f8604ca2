"""Templates are found on pages, whatever their scale, place and direction, or said not to be."""

import cv2
import numpy as np
import pytest

from hcr_batch.forms.candidates import other_scale
from hcr_batch.forms.evidence import Evidence, corners_of
from hcr_batch.forms.field_places import place_fields
from hcr_batch.forms.register import register
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.template_files import Template, TemplateField, TemplatePage
from hcr_batch.types import CUT_OFF, REGISTRATION, Box, MillimetreBox

ROWS = ((20, 30, 12), (20, 50, 8), (90, 50, 10), (30, 75, 20), (25, 100, 6), (100, 100, 9))
ALIKE = tuple((20, 20 + 15 * n, 10) for n in range(7))
"""Combs of one length, at equal distances: one row looks like the next."""
SIZE = 1800, 1200


def form(name="club", rows=ROWS, height=7.0):
    fields = tuple(
        TemplateField(f"f{n}", "comb", cells[0], cells, Rule())
        for n, cells in enumerate(combs(rows, height))
    )
    anchors = tuple(cell for field in fields for cell in field.cells)
    return Template(name, (TemplatePage(1, 210, 140, fields, anchors),), name)


def combs(rows, height):
    for x, y, count in rows:
        yield tuple(MillimetreBox(x + 5.5 * n, y, 5.0, height) for n in range(count))


def scanned(template, transform):
    """The boxes of a form under an affine map or a homography, in pixels."""
    for cell in template.pages[0].anchors:
        corners = np.array([[[cell.x, cell.y]], [[cell.right, cell.bottom]]], np.float64)
        (left, top), (right, bottom) = cv2.perspectiveTransform(corners, transform)[:, 0]
        yield Box(min(left, right), min(top, bottom), abs(right - left), abs(bottom - top))


def scaling(factor, x=0.0, y=0.0):
    return np.array([[factor, 0, x], [0, factor, y], [0, 0, 1.0]])


def evidence(boxes, size=SIZE, pixels_per_mm=8.0):
    return Evidence(corners_of(boxes), size, pixels_per_mm)


def only_fit(template, boxes, size=SIZE):
    (fit,) = register([template], evidence(boxes, size))
    return fit


def turned_by(degrees, around=(900, 600)):
    return np.vstack([cv2.getRotationMatrix2D(around, degrees, 1.0), [0, 0, 1]])


@pytest.mark.parametrize("factor", [8.0, 6.1, 11.0, 4.8, 4.0])
def test_a_form_is_found_at_another_scale_and_place(factor):
    template = form()
    boxes = list(scanned(template, scaling(factor, 37, 12)))
    fit = only_fit(template, boxes, (2500, 1700))
    assert fit.certain
    assert fit.quality == 1
    assert fit.turns == 0
    placed = place_fields(fit, evidence(boxes, (2500, 1700)))
    assert placed[3].field.box.x == pytest.approx(30 * factor + 37, abs=0.5)
    assert not any(doubt for field in placed for doubt in field.doubts)


@pytest.mark.parametrize("degrees", [-1.5, -0.5, 0.7, 1.5])
def test_a_form_turned_and_shifted_is_not_read_one_cell_off(degrees):
    template = form()
    for shift in ((20, 20), (-20, -15), (44, 0), (-44, 3)):
        boxes = list(scanned(template, turned_by(degrees) @ scaling(8.0, 50, *shift[1:])))
        fit = only_fit(template, boxes)
        assert fit.certain
        assert (fit.agreement.box_of == np.arange(len(boxes))).all()


def test_missing_boxes_are_placed_by_the_others_and_flagged():
    template = form()
    boxes = list(scanned(template, scaling(8.0, 40, 25)))
    seen = [box for n, box in enumerate(boxes) if n % 4 and n >= 12]
    placed = place_fields(only_fit(template, seen), evidence(seen))
    first, *others = placed
    for cell, box in zip(first.field.cells, boxes):
        assert abs(cell.box.x - box.x) < 2
        assert abs(cell.box.bottom - box.bottom) < 2
    assert set(first.doubts) == {CUT_OFF}
    for field in others:
        expected = [CUT_OFF if box not in seen else "" for box in _boxes_of(field, boxes)]
        assert list(field.doubts) == expected


def _boxes_of(placed, boxes):
    for cell in placed.field.cells:
        yield min(boxes, key=lambda box: abs(box.x - cell.box.x) + abs(box.y - cell.box.y))


def test_a_page_cut_at_its_foot_flags_what_is_off_the_paper():
    template = form()
    boxes = [box for box in scanned(template, scaling(8.0)) if box.bottom < 780]
    size = SIZE[0], 780
    placed = place_fields(only_fit(template, boxes, size), evidence(boxes, size))
    cut = [set(field.doubts) == {CUT_OFF} for field in placed]
    assert cut == [False, False, False, False, True, True]


def test_a_page_upside_down_or_sideways_is_turned():
    template = form()
    width, height = 1680, 1120
    for turns, turn in ((2, [[-1, 0, width], [0, -1, height]]), (1, [[0, 1, 0], [-1, 0, width]])):
        boxes = list(scanned(template, np.array([*turn, [0, 0, 1.0]]) @ scaling(8.0)))
        size = (width, height) if turns == 2 else (height, width)
        fit = only_fit(template, boxes, size)
        assert fit.turns == turns
        assert fit.quality == 1


def test_a_form_that_looks_the_same_on_its_head_is_taken_as_it_lies():
    table = form(rows=tuple((40, 20 + 10 * n, 5) for n in range(8)))
    boxes = list(scanned(table, scaling(8.0)))
    strange = Box(boxes[0].x, boxes[0].y - 60, 210, 50)
    fit = only_fit(table, [*boxes, strange])
    assert fit.turns == 0


def test_mild_perspective_is_followed():
    template = form()
    warp = np.array([[1, 0.01, 0], [0.005, 1, 0], [2e-5, 1e-5, 1.0]]) @ scaling(8.0)
    fit = only_fit(template, list(scanned(template, warp)))
    assert fit.certain
    assert fit.quality > 0.9


def test_each_page_is_of_its_own_form():
    first = form()
    rows = tuple((x + 7 * n, y + 3 * n, count) for n, (x, y, count) in enumerate(ROWS))
    second = form("shop", rows)
    for template in (first, second):
        (fit,) = register([first, second], evidence(scanned(template, scaling(8.0, 9, 9))))
        assert fit.certain
        assert fit.template == template.name


def test_another_form_a_dense_table_and_a_page_without_boxes_are_of_none():
    other = form("other", ((15, 20, 9), (80, 33, 5), (40, 66, 14), (12, 90, 3), (60, 120, 11)), 9.0)
    table = [Box(30.0 * c, 40.0 * r, 28, 38) for r in range(30) for c in range(50)]
    for boxes in (list(scanned(other, scaling(8.0))), table, []):
        assert register([form()], evidence(boxes)) == ()


@pytest.mark.parametrize("place", [1, 3, 6])
def test_an_edition_with_one_field_more_is_of_none(place):
    rows = [*ROWS[:place], (20, ROWS[place - 1][1] + 12, 11), *ROWS[place:]]
    rows = [(x, y + 12 * (n > place), count) for n, (x, y, count) in enumerate(rows)]
    newer = form("newer", rows)
    assert register([form()], evidence(scanned(newer, scaling(8.0, 9, 9)))) == ()


def test_forms_that_lie_equally_well_one_row_off_are_not_certain():
    shorter = form("club", ALIKE[:-1])
    boxes = list(scanned(form("club", ALIKE), scaling(8.0)))
    fits = register([shorter], evidence(boxes))
    assert not any(fit.certain for fit in fits)


def test_two_forms_whose_boxes_are_the_same_are_not_certain():
    boxes = list(scanned(form(), scaling(8.0)))
    (fit,) = register([form(), form("shop")], evidence(boxes))
    assert not fit.certain


def test_a_lone_comb_without_its_first_cell_is_not_certain():
    template = form(rows=((20, 30, 12),))
    boxes = list(scanned(template, scaling(8.0)))
    assert only_fit(template, boxes).certain
    assert not only_fit(template, boxes[1:]).certain


def test_a_field_whose_comb_goes_on_is_in_doubt():
    template = form()
    boxes = list(scanned(template, scaling(8.0)))
    boxes.append(Box(boxes[11].x + 44, boxes[11].y, boxes[11].width, boxes[11].height))
    placed = place_fields(only_fit(template, boxes), evidence(boxes))
    assert [set(field.doubts) == {REGISTRATION} for field in placed] == [True] + 5 * [False]


def doubts_of(template, boxes, number):
    return set(place_fields(only_fit(template, boxes), evidence(boxes))[number].doubts)


def test_a_field_is_in_doubt_where_most_of_its_boxes_are_missing():
    template = form()
    boxes = list(scanned(template, scaling(8.0)))
    assert doubts_of(template, boxes[:14] + boxes[15:], 1) == {"", CUT_OFF}
    assert doubts_of(template, boxes[:12] + boxes[17:], 1) == {CUT_OFF}


def test_a_field_partly_seen_beside_its_place_is_another_forms():
    template = form()
    boxes = list(scanned(template, scaling(8.0)))
    row = [Box(box.x + 7, box.y, box.width, box.height) for box in boxes[12:20]]
    bent = boxes[:12] + row + boxes[20:]
    assert doubts_of(template, bent, 1) == {""}
    assert doubts_of(template, boxes[:12] + row[1:] + boxes[20:], 1) == {REGISTRATION}


def test_a_field_without_boxes_is_seen_where_all_beside_it_and_most_near_it_are():
    (page,) = form().pages
    place = Box(64, 50, 5, 7)
    field = TemplateField("remarks", "free", place, (place,), Rule())
    page = TemplatePage(1, 210, 140, (*page.fields, field), page.anchors)
    template = Template("club", (page,), "club")
    boxes = list(scanned(form(), scaling(8.0)))
    assert doubts_of(template, boxes[:18] + boxes[19:], 6) == {""}
    assert doubts_of(template, boxes[:19] + boxes[20:], 6) == {CUT_OFF}
    assert doubts_of(template, boxes[:17] + boxes[19:], 6) == {CUT_OFF}


@pytest.mark.parametrize("step", [(0.0, 1150.0), (1700.0, 0.0), (1700.0, -9.0), (1700.0, 9.0)])
def test_two_forms_on_one_page_are_both_found(step):
    template = form()
    moves = ((0, 20), (step[0], step[1] + 20))
    boxes = [box for move in moves for box in scanned(template, scaling(8.0, *move))]
    fits = register([template], evidence(boxes, (3400, 2300)))
    assert len(fits) == 2
    assert all(fit.certain and fit.quality == 1 for fit in fits)
    assert np.allclose((fits[1].placed() - fits[0].placed())[:, :2], step, atol=1)


def test_writing_in_a_large_box_that_looks_like_cells_is_no_other_edition():
    large = Box(10, 112, 190, 25)
    (page,) = form().pages
    field = TemplateField("remarks", "free", large, (large,), Rule())
    page = TemplatePage(1, 210, 140, (*page.fields, field), (*page.anchors, large))
    template = Template("club", (page,), "club")
    written = [Box(300 + 34 * n, 950 + 40 * (n // 6), 32, 35) for n in range(12)]
    boxes = [*scanned(template, scaling(8.0)), *written]
    assert only_fit(template, boxes).certain
    boxes = [*boxes, *(Box(160 + 44 * n, 480, 40, 56) for n in range(8))]
    assert register([template], evidence(boxes)) == ()


def test_cells_that_are_no_anchors_count_where_they_are_seen():
    marks = tuple(MillimetreBox(x, y, 5, 5) for x, y in ((5, 5), (200, 5), (5, 130), (190, 130)))
    (page,) = form().pages
    template = Template("club", (TemplatePage(1, 210, 140, page.fields, marks),), "club")
    corners = list(scanned(template, scaling(8.0)))
    for boxes in (corners, [*corners, *scanned(form(), scaling(8.0))]):
        fit = only_fit(template, boxes)
        assert fit.certain
        assert fit.found == 4
        placed = place_fields(fit, evidence(boxes))
        assert not any(doubt for field in placed for doubt in field.doubts)


@pytest.mark.parametrize(("factor", "expected"), [(5.0, 5.0), (13.0, 13.0), (8.0, None)])
def test_the_scale_of_a_form_is_told_where_the_file_has_another(factor, expected):
    anchors = corners_of(form().pages[0].anchors)
    boxes = list(scanned(form(), scaling(factor, 20, 20)))
    scale = other_scale([anchors], evidence(boxes))
    assert scale == (expected and pytest.approx(expected, rel=0.02))
