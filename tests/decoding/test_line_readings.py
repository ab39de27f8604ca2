"""From the ink of a line to its readings: nothing that a pen wrote is left out."""

from dataclasses import replace

import numpy as np
import pytest

from hcr_batch.alphabet import CHARACTERS, GAP, LINE_CHARACTERS
from hcr_batch.characters.field_ink import InkSource
from hcr_batch.characters.line_strip import Strip
from hcr_batch.characters.string_candidates import Candidate, TextLine
from hcr_batch.characters.unplaced import UNPLACED
from hcr_batch.config import DEFAULT_MODEL, data_folder
from hcr_batch.decoding.answers import read_answers
from hcr_batch.decoding.field_answers import FieldGlyphs, Thresholds
from hcr_batch.decoding.machine_print import NOTHING_KNOWN
from hcr_batch.forms.rules import Rule, make_rule
from hcr_batch.recognition.line_reader import load_line_reader
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Cell, Field

WRITTEN, UNSURE, PRINTED = -9.0, -1.0, 9.0
ANYTHING = Rule()
THREE_DIGITS = make_rule("0123456789", pattern="[0-9]{3}", blanks=False)


def read(
    text,
    looks,
    source,
    columns=(),
    card=None,
    chance=0.99,
    rule=ANYTHING,
    least=(2.0, 2.0),
    kind="free",
    pen_share=0.9,
):
    """The readings of a line whose pieces are surely these characters."""
    boxes = [Box(20.0 + 30 * n, 20, 24, 30) for n in range(len(text))]
    ink = 255 * np.tri(30, 24, dtype=np.uint8)
    pieces = tuple(
        Candidate(n, n, False, 0.2, ink, box) for n, box in enumerate(boxes)
    )
    whole = Box(20, 20, 30.0 * len(text), 30)
    to_page = np.array([[30 / 16, 0, 20], [0, 30 / 40, 20]])
    strip = Strip(np.full((40, 16 * len(text)), 255, np.uint8), to_page)
    line = TextLine(whole, len(text), 30.0, pieces, strip, pen_share)
    characters = np.zeros((len(text), len(CHARACTERS)), np.float32)
    characters[range(len(text)), [CHARACTERS.index(c) for c in text]] = chance
    scores = GlyphScores(characters, np.full(len(text), looks, np.float32), tuple(columns))
    field = Field("f001", kind, Box(10, 10, 400, 50), (Cell(Box(10, 10, 400, 50)),))
    glyphs = FieldGlyphs(field, lines=(line,), source=source, rule=rule)
    given = ([glyphs], [scores], Thresholds(lambda _: 0.95, *least), [NOTHING_KNOWN])
    (answer,) = read_answers(*given, card)
    return [reading for _, reading in answer.cells]


def test_ink_of_a_pen_that_looks_like_print_is_shown_to_a_person():
    readings = read("7049", PRINTED, InkSource.PEN)
    assert [(r.character, r.reasons) for r in readings] == [("", ("printed",))]


def test_print_that_nobody_took_for_writing_is_no_answer():
    assert not any(r.character or r.flagged for r in read("7049", PRINTED, InkSource.PRINT))


def test_doubtful_ink_that_was_taken_for_print_is_one_thing_to_look_at():
    readings = read("70492", UNSURE, InkSource.PRINT, chance=0.6)
    assert [(r.character, r.flagged, r.reasons) for r in readings] == [("", True, ("printed",))]


def test_a_sentence_that_was_taken_for_print_is_one_thing_to_look_at_though_it_looks_written():
    readings = read("70492" * 10, WRITTEN, InkSource.PRINT)
    assert [(r.character, r.flagged, r.reasons) for r in readings] == [("", True, ("printed",))]
    assert len(read("70492", WRITTEN, InkSource.PRINT)) == 5
    assert len(read("70492" * 10, WRITTEN, InkSource.PEN)) == 50
    assert not any(r.flagged for r in read("70492" * 10, PRINTED, InkSource.PRINT))


def test_a_line_that_may_be_print_is_read_where_enough_of_it_is_sure():
    assert "".join(r.character for r in read("70492", UNSURE, InkSource.PEN)) == "70492"
    readings = read("70492", UNSURE, InkSource.PEN, chance=0.6)
    assert [(r.character, r.flagged, r.reasons) for r in readings] == [("", True, ("printed",))]


