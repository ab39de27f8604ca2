"""Drafts take a fillable PDF's own fields, and printed boxes elsewhere."""

import re

import cv2
import numpy as np
import pytest
from pdf_maker import fillable_pdf
from PIL import Image

from hcr_batch.config import load_settings
from hcr_batch.errors import DocumentError
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.template_files import load_template

FIELDS = (
    b"/FT /Tx /T (member.no) /Ff 16777216 /MaxLen 8 /Rect [72 700 232 722]",
    b"/FT /Tx /T (remarks) /Rect [72 600 400 640]",
    b"/FT /Btn /T (agree) /Rect [72 560 84 572]",
)


def test_a_fillable_pdf_gives_names_places_and_lengths(tmp_path):
    path = tmp_path / "club.pdf"
    path.write_bytes(fillable_pdf(FIELDS))
    text = draft_template(path, load_settings()).text
    (tmp_path / "club.toml").write_text(text)
    (page,) = load_template(tmp_path / "club.toml").pages
    assert [(field.name, field.kind) for field in page.fields] == [
        ("member.no", "comb"),
        ("remarks", "free"),
        ("agree", "check"),
    ]
    number = page.fields[0]
    assert len(number.cells) == 8
    millimetre = 25.4 / 72
    assert abs(number.box.x - 72 * millimetre) < 0.2
    assert abs(number.box.y - (842 - 722) * millimetre) < 0.2
    assert abs(number.box.right - 232 * millimetre) < 0.2


def card(rows, dpi=200, bar=None):
    """A page with a comb of so many cells at each height in mm, gray uint8."""
    gray = np.full((round(150 * dpi / 25.4), round(210 * dpi / 25.4)), 255, np.uint8)

    def box(x, y, width, height, thickness):
        first, last = ((x, y), (x + width, y + height))
        corners = [tuple(round(side * dpi / 25.4) for side in corner) for corner in (first, last)]
        cv2.rectangle(gray, *corners, 0, thickness)

    for y, cells in rows:
        for cell in range(cells):
            box(15 + 6 * cell, y, 6, 8, 2)
    if bar:
        box(15, bar, 110, 8, -1)
    return gray


def saved(path, *pages, dpi=200):
    images = [Image.fromarray(page) for page in pages]
    images[0].save(path, dpi=(dpi, dpi), save_all=len(images) > 1, append_images=images[1:])
    return path


def pages_of(path, tmp_path, **options):
    drafted = draft_template(path, load_settings(), **options)
    (tmp_path / "draft.toml").write_text(drafted.text)
    return load_template(tmp_path / "draft.toml").pages, drafted


ROWS = ((20, 12), (40, 8), (60, 10))


def test_equal_cards_are_one_form(tmp_path):
    moved = np.roll(card(ROWS), (9, -13), axis=(0, 1))
    path = saved(tmp_path / "cards.tif", card(ROWS), moved, card([(20, 5), (35, 6), (70, 9)]))
    pages, _ = pages_of(path, tmp_path)
    assert [len(page.fields) for page in pages] == [3, 3]
    assert [len(field.cells) for field in pages[1].fields] == [5, 6, 9]


def test_one_page_of_several_can_be_drafted(tmp_path):
    path = saved(tmp_path / "two.tif", card(ROWS), card([(20, 5), (35, 6), (70, 9)]))
    (page,), _ = pages_of(path, tmp_path, page=2)
    assert [len(field.cells) for field in page.fields] == [5, 6, 9]
    with pytest.raises(DocumentError):
        draft_template(path, load_settings(), page=3)


def test_a_dark_bar_is_no_field_and_the_picture_shows_those_there_are(tmp_path):
    path = saved(tmp_path / "bar.png", card(ROWS, bar=80))
    (page,), drafted = pages_of(path, tmp_path)
    assert [len(field.cells) for field in page.fields] == [12, 8, 10]
    assert len(drafted.pictures) == 1
    assert drafted.pictures[0].startswith(b"\x89PNG")


def test_boxes_of_fields_that_are_deleted_stay_anchors(tmp_path):
    path = saved(tmp_path / "club.png", card(ROWS))
    text = draft_template(path, load_settings()).text
    (tmp_path / "club.toml").write_text(text[: text.rindex("[[field]]")])
    (page,) = load_template(tmp_path / "club.toml").pages
    assert len(page.fields) == 2
    assert len(page.anchors) == 30


def test_a_new_edition_takes_names_and_rules_over_and_says_what_changed(tmp_path):
    old = tmp_path / "old.toml"
    text = draft_template(saved(tmp_path / "old.png", card(ROWS)), load_settings()).text
    for number, name in enumerate(("surname", "born", "gone"), start=1):
        text = text.replace(f'"f{number:03d}"', f'"{name}"')
    text = text.replace('"born"', '"born"\nrequired = true\npattern = "[0-9]*"')
    old.write_text(text)
    newer = saved(tmp_path / "new.png", card([(20, 12), (38, 15), (55, 8)]))
    (page,), drafted = pages_of(newer, tmp_path, like=old)
    names = [field.name for field in page.fields]
    assert (names[0], names[2]) == ("surname", "born")
    assert page.fields[2].rule.required
    assert "[0-9]*" in page.fields[2].summary
    assert [note.partition(" ")[0] for note in drafted.notes] == ["added:", "moved:", "removed:"]
    assert drafted.notes[0] == f"added: {names[1]}"
    assert re.fullmatch(r"moved: born by [+-]0.[0-3], \+1[45].\d mm", drafted.notes[1])
    assert drafted.notes[2] == "removed: gone"
