"""Forms are told by their print where their boxes do not tell, and read where it lies only."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from forms.test_register import ALIKE, ROWS, evidence, form, scaling, scanned

from hcr_batch.errors import ConfigError
from hcr_batch.forms.field_places import place_fields
from hcr_batch.forms.imprint import PER_MM, Imprint, as_text, from_text
from hcr_batch.forms.register import register
from hcr_batch.forms.rules import Rule
from hcr_batch.forms.template_files import TemplateField, load_template
from hcr_batch.types import CUT_OFF, REGISTRATION, Box, MillimetreBox

WIDTH, HEIGHT = 210, 140
LAYER = 0.5
"""Pixels of a page's layers to one of the page."""
BLOCK = np.ones((5, 10), np.uint8)


def printed(template, seed=1):
    """The template with words of its own above and beside its fields."""
    rng = np.random.default_rng(seed)
    words = np.zeros((int(HEIGHT * PER_MM), int(WIDTH * PER_MM)), np.uint8)
    lines = words.copy()
    for top in range(6, words.shape[0] - 6, 12):
        left = 8
        while left < words.shape[1] - 40:
            end = left + int(rng.integers(6, 30))
            words[top : top + 4, left:end] = 255
            left = end + int(rng.integers(3, 30))
    for cell in template.pages[0].anchors:
        corners = np.round(np.array([cell.x, cell.y, cell.right, cell.bottom]) * PER_MM)
        left, top, right, bottom = corners.astype(int).tolist()
        cv2.rectangle(lines, (left, top), (right, bottom), 255, 1)
        words[top : bottom + 1, left : right + 1] = 0
    (page,) = template.pages
    return replace(template, pages=(replace(page, imprint=Imprint(lines, words, PER_MM)),))


def seen(template, transform, boxes, size=(1800, 1200), missing=0):
    """What a page shows of a form: some boxes, and its print under a transform."""
    imprint = template.pages[0].imprint
    to_page = np.diag([LAYER, LAYER, 1]) @ transform @ np.diag([1 / PER_MM, 1 / PER_MM, 1])
    shape = tuple(int(side * LAYER) for side in size)
    lines, words = (
        cv2.warpPerspective(mask, to_page, shape) for mask in (imprint.lines, imprint.words)
    )
    lines, words = (np.where(mask > 100, 255, 0).astype(np.uint8) for mask in (lines, words))
    return replace(evidence(boxes, size), imprint=Imprint(lines, words, LAYER))


def doubts(fit, found):
    return {doubt for place in place_fields(fit, found) for doubt in place.doubts}


def test_what_is_printed_is_kept_as_text():
    imprint = printed(form()).pages[0].imprint
    again = from_text(as_text(imprint), WIDTH, HEIGHT)
    assert (again.lines == imprint.lines).all()
    assert (again.words == imprint.words).all()