def test_writing_is_read():
    assert "".join(r.character for r in read("7049", WRITTEN, InkSource.PEN)) == "7049"


def test_a_doubtful_character_of_a_line_read_whole_is_flagged_and_kept():
    reader = load_line_reader(data_folder("models") / DEFAULT_MODEL)
    card = replace(reader.card, letter_weight=0.0, letter_bonus=0.9)
    columns = np.full((32, GAP + 1), 1e-5, np.float32)
    columns[:, GAP] = 1.0
    for place, (character, sure) in enumerate([("A", 0.99), ("R", 0.45), ("K", 0.99)]):
        column = columns[4 + 8 * place]
        column[GAP], column[LINE_CHARACTERS.index(character)] = 1 - sure, sure
    columns /= columns.sum(axis=1, keepdims=True)
    readings = read("8", WRITTEN, InkSource.PEN, [columns], card, chance=0.1)
    assert "".join(reading.character for reading in readings) == "ARK"
    assert readings[1].flagged


def whole_readings(cut, *places, looks=WRITTEN, **options):
    """The readings of a line cut into `cut`; the line reader sees these at its places."""
    reader = load_line_reader(data_folder("models") / DEFAULT_MODEL)
    card = replace(reader.card, letter_weight=0.0, letter_bonus=0.0)
    columns = np.full((8 * len(places) + 8, GAP + 1), 1e-6, np.float32)
    columns[:, GAP] = 1.0
    for place, shares in enumerate(places):
        for character, share in shares.items():
            columns[4 + 8 * place, LINE_CHARACTERS.index(character)] = share
        columns[4 + 8 * place, GAP] = 1 - sum(shares.values())
    columns /= columns.sum(axis=1, keepdims=True)
    return read(cut, looks, InkSource.PEN, [columns], card, chance=0.9, **options)


def test_the_line_read_whole_counts_and_stays_as_it_was_read_however_doubtful():
    readings = whole_readings("BBB", {"A": 0.99}, {"R": 0.6, "P": 0.35}, {"K": 0.99})
    assert "".join(reading.character for reading in readings) == "ARK"
    assert readings[1].flagged


def test_the_cut_line_decides_where_the_line_read_whole_is_of_two_minds():
    for cut in ("ARK", "ABK"):
        readings = whole_readings(cut, {"A": 0.99}, {"R": 0.5, "B": 0.49}, {"K": 0.99})
        assert "".join(reading.character for reading in readings) == cut


def test_what_the_cut_line_has_otherwise_is_less_sure():
    sure = [{letter: 0.8} for letter in "ARK"]
    readings = whole_readings("ABK", *sure)
    assert "".join(reading.character for reading in readings) == "ARK"
    assert readings[1].confidence < min(readings[0].confidence, readings[2].confidence)


def test_the_weakest_character_of_a_doubtful_line_is_flagged_and_no_sure_one():
    places = [{letter: 0.9999} for letter in "AR"] + [{"K": 0.97, "X": 0.02}]
    readings = whole_readings("ARK", *places, least=(0.99999, 0.5))
    assert [reading.flagged for reading in readings] == [False, False, True]


def test_a_line_that_is_sure_as_a_whole_is_accepted_and_its_characters_are_no_less_sure():
    sure = [{letter: 0.9999} for letter in "ARK"]
    readings = whole_readings("ARK", *sure, least=(0.5, 1.0))
    assert not any(reading.flagged for reading in readings)
    assert min(reading.confidence for reading in readings) >= 0.5


def test_outside_all_fields_what_its_cut_does_not_confirm_is_one_thing_to_look_at():
    sure = [{letter: 0.9999} for letter in "ARK"]
    readings = whole_readings("ARK", *sure, kind=UNPLACED)
    assert [(r.character, r.flagged) for r in readings] == [(c, True) for c in "ARK"]
    apart = whole_readings("ARK", *sure[:1], {" ": 0.9999}, *sure[1:], kind=UNPLACED)
    assert [(r.character, r.flagged) for r in apart if not r.character] == [("", False)]
    (reading,) = whole_readings("1", {"1": 0.9999}, kind=UNPLACED)
    assert (reading.character, reading.reasons) == ("", (UNPLACED,))
    (reading,) = whole_readings("BBB", *sure, kind=UNPLACED)
    assert (reading.character, reading.reasons) == ("", (UNPLACED,))


