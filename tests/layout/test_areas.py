"""Boxes and open areas to write in, and frames around parts of a form."""

import cv2
import numpy as np
import pytest

from hcr_batch.layout.areas import free_areas, typed_answers
from hcr_batch.layout.cells import LineShares
from hcr_batch.segmentation.closed_boxes import closed_boxes
from hcr_batch.segmentation.layers import Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.types import Box, Field

PIXELS_PER_MM = 4.0
BOX = (40, 40, 640, 400)
"""Left, top, right and bottom: 90 mm high."""


@pytest.fixture
def line_layer():
    layer = np.zeros((460, 700), np.uint8)
    cv2.rectangle(layer, BOX[:2], BOX[2:], 255, 2)
    return layer


def test_a_high_box_is_one_whatever_strokes_the_line_layer_has_in_it(line_layer):
    rng = np.random.default_rng(3)
    for x, y in rng.integers((60, 60), (600, 380), (80, 2)):
        cv2.line(line_layer, (x, y), (x + 15, y), 255, 2)
        cv2.line(line_layer, (x, y), (x, y + 15), 255, 2)
    np.testing.assert_allclose(closed_boxes(line_layer, PIXELS_PER_MM), [BOX], atol=4)


def test_a_frame_around_lines_is_no_box(line_layer):
    cv2.line(line_layer, (80, 200), (300, 200), 255, 2)
    assert len(closed_boxes(line_layer, PIXELS_PER_MM)) == 0


def test_a_frame_around_boxes_is_no_box(line_layer):
    cv2.rectangle(line_layer, (80, 100), (300, 140), 255, 2)
    np.testing.assert_allclose(
        closed_boxes(line_layer, PIXELS_PER_MM), [(80, 100, 300, 140)], atol=4
    )


def areas_above_a_line(areas, words, end=380, label=None):
    """What is found where the network saw these areas, and words, from left to right.

    The line ends at `end`; `label` is where there is print above it.
    """
    maps = np.zeros((len(CHANNELS), 120, 400), np.uint8)
    maps[CHANNELS.index("line"), 80:82, 20:end] = 255
    if label:
        maps[CHANNELS.index("print"), 58:76, slice(*label)] = 255
    for left, right in areas:
        maps[CHANNELS.index("area"), 50:78, left:right] = 255
    for left, right in words:
        maps[CHANNELS.index("writing"), 52:76, left:right] = 255
    layers, nothing = Layers(maps, 2.0), np.zeros((0, 4))
    found = free_areas(layers, nothing, nothing, LineShares.of(layers.line))
    return sorted((left, right) for left, _, right, _ in found.tolist())


@pytest.mark.parametrize("word", [(50, 110), (200, 285)])
def test_a_word_across_the_end_of_an_open_area_is_all_in_it(word):
    ((left, right),) = areas_above_a_line([(80, 240)], [word])
    assert left <= min(80, word[0])
    assert right >= max(240, word[1])


def test_areas_that_a_stroke_has_parted_are_one():
    ((left, right),) = areas_above_a_line([(60, 140), (150, 300)], [(100, 200)])
    assert left <= 60
    assert right >= 300


def test_answers_beside_each_other_on_one_line_stay_apart():
    assert len(areas_above_a_line([(60, 140), (180, 300)], [(70, 120), (200, 280)])) == 2


def test_writing_that_goes_on_along_the_line_is_in_the_area():
    words = [(60, 90), (110, 190), (215, 240), (270, 310)]
    ((left, right),) = areas_above_a_line([(100, 200)], words)
    assert left <= 60
    assert right >= 310


@pytest.mark.parametrize(
    "changes", [{"end": 225}, {"label": (205, 230)}, {"words": [(110, 190), (290, 330)]}]
)
def test_writing_beyond_the_line_or_a_label_or_far_away_is_not(changes):
    usual = {"areas": [(100, 200)], "words": [(110, 190), (235, 280)]}
    ((_, right),) = areas_above_a_line(**{**usual, **changes})
    assert right <= 210


def test_a_row_of_closed_boxes_seen_as_one_area_is_these_boxes():
    maps = np.zeros((len(CHANNELS), 120, 400), np.uint8)
    for left in (40, 120, 200, 280):
        cv2.rectangle(maps[CHANNELS.index("line")], (left, 30), (left + 80, 90), 255, 2)
    maps[CHANNELS.index("area"), 34:87, 44:357] = 255
    layers = Layers(maps, 2.0)
    found = free_areas(layers, layers.closed, np.zeros((0, 4)), LineShares.of(layers.line))
    assert sorted(round(left, -1) for left, _, _, _ in found.tolist()) == [40, 120, 200, 280]