@pytest.mark.parametrize("text", ["", "!", "aGVsbG8=", "of another page"])
def test_a_broken_picture_in_a_template_is_an_error_with_its_line(text, tmp_path):
    if text == "of another page":
        text = as_text(Imprint(np.zeros((50, 50), np.uint8), np.zeros((50, 50), np.uint8), PER_MM))
    file = tmp_path / "club.toml"
    file.write_text(
        f'name = "club"\n[[page]]\nwidth_mm = 210\nheight_mm = 140\nprinted = "{text}"\n'
        '[[field]]\nname = "a"\nkind = "comb"\nbox = [1, 1, 10, 5]\ncells = 2\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"club\.toml, line 5: .*printed .*leave the line out"):
        load_template(file)


@pytest.mark.parametrize("factor", [8.0, 4.2, 15.0])
def test_cells_seen_in_other_sizes_are_no_reason_not_to_know_a_form(factor):
    template, transform = printed(form()), scaling(factor, 30, 20)
    boxes = list(scanned(template, transform))
    # Every other cell is found half as high again, some two as one, a row not at all.
    odd = [
        Box(box.x, box.y, box.width, box.height * 1.5) if n % 2 else box
        for n, box in enumerate(boxes[:-9])
    ]
    odd[4:6] = [Box(odd[4].x, odd[4].y, 2 * odd[4].width, odd[4].height)]
    found = seen(template, transform, odd, (int(220 * factor), int(145 * factor)))
    (fit,) = register([template], found)
    assert fit.certain
    assert doubts(fit, found) == {""}
    for place, field in zip(place_fields(fit, found), template.pages[0].fields, strict=True):
        first = field.cells[0]
        assert abs(place.field.cells[0].box.x - (first.x * factor + 30)) < factor
        assert abs(place.field.cells[0].box.y - (first.y * factor + 20)) < factor


def test_rows_that_are_all_alike_are_told_by_the_print_around_them():
    template = printed(form(rows=ALIKE))
    transform = scaling(8.0, 30, 20)
    found = seen(template, transform, list(scanned(template, transform))[10:])
    (fit,) = register([template], found)
    assert fit.certain
    top = min(box for _, box, _, _ in fit.placed())
    assert top == pytest.approx(20 * 8 + 20, abs=8)


def test_two_forms_with_the_same_boxes_are_told_by_their_print():
    first, second = printed(form()), printed(form("shop"), seed=2)
    for template in (first, second):
        found = seen(template, scaling(8.0, 9, 9), list(scanned(template, scaling(8.0, 9, 9))))
        (fit,) = register([first, second], found)
        assert fit.certain
        assert fit.template == template.name


def test_a_form_with_the_same_boxes_and_other_print_is_unknown():
    template, other = printed(form()), printed(form("shop"), seed=2)
    found = seen(other, scaling(8.0, 9, 9), list(scanned(other, scaling(8.0, 9, 9))))
    assert register([template], found) == ()


def test_fields_beside_other_print_are_in_doubt():
    template = printed(form())
    transform = scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    words = found.imprint.words
    half = words.shape[0] * 2 // 3
    words[half:] = np.roll(words[half:], 37, axis=1)
    (fit,) = register([template], replace(found, imprint=replace(found.imprint, words=words)))
    places = place_fields(fit, found)
    assert set(places[0].doubts) == {""}
    assert REGISTRATION in places[-1].doubts


def test_cells_whose_walls_are_covered_are_cut_off():
    template = printed(form())
    transform = scaling(8.0, 9, 9)
    boxes = list(scanned(template, transform))[3:]
    found = seen(template, transform, boxes)
    first = found.imprint
    for mask in (first.lines, first.words):
        mask[: int((ROWS[0][1] + 9) * 8 * LAYER), : int((ROWS[0][0] + 17) * 8 * LAYER)] = 0
    (fit,) = register([template], found)
    assert set(place_fields(fit, found)[0].doubts[:3]) == {CUT_OFF}


def test_covered_cells_are_cut_off_where_a_row_of_boxes_was_completed_over_them():
    template = printed(form())
    transform = scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    first = found.imprint
    for mask in (first.lines, first.words):
        mask[: int((ROWS[0][1] + 9) * 8 * LAYER), : int((ROWS[0][0] + 14) * 8 * LAYER)] = 0
    (fit,) = register([template], found)
    assert place_fields(fit, found)[0].doubts[:2] == (CUT_OFF, CUT_OFF)


def test_a_page_in_perspective_is_laid_by_its_print_where_few_boxes_are_seen():
    template = printed(form())
    corners = np.array([[0, 0], [1680, 0], [1680, 1120], [0, 1120]], np.float32)
    bent = corners + np.array([[40, 30], [70, 60], [20, 40], [60, 10]], np.float32)
    transform = cv2.getPerspectiveTransform(corners, bent).astype(float) @ scaling(8.0)
    found = seen(template, transform, list(scanned(template, transform))[:3])
    (fit,) = register([template], found)
    assert fit.is_known_by_print
    for place, field in zip(place_fields(fit, found), template.pages[0].fields, strict=True):
        for cell, there in zip(place.field.cells, field.cells, strict=True):
            middle = np.array([[[there.x + there.width / 2, there.y + there.height / 2]]], float)
            x, y = cv2.perspectiveTransform(middle, transform)[0, 0]
            assert abs(cell.box.x + cell.box.width / 2 - x) < 8
            assert abs(cell.box.y + cell.box.height / 2 - y) < 8
    assert doubts(fit, found) == {""}


@pytest.mark.parametrize("factor", [4.3, 8.0, 13.0])
def test_a_form_is_found_by_its_words_alone_at_its_own_scale(factor):
    template, transform = printed(form()), scaling(factor, 20, 15)
    found = seen(template, transform, [], (int(216 * factor), int(144 * factor)))
    (fit,) = register([template], found)
    assert fit.transform[0, 0] == pytest.approx(factor, rel=0.01)
    assert doubts(fit, found) == {""}


def test_no_words_are_no_form():
    template = printed(form())
    blank = Imprint(*np.zeros((2, 600, 900), np.uint8), LAYER)
    assert register([template], replace(evidence([]), imprint=blank)) == ()


def shifted_row(found, top, bottom, step):
    """What a page shows, its print between two heights, in mm, further right; no boxes there."""
    lines, words = found.imprint.lines.copy(), found.imprint.words.copy()
    rows = slice(*(round((8 * side + 9) * LAYER) for side in (top, bottom)))
    for mask in (lines, words):
        mask[rows] = np.roll(mask[rows], round(8 * step * LAYER), axis=1)
    inside = (found.boxes[:, 1] >= 8 * top) & (found.boxes[:, 3] <= 8 * bottom + 9)
    return replace(found, boxes=found.boxes[~inside], imprint=Imprint(lines, words, LAYER))


@pytest.mark.parametrize("step", [-8.0, -3.5, 4.0, 10.0])
def test_a_row_that_stands_elsewhere_is_in_doubt_and_no_other(step):
    template, transform = printed(form()), scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    found = shifted_row(found, 73, 84, step)
    (fit,) = register([template], found)
    *before, moved, _, _ = place_fields(fit, found)
    assert all(moved.doubts)
    assert not any(doubt for place in before[:3] for doubt in place.doubts)


def test_rows_of_a_table_that_look_alike_have_not_moved():
    template, transform = printed(form(rows=ALIKE)), scaling(8.0, 9, 9)
    imprint = template.pages[0].imprint
    words = imprint.words.copy()
    words[40:250] = 0
    words[44:48, 10:24] = 255
    table = replace(imprint, words=words)
    template = replace(template, pages=(replace(template.pages[0], imprint=table),))
    found = seen(template, transform, list(scanned(template, transform)))
    (fit,) = register([template], found)
    assert doubts(fit, found) == {""}


def with_area(box):
    """The form with one more field, f9, an area to write in."""
    template = form()
    (page,) = template.pages
    page = replace(page, fields=(*page.fields, TemplateField("f9", "free", box, (box,), Rule())))
    return printed(replace(template, pages=(page,)))


def test_a_field_without_boxes_is_cut_off_where_its_own_print_is_covered():
    template = with_area(MillimetreBox(120, 72, 50, 9))
    imprint = template.pages[0].imprint
    imprint.words[2 * 70 : 2 * 84, 2 * 116 : 2 * 174] = 0
    imprint.lines[2 * 81, 2 * 120 : 2 * 170] = 255
    transform = scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == ("",)
    found = seen(template, transform, list(scanned(template, transform)))
    sides = [round((8 * side + 9) * LAYER) for side in (70, 84, 116, 174)]
    for mask in (found.imprint.lines, found.imprint.words):
        mask[sides[0] : sides[1], sides[2] : sides[3]] = 0
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == (CUT_OFF,)


def test_a_wide_field_is_cut_off_where_a_fold_covers_most_of_it_and_not_its_left_wall():
    template = with_area(MillimetreBox(60, 118, 120, 9))
    imprint = template.pages[0].imprint
    imprint.words[2 * 115 : 2 * 130, 2 * 56 : 2 * 184] = 0
    cv2.rectangle(imprint.lines, (2 * 60, 2 * 118), (2 * 180, 2 * 127), 255, 2)
    transform = scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == ("",)
    found = seen(template, transform, list(scanned(template, transform)))
    left, top = (round((8 * side + 9) * LAYER) for side in (105, 116))
    for mask in (found.imprint.lines, found.imprint.words):
        mask[top:, left:] = 0
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == (CUT_OFF,)


def test_a_field_beyond_a_fold_is_cut_off_though_half_the_line_beneath_it_is_left():
    template = with_area(MillimetreBox(12, 4, 14, 9))
    imprint = template.pages[0].imprint
    imprint.words[: 2 * 14, 2 * 11 : 2 * 27] = 0
    imprint.lines[2 * 13, 2 * 12 : 2 * 26] = 255
    transform = scaling(8.0, 9, 9)
    found = seen(template, transform, list(scanned(template, transform)))
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == ("",)
    found = seen(template, transform, list(scanned(template, transform)))
    corner = np.array([[0, 0], [23.6, 0], [0, 60]])
    for mask in (found.imprint.lines, found.imprint.words):
        cv2.fillPoly(mask, [np.round((8 * corner + 9) * LAYER).astype(np.int32)], 0)
    (fit,) = register([template], found)
    assert place_fields(fit, found)[-1].doubts == (CUT_OFF,)


@pytest.mark.parametrize("height", [30, 50, 90])
def test_what_stands_twice_is_in_doubt_also_where_the_first_lies_far_above_the_form(height):
    template = with_area(MillimetreBox(60, 3, 50, 6))
    words = np.random.default_rng(7).random((20, 41)) < 0.3
    template.pages[0].imprint.words[10:110, 5:415] = 255 * np.kron(words, BLOCK)
    transform, size = scaling(8.0, 9, 9 + 8 * height), (1800, 2000)
    found = seen(template, transform, list(scanned(template, transform)), size)
    (fit,) = register([template], found)
    assert doubts(fit, found) == {""}
    found = seen(template, transform, list(scanned(template, transform)), size)
    top, step = round(9 * LAYER), round(8 * height * LAYER)
    for mask in (found.imprint.lines, found.imprint.words):
        mask[top : top + step] = mask[top + step : top + 2 * step]
    (fit,) = register([template], found)
    *_, first = place_fields(fit, found)
    assert first.doubts == (REGISTRATION,)
