"""Forms are found by corner marks where the scanner has dropped the colour of their boxes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_form import page_of, paper, write
from PIL import Image

from hcr_batch.config import load_settings
from hcr_batch.forms.corner_marks import corner_marks, find_marks
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.matching_form import matched_form
from hcr_batch.forms.template_files import parse_template
from hcr_batch.geometry import projected
from hcr_batch.types import CUT_OFF, Box

WIDTH, HEIGHT, DPI = 180.0, 130.0, 200.0
PER_MM = DPI / 25.4
MARKS = ((6, 7, 6, 6), (168, 7, 6, 6), (6, 118, 6, 6), (168, 118, 6, 6))
ROWS = ((25, 30, 9), (25, 50, 14), (80, 75, 8), (25, 100, 20))
"""Left, top and number of cells, 6.5 mm wide and 9 mm high, of the fields."""
WORDS = ("NORDSTERN", "42", "BELINDA", "17350")


def template(path, anchors):
    fields = "".join(
        f'[[field]]\nname = "row{n}"\nkind = "comb"\nbox = [{x}, {y}, {6.5 * cells}, 9]\n'
        f"cells = {cells}\n"
        for n, (x, y, cells) in enumerate(ROWS)
    )
    head = f'name = "club"\n[page]\nwidth_mm = {WIDTH}\nheight_mm = {HEIGHT}\n'
    marks = f"anchors = {list(map(list, anchors))}\n"
    return parse_template(path / "club.toml", head + marks + fields)


def filled(marks=MARKS, shape="square", words=WORDS):
    """The form with writing and without boxes, gray uint8."""
    gray = paper(WIDTH, HEIGHT)
    for mark in marks:
        draw(gray, np.array(mark) * PER_MM, shape)
    write(gray, "Membership 2026", Box(*(np.array([60, 12, 60, 5]) * PER_MM)))
    for x, y, _ in ROWS:
        for n in range(3):
            label = Box(*(np.array([x + 24 * n, y - 4.5, 22, 2.8]) * PER_MM))
            write(gray, "name of member", label, level=60)
    for (x, y, _), word in zip(ROWS, words):
        for n, letter in enumerate(word):
            write(gray, letter, Box(*(np.array([x + 6.5 * n, y, 6.5, 9]) * PER_MM)))
    return gray


def draw(gray, box, shape):
    left, top, width, height = np.round(box).astype(int).tolist()
    if shape == "disc":
        cv2.circle(gray, (left + width // 2, top + height // 2), width // 2, 0, -1)
    elif shape == "square":
        gray[top : top + height, left : left + width] = 0
    else:
        bar = round(0.8 * PER_MM)
        row, column = {"angle": (top, left), "cross": (top + height // 2, left + width // 2)}[shape]
        gray[row : row + bar, left : left + width] = 0
        gray[top : top + height, column : column + bar] = 0


def scan(gray, transform):
    """The form under a homography on a larger sheet."""
    rows, columns = gray.shape
    size = round(1.4 * columns), round(1.4 * rows)
    return cv2.warpPerspective(gray, transform, size, borderValue=255, flags=cv2.INTER_AREA)


def turning(degrees, scale=1.0, shift=(90, 60)):
    turn = np.vstack([cv2.getRotationMatrix2D((700, 500), degrees, scale), [0, 0, 1]])
    move = np.eye(3)
    move[:2, 2] = shift
    return move @ turn


PERSPECTIVE = np.array([[1, 0.012, 90], [0.008, 1, 60], [1.2e-5, 1.6e-5, 1.0]])


def found(gray, form):
    return matched_form(page_of(gray, DPI), [form], load_settings())


def furthest(known, transform):
    """How far a cell lies from where it was drawn, at most, in mm."""
    apart = 0.0
    for (x, y, cells), field in zip(ROWS, known.fields, strict=True):
        middles = np.array([[x + 6.5 * n + 3.25, y + 4.5] for n in range(cells)]) * PER_MM
        there = [[c.box.x + c.box.width / 2, c.box.y + c.box.height / 2] for c in field.cells]
        there = projected(known.page.to_source, np.array(there))
        apart = max(apart, float(np.abs(there - projected(transform, middles)).max()))
    return apart / PER_MM


@pytest.mark.parametrize("shape", ["square", "disc", "angle", "cross"])
def test_marks_of_usual_shapes_are_found(shape):
    marks = find_marks(page_of(filled(shape=shape), DPI)) / PER_MM
    for x, y, width, height in MARKS:
        near = np.abs(marks - (x, y, x + width, y + height)).max(axis=1) <= 0.5
        assert near.sum() == 1


@pytest.mark.parametrize(
    "transform",
    [turning(0.0), turning(4.0), turning(-1.5, 0.6), turning(1.0, 1.1), PERSPECTIVE],
    ids=["straight", "turned", "smaller", "larger", "bent"],
)
def test_a_form_without_boxes_is_found_by_its_marks(tmp_path, transform):
    known = found(scan(filled(), transform), template(tmp_path, MARKS))
    assert furthest(known, transform) < 0.8
    assert not any(doubt for place in known.placed for doubt in place.doubts)


def test_a_template_whose_cells_are_anchors_too_is_found_by_its_marks(tmp_path):
    cells = [(x + 6.5 * n, y, 6.5, 9) for x, y, count in ROWS for n in range(count)]
    known = found(scan(filled(), turning(1.0)), template(tmp_path, [*MARKS, *cells]))
    assert furthest(known, turning(1.0)) < 0.8


def test_three_marks_of_four_are_enough_and_two_are_not(tmp_path):
    form = template(tmp_path, MARKS)
    known = found(scan(filled(MARKS[1:]), turning(1.0)), form)
    assert furthest(known, turning(1.0)) < 0.8
    assert found(scan(filled(MARKS[2:]), turning(1.0)), form) is None


def test_marks_that_stand_otherwise_are_another_form(tmp_path):
    form = template(tmp_path, MARKS)
    wider = [(x + 12 * (x > 90), y, w, h) for x, y, w, h in MARKS]
    smaller = [(x, y, 3, 3) for x, y, _, _ in MARKS]
    for others in ((), wider[::-1], smaller):
        assert found(filled(others), form) is None


def test_two_forms_with_the_same_marks_are_not_certain(tmp_path):
    form = template(tmp_path, MARKS)
    page = page_of(scan(filled(), turning(0.0)), DPI)
    known = matched_form(page, [form, replace(form, name="shop")], load_settings())
    assert not known.placed


def test_a_form_cut_at_its_foot_flags_what_is_off_the_paper(tmp_path):
    marks = [*MARKS, (86, 7, 6, 6)]
    known = found(filled(marks)[: round(104 * PER_MM)], template(tmp_path, marks))
    assert [set(place.doubts) == {CUT_OFF} for place in known.placed] == [False] * 3 + [True]


def with_boxes(gray):
    """The form with the boxes that the scanner drops."""
    gray = gray.copy()
    for x, y, cells in ROWS:
        for n in range(cells):
            corners = np.round(np.array([x + 6.5 * n, y, x + 6.5 * n + 6.5, y + 9]) * PER_MM)
            left, top, right, bottom = corners.astype(int).tolist()
            cv2.rectangle(gray, (left, top), (right, bottom), 0, 2)
    return gray


def test_a_draft_keeps_the_marks_in_the_corners_and_no_others(tmp_path):
    gray = with_boxes(filled([*MARKS, (86, 60, 6, 6)], words=("",) * 4))
    Image.fromarray(gray).save(tmp_path / "club.png", dpi=(DPI, DPI))
    assert len(corner_marks(page_of(gray, DPI))) == 4
    draft = draft_template(tmp_path / "club.png", load_settings())
    form = parse_template(tmp_path / "club.toml", draft.text)
    (page,) = form.pages
    scale = WIDTH / page.width_mm
    anchors = [(scale * box.x, scale * box.y) for box in page.anchors]
    for mark in MARKS:
        assert sum(np.abs(np.subtract(mark[:2], place)).max() < 0.5 for place in anchors) == 1
    known = found(scan(filled(), turning(1.0)), form)
    assert furthest(known, turning(1.0)) < 0.8