def test_a_sign_that_the_form_prints_is_a_blank_answer():
    (reading,) = whole_readings("5", {"$": 0.99}, looks=UNSURE)
    assert (reading.character, reading.flagged) == ("", False)


def test_a_blot_of_a_pen_that_looks_like_a_sign_is_shown():
    (reading,) = whole_readings("5", {"$": 0.99})
    assert reading.flagged


def test_a_dash_alone_is_shown_to_a_person():
    (reading,) = whole_readings("1", {"-": 0.99})
    assert reading.flagged


def test_each_line_of_an_area_is_an_answer_of_its_own():
    lines = tuple(
        TextLine(Box(20, top, 90.0, 30), 1, 30.0, (), None) for top in (20, 70, 120)
    )
    area = Box(10, 10, 400, 160)
    glyphs = FieldGlyphs(Field("f004", "free", area, (Cell(area),)), lines=lines)
    parts = glyphs.by_line()
    assert [part.field.name for part in parts] == ["f004", "f004-2", "f004-3"]
    assert [part.lines for part in parts] == [(line,) for line in lines]
    assert parts[1].field.box == lines[1].box
    (alone,) = parts[0].by_line()
    assert alone.field.name == "f004"


def test_a_number_under_a_rule_is_read_whole_and_shown_where_the_line_is_doubtful():
    sure, options = [{"4": 0.999}, {"0": 0.999}], {"rule": THREE_DIGITS, "least": (0.9, 2.0)}
    readings = whole_readings("407", *sure, {"7": 0.999}, **options)
    assert [(r.character, r.flagged) for r in readings] == [(c, False) for c in "407"]
    readings = whole_readings("401", *sure, {"7": 0.6, "1": 0.39}, **options)
    assert "".join(r.character for r in readings) in {"407", "401"}
    assert any(r.flagged for r in readings)


@pytest.mark.parametrize("rule", [ANYTHING, THREE_DIGITS])
def test_an_area_without_writing_is_blank_under_any_rule(rule):
    area = Box(10, 10, 400, 50)
    glyphs = FieldGlyphs(Field("f001", "free", area, (Cell(area),)), rule=rule)
    scores = GlyphScores(np.zeros((0, len(CHARACTERS)), np.float32), np.zeros(0, np.float32), ())
    least = Thresholds(lambda _: 0.95, 0.9, 0.9)
    card = load_line_reader(data_folder("models") / DEFAULT_MODEL).card
    (answer,) = read_answers([glyphs], [scores], least, [NOTHING_KNOWN], card)
    ((_, reading),) = answer.cells
    assert (reading.character, reading.flagged) == ("", False)


@pytest.mark.parametrize(
    ("code", "doubtful"),
    [
        ("KO4", "O"),
        ("4SEU", "S"),
        ("KOZ88", "OZ"),
        ("ZZ9", "ZZ"),
        ("0SOS", "SOS"),
        ("KO", ""),
        ("4037", ""),
        ("SO", ""),
        ("1st", ""),
    ],
)
def test_what_may_be_a_letter_or_a_digit_beside_the_other_is_flagged(code, doubtful):
    sure = [{character: 0.999} for character in code]
    readings = whole_readings(code, *sure, least=(0.0, 0.0))
    assert "".join(reading.character for reading in readings) == code
    assert "".join(reading.character for reading in readings if reading.flagged) == doubtful


@pytest.mark.parametrize(("number", "doubted"), [("70747", 0), ("7777", 4), ("777711", 0)])
def test_sevens_are_in_doubt_where_a_page_has_no_ones(number, doubted):
    readings = read(number, WRITTEN, InkSource.PEN)
    assert [r.character for r in readings if r.flagged] == ["7"] * doubted


def test_sevens_that_a_rule_asks_for_are_in_no_doubt():
    rule = make_rule("0123456789", pattern="7[0-9]{3}", blanks=False)
    readings = read("7777", WRITTEN, InkSource.PEN, rule=rule)
    assert not any(reading.flagged for reading in readings)
