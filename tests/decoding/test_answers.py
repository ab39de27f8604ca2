"""From the ink of one field to its readings."""

import cv2
import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS, CHARSETS, GAP, LINE_CHARACTERS
from hcr_batch.characters.isolate import CellInk
from hcr_batch.characters.line_strip import Strip
from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.decoding.answers import read_answers
from hcr_batch.decoding.field_answers import FieldGlyphs, Thresholds
from hcr_batch.decoding.machine_print import NOTHING_KNOWN, Surroundings
from hcr_batch.forms.rules import Rule, make_rule
from hcr_batch.recognition.line_reader import load_line_reader
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Cell, Field

AMID_PRINT = Surroundings(page_is_print=True)


def read(chances, around, kind="boxes", rule=None, touching=False):
    """The readings of a field whose cells hold the character X, each of such a chance."""
    boxes = [Box(10.0 + 40 * n, 10, 30, 30) for n in range(len(chances))]
    field = Field("f001", kind, Box(10, 10, 40 * len(chances), 30), tuple(map(Cell, boxes)))
    ink = 255 * np.tri(20, dtype=np.uint8)
    cells = tuple(CellInk(ink, box, touching=touching) for box in boxes)
    characters = np.zeros((len(chances), len(CHARACTERS)), np.float32)
    characters[:, CHARACTERS.index("X")] = chances
    scores = GlyphScores(characters, np.full(len(chances), -9, np.float32))
    glyphs = FieldGlyphs(field, cells=cells, rule=rule or Rule())
    (answer,) = read_answers([glyphs], [scores], Thresholds(lambda _: 0.95), [around])
    return [reading for _, reading in answer.cells]


def test_amid_print_what_is_not_surely_written_is_print():
    (reading,) = read([0.6], AMID_PRINT)
    assert (reading.character, reading.flagged, reading.reasons) == ("", True, ("printed",))
    assert reading.alternatives[0][0] == "X"  # a person still sees what it may be


@pytest.mark.parametrize(
    ("chances", "around", "others"),
    [
        ([0.6], NOTHING_KNOWN, {}),
        ([0.6, 0.99], AMID_PRINT, {}),
        ([0.6], AMID_PRINT, {"kind": "check"}),
        ([0.6], AMID_PRINT, {"rule": make_rule(CHARSETS["upper"], "[X]", "none", blanks=False)}),
    ],
    ids=["among writing", "beside a sure one", "a tick", "where a template has a rule"],
)
def test_doubtful_writing_is_read(chances, around, others):
    readings = read(chances, around, **others)
    assert {reading.character for reading in readings} == {"X"}


@pytest.mark.parametrize(("best", "read_at_all"), [(0.5, False), (0.93, True)])
def test_joined_ink_is_a_drawing_unless_some_of_it_is_likely_a_character(best, read_at_all):
    readings = read([0.2, best, 0.3], NOTHING_KNOWN, touching=True)
    assert all(reading.flagged for reading in readings)
    assert any(reading.character for reading in readings) == read_at_all


@pytest.mark.parametrize(("left", "character"), [(2, ""), (9, "X")])
def test_a_mark_must_reach_the_middle_of_its_check_box(left, character):
    """A rest of a wall is shown to a person, and is no cross."""
    box = Box(10.0, 10, 30, 30)
    field = Field("f001", "check", box, (Cell(box),))
    ink = 255 * np.tri(26, 5, dtype=np.uint8)
    stroke = CellInk(ink, Box(10.0 + left, 12, 5, 26))
    characters = np.zeros((1, len(CHARACTERS)), np.float32)
    characters[:, CHARACTERS.index("X")] = 0.99
    scores = GlyphScores(characters, np.full(1, -9, np.float32))
    glyphs = FieldGlyphs(field, cells=(stroke,), rule=Rule())
    (answer,) = read_answers([glyphs], [scores], Thresholds(lambda _: 0.95), [NOTHING_KNOWN])
    ((_, reading),) = answer.cells
    assert reading.character == character
    assert reading.flagged == (not character)


def test_a_hand_that_looks_like_print_is_never_a_silent_blank():
    """The segmentation saw a pen; the glyphs look as if they were set."""
    boxes = [Box(10.0 + 40 * n, 10, 30, 30) for n in range(4)]
    field = Field("f001", "boxes", Box(10, 10, 160, 30), tuple(map(Cell, boxes)))
    ink = 255 * np.tri(20, dtype=np.uint8)
    cells = tuple(CellInk(ink, box) for box in boxes)
    characters = np.zeros((4, len(CHARACTERS)), np.float32)
    characters[:, CHARACTERS.index("X")] = 0.99
    glyphs = FieldGlyphs(field, cells=cells, rule=Rule())
    scores = GlyphScores(characters, np.full(4, 9, np.float32))
    (answer,) = read_answers([glyphs], [scores], Thresholds(lambda _: 0.95), [NOTHING_KNOWN])
    assert [(r.flagged, r.reasons) for _, r in answer.cells] == [(True, ("printed",))] * 4


