from dataclasses import replace

import pytest

from hcr_batch.config import parse_toml
from hcr_batch.errors import ConfigError
from hcr_batch.forms.edited import PLAIN_RULES, EditableTemplate, EditedField
from hcr_batch.forms.template_files import parse_template
from hcr_batch.types import MillimetreBox

TEXT = """# Top
name = "x"

[page]   # A4
width_mm = 210
height_mm = 297.0

# Section one

# about a
[[field]]
name = "a"  # the name
kind = "comb"
box = [10, 20, 40, 8]
cells = 5
charset = "digits"
# pattern = "later"

# Section two

[[field]]
name = 'b'
kind = "free"
box = [10, 40, 40, 8]   # by hand

# end"""
DATES = """
[[field]]
name = "d"
kind = "comb"
box = [10, 60, 64, 8]
cells = 8
charset = "digits"
check = "date:%d%m%Y"
"""


@pytest.fixture
def template(tmp_path):
    return EditableTemplate(tmp_path / "x.toml", TEXT)


def with_rules(field, **rules):
    return replace(field, rules={**field.rules, **rules})


def test_what_was_not_edited_stays_as_it_was_written(template):
    assert template.with_fields(template.fields) == TEXT


def test_a_new_name_changes_that_value_alone(template):
    a, b = template.fields
    changed = template.with_fields([a, replace(b, name="surname")])
    assert changed == TEXT.replace("name = 'b'", 'name = "surname"')


def test_comments_stay_beside_values_that_change(template):
    a, b = template.fields
    text = template.with_fields(
        [replace(a, name="number"), replace(b, cells=(MillimetreBox(11, 41, 40, 8),))]
    )
    assert 'name = "number"  # the name' in text
    assert "box = [11.0, 41.0, 40.0, 8.0]   # by hand" in text
    assert '# pattern = "later"' in text


def test_rules_that_are_plain_again_are_written_no_more(template):
    a, b = template.fields
    text = template.with_fields(
        [with_rules(a, charset="alnum"), with_rules(b, required=True, check="luhn")]
    )
    assert "charset" not in text
    fields = parse_template(template.path, text).pages[0].fields
    assert [field.rule.required for field in fields] == [False, True]
    assert fields[1].summary == "alnum, luhn"


def test_a_field_that_goes_takes_its_own_comments_with_it_and_no_others(template):
    _, b = template.fields
    text = template.with_fields([b])
    assert "about a" not in text
    assert "later" not in text
    assert all(comment in text for comment in ("# Section one", "# Section two", "# end"))


def test_new_fields_stand_behind_the_one_before_them(template):
    a, b = template.fields
    cells = tuple(MillimetreBox(10 + 6 * n, 60, 5, 8) for n in range(3))
    new = EditedField(None, "c", "comb", 1, cells)
    first = replace(new, name="first")
    text = template.with_fields([first, a, new, b, replace(new, name="last")])
    names = [field.name for field in parse_template(template.path, text).pages[0].fields]
    assert names == ["first", "a", "c", "b", "last"]
    assert 'name = "last"' in text.split("# end")[0]


def test_a_template_whose_fields_are_all_replaced_keeps_the_rest(template):
    new = EditedField(None, "c", "free", 1, (MillimetreBox(10, 60, 50, 8),), length=12)
    text = template.with_fields([new])
    (field,) = parse_template(template.path, text).pages[0].fields
    assert field.name == "c"
    assert "cells = 12" in text
    assert "# Top" in text
    assert "# end" in text


def test_cells_that_are_uneven_are_written_one_by_one(template):
    a, b = template.fields
    cells = (MillimetreBox(10, 20, 5, 8), MillimetreBox(15, 20, 5, 8), MillimetreBox(30, 20, 5, 8))
    text = template.with_fields([replace(a, cells=cells), b])
    field = parse_template(template.path, text).pages[0].fields[0]
    assert field.cells == cells
    assert "cells = 5" not in text


def test_a_check_box_has_a_place_and_nothing_else(template):
    a, b = template.fields
    check = replace(a, kind="check", cells=(MillimetreBox(10, 20, 5, 5),), rules=dict(PLAIN_RULES))
    text = template.with_fields([check, b])
    assert parse_template(template.path, text).pages[0].fields[0].kind == "check"


def test_every_fault_is_told_with_its_field_and_key(template):
    a, b = template.fields
    bad = with_rules(replace(a, name="b"), charset="é")
    far = EditedField(None, "far", "free", 2, (MillimetreBox(10, 10, 20, 8),))
    faults = template.faults([bad, with_rules(b, pattern="["), far])
    assert [(fault.field, fault.key) for fault in faults] == [
        (0, "charset"),
        (1, "pattern"),
        (2, "page"),
        (1, "name"),
    ]
    assert "é" in faults[0].problem


def test_faults_are_those_of_the_check_of_the_whole_template(template):
    a, b = template.fields
    for bad in (
        with_rules(a, check="date:%q"),
        with_rules(a, check="lexicon:gone.txt"),
        with_rules(a, pattern="[A-Z]{5}"),
        replace(a, name=" "),
        replace(a, name="page#2"),
        replace(a, name="unknown_form"),
        replace(a, kind="line"),
        with_rules(a, case="small"),
    ):
        (fault,) = template.faults([bad, b])
        with pytest.raises(ConfigError, match="line 1") as told:
            parse_template(template.path, template.with_fields([bad, b]))
        assert str(told.value).endswith(fault.problem)
    assert template.faults([a, b]) == ()


def test_a_template_without_fields_is_a_fault(template):
    assert [fault.field for fault in template.faults([])] == [None]


