"""From a file to its readings."""

import sys
import weakref
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from drawn_form import comb, overlap, paper, row_of_boxes, scanned, write
from layer_maker import layers_of
from PIL import Image, ImageDraw, ImageFont

from hcr_batch import load_recognizer, scan_document
from hcr_batch.alphabet import CHARACTERS
from hcr_batch.config import load_settings
from hcr_batch.errors import DocumentError
from hcr_batch.pipeline import read_page
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.types import Box, Page

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "forms"


class LetterA:
    """A recognizer to which everything is a handwritten A."""

    card = SimpleNamespace(threshold=lambda target_error, charset: 0.5)
    line_reader = None

    def scores(self, glyphs):
        assert glyphs.dtype == np.uint8
        characters = np.zeros((len(glyphs), 62), np.float32)
        characters[:, CHARACTERS.index("A")] = 0.9
        return GlyphScores(characters, np.full(len(glyphs), -9, np.float32))


@pytest.fixture(scope="module")
def recognizer():
    return load_recognizer()


@pytest.fixture(scope="module")
def membership(recognizer):
    return scan_document(SAMPLES / "membership.png", recognizer)


def form():
    """Two combs, a blank one and a free box; the first has five characters."""
    gray = paper(210, 148)
    boxes = row_of_boxes(gray, 120, 120, 12)
    for box, character in zip(boxes, "MARIA"):
        write(gray, character, box)
    comb(gray, 120, 260, 8)
    cv2.rectangle(gray, (120, 420), (900, 490), 0, 2)
    return gray


def saved(gray, path, dpi=200, **options):
    Image.fromarray(gray).save(path, dpi=(dpi, dpi), **options)
    return path


def boxes_of(page):
    return [cell.box for field in page.fields for cell in field.cells]


def all_readings(page):
    return [cell.reading for field in page.fields for cell in field.cells]


def test_what_a_scan_gives(membership):
    (page,) = membership
    with Image.open(SAMPLES / "membership.png") as image:
        assert (page.width, page.height) == image.size
    assert page.number == 1
    placed = [field for field in page.fields if field.kind != "unplaced"]
    assert [f.name for f in placed] == [f"f{number:03d}" for number in range(1, len(placed) + 1)]
    for field in page.fields:
        assert field.kind in {"comb", "boxes", "free", "check", "unplaced"}
        assert field.cells
        for cell in field.cells:
            assert cell.image.dtype == np.uint8
            assert cell.image.ndim == 2
            assert cell.image.size


def test_boxes_are_whole_pixels_inside_the_page_in_reading_order(membership):
    (page,) = membership
    for box in boxes_of(page):
        sides = (box.x, box.y, box.width, box.height)
        assert all(isinstance(side, int) for side in sides)
        assert min(box.x, box.y) >= 0
        assert min(box.width, box.height) >= 1
        assert box.right <= page.width
        assert box.bottom <= page.height
    for field in page.fields:
        assert [c.box.x for c in field.cells] == sorted(c.box.x for c in field.cells)
    starts = [field.cells[0].box for field in page.fields if field.kind != "unplaced"]
    for before, after in zip(starts, starts[1:]):
        assert after.y > before.y - before.height
        assert after.y > before.y + before.height / 2 or after.x > before.x


def test_readings_keep_their_promises(membership):
    for reading in all_readings(membership[0]):
        assert 0 <= reading.confidence <= 1
        assert len(reading.alternatives) <= 3
        assert reading.flagged == bool(reading.reasons)
        assert reading.character in ("", *CHARACTERS)
        shares = [share for _, share in reading.alternatives]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) + reading.confidence <= 1.001


def test_blank_cells_and_boxes_are_blank(tmp_path):
    (page,) = scan_document(saved(scanned(form()), tmp_path / "form.png"), LetterA())
    assert [len(field.cells) for field in page.fields[:2]] == [12, 8]
    assert [field.text for field in page.fields] == ["AAAAA", "", ""]
    blank = all_readings(page)[5:]
    assert {(reading.character, reading.flagged) for reading in blank} == {("", False)}


