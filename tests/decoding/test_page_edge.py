"""Characters at the edge of a scan are looked at: a part of them may be missing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hcr_batch import load_recognizer, scan_document
from hcr_batch.decoding.page_edge import flagged_at_edge
from hcr_batch.types import CellReading, Page, Reading, SourceBox

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "forms" / "nist-hsf.png"
SIZE = (800, 600)
IMAGE = np.zeros((1, 1), np.uint8)


def cell_at(x, y, width=20, height=30, character="E"):
    return CellReading(SourceBox(x, y, width, height), Reading(character, 0.99), IMAGE)


def is_cut(cell, dpi=200.0, to_source=None):
    gray = np.full(SIZE[::-1], 255, np.uint8)
    page = Page(gray, dpi, 1, np.eye(3) if to_source is None else to_source, SIZE)
    (found,) = flagged_at_edge([cell], page)
    return found.reading.flagged


@pytest.mark.parametrize(
    "cell", [cell_at(0, 90), cell_at(90, 1), cell_at(780, 90), cell_at(90, 570)]
)
def test_a_character_at_the_edge_is_cut_off(cell):
    assert is_cut(cell)


def test_others_are_not():
    assert not is_cut(cell_at(4, 4))
    assert not is_cut(cell_at(0, 90, character=""))


def test_the_edge_is_that_of_the_file_whatever_was_done_to_the_page():
    smaller = np.diag([4.0, 4.0, 1.0])
    assert is_cut(cell_at(5, 90), to_source=smaller)
    assert not is_cut(cell_at(8, 90), to_source=smaller)


def test_a_reason_is_added_to_those_there_are():
    reading = Reading("E", 0.5, True, ("low_confidence",))
    page = Page(np.full(SIZE[::-1], 255, np.uint8), 200.0, 1, np.eye(3), SIZE)
    (found,) = flagged_at_edge([CellReading(SourceBox(0, 9, 9, 9), reading, IMAGE)], page)
    assert found.reading.reasons == ("low_confidence", "cut_off")


@pytest.mark.parametrize("cut", [False, True])
def test_a_scan_that_ends_within_a_word_has_its_last_character_flagged(cut, tmp_path):
    recognizer = load_recognizer()
    (page,) = scan_document(SAMPLE, recognizer)
    strings = [field.cells for field in page.fields if field.kind == "free"]
    inked = [c for cells in strings for c in cells if c.reading.character]
    last = max(inked, key=lambda cell: cell.box.right).box
    with Image.open(SAMPLE) as image:
        right = last.x + last.width // 2 if cut else image.width
        image.crop((0, 0, right, image.height)).save(tmp_path / "cut.png", dpi=image.info["dpi"])
    (page,) = scan_document(tmp_path / "cut.png", recognizer)
    reasons = {r for field in page.fields for c in field.cells for r in c.reading.reasons}
    assert ("cut_off" in reasons) is cut
