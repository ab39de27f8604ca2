"""Real filled forms under templates: one drafted from the form itself, one that comes along."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from drawn_form import page_of, paper, row_of_boxes
from PIL import Image

from hcr_batch import load_recognizer, scan_document
from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.matching_form import find_form, matched_form
from hcr_batch.forms.template_files import load_template
from hcr_batch.layout.fields import find_fields
from hcr_batch.preprocess.orientation import turned
from hcr_batch.preprocess.perspective import flatten
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.segmentation.page_scale import segmented

ROOT = Path(__file__).resolve().parents[2]
DIGITS = 'charset = "digits"\npattern = "[0-9]{10}"'
DATE = 'charset = "digits"\ncheck = "date:%m%d%Y"'
NAME = 'charset = "letters"\npattern = "[A-Z][a-z]+"'
PATIENT = [NAME, NAME, DATE, NAME, DIGITS]
TEXTS = (
    "2159152578 6106191434 Christ Hellman 11051964 Hillman 1234567890 "
    "James Bradford 01161983 Dupond 0123456789"
).split()


def test_rules_make_a_real_form_read(hcr_data, tmp_path):
    path = hcr_data / "forms" / "home-delivery.png"
    head, *fields = draft_template(path, load_settings()).text.split("\n[[field]]\n")
    rules = [DIGITS, DIGITS, *PATIENT, *PATIENT]
    combs = [field for field in fields if '"comb"' in field]
    ruled = [
        field.replace('charset = "alnum"', rule) for field, rule in zip(combs, rules, strict=True)
    ]
    template = tmp_path / "order.toml"
    template.write_text("\n[[field]]\n".join([head, *ruled]))
    (page,) = scan_document(path, load_recognizer(), load_template(template))
    read = [field.text for field in page.fields if field.kind != "unplaced"]
    pairs = [
        pair
        for text, truth in zip(read, TEXTS, strict=True)
        for pair in zip(text.ljust(20), truth, strict=False)
    ]
    right = sum(a == b for a, b in pairs)
    assert right >= 0.95 * len(pairs), read
    assert all(len(text) <= len(truth) for text, truth in zip(read, TEXTS, strict=True)), read


def test_strings_of_known_length_are_parted_into_so_many_characters():
    with (ROOT / "samples" / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"] == "nist-hsf.png"]
    truth = {row["field"]: row["text"] for row in rows if row["field"].startswith("digits_")}
    template = load_template(ROOT / "configs" / "forms" / "nist-hsf.toml")
    path = ROOT / "samples" / "forms" / "nist-hsf.png"
    (page,) = scan_document(path, load_recognizer(), template)
    fields = {field.name: field for field in page.fields}
    assert len(truth) > 20
    for name, text in truth.items():
        assert len(fields[name].text) == len(text), f"{name}: {fields[name].text}"
        assert fields[name].text.isdigit()
    wrong = sum(a != b for name in truth for a, b in zip(fields[name].text, truth[name]))
    assert wrong <= 0.02 * sum(map(len, truth.values()))
    assert all(0 < fields[name].joint <= 1 for name in truth)


def test_a_page_of_no_known_form_is_flagged_whole():
    template = load_template(ROOT / "configs" / "forms" / "membership.toml")
    path = ROOT / "samples" / "forms" / "payment-slip.png"
    (page,) = scan_document(path, load_recognizer(), template)
    (field,) = page.fields
    (cell,) = field.cells
    assert cell.reading.flagged
    assert (field.name, cell.reading.reasons) == ("unknown_form", ("unknown_form",))
    assert (cell.box.width, cell.box.height) == (page.width, page.height)


def test_a_known_form_that_lies_on_its_side_is_read_as_it_lies_upright(tmp_path):
    template = load_template(ROOT / "configs" / "forms" / "payment-slip.toml")
    upright = ROOT / "samples" / "forms" / "payment-slip.png"
    with Image.open(upright) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.png", dpi=(300, 300))
    recognizer = load_recognizer()
    (one,) = scan_document(upright, recognizer, template)
    (other,) = scan_document(tmp_path / "side.png", recognizer, template)
    # Beside the form's own fields there may be ink for a person to look at.
    named, others = (
        [field for field in page.fields if field.kind != "unplaced"] for page in (one, other)
    )
    assert [field.name for field in others] == [field.name for field in named]
    pairs = list(zip(named, others, strict=True))
    assert sum(a.text == b.text for a, b in pairs) >= len(pairs) - 1


def test_a_form_upside_down_is_segmented_anew_as_any_page_is():
    settings, segmenter = load_settings(), load_segmenter()
    (page,) = open_pages(ROOT / "samples" / "forms" / "membership.png", settings.documents)
    page, layers = segmented(turned(flatten(page, settings.layout.max_skew), 2), segmenter)
    template = load_template(ROOT / "configs" / "forms" / "membership.toml")
    fields = find_fields(layers, settings.layout)
    form = find_form(page, layers, fields, [template], segmenter, settings)
    assert form.fits[0].turns == 0
    assert np.array_equal(form.layers.maps, segmented(form.page, segmenter)[1].maps)


def test_two_forms_on_one_scan_are_read_as_two(tmp_path):
    path = ROOT / "samples" / "forms" / "payment-slip.png"
    with Image.open(path) as image:
        both = Image.new("L", (image.width, 2 * image.height), 255)
        both.paste(image, (0, 0))
        both.paste(image, (0, image.height))
    both.save(tmp_path / "two.png", dpi=(300, 300))
    template = load_template(ROOT / "configs" / "forms" / "payment-slip.toml")
    (page,) = scan_document(tmp_path / "two.png", load_recognizer(), template)
    names = [field.name for field in template.pages[0].fields]
    assert [field.name for field in page.fields] == names + [f"{name}#2" for name in names]
    assert page.form == "payment-slip\npayment-slip"
    first, second = page.fields[: len(names)], page.fields[len(names) :]
    assert sum(a.text == b.text for a, b in zip(first, second, strict=True)) >= len(names) - 1


def card():
    """A small form, 100 x 50 mm, with two combs and some words."""
    gray = paper(100, 50)
    words = {
        50: "Lending library",
        110: "Reader, as on your card",
        220: "Book, with all of its digits",
        350: "Bring it back within three weeks",
    }
    for y, text in words.items():
        cv2.putText(gray, text, (60, y), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 0, 2, cv2.LINE_AA)
    row_of_boxes(gray, 60, 130, 9)
    row_of_boxes(gray, 60, 245, 7)
    return gray


def test_equal_cards_below_each_other_are_in_no_doubt(tmp_path):
    Image.fromarray(card()).save(tmp_path / "card.png", dpi=(200, 200))
    (tmp_path / "card.toml").write_text(draft_template(tmp_path / "card.png", load_settings()).text)
    template = load_template(tmp_path / "card.toml")
    page = page_of(np.concatenate([card()] * 3))
    form = matched_form(page, [template], load_settings())
    assert len(form.fits) == 3
    assert all(fit.is_known_by_print for fit in form.fits)
    assert not any(doubt for place in form.placed for doubt in place.doubts)


def test_a_page_full_of_boxes_is_taken_for_no_other_form():
    path = ROOT / "samples" / "forms" / "household-survey-90dpi.jpg"
    (page,) = scan_document(path, load_recognizer(), ROOT / "configs" / "forms")
    assert [field.name for field in page.fields] == ["unknown_form"]


def test_a_form_printed_much_smaller_is_seen_at_its_own_scale():
    settings = load_settings()
    (page,) = open_pages(ROOT / "samples" / "forms" / "change-of-address.jpg", settings.documents)
    template = load_template(ROOT / "configs" / "forms" / "change-of-address.toml")
    gray = cv2.resize(page.gray, None, fx=0.62, fy=0.62, interpolation=cv2.INTER_AREA)
    small = replace(page, gray=gray, to_source=np.eye(3), source_size=gray.shape[::-1])
    known = matched_form(small, [template], settings)
    assert known.placed
    assert not any(doubt for place in known.placed for doubt in place.doubts)