@pytest.mark.parametrize(("written", "found"), [((0, 2), 3), ((0,), 1)])
def test_a_box_between_two_that_are_written_in_is_an_answer_too(written, found):
    maps = np.zeros((len(CHANNELS), 140, 300), np.uint8)
    for row in range(3):
        top = 10 + 40 * row
        cv2.rectangle(maps[CHANNELS.index("line")], (60, top), (240, top + 40), 255, 2)
        kind = "writing" if row in written else "print"
        maps[CHANNELS.index(kind), top + 12 : top + 30, 80:110] = 255
    layers = Layers(maps, 2.0)
    areas = free_areas(layers, layers.closed, np.zeros((0, 4)), LineShares.of(layers.line))
    assert len(areas) == found
    fields = [Field(f"f{n}", "free", Box(120, 20 + 80 * n, 360, 80), ()) for n in range(3)]
    typed = typed_answers(layers, fields[1:2], [fields[row] for row in written])
    assert typed == ({"f1"} if found == 3 else set())


def test_a_box_between_one_that_is_written_in_and_an_empty_one_is_an_answer_too():
    maps = np.zeros((len(CHANNELS), 140, 300), np.uint8)
    for row, kind in enumerate(("writing", "print", "area")):
        top = 10 + 40 * row
        cv2.rectangle(maps[CHANNELS.index("line")], (60, top), (240, top + 40), 255, 2)
        rows, right = ((2, 38), 238) if kind == "area" else ((12, 30), 110)
        maps[CHANNELS.index(kind), top + rows[0] : top + rows[1], 62:right] = 255
    layers = Layers(maps, 2.0)
    areas = free_areas(layers, layers.closed, np.zeros((0, 4)), LineShares.of(layers.line))
    assert len(areas) == 3


ROWS, COLUMNS, WIDTH, HEIGHT = 5, 4, 80, 36
"""Of a table, whose first row holds headings and whose first column labels, all of it print."""


def table(*like_print, bar=False):
    """Layers of such a table, most of whose answers are written; what stands in some looks printed.

    Its headings may stand on a solid bar, in place of boxes.
    """
    maps = np.zeros((len(CHANNELS), 20 + ROWS * HEIGHT, 20 + COLUMNS * WIDTH), np.uint8)
    line, printed, written = (maps[CHANNELS.index(name)] for name in ("line", "print", "writing"))
    for row in range(ROWS):
        for column in range(COLUMNS):
            left, top = 10 + column * WIDTH, 10 + row * HEIGHT
            if not (bar and row == 0):
                cv2.rectangle(line, (left, top), (left + WIDTH, top + HEIGHT), 255, 2)
            is_print = row == 0 or column == 0 or (row, column) in like_print
            layer = printed if is_print else written
            layer[top + 12 : top + 28, left + 15 : left + 40] = 255
    if bar:
        line[10 + HEIGHT - 1 : 10 + HEIGHT + 1] = 0
        for column in range(COLUMNS):
            left = 10 + column * WIDTH
            printed[10 : 10 + HEIGHT, left + 2 : left + WIDTH - 2] = 90
    return Layers(maps, 2.0)


def answers_in(layers):
    """Row and column of each area of a table, and those whose print is a typed answer."""
    areas = free_areas(layers, layers.closed, np.zeros((0, 4)), LineShares.of(layers.line))
    fields = [
        Field(f"f{n}", "free", Box(2 * left, 2 * top, 2 * (right - left), 2 * (bottom - top)), ())
        for n, (left, top, right, bottom) in enumerate(areas.tolist())
    ]
    places = [
        (round((top - 10) / HEIGHT), round((left - 10) / WIDTH)) for left, top, _, _ in areas
    ]
    written = [
        field
        for field, (_, top, right, bottom) in zip(fields, areas.astype(int), strict=True)
        if layers.written[top:bottom, right - WIDTH // 2 - 30 : right].any()
    ]
    unwritten = [field for field in fields if field not in written]
    typed = typed_answers(layers, unwritten, written)
    return set(places), {places[fields.index(f)] for f in unwritten if f.name in typed}


ANSWERS = {(row, column) for row in range(1, ROWS) for column in range(1, COLUMNS)}


@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("like_print", [((1, 1),), ((1, 2), (4, 3)), ((2, 2), (3, 2))])
def test_in_a_table_what_looks_like_print_amid_answers_is_one(like_print, bar):
    assert answers_in(table(*like_print, bar=bar)) == (ANSWERS, set(like_print))


def test_a_printed_column_of_a_table_is_no_answer():
    like_print = [(row, 2) for row in range(1, ROWS)]
    assert answers_in(table(*like_print)) == (ANSWERS - set(like_print), set())
