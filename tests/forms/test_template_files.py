"""Templates are read, and their faults named with file, line and key."""

import pytest

from hcr_batch.errors import ConfigError
from hcr_batch.forms.key_fields import key_fields
from hcr_batch.forms.template_files import load_template, load_templates

GOOD = """name = "club"
page = { width_mm = 210, height_mm = 297 }

[[field]]
name = "member_no"
kind = "comb"
box = [20, 40, 60, 8]
cells = 8
charset = "digits"
check = "luhn"
required = true

[[field]]
name = "town"
kind = "boxes"
box = [20, 60, 58, 8]
cells = 10
gap = 2
"""


def written(tmp_path, text=GOOD, name="club.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_divide_the_box(tmp_path):
    (page,) = load_template(written(tmp_path)).pages
    number, town = page.fields
    assert [cell.x for cell in number.cells] == [20 + 7.5 * n for n in range(8)]
    assert {round(cell.width, 6) for cell in town.cells} == {4.0}
    assert town.cells[-1].right == 78
    assert number.rule.required
    assert page.anchors == number.cells + town.cells


def test_a_field_may_say_what_case_its_letters_have(tmp_path):
    text = GOOD.replace("gap = 2", 'gap = 2\ncase = "upper"')
    (page,) = load_template(written(tmp_path, text)).pages
    assert [field.rule.case for field in page.fields] == ["", "upper"]


def test_fields_may_lie_on_several_pages(tmp_path):
    page = "[[page]]\nnumber = {}\nwidth_mm = 210\nheight_mm = 297\n"
    one = "page = { width_mm = 210, height_mm = 297 }\n"
    text = GOOD.replace(one, page.format(1) + page.format(2))
    text = text.replace('name = "town"', 'name = "town"\npage = 2')
    first, second = load_template(written(tmp_path, text)).pages
    assert [field.name for field in first.fields] == ["member_no"]
    assert [field.name for field in second.fields] == ["town"]


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('charset = "digits"', 'charsets = "digits"', 9, "charsets"),
        ('kind = "boxes"', 'kind = "rows"', 15, "kind"),
        ("cells = 8", "cells = 0", 8, "cells"),
        ('charset = "digits"', 'case = "small"', 9, "case"),
        ("[20, 40, 60, 8]", "[20, 40, 60]", 7, "box"),
        ("[20, 40, 60, 8]", "[180, 40, 60, 8]", 7, "box"),
        ('"luhn"', '"lunh"', 10, "check"),
        ("required = true", 'required = "yes"', 11, "required"),
        ("gap = 2", "gap = 20", 18, "gap"),
        ('name = "town"', 'name = "member_no"', 14, "name"),
        ("width_mm = 210", "width_mm = -1", 2, "width_mm"),
        ('name = "club"', 'title = "club"', 1, "title"),
    ],
)
def test_a_fault_is_named_with_its_line_and_key(tmp_path, old, new, line, key):
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_template(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert key in message
    assert "\n" not in message


def test_a_field_without_cells_says_so_at_its_header(tmp_path):
    with pytest.raises(ConfigError, match=r"line 4: .*cells"):
        load_template(written(tmp_path, GOOD.replace("cells = 8\n", "")))


def test_the_fingerprint_follows_the_lexicon(tmp_path):
    (tmp_path / "names.txt").write_text("ANNA\n")
    path = written(tmp_path, GOOD + 'check = "lexicon:names.txt"\n')
    before = load_template(path).fingerprint
    assert load_template(path).fingerprint == before
    (tmp_path / "names.txt").write_text("BERTA\n")
    assert load_template(path).fingerprint != before


def test_a_folder_gives_all_its_templates_and_names_are_unique(tmp_path):
    written(tmp_path)
    written(tmp_path, GOOD.replace("club", "shop"), "shop.toml")
    assert [template.name for template in load_templates([tmp_path])] == ["club", "shop"]
    written(tmp_path, GOOD, "third.toml")
    with pytest.raises(ConfigError, match="club"):
        load_templates([tmp_path])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no template"):
        load_templates([tmp_path / "empty"])


def of_two_pages(tmp_path, first="key = true", second="key = true"):
    """The template with a field more, a number on the second page; these lines at the two ends."""
    page = "[[page]]\nnumber = {}\nwidth_mm = 210\nheight_mm = 297\n"
    head = "page = { width_mm = 210, height_mm = 297 }\n"
    text = GOOD.replace(head, page.format(1) + page.format(2))
    text = text.replace("required = true", first)
    more = 'name = "no_2"\npage = 2\nkind = "comb"\nbox = [20, 40, 60, 8]\ncells = 8\n'
    return written(tmp_path, f"{text}\n[[field]]\n{more}{second}\n")


def test_a_key_field_stands_on_each_page(tmp_path):
    template = load_template(of_two_pages(tmp_path))
    assert key_fields([template]) == {"club": ["member_no", "no_2"]}
    assert key_fields([load_template(of_two_pages(tmp_path, "", ""))]) == {}


@pytest.mark.parametrize(
    ("first", "second", "line", "problem"),
    [
        ("key = true", "", 18, "mark a field of page 2"),
        ("", "key = true", 33, "mark a field of page 1"),
        ("key = 1", "key = true", 18, "true or false"),
        ("key = true", "key = true\n[[field]]\nname = 'a'\npage = 2\nkind = 'comb'\n"
         "box = [20, 80, 60, 8]\ncells = 8\nkey = true", 40, "page 2 twice"),
    ],
)  # fmt: skip
def test_a_key_that_joins_no_pages_is_a_fault(tmp_path, first, second, line, problem):
    path = of_two_pages(tmp_path, first, second)
    with pytest.raises(ConfigError, match=problem) as caught:
        load_template(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")


def test_a_form_of_one_page_has_no_key(tmp_path):
    with pytest.raises(ConfigError, match="only one"):
        load_template(written(tmp_path, GOOD.replace("required", "key")))
