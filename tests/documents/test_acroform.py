"""Form fields of PDFs with what is stored in them."""

from pdf_maker import fillable_pdf

from hcr_batch.config import load_settings
from hcr_batch.documents import open_pages

ON = b"/AP<</N<</Yes 4 0 R/Off 4 0 R>>>>"
FIELDS = (
    b"/FT/Tx/T(number)/Ff 16777216/MaxLen 8/V(4711)/Rect[72 700 232 722]",
    b"/FT/Tx/T(town)/V<FEFF004B00F60070>/Rect[72 600 400 640]",
    b"/FT/Btn/T(agree)/V/Yes/AS/Yes" + ON + b"/Rect[72 560 84 572]",
    b"/FT/Btn/T(refuse)/V/Off/AS/Off" + ON + b"/Rect[72 520 84 532]",
)


def stored(tmp_path, *fields, parents=(), **documents):
    path = tmp_path / "form.pdf"
    path.write_bytes(fillable_pdf(fields, parents=parents))
    (page,) = open_pages(path, load_settings(documents=documents).documents)
    return page


def test_a_page_knows_what_is_stored_in_its_fields(tmp_path):
    page = stored(tmp_path, *FIELDS)
    assert [(value.kind, value.text, value.cells) for value in page.stored] == [
        ("text", "4711", 8),
        ("text", "Köp", 0),
        ("check", "X", 0),
        ("check", "", 0),
    ]
    box, per_point = page.stored[0].box, page.source_size[0] / 595
    assert abs(box.x - 72 * per_point) < 2
    assert abs(box.y - (842 - 722) * per_point) < 2
    assert abs(box.width - 160 * per_point) < 2


def test_values_may_stand_in_the_parent_of_a_field(tmp_path):
    parent = b"<</FT/Tx/T(name)/V(ANNA)/Kids[8 0 R]>>"
    page = stored(tmp_path, b"/Parent 7 0 R/Rect[72 700 232 722]", parents=(parent,))
    assert [value.text for value in page.stored] == ["ANNA"]


def test_forms_that_nobody_filled_in_have_no_values(tmp_path):
    assert not stored(tmp_path, FIELDS[3], b"/FT/Tx/T(town)/Rect[72 600 400 640]").stored


def test_hidden_fields_and_those_off_the_page_are_passed_over(tmp_path):
    hidden = FIELDS[0].replace(b"/Rect", b"/F 2/Rect")
    outside = b"/FT/Tx/T(far)/V(FAR)/Rect[900 700 990 722]"
    page = stored(tmp_path, hidden, outside, FIELDS[1])
    assert [value.text for value in page.stored] == ["Köp"]


def test_poppler_draws_but_the_values_are_the_same(tmp_path):
    usual = stored(tmp_path, *FIELDS)
    drawn = stored(tmp_path, *FIELDS, pdf_renderer="poppler")
    assert [value.text for value in drawn.stored] == [value.text for value in usual.stored]
    assert abs(drawn.stored[0].box.x - usual.stored[0].box.x) <= 2
