"""Drafts take a fillable PDF's own fields, and printed boxes elsewhere."""

from pdf_maker import fillable_pdf

from hcr_batch.config import load_settings
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.schema import load_template

FIELDS = (
    b"/FT /Tx /T (member.no) /Ff 16777216 /MaxLen 8 /Rect [72 700 232 722]",
    b"/FT /Tx /T (remarks) /Rect [72 600 400 640]",
    b"/FT /Btn /T (agree) /Rect [72 560 84 572]",
)


def test_a_fillable_pdf_gives_names_places_and_lengths(tmp_path):
    path = tmp_path / "club.pdf"
    path.write_bytes(fillable_pdf(FIELDS))
    text = draft_template(path, load_settings())
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
