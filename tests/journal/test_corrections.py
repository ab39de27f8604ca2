import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hcr_batch.journal.corrections import Answer, Kind, Place, is_same_place
from hcr_batch.journal.journal import open_journal
from hcr_batch.results.cell_pictures import pack_pictures
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox

FLAGGED = Reading("7", 0.6, True, ("low_confidence",), (("1", 0.05),))
SURE = Reading("4", 0.99)
CELLS = (
    CellRecord(SourceBox(10, 20, 30, 40), FLAGGED),
    CellRecord(SourceBox(40, 20, 30, 40), SURE),
    CellRecord(SourceBox(70, 20, 30, 40), Reading("", 0.999)),
)
PICTURES = [np.full((3, 5), 17, np.uint8), np.full((4, 4), 34, np.uint8), np.zeros((0, 0), "u1")]
FIELDS = (FieldRecord("f001", "comb", CELLS),)
PAGE = PageRecord(1, 800, 600, FIELDS, pack_pictures(PICTURES))
PLACE = Place("sha", 1, CELLS[0].box)


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "r.hcr.sqlite") as journal:
        add(journal)
        yield journal


def add(journal, page=PAGE, sha256="sha", names=("a.png",)):
    files = [(Path("/forms") / name, name) for name in names]
    journal.add(sha256, "recipe", [page], None, 0.1, files)


def say(character, kind=Kind.CHARACTER, seen=0, place=PLACE):
    return Answer(place, "f001", 1, FLAGGED, kind, character, seen)


def readings(journal):
    return [cell.reading for _, page in journal.pages() for cell in page.fields[0].cells]


@pytest.mark.parametrize(
    ("kind", "character", "expected"),
    [
        (Kind.CHARACTER, "1", Reading("1", 1.0, False, ("reviewed",))),
        (Kind.ACCEPTED, "7", Reading("7", 1.0, False, ("reviewed",))),
        (Kind.BLANK, "", Reading("", 1.0, False, ("reviewed",))),
        (Kind.ILLEGIBLE, "", Reading("", 0.0, True, ("illegible",))),
        (Kind.OPEN, "", FLAGGED),
    ],
)
def test_answers_take_the_place_of_readings(journal, kind, character, expected):
    journal.corrections.record([say(character, kind)], "Ada")
    assert readings(journal) == [expected, SURE, CELLS[2].reading]


def test_who_when_and_what_was_read_is_kept(journal):
    (answer,) = journal.corrections.record([say("1")], "Ada")
    assert answer == journal.corrections.latest(PLACE)
    assert (answer.reviewer, answer.read, answer.confidence, answer.flagged) == ("Ada", "7", 0.6, 1)
    assert answer.corrected_at.startswith("20")


def test_an_answer_that_did_not_see_the_last_one_is_refused(journal):
    (first,) = journal.corrections.record([say("1")], "Ada")
    other = Place("sha", 1, CELLS[1].box)
    refused, taken = journal.corrections.record([say("2"), say("9", place=other)], "Bob")
    assert refused is None
    assert taken.character == "9"
    assert [reading.character for reading in readings(journal)[:2]] == ["1", "9"]
    (second,) = journal.corrections.record([say("2", seen=first.id)], "Bob")
    assert journal.corrections.latest(PLACE) == second


def test_an_answer_can_be_taken_back(journal):
    (first,) = journal.corrections.record([say("1")], "Ada")
    journal.corrections.record([say("", Kind.OPEN, first.id)], "Ada")
    assert readings(journal)[0] == FLAGGED


def test_answers_follow_the_cell_whatever_its_field_is_called(journal):
    journal.corrections.record([say("1")], "Ada")
    moved = (CellRecord(SourceBox(11, 19, 30, 41), SURE), *CELLS[1:])
    fields = (FieldRecord("f001", "comb", CELLS[1:]), FieldRecord("name", "comb", moved[:1]))
    add(journal, PageRecord(1, 800, 600, fields))
    ((_, page),) = journal.pages()
    assert page.fields[1].cells[0].reading.character == "1"
    assert [cell.reading for cell in page.fields[0].cells] == [cell.reading for cell in CELLS[1:]]


def test_answers_of_one_content_stay_with_it(journal):
    journal.corrections.record([say("1")], "Ada")
    add(journal, sha256="other", names=("b.png",))
    assert [reading.character for reading in readings(journal)] == ["1", "4", "", "7", "4", ""]


def test_two_connections_see_each_other(journal):
    with open_journal(journal.path) as second:
        (answer,) = second.corrections.record([say("1")], "Bob")
        assert journal.corrections.record([say("2")], "Ada") == [None]
    assert list(journal.corrections.since()) == [answer]
    assert list(journal.corrections.since(answer.id)) == []


def test_an_answer_waits_for_a_scan_that_is_writing(journal):
    other = sqlite3.connect(journal.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    assert journal.corrections.record([say("1")], "Ada")[0].character == "1"


def test_same_place():
    box = SourceBox(10, 10, 20, 20)
    assert is_same_place(box, SourceBox(12, 11, 20, 20))
    assert not is_same_place(box, SourceBox(30, 10, 20, 20))
    assert not is_same_place(box, SourceBox(10, 10, 60, 20))


def test_keys_name_places_and_nothing_else():
    assert Place.of_key(PLACE.key) == PLACE
    for wrong in ("", "sha", f"{PLACE.key}-1", "a/b-1-1-1-1-1", "sha-1-1-1-1-x"):
        with pytest.raises(ValueError, match="names no cell"):
            Place.of_key(wrong)


def test_due_cells_fields_and_pictures_are_found(journal):
    add(journal, sha256="sha", names=("copy.png", "a.png"))
    (due,) = journal.cells.due()
    assert (due.place, due.file, due.field, due.position) == (PLACE, "a.png", "f001", 1)
    assert [cell.reading for cell in journal.cells.due(lambda key: True)] == [FLAGGED, SURE]
    for cell, picture in zip(CELLS[:2], PICTURES, strict=False):
        png = journal.cells.picture(replace(PLACE, box=cell.box))
        assert np.array_equal(cv2.imdecode(np.frombuffer(png, np.uint8), 0), picture)
    assert journal.cells.picture(replace(PLACE, box=CELLS[2].box)) is None
    field = journal.cells.field(PLACE)
    assert (field.file, field.size, len(field.field.cells)) == ("a.png", (800, 600), 3)
    nowhere = replace(PLACE, page=2)
    assert journal.cells.picture(nowhere) is None
    assert journal.cells.field(nowhere) is None
