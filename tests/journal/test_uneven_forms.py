from dataclasses import replace

from hcr_batch.journal.uneven_forms import uneven_forms
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox

PLACES = ((100, 100), (100, 300), (500, 300), (100, 500))


def page(*places, kind="comb", form="", shift=0):
    """A page with a comb of five cells at each place, named as without a template."""
    fields = []
    for number, (x, y) in enumerate(places, start=1):
        boxes = (SourceBox(x + shift + 40 * n, y + shift, 40, 50) for n in range(5))
        cells = tuple(CellRecord(box, Reading("", 1.0)) for box in boxes)
        fields.append(FieldRecord(f"f{number:03d}", kind, cells))
    return PageRecord(1, 1000, 1400, tuple(fields), form=form)


def test_scans_of_a_form_with_the_same_fields_are_even():
    pages = [("a.png", page(*PLACES)), ("b.png", page(*PLACES, shift=15))]
    assert uneven_forms(pages) is None


def test_a_form_of_which_a_field_was_not_found_has_other_columns():
    pages = [
        ("a.png", page(*PLACES)),
        ("b.png", page(*PLACES[1:], shift=10)),
        ("c.png", page(*PLACES)),
    ]
    found = uneven_forms(pages)
    assert (found.pages, found.example, found.like) == (1, "b.png", "a.png")


def test_one_whose_last_field_is_missing_has_the_same_columns():
    assert uneven_forms([("a.png", page(*PLACES)), ("b.png", page(*PLACES[:-1]))]) is None


def test_another_form_may_have_other_fields():
    other = page((600, 100), (600, 200), (600, 400), (100, 900))
    assert uneven_forms([("a.png", page(*PLACES)), ("b.png", other)]) is None


def test_what_a_template_named_and_strings_do_not_count():
    less = page(*PLACES[1:])
    for a, b in (
        (page(*PLACES, form="card"), replace(less, form="card")),
        (page(*PLACES, kind="free"), page(*PLACES[1:], kind="free")),
    ):
        assert uneven_forms([("a.png", a), ("b.png", b)]) is None