def test_strings_in_boxes_are_parted_and_read(recognizer, tmp_path):
    with Image.open(SAMPLES / "nist-hsf.png") as image:
        part = np.array(image.convert("L"))[690:860]  # three boxes, ten digits each
    (page,) = scan_document(saved(part, tmp_path / "digits.png", dpi=300), recognizer)
    texts = [field.text.replace(" ", "") for field in page.fields if field.text]
    assert len(texts) == 3
    right = sum(a == b for text in texts for a, b in zip(text, "0123456789"))
    assert right >= 24


def test_print_in_a_box_is_no_answer(recognizer, tmp_path):
    image = Image.fromarray(form())
    font = ImageFont.load_default(34)
    ImageDraw.Draw(image).text((150, 437), "for official use only", fill=0, font=font)
    (page,) = scan_document(saved(np.array(image), tmp_path / "form.png"), recognizer)
    unseen = [cell.reading for cell in page.fields[2].cells if not cell.reading.flagged]
    assert "".join(reading.character for reading in unseen) == ""


def test_scribbles_and_dots_are_never_passed_off_as_characters(membership, recognizer, tmp_path):
    cells = max((field.cells for field in membership[0].fields), key=_blanks)
    blank = [cell.box for cell in cells if not cell.reading.character][-4:]
    with Image.open(SAMPLES / "membership.png") as image:
        gray = np.array(image.convert("L"))
    random = np.random.default_rng(3)
    for box in blank[::2]:  # crossed out thoroughly
        corner, size = np.array((box.x, box.y)), np.array((box.width, box.height))
        points = corner + random.uniform(0.12, 0.88, (40, 2)) * size
        cv2.polylines(gray, [points.astype(np.int32)], False, 30, 3, cv2.LINE_AA)
    for box in blank[1::2]:  # a full stop
        cv2.circle(gray, (box.x + box.width // 2, int(box.bottom) - 9), 2, 30, -1)
    (page,) = scan_document(saved(gray, tmp_path / "form.png"), recognizer)
    found = [cell for field in page.fields for cell in field.cells]
    for box in blank:
        cell = max(found, key=lambda cell: overlap(cell.box, box))
        assert overlap(cell.box, box) > 0.8
        assert cell.reading.flagged or not cell.reading.character
    for box in blank[::2]:
        assert max(found, key=lambda cell: overlap(cell.box, box)).reading.flagged


def _blanks(cells):
    return sum(not cell.reading.character for cell in cells) * (len(cells) > 8)


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_boxes_of_a_picture_that_its_camera_turned_are_in_its_own_pixels(turn, tmp_path):
    gray = form()
    (upright,) = scan_document(saved(gray, tmp_path / "upright.png"), LetterA())
    quarter = {1: 0, 3: 2, 6: 1, 8: 3}[turn]  # the file lies turned the other way
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = np.ascontiguousarray(np.rot90(gray, quarter))
    path = saved(stored, tmp_path / "turned.jpg", quality=95, exif=exif)
    (page,) = scan_document(path, LetterA())
    assert (page.width, page.height) == stored.shape[::-1]
    wanted = [_turned(box, gray.shape, quarter) for box in boxes_of(upright)]
    found = boxes_of(page)
    assert len(found) == len(wanted)
    assert min(overlap(a, b) for a, b in zip(wanted, found)) > 0.85


def _turned(box, shape, quarter):
    """Where a box lies after np.rot90."""
    mask = np.zeros(shape, np.uint8)
    mask[int(box.y) : int(box.bottom), int(box.x) : int(box.right)] = 1
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(np.rot90(mask, quarter)))
    return Box(x, y, width, height)


def test_white_on_black_is_read_like_black_on_white(tmp_path):
    gray = scanned(form())
    (plain,) = scan_document(saved(gray, tmp_path / "plain.png"), LetterA())
    (negative,) = scan_document(saved(255 - gray, tmp_path / "negative.png"), LetterA())
    assert boxes_of(negative) == boxes_of(plain)
    assert [r.character for r in all_readings(negative)] == [
        r.character for r in all_readings(plain)
    ]


def test_mode_says_whether_writing_without_boxes_is_read(tmp_path):
    blank = paper(210, 148)
    gray = blank.copy()
    write(gray, "GRACE", Box(200, 150, 600, 120))
    path = saved(scanned(gray), tmp_path / "free.png")
    maps = layers_of(blank, gray).maps
    (page,) = scan_document(path, LetterA(), segmenter=lambda _: maps)
    assert page.fields[0].kind == "free"
    assert page.fields[0].text == "AAAAA"
    settings = load_settings(layout={"mode": "boxes"})
    (page,) = scan_document(path, LetterA(), settings=settings, segmenter=lambda _: maps)
    assert [field.name for field in page.fields] == ["nothing_found"]


def test_mode_boxes_reads_nothing_outside_boxes(tmp_path):
    gray = form()
    write(gray, "please turn over", Box(200, 600, 700, 36))
    settings = load_settings(layout={"mode": "boxes"})
    path = saved(scanned(gray), tmp_path / "form.png")
    (page,) = scan_document(path, LetterA(), settings=settings)
    assert page.fields[0].text == "AAAAA"
    assert max(box.bottom for box in boxes_of(page)) < 600


def test_the_threshold_decides_who_is_flagged(tmp_path):
    path = saved(scanned(form()), tmp_path / "form.png")
    for threshold, flagged in ((0.95, 5), (0.85, 0), (0.0, 0)):  # 0: that of the model card
        settings = load_settings(recognition={"threshold": threshold})
        (page,) = scan_document(path, LetterA(), settings=settings)
        assert sum(reading.flagged for reading in all_readings(page)) == flagged


def test_an_empty_page_has_no_fields_and_a_broken_file_says_so(tmp_path):
    (page,) = scan_document(saved(paper(50, 50), tmp_path / "empty.png"), LetterA())
    assert page.fields == ()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(DocumentError, match=r"broken\.png"):
        scan_document(broken, LetterA())


@pytest.mark.parametrize(
    "name",
    ["blank_doxakis_form3.jpg", "blank_template_3.png", "blank_markus_scanned_autoparse-1.png"],
)
def test_on_a_blank_form_nothing_is_read(name, recognizer, hcr_data):
    (page,) = scan_document(hcr_data / "forms" / name, recognizer)
    assert not any(reading.character for reading in all_readings(page))


@pytest.mark.xfail(reason="a cross printed as if by hand is read, flagged")
def test_an_example_of_a_tick_is_no_answer(recognizer, hcr_data):
    page = scan_document(hcr_data / "forms" / "blank_quexf.pdf", recognizer)[0]
    assert not any(reading.character for reading in all_readings(page))


def test_a_number_among_bubbles_is_read(recognizer, hcr_data):
    (page,) = scan_document(hcr_data / "forms" / "student_number_01.jpg", recognizer)
    assert any("0188877Y" in field.text for field in page.fields)


def test_a_photograph_is_no_error(recognizer, hcr_data):
    (page,) = scan_document(hcr_data / "forms" / "drawn-form-photo.jpg", recognizer)
    assert all(box.right <= page.width and box.bottom <= page.height for box in boxes_of(page))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="a caller's stack holds what it hands on")
def test_the_pixels_of_the_file_go_before_the_page_is_segmented(recognizer):
    pages = [Page(np.full((700, 500), 240, np.uint8), 400.0, 1, np.eye(3), (500, 700))]
    pixels = weakref.ref(pages[0].gray)

    def segmenter(gray):
        assert pixels() is None
        return np.zeros((6, -(-gray.shape[0] // 2), -(-gray.shape[1] // 2)), np.uint8)

    reading = read_page(pages.pop(), recognizer, segmenter, load_settings())
    assert reading.fields == ()
