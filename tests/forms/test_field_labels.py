import pytest

from hcr_batch.documents.acroform import Widget
from hcr_batch.documents.pdf_words import PrintedWord
from hcr_batch.forms.field_labels import names_for, plain_name
from hcr_batch.types import MillimetreBox

FIELD = MillimetreBox(50, 50, 60, 8)


def words(*placed):
    """Words of a line, 12 mm a word."""
    return [
        PrintedWord(word, MillimetreBox(x + 12 * place, y, 10, 3))
        for text, x, y in placed
        for place, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("First name", "first_name"),
        ("1. Last Name (Family Name)", "last_name"),
        ("(a) Date of birth:", "date_of_birth"),
        ("12b) Straße und Hausnummer", "strasse_und_hausnummer"),
        ("Driver's license no.", "drivers_license_no"),
        ("Prénom", "prenom"),
        ("State or province of which you were a resident", "state_or_province_of_which"),
        ("***", ""),
    ],
)
def test_a_label_becomes_a_plain_name(label, name):
    assert plain_name(label) == name


def test_the_label_on_the_left_is_the_name():
    print_ = words(("Last name", 22, 52), ("Please print", 50, 20))
    assert names_for(FIELD, "comb", [], print_) == ["last_name"]


def test_the_label_above_is_the_name_where_nothing_stands_on_the_left():
    print_ = words(("Street and number", 50, 45), ("Notes", 50, 20))
    assert names_for(FIELD, "comb", [], print_) == ["street_and_number"]


def test_a_label_inside_the_box_counts_for_free_text_alone():
    print_ = words(("City", 51, 51))
    assert names_for(FIELD, "free", [], print_) == ["city"]
    assert names_for(FIELD, "comb", [], print_) == []


def test_a_check_box_has_its_label_on_the_right():
    box = MillimetreBox(50, 50, 4, 4)
    print_ = words(("Married filing", 56, 50.5), ("Status", 36, 50.5))
    assert names_for(box, "check", [], print_)[0] == "married_filing"


def test_a_label_beyond_another_field_is_that_ones():
    print_ = words(("Name", 5, 52))
    between = MillimetreBox(20, 50, 20, 8)
    assert names_for(FIELD, "comb", [between], print_) == []


def test_what_a_pdf_calls_the_field_comes_first_where_it_says_something():
    print_ = words(("Last name", 22, 52))

    def named(name, title=""):
        return [(Widget(name, "text", FIELD, 0, False, "", title), FIELD)]

    assert names_for(FIELD, "comb", [], print_, named("form1[0].FamilyName[0]")) == [
        "family_name",
        "last_name",
    ]
    titled = named("topmost[0].f1_02[0]", "Enter your surname.")
    assert names_for(FIELD, "comb", [], print_, titled) == ["enter_your_surname", "last_name"]
    elsewhere = [(Widget("x.Elsewhere", "text", FIELD, 0, False), MillimetreBox(50, 90, 60, 8))]
    assert names_for(FIELD, "comb", [], print_, elsewhere) == ["last_name"]


def test_the_parts_of_an_answer_share_the_label_above_the_first():
    print_ = words(("Date of birth", 50, 45))
    parts = [MillimetreBox(x, 50, width, 8) for x, width in ((50, 10), (64, 10), (78, 20))]
    for part in parts:
        others = [box for box in parts if box is not part]
        assert names_for(part, "comb", others, print_) == ["date_of_birth"]


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        ("form1[0].DOB_Day0_16", ["dob_day"]),
        ("VAFileNumber0", ["va_file_number"]),
        ("RadioButtonList0_1", []),
        ("topmostSubform[0].Page1[0].f1_02[0]", []),
        ("Check Box 7", []),
    ],
)
def test_what_programs_count_is_no_part_of_a_name(stored, names):
    widget = Widget(stored, "text", FIELD, 0, False)
    assert names_for(FIELD, "comb", [], [], [(widget, FIELD)]) == names
