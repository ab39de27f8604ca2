"""Templates are found on pages, whatever their scale, place and direction."""

import cv2
import numpy as np
import pytest

from hcr_batch.forms.place import place_fields
from hcr_batch.forms.register import best_fit
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.schema import Template, TemplateField, TemplatePage
from hcr_batch.types import Box

ROWS = ((20, 30, 12), (20, 50, 8), (90, 50, 10), (30, 75, 20), (25, 100, 6), (100, 100, 9))


def form(name="club", rows=ROWS, height=7.0):
    fields = tuple(
        TemplateField(f"f{n}", "comb", cells[0], cells, Rule())
        for n, cells in enumerate(combs(rows, height))
    )
    anchors = tuple(cell for field in fields for cell in field.cells)
    return Template(name, (TemplatePage(1, 210, 140, fields, anchors),), name)


def combs(rows, height):
    for x, y, count in rows:
        yield tuple(Box(x + 5.5 * n, y, 5.0, height) for n in range(count))


def scanned(template, transform):
    """The boxes of a form under an affine map or a homography, in pixels."""
    for cell in template.pages[0].anchors:
        corners = np.array([[[cell.x, cell.y]], [[cell.right, cell.bottom]]], np.float64)
        (left, top), (right, bottom) = cv2.perspectiveTransform(corners, transform)[:, 0]
        yield Box(min(left, right), min(top, bottom), abs(right - left), abs(bottom - top))


def scaling(factor, x=0.0, y=0.0):
    return np.array([[factor, 0, x], [0, factor, y], [0, 0, 1.0]])


@pytest.mark.parametrize("factor", [8.0, 6.1, 11.0])
def test_a_form_is_found_at_another_scale_and_place(factor):
    template = form()
    boxes = list(scanned(template, scaling(factor, 37, -12)))
    fit = best_fit([template], boxes, (1800, 1200), 8.0)
    assert fit.quality == 1
    assert fit.turns == 0
    fields = place_fields(fit, boxes, factor)
    assert fields[3].box.x == pytest.approx(30 * factor + 37, abs=0.5)


def test_missing_boxes_are_placed_by_the_others():
    template = form()
    boxes = list(scanned(template, scaling(8.0, 40, 25)))
    seen = [box for n, box in enumerate(boxes) if n % 4 and n >= 12]
    fit = best_fit([template], seen, (1800, 1200), 8.0)
    first = place_fields(fit, seen, 8.0)[0]
    for cell, box in zip(first.cells, boxes):
        assert abs(cell.box.x - box.x) < 2
        assert abs(cell.box.bottom - box.bottom) < 2


def test_a_page_upside_down_or_sideways_is_turned():
    template = form()
    width, height = 1680, 1120
    for turns, turn in ((2, [[-1, 0, width], [0, -1, height]]), (1, [[0, 1, 0], [-1, 0, width]])):
        boxes = list(scanned(template, np.array([*turn, [0, 0, 1.0]]) @ scaling(8.0)))
        size = (width, height) if turns == 2 else (height, width)
        fit = best_fit([template], boxes, size, 8.0)
        assert fit.turns == turns
        assert fit.quality == 1


def test_mild_perspective_is_followed():
    template = form()
    warp = np.array([[1, 0.01, 0], [0.005, 1, 0], [2e-5, 1e-5, 1.0]]) @ scaling(8.0)
    boxes = list(scanned(template, warp))
    fit = best_fit([template], boxes, (1800, 1200), 8.0)
    assert fit.quality > 0.9


def test_each_page_is_of_its_own_form():
    first = form()
    rows = tuple((x + 7 * n, y + 3 * n, count) for n, (x, y, count) in enumerate(ROWS))
    second = form("shop", rows)
    for template in (first, second):
        boxes = list(scanned(template, scaling(8.0, 9, 9)))
        assert best_fit([first, second], boxes, (1800, 1200), 8.0).template == template.name


def test_another_form_a_dense_table_and_a_page_without_boxes_are_of_none():
    other = form("other", ((15, 20, 9), (80, 33, 5), (40, 66, 14), (12, 90, 3), (60, 120, 11)), 9.0)
    table = [Box(30.0 * c, 40.0 * r, 28, 38) for r in range(30) for c in range(50)]
    for boxes in (list(scanned(other, scaling(8.0))), table, []):
        assert best_fit([form()], boxes, (1800, 1200), 8.0) is None
