"""Drafts take a fillable PDF's own fields, and printed boxes elsewhere."""

from hcr_batch.config import load_settings
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.schema import load_template

FIELDS = (
    "/FT /Tx /T (member.no) /Ff 16777216 /MaxLen 8 /Rect [72 700 232 722]",
    "/FT /Tx /T (remarks) /Rect [72 600 400 640]",
    "/FT /Btn /T (agree) /Rect [72 560 84 572]",
)


def fillable(path):
    """A PDF of one A4 page with three form fields and nothing printed."""
    widgets = [f"<< /Type /Annot /Subtype /Widget /F 4 {field} >>" for field in FIELDS]
    numbers = " ".join(f"{4 + n} 0 R" for n in range(len(widgets)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{numbers}] >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [{numbers}] >>",
        *widgets,
    ]
    body, places = "%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    body += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    body += f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{body.index('xref')}\n%%EOF\n"
    path.write_text(body, encoding="latin-1")
    return path


def test_a_fillable_pdf_gives_names_places_and_lengths(tmp_path):
    text = draft_template(fillable(tmp_path / "club.pdf"), load_settings())
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
