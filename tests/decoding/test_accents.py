"""Letters with marks above are read as their base letter and flagged; slashes are no ones."""

from types import SimpleNamespace

import cv2
import numpy as np
from drawn_form import paper, row_of_boxes, write
from layer_maker import layers_of
from PIL import Image

from hcr_batch import scan_document
from hcr_batch.alphabet import CHARACTERS
from hcr_batch.characters.isolate import CellInk
from hcr_batch.characters.marks import BaseLetter
from hcr_batch.decoding.accents import punctuation, with_base_letters
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box

INK = np.full((20, 12), 255, np.uint8)
CELL = CellInk(INK, Box(0, 0, 12, 20))


def scores(*characters):
    table = np.zeros((len(characters), 62), np.float32)
    for row, character in zip(table, characters, strict=True):
        row[CHARACTERS.index(character)] = 0.95
    return GlyphScores(table, np.zeros(len(characters), np.float32))


def read(whole, base, dots=1):
    cells, found = with_base_letters([CELL], {0: BaseLetter(INK, dots)}, scores(whole, base))
    return CHARACTERS[int(found.characters[0].argmax())], cells[0].accented


def test_marks_are_left_out_where_a_letter_stands_below():
    assert read("R", "A", dots=2) == ("A", True)
    assert read("E", "e") == ("e", True)
    assert read("O", "0", dots=2) == ("O", True)


def test_characters_whose_top_stands_off_stay_whole():
    assert read("5", "S") == ("5", False)
    assert read("i", "l") == ("i", False)
    assert read("T", "1") == ("T", False)
    assert read("0", "0") == ("0", False)
    assert read("K", "R") == ("K", False)
    assert read("0", "U", dots=2) == ("0", False)


def test_blank_cells_have_no_scores():
    cells = [CellInk(None, CELL.box), CELL, CELL]
    marked, found = with_base_letters(cells, {1: BaseLetter(INK, 1)}, scores("R", "E", "E"))
    assert [cell.accented for cell in marked] == [False, False, True]
    assert found.characters.shape == (2, 62)


def test_a_bar_that_leans_is_no_one():
    leaning = np.zeros((60, 50), np.uint8)
    cv2.line(leaning, (5, 55), (40, 5), 255, 4)
    upright = np.zeros((60, 20), np.uint8)
    cv2.line(upright, (8, 55), (10, 5), 255, 4)
    cells = [CellInk(ink, Box(0, 0, *ink.shape[::-1])) for ink in (upright, leaning, upright)]
    (marks,) = punctuation([(cells, scores("1", "1", "1").characters, np.ones(3, bool))])
    assert marks.tolist() == [False, True, False]


class LetterU:
    """A recognizer to which everything is a handwritten U."""

    card = SimpleNamespace(threshold=lambda target_error, charset: 0.5)
    line_reader = None

    def scores(self, glyphs):
        found = scores(*"U" * len(glyphs))
        return GlyphScores(found.characters, found.printed - 9)


def test_an_umlaut_on_a_form_is_flagged(tmp_path):
    gray = paper(210, 148)
    boxes = row_of_boxes(gray, 120, 120, 8)
    form = gray.copy()
    for box, character in zip(boxes, "MURAT"):
        write(gray, character, box, size=0.5)
    top = boxes[1]
    for share in (0.38, 0.62):
        x = int(top.x + share * top.width)
        cv2.line(gray, (x + 1, int(top.y + 6)), (x, int(top.y + 11)), 20, 4, cv2.LINE_AA)
    Image.fromarray(gray).save(tmp_path / "form.png", dpi=(200, 200))
    maps = layers_of(form, gray, cells=boxes).maps
    (page,) = scan_document(tmp_path / "form.png", LetterU(), segmenter=lambda _: maps)
    readings = [cell.reading for cell in page.fields[0].cells[:5]]
    assert ["accent" in reading.reasons for reading in readings] == [n == 1 for n in range(5)]