def test_a_template_with_faults_in_its_rules_can_be_opened_to_mend_them(tmp_path):
    text = TEXT.replace('charset = "digits"', 'charset = "digit!"')
    template = EditableTemplate(tmp_path / "x.toml", text)
    a, b = template.fields
    assert [fault.key for fault in template.faults([a, b])] == ["charset"]
    assert template.faults([with_rules(a, charset="digits"), b]) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("box = [10, 20, 40, 8]", "box = [10, 20]", "line 14"),
        ("cells = 5", "", "has no cells"),
        ('kind = "comb"', 'kind = "comp"', "line 13"),
        ("charset", "charsett", "unknown"),
        ("width_mm = 210", "width_mm = -1", "width_mm"),
        ('name = "x"', "name = ", "TOML"),
    ],
)
def test_one_whose_fields_have_no_place_cannot(tmp_path, old, new, told):
    with pytest.raises(ConfigError, match=told):
        EditableTemplate(tmp_path / "x.toml", TEXT.replace(old, new, 1))


def test_fields_change_places_with_their_own_comments(template):
    text = template.with_fields(template.fields[::-1])
    assert [field["name"] for field in parse_toml(template.path, text)["field"]] == ["b", "a"]
    assert "# about a\n[[field]]\nname = \"a\"" in text
    assert text.index("# Section one") < text.index("'b'") < text.index("# Section two")
    again = EditableTemplate(template.path, text)
    assert again.with_fields(again.fields[::-1]) == TEXT


@pytest.mark.parametrize(
    "head",
    [
        "[page]   # A4\nwidth_mm = 210\nheight_mm = 297.0\n",
        "page = { width_mm = 210, height_mm = 297.0 }\n",
        "[[page]]\nnumber = 1   # front\nwidth_mm = 210\nheight_mm = 297.0\n",
    ],
)
def test_anchors_are_written_into_their_page(tmp_path, head):
    text = TEXT.replace("[page]   # A4\nwidth_mm = 210\nheight_mm = 297.0\n", head)
    template = EditableTemplate(tmp_path / "x.toml", text)
    boxes = (MillimetreBox(5, 5, 4, 4), MillimetreBox(201, 5, 4, 4))
    changed = template.with_fields(template.fields, anchors={1: boxes})
    assert parse_template(template.path, changed).pages[0].anchors == boxes
    assert "# about a" in changed
    edited = EditableTemplate(template.path, changed)
    assert edited.with_fields(edited.fields, anchors={1: boxes}) == changed
    without = edited.with_fields(edited.fields, anchors={1: ()})
    assert "anchors" not in without
    assert len(parse_template(template.path, without).pages[0].anchors) == 6


def test_a_field_becomes_the_key_of_its_page_and_is_told_of_pages_without(tmp_path):
    page = "[[page]]\nnumber = {}\nwidth_mm = 210\nheight_mm = 297.0\n"
    head = "[page]   # A4\nwidth_mm = 210\nheight_mm = 297.0\n"
    text = TEXT.replace(head, page.format(1) + page.format(2))
    text = text.replace('kind = "free"\n', 'kind = "free"\npage = 2\n')
    template = EditableTemplate(tmp_path / "x.toml", text)
    first, second = template.fields
    (fault,) = template.faults([with_rules(first, key=True), second])
    assert (fault.field, fault.key) == (0, "key")
    both = [with_rules(first, key=True), with_rules(second, key=True)]
    assert not template.faults(both)
    pages = parse_template(template.path, template.with_fields(both)).pages
    assert [field.key for page in pages for field in page.fields] == [True, True]


def test_tables_between_the_fields_stay_where_they_are(tmp_path):
    text = TEXT.replace("[page]   # A4", "[[page]]\nnumber = 1").replace(
        "# Section two", "[[page]]\nnumber = 2  # back\nwidth_mm = 100\nheight_mm = 90"
    )
    text = text.replace("kind = \"free\"", 'kind = "free"\npage = 2')
    template = EditableTemplate(tmp_path / "x.toml", text)
    assert template.with_fields(template.fields) == text
    gone = template.with_fields(template.fields[1:])
    assert [page.number for page in parse_template(template.path, gone).pages] == [1, 2]


def test_a_list_of_dates_is_gone_through_once(tmp_path, monkeypatch):
    from hcr_batch.forms import edited

    calls = []
    monkeypatch.setattr(edited, "field_fault", lambda path, entry, pages: calls.append(entry))
    template = EditableTemplate(tmp_path / "x.toml", TEXT + "\n" + DATES)
    a, b, d = template.fields
    template.faults([a, b, d])
    template.faults([replace(a, name="other"), b, d])
    assert [entry["name"] for entry in calls] == ["a", "b", "d", "other"]


def test_a_key_stays_and_is_missed_where_its_field_was_deleted(tmp_path):
    page = "[[page]]\nnumber = {}\nwidth_mm = 210\nheight_mm = 297.0\n"
    head = "[page]   # A4\nwidth_mm = 210\nheight_mm = 297.0\n"
    text = TEXT.replace(head, page.format(1) + page.format(2))
    text = text.replace("cells = 5\n", "cells = 5\nkey = true\n")
    text = text.replace('kind = "free"\n', 'kind = "free"\npage = 2\nkey = true\n')
    template = EditableTemplate(tmp_path / "x.toml", text)
    renamed = [replace(template.fields[0], name="no"), template.fields[1]]
    assert template.with_fields(renamed).count("key = true") == 2
    assert not template.faults(renamed)
    (fault,) = template.faults(template.fields[:1])
    assert (fault.field, fault.key) == (0, "key")
    assert "page 2" in fault.problem
