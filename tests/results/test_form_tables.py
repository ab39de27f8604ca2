from hcr_batch.results.form_tables import FormTable, form_rows, with_all_fields, with_missing
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.types import Reading, SourceBox


def page(number, form, **texts):
    def field(name, text):
        readings = (Reading(character.strip(), 0.5, not character.strip()) for character in text)
        cells = tuple(CellRecord(SourceBox(0, 0, 1, 1), reading) for reading in readings)
        return FieldRecord(name, "comb", cells)

    return PageRecord(number, 100, 100, tuple(field(*item) for item in texts.items()), form=form)


def test_the_pages_of_a_form_are_one_row():
    pages = [
        *(("a.pdf", page(1, "club", name="ANNA")), ("a.pdf", page(2, "club", no="12"))),
        *(("a.pdf", page(3, "club", name="BO")), ("b.pdf", page(1, "club", no="34"))),
    ]
    rows = [
        (row.file, row.page, {name: value.text for name, value in row.values.items()})
        for row in form_rows(pages)
    ]
    assert rows == [
        ("a.pdf", 1, {"name": "ANNA", "no": "12"}),
        ("a.pdf", 3, {"name": "BO"}),
        ("b.pdf", 1, {"no": "34"}),
    ]


def test_pages_without_a_template_are_forms_of_their_own():
    pages = [page(1, "", f001="A"), page(2, ""), page(3, "", f002="B")]
    assert [row.page for row in form_rows(("a.pdf", one) for one in pages)] == [1, 2, 3]


def test_inner_blanks_stay_and_confidences_are_joined():
    (row,) = form_rows([("a.png", page(1, "", f001="A B "))])
    assert row.values["f001"] == ("A B", 0.5**4, True)


def test_no_column_stands_twice():
    table = FormTable("club", ("file", "Page", "no", "no.confidence"))
    assert table.header[:6] == ("file", "page", "file_2", "Page_2", "no", "no.confidence")
    assert len({name.casefold() for name in table.header}) == 2 + 4 + 8


def test_several_forms_on_one_page_are_a_row_each():
    fields = {"name": "ANNA", "name#2": "BO", "no#3": "12", "unknown_form": ""}
    rows = list(form_rows([("a.png", page(1, "club\nclub\nshop", **fields))]))
    texts = ({name: value.text for name, value in row.values.items()} for row in rows)
    assert list(zip((row.form for row in rows), texts)) == [
        ("club", {"name": "ANNA"}),
        ("club", {"name": "BO"}),
        ("shop", {"no": "12"}),
        ("unknown_form", {"unknown_form": ""}),
    ]


def test_the_fields_of_a_page_that_is_missing_are_flagged():
    tables = [FormTable("club", ("name", "no")), FormTable("", ("f001",))]
    pages = [("a.pdf", page(1, "club", name="ANNA")), ("b.pdf", page(1, ""))]
    one, other = with_missing(form_rows(pages), tables)
    assert one.values["no"] == ("", 0.0, True)
    assert not one.values["name"].flagged
    assert not other.values


def joined(pages):
    rows = form_rows(pages, {"club": ["no", "no_2"]})
    return [
        (row.file, row.page, row.form, {name: value.text for name, value in row.values.items()})
        for row in rows
    ]


def test_pages_with_the_same_key_are_one_form_whatever_file_and_order_they_are_in():
    pages = [
        ("a.tif", page(1, "club", no="17", name="ANNA")),
        ("a.tif", page(2, "club", no="18", name="BO")),
        ("b.tif", page(1, "club", no_2="1 8", town="ULM")),
        ("b.tif", page(2, "shop", no="17")),
        ("b.tif", page(3, "club", no_2="17", town="BONN")),
    ]
    assert joined(pages) == [
        ("b.tif", 2, "shop", {"no": "17"}),
        ("a.tif", 1, "club", {"no": "17", "name": "ANNA", "no_2": "17", "town": "BONN"}),
        ("a.tif", 2, "club", {"no": "18", "name": "BO", "no_2": "1 8", "town": "ULM"}),
    ]


def test_a_page_with_a_blank_or_other_key_is_a_form_of_its_own():
    pages = [
        ("a.pdf", page(1, "club", no="17")),
        ("a.pdf", page(2, "club", no_2=" ", town="ULM")),
        ("b.pdf", page(1, "club", no=" ")),
        ("b.pdf", page(2, "club", no_2="71", town="BONN")),
    ]
    assert [(file, number) for file, number, *_ in joined(pages)] == [
        ("a.pdf", 1),
        ("a.pdf", 2),
        ("b.pdf", 1),
        ("b.pdf", 2),
    ]


def test_a_form_that_comes_again_with_its_key_is_another_row():
    first, second = page(1, "club", no="17"), page(2, "club", no_2="17", town="ULM")
    pages = [("a.pdf", first), ("b.pdf", first), ("c.pdf", second), ("d.pdf", second)]
    assert [(file, *texts) for file, _, _, texts in joined(pages)] == [
        ("a.pdf", "no", "no_2", "town"),
        ("b.pdf", "no", "no_2", "town"),
    ]


def test_a_page_that_never_came_has_its_columns_and_is_flagged():
    tables = with_all_fields([FormTable("club", ("no",))], {"club": ["no", "no_2", "town"]})
    assert tables == [FormTable("club", ("no", "no_2", "town"))]
    rows = form_rows([("a.pdf", page(1, "club", no="17"))], {"club": ["no", "no_2"]})
    (row,) = with_missing(rows, tables)
    assert row.values["town"] == ("", 0.0, True)
