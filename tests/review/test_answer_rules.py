import pytest
from review_maker import make_scan

from hcr_batch.forms.template_files import load_template
from hcr_batch.journal.corrections import Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.answer_rules import FieldRules, in_words
from hcr_batch.review.review_session import GivenAnswer, ReviewRequest, ReviewSession

FIELDS = {"date": ("24071983", "24071983"), "code": ("AB39", "A839"), "free": ("A7", "A7")}

TEMPLATE = """
name = "club"
page = { width_mm = 210, height_mm = 297 }
[[field]]
name = "date"
kind = "comb"
box = [10, 10, 80, 8]
cells = 8
charset = "digits"
check = "date:%d%m%Y"
required = true
[[field]]
name = "code"
kind = "comb"
box = [10, 30, 40, 8]
cells = 4
charset = "alnum"
pattern = "[A-Z]{2}[0-9]{2}"
"""


@pytest.fixture
def session(tmp_path):
    (tmp_path / "club.toml").write_text(TEMPLATE)
    made = make_scan(tmp_path, FIELDS, sure="02", form="club")
    rules = FieldRules.of([load_template(tmp_path / "club.toml")])
    return ReviewSession(ReviewRequest(journal_path(made.results), Outputs(made.results)), rules)


def due(session, field):
    with session.open_journal() as journal:
        return [cell for cell in journal.cells.due() if cell.field == field]


def answer(session, cell, character, kind=Kind.CHARACTER, confirmed=False, seen=0):
    given = GivenAnswer(cell.place.key, kind, character, seen)
    (standing,) = session.record([given], "Ada", confirmed)
    return standing


def test_a_character_that_the_field_cannot_hold_is_questioned(session):
    cell = due(session, "date")[0]
    standing = answer(session, cell, "A")
    assert (standing.taken, standing.breaks) == (
        False,
        "A cannot stand in date (digits, a date: day, month, year)",
    )
    assert answer(session, cell, "A", confirmed=True).taken


def test_the_whole_text_is_held_against_the_rule_once_it_is_known(session):
    cells = due(session, "date")
    *first, last = cells
    assert all(answer(session, cell, "9").taken for cell in first)
    standing = answer(session, last, "9")
    assert not standing.taken
    assert standing.breaks.endswith(" does not fit date (digits, a date: day, month, year)")
    with open_journal(session.request.journal) as journal:
        assert len(list(journal.corrections.since())) == len(first)


def test_a_text_that_keeps_the_rule_is_taken_at_once(session):
    cells = due(session, "date")
    given = [
        GivenAnswer(cell.place.key, Kind.ACCEPTED, cell.reading.character, 0) for cell in cells
    ]
    assert all(standing.taken for standing in session.record(given, "Ada"))


def test_an_answer_is_spelled_as_the_field_has_it_and_can_be_taken_back(session):
    cell = due(session, "code")[0]
    assert answer(session, cell, "a").correction.character == "a"
    assert answer(session, cell, "", Kind.OPEN, seen=1).taken


def test_fields_without_a_rule_take_everything(session):
    cell = due(session, "free")[0]
    assert answer(session, cell, "9").taken


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ("digits, luhn", "digits, check digit"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, [A-Z]{2}", "capitals and digits, [A-Z]{2}"),
        ("0123456789.", "digits and ."),
        ("JN", "JN"),
    ],
)
def test_rules_are_told_in_words(summary, words):
    assert in_words(summary) == words
