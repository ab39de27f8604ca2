"""Lines printed in a light gray are seen on a page that is made darker."""

import cv2
import numpy as np

from hcr_batch.config import load_settings
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.faint_lines import has_faint_lines, seen_darker
from hcr_batch.forms.matching_form import matched_form
from hcr_batch.forms.template_files import load_template
from hcr_batch.layout.fields import find_fields
from hcr_batch.segmentation.network import load_segmenter
from hcr_batch.segmentation.page_scale import segmented
from hcr_batch.types import Page

COMBS = (
    ("Last name", 100, 120, 18),
    ("First name", 130, 250, 14),
    ("Street and number of the house", 100, 400, 20),
    ("Town", 310, 530, 16),
    ("Telephone, with its code", 100, 650, 11),
    ("Member no.", 700, 800, 9),
)

FAINT = 253
"""Gray of lines that are next to nothing beside black words."""


def page_of(gray, dpi=200.0):
    return Page(gray, dpi, 1, np.eye(3), gray.shape[::-1])


def form(level):
    """A page with black words and combs in a gray of this level."""
    gray = np.full((1000, 1300), 255, np.uint8)
    for label, x, y, count in COMBS:
        cv2.putText(gray, label, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 20, 2, cv2.LINE_AA)
        for left in range(x, x + 44 * count, 44):
            cv2.rectangle(gray, (left, y + 20), (left + 44, y + 72), level, 1)
    return gray


def cells(layers):
    return [field.cells for field in find_fields(layers, load_settings().layout)]


def test_more_cells_are_seen_where_lines_are_faint():
    segmenter, page = load_segmenter(), page_of(form(FAINT))
    plain, darker = segmented(page, segmenter)[1], seen_darker(page, segmenter)
    assert (darker[0].gray == page.gray).all()
    assert has_faint_lines(cells(plain), cells(darker[1]))
    assert sum(map(len, cells(darker[1]))) == sum(count for *_, count in COMBS)


def test_black_lines_are_not_faint():
    segmenter, page = load_segmenter(), page_of(form(60))
    plain, darker = segmented(page, segmenter)[1], seen_darker(page, segmenter)[1]
    assert not has_faint_lines(cells(plain), cells(darker))


def test_a_form_with_faint_lines_is_drafted_and_known(tmp_path):
    gray = form(FAINT)
    cv2.imwrite(str(tmp_path / "faint.png"), gray)
    draft = draft_template(tmp_path / "faint.png", load_settings())
    (tmp_path / "faint.toml").write_text(draft.text, encoding="utf-8")
    template = load_template(tmp_path / "faint.toml")
    assert sum(len(field.cells) for field in template.pages[0].fields) >= 80
    known = matched_form(page_of(gray), [template], load_settings())
    assert known.doubtful < 0.1