def ticks(inks, likely="X", chance=0.99, printed=False):
    """The readings of check boxes with these inks, each uint8 (30, 30) as it lies in its box.

    All look like one character, of such a chance; the segmentation may take them for print.
    """
    fields, scores = [], []
    for number, ink in enumerate(inks):
        box = Box(10.0 + 60 * number, 10, 30, 30)
        field = Field(f"f{number:03d}", "check", box, (Cell(box),))
        fields.append(FieldGlyphs(field, cells=(CellInk(ink, box, printed=printed),), rule=Rule()))
        characters = np.zeros((1, len(CHARACTERS)), np.float32)
        characters[:, CHARACTERS.index(likely)] = chance
        scores.append(GlyphScores(characters, np.full(1, -9, np.float32)))
    around = [NOTHING_KNOWN] * len(fields)
    answers = read_answers(fields, scores, Thresholds(lambda _: 0.95), around)
    return [reading for answer in answers for _, reading in answer.cells]


def ring(thickness):
    ink = np.full((30, 30), 255, np.uint8)
    ink[thickness:-thickness, thickness:-thickness] = 0
    return ink


CROSS = np.maximum(np.eye(30, k=3, dtype=np.uint8), np.tri(30, dtype=np.uint8)[::-1]) * 255


def test_rests_of_walls_in_several_check_boxes_are_the_forms_own():
    readings = ticks([ring(2), ring(2), CROSS, ring(2), ring(6)])
    assert [reading.character for reading in readings] == ["", "", "X", "", ""]
    # More ink than in the others may be an answer, and a person looks.
    assert [reading.flagged for reading in readings] == [False, False, False, False, True]


def test_rests_in_one_check_box_are_shown_to_a_person():
    assert [reading.flagged for reading in ticks([CROSS, ring(2)])] == [False, True]


def strokes(*lines, width=3):
    ink = np.zeros((30, 30), np.uint8)
    for start, end in lines:
        cv2.line(ink, start, end, 255, width)
    return ink


TICK = strokes(((4, 15), (12, 26)), ((12, 26), (27, 2)))
SLASH = strokes(((3, 27), (27, 3)))
SCRIBBLE = strokes(*(((0, y), (29, y + 3)) for y in range(2, 28, 5)), width=4)
DOT = strokes(((14, 14), (15, 15)))


@pytest.mark.parametrize(
    ("ink", "flagged"),
    [(TICK, False), (SLASH, False), (SCRIBBLE, True), (DOT, True), (255 * np.ones_like(DOT), True)],
    ids=["a tick", "a slash", "scribbled over", "a dot", "filled"],
)
def test_strokes_across_a_check_box_are_a_mark_whatever_they_look_like(ink, flagged):
    (reading,) = ticks([ink], likely="r", chance=0.4)
    assert (reading.character, reading.flagged) == ("X", flagged)


@pytest.mark.parametrize(("chance", "flagged"), [(0.7, False), (0.1, True)])
def test_a_thick_cross_that_looks_like_one_is_a_mark_and_what_covers_as_much_is_shown(
    chance, flagged
):
    thick = strokes(((3, 3), (27, 27)), ((3, 27), (27, 3)), width=4)
    (reading,) = ticks([thick], likely="K", chance=chance)
    assert (reading.character, reading.flagged) == ("X", flagged)


@pytest.mark.parametrize("likely", ["Y", "J", "T"])
def test_a_tick_that_looks_like_the_print_of_a_hint_is_a_mark(likely):
    (reading,) = ticks([TICK], likely, printed=True)
    assert reading.character == "X"


def test_another_character_in_a_check_box_is_shown_to_a_person():
    (reading,) = ticks([TICK], likely="7", chance=0.97)
    assert reading.flagged


@pytest.mark.parametrize(("likely", "shown"), [(0.5, "X"), (0.95, "K")])
def test_a_row_whose_writing_crosses_its_walls_is_read_whole_too_for_a_person(likely, shown):
    """The second cell has lost its character to the wall; the row as a line shows it.

    The third shows what the row has, unless it looks like a character itself.
    """
    card = load_line_reader(data_folder("models") / DEFAULT_MODEL).card
    boxes = [Box(10.0 + 40 * n, 10, 40, 40) for n in range(3)]
    field = Field("f001", "comb", Box(10, 10, 120, 40), tuple(map(Cell, boxes)))
    ink = 255 * np.tri(20, dtype=np.uint8)
    cells = (
        CellInk(ink, boxes[0]),
        CellInk(ink, boxes[1], touching=True),
        CellInk(ink, boxes[2], touching=True),
    )
    characters = np.zeros((3, len(CHARACTERS)), np.float32)
    characters[0, CHARACTERS.index("A")] = 0.99
    characters[2, CHARACTERS.index("K")] = likely
    columns = np.full((60, GAP + 1), 1e-6, np.float32)
    columns[:, GAP] = 1.0
    strip = np.zeros((40, 120), np.uint8)
    for place, letter in enumerate("ARX"):
        middle = 20 + 40 * place
        strip[5:35, middle - 6 : middle + 6] = 255
        columns[middle // 2, [GAP, LINE_CHARACTERS.index(letter)]] = 0.02, 0.98
    row = Strip(strip, np.array([[1.0, 0, 10], [0, 1.0, 10]]))
    scores = GlyphScores(characters, np.full(3, -9, np.float32), (columns,))
    glyphs = FieldGlyphs(field, cells=cells, rule=Rule(), row=row)
    given = ([glyphs], [scores], Thresholds(lambda _: 0.95), [NOTHING_KNOWN])
    (answer,) = read_answers(*given, card)
    first, second, third = [reading for _, reading in answer.cells]
    assert (first.character, first.flagged) == ("A", False)
    assert (second.character, second.flagged) == ("R", True)
    assert (third.character, third.flagged) == (shown, True)
