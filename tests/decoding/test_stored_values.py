"""Fillable PDFs: stored values win at their place, with a template and without."""

import numpy as np
import pytest
from pdf_maker import fillable_pdf

from hcr_batch import load_recognizer, scan_document
from hcr_batch.decoding.stored_values import with_stored_values
from hcr_batch.types import (
    CellReading,
    FieldReading,
    Page,
    PageReading,
    Reading,
    SourceBox,
    StoredValue,
)

CELLS = b"1 w " + b" ".join(b"%d 700 20 22 re S" % (72 + 20 * n) for n in range(8))
COMB = b"/FT/Tx/T(number)/Ff 16777216/MaxLen 8/V(%s)/Rect[72 700 232 722]"
TEMPLATE = """
name = "club"
page = { width_mm = 209.9, height_mm = 297.04 }
[[field]]
name = "number"
kind = "comb"
box = [25.4, 42.33, 56.44, 7.76]
cells = 8
charset = "digits"
"""


def reading(character="", flagged=False):
    return Reading(character, 0.9, flagged, ("low_confidence",) if flagged else ())


def field(kind, boxes, characters):
    cells = tuple(
        CellReading(SourceBox(*box), reading(character), np.zeros((1, 1), np.uint8))
        for box, character in zip(boxes, characters, strict=True)
    )
    return FieldReading("f001", kind, cells)


def row(x, y, count, side=40):
    return [(x + n * side, y, side, side) for n in range(count)]


def read(fields, *stored, templates=()):
    gray = np.full((600, 800), 255, np.uint8)
    page = Page(gray, 200.0, 1, np.eye(3), (800, 600), stored)
    return with_stored_values(PageReading(1, 800, 600, tuple(fields)), page, templates).fields


def texts(fields):
    return ["".join(c.reading.character or "_" for c in field.cells) for field in fields]


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_a_filled_comb_is_read_from_the_file(tmp_path, recognizer, template):
    (tmp_path / "form.pdf").write_bytes(fillable_pdf([COMB % b"47119"], CELLS))
    if template:
        (tmp_path / "club.toml").write_text(template)
        template = tmp_path / "club.toml"
    (page,) = scan_document(tmp_path / "form.pdf", recognizer, template)
    (found,) = page.fields
    assert found.name == ("number" if template else "f001")
    assert texts([found]) == ["47119___"]
    assert {(c.reading.confidence, c.reading.flagged, c.reading.reasons) for c in found.cells} == {
        (1.0, False, ())
    }


def test_a_comb_that_is_not_printed_has_its_cells_all_the_same(tmp_path, recognizer):
    (tmp_path / "form.pdf").write_bytes(fillable_pdf([COMB % b"47119"]))
    (page,) = scan_document(tmp_path / "form.pdf", recognizer)
    (found,) = page.fields
    assert (found.kind, texts([found])) == ("comb", ["47119___"])
    assert len({cell.box.width for cell in found.cells}) <= 2


def test_a_text_has_a_row_a_character(tmp_path):
    (found,) = read([], StoredValue(SourceBox(10, 10, 100, 20), "text", "Bad\r\nÖls-X 1"))
    assert (found.kind, texts([found])) == ("free", ["Bad_Öls-X_1"])


def test_a_text_takes_the_place_of_what_was_read_there_in_pieces():
    pieces = [field("free", row(100, 100, 3), "A4L"), field("free", row(240, 100, 2), "XX")]
    below = field("comb", row(100, 300, 4), "1234")
    found = read([*pieces, below], StoredValue(SourceBox(90, 90, 300, 60), "text", "MEIER"))
    assert texts(found) == ["MEIER", "1234"]
    assert [f.name for f in found] == ["f001", "f002"]


def test_single_fields_fill_a_comb_cell_by_cell():
    comb = field("comb", row(100, 100, 4), [""] * 4)
    places = (SourceBox(100 + 40 * n, 100, 40, 40) for n in range(4))
    stored = [StoredValue(box, "text", c) for box, c in zip(places, "47 1")]
    assert texts(read([comb], *stored)) == ["47_1"]


def test_fields_come_in_reading_order():
    comb = field("comb", row(100, 200, 4), "1234")
    above = StoredValue(SourceBox(100, 100, 100, 30), "text", "ABOVE")
    beside = StoredValue(SourceBox(20, 205, 30, 30), "check", "X")
    below = StoredValue(SourceBox(20, 405, 30, 30), "check", "")
    found = read([comb], below, beside, above)
    assert texts(found) == ["ABOVE", "X", "1234", "_"]
    assert [f.kind for f in found] == ["free", "check", "comb", "check"]


def test_ink_in_an_empty_field_is_not_lost():
    comb = field("comb", row(100, 100, 3), ["", "7", ""])
    found = read([comb], StoredValue(SourceBox(100, 100, 120, 40), "text", "", 3))
    assert texts(found) == ["_7_"]
    assert [c.reading.confidence for c in found[0].cells] == [1.0, 0.9, 1.0]


def test_a_template_gets_no_fields_that_it_does_not_name():
    comb = field("comb", row(100, 100, 3), "127")
    stored = StoredValue(SourceBox(100, 300, 120, 40), "text", "OTHER")
    assert texts(read([comb], stored, templates=("a form",))) == ["127"]
