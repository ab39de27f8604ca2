import csv
import threading

import pytest
from review_maker import make_scan

from hcr_batch.config import load_settings
from hcr_batch.journal.corrections import Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.output_lock import exclusive, lock_path
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review import review_session
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_app import review_app
from hcr_batch.review.review_session import ReviewRequest, ReviewSession
from hcr_batch.web.security import allowed_hosts

FIELDS = {"number": ("17_4", "71_4"), "name": ("SAM", "5AM")}


class Window:
    """A browser's window, as the server sees it."""

    def __init__(self, session, name="window", reviewer="Ada"):
        self.left = threading.Event()
        app = review_app(
            session,
            PagePictures(load_settings()),
            "secret",
            allowed_hosts("127.0.0.1"),
            "somebody",
            self.left.set,
        )
        self.http, self.name, self.reviewer = app.test_client(), name, reviewer

    def get(self, address):
        return self.http.get(f"/secret/{address}")

    def post(self, address, **body):
        return self.http.post(f"/secret/{address}", json=body)

    def tiles(self, size=50, **more):
        return self.post("tiles", client=self.name, size=size, **more).json["cells"]

    def answer(self, cell, character="", kind="character", seen=None):
        if seen is None:
            seen = (cell.get("answer") or {"version": 0})["version"]
        one = {"key": cell["key"], "kind": kind, "character": character, "seen": seen}
        return self.post("answers", reviewer=self.reviewer, answers=[one]).json["answers"][0]


@pytest.fixture
def made(tmp_path):
    return make_scan(tmp_path, FIELDS, sure="4M")


@pytest.fixture
def session(made):
    return ReviewSession(ReviewRequest(journal_path(made.results), Outputs(made.results)))


@pytest.fixture
def window(session):
    return Window(session)


def rows(made):
    with made.results.open(encoding="utf-8", newline="") as file:
        return {(row["field"], int(row["position"])): row for row in csv.DictReader(file)}


def test_tiles_hold_what_was_read_alike_together(window):
    cells = window.tiles()
    assert [cell["read"] for cell in cells] == ["1", "5", "7", "A"]
    assert all(cell["picture"].startswith("data:image/png;base64,") for cell in cells)
    assert cells[0]["place"] == "form.png, page 1, number, 2"
    assert window.get("progress").json["progress"] == {"due": 4, "answered": 0}


def test_answers_are_in_the_results_after_finishing(made, window):
    one, five, seven, a = window.tiles()
    assert window.answer(one, "7")["taken"]
    assert window.answer(five, kind="illegible")["taken"]
    assert window.answer(seven, kind="blank")["taken"]
    assert window.answer(a, "A", "accepted")["taken"]
    lines = window.post("finish").json["lines"]
    assert lines == [
        f"{made.results}: written with the answers to 4 of 4 cells",
        "Ada: 4 answers in under a minute",
    ]
    assert window.left.is_set()
    written = rows(made)
    columns = ("character", "confidence", "flagged", "reasons")
    marks = {place: tuple(row[name] for name in columns) for place, row in written.items()}
    assert marks["number", 2] == ("7", "1.0000", "false", "reviewed")
    assert marks["name", 1] == ("", "0.0000", "true", "illegible")
    assert marks["number", 1] == ("", "1.0000", "false", "reviewed")
    assert marks["name", 2] == ("A", "1.0000", "false", "reviewed")
    assert marks["name", 3] == ("M", "0.9987", "false", "")


def test_an_answer_is_in_the_journal_at_once_with_who_and_when(made, window):
    window.answer(window.tiles()[0], "7")
    with open_journal(journal_path(made.results)) as journal:
        (answer,) = journal.corrections.since()
    assert (answer.character, answer.reviewer, answer.read) == ("7", "Ada", "1")
    assert answer.kind is Kind.CHARACTER


def test_two_windows_get_different_cells_and_do_not_overwrite_each_other(session, window):
    other = Window(session, "other", "Bob")
    mine, his = window.tiles(size=2), other.tiles(size=50)
    assert not {cell["key"] for cell in mine} & {cell["key"] for cell in his}
    window.answer(mine[0], "7")
    refused = other.answer(mine[0], "2")
    assert not refused["taken"]
    assert (refused["answer"]["character"], refused["answer"]["reviewer"]) == ("7", "Ada")


def test_a_window_that_is_closed_leaves_its_cells_to_the_others(session, window):
    window.tiles(size=2)
    window.post("release", client="window")
    assert len(Window(session, "other").tiles()) == 4


def test_two_programs_on_one_journal_see_each_other(made, session, window):
    second = Window(ReviewSession(session.request), "second", "Bob")
    cell = window.tiles()[0]
    second.answer(cell, "7")
    assert not window.answer(cell, "2")["taken"]
    assert window.get("progress").json["progress"]["answered"] == 1
    assert cell["key"] not in {tile["key"] for tile in window.tiles()}


def test_an_answer_can_be_taken_back_and_comes_first_again(window):
    cells = window.tiles()
    given = window.answer(cells[-1], "X")
    undone = window.answer(cells[-1], kind="open", seen=given["answer"]["version"])
    assert undone["taken"]
    assert window.tiles(first=[cells[-1]["key"]])[0]["key"] == cells[-1]["key"]


def test_one_by_one_goes_through_the_fields_in_order(window):
    def go(**where):
        return window.post("next", client="window", **where).json["cell"]

    first = go()
    assert first["field"] == "number"
    assert [cell["read"] for cell in first["cells"]] == ["7", "1", "", "4"]
    assert [cell["due"] for cell in first["cells"]] == [True, True, False, False]
    second = go(after=first["key"])
    assert second["key"] == first["cells"][1]["key"]
    assert go(after=first["key"], otherField=True)["field"] == "name"
    assert go(after=second["key"], backwards=True)["key"] == first["key"]
    window.answer(first["cells"][0], "1")
    assert go()["key"] == second["key"]


def test_fields_come_with_all_their_characters(window):
    fields = window.post("fields", client="window", size=5).json["fields"]
    assert [field["field"] for field in fields] == ["number", "name"]
    # A reviewer who sees the whole field may find what was not flagged, too.
    assert window.answer(fields[0]["cells"][3], "9")["taken"]


def test_small_look_alikes_stand_as_capitals_as_everywhere_else(window):
    five = window.tiles()[1]
    assert window.answer(five, "s")["answer"]["character"] == "S"


def test_pictures_of_field_and_page_come_from_the_file_that_was_scanned(made, window):
    key = window.tiles()[0]["key"]
    for address in (f"field/{key}.png", f"field/{key}.png?marked=due", f"page/{key}.png"):
        answer = window.get(address)
        assert answer.mimetype == "image/png"
        assert answer.data.startswith(b"\x89PNG")


@pytest.mark.parametrize("content", [None, b"another one"])
def test_a_page_that_is_gone_or_another_one_is_not_shown(made, window, content):
    key = window.tiles()[0]["key"]
    made.page.unlink()
    if content:
        made.page.write_bytes(content)
    answer = window.get(f"page/{key}.png")
    assert answer.status_code == 404
    assert "form.png" in answer.json["error"]


def test_without_the_token_there_is_nothing(window):
    for address in ("/", "/tiles", "/progress", "/review/main.js", "/wrong/"):
        assert window.http.get(address).status_code == 404
    assert b"Review of results.csv" in window.get("").data
    assert window.get("review/main.js").mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("answers", {"answers": [{"key": "nonsense", "kind": "blank"}]}),
        ("answers", {"answers": [{"key": "a-1-1-1-1-1", "kind": "perhaps"}]}),
        ("answers", {"answers": [{"key": "a-1-1-1-1-1", "kind": "character", "character": "ab"}]}),
        ("answers", {"answers": [{"key": "a-1-1-1-1-1", "kind": "blank", "seen": "1"}]}),
        ("answers", {"answers": "all"}),
        ("answers", {"answers": [7]}),
        ("tiles", {"size": 0}),
        ("tiles", {"size": 5, "client": 7}),
        ("tiles", {"size": 5, "skip": [1]}),
    ],
)
def test_nonsense_is_refused(window, address, body):
    answer = window.post(address, **body)
    assert answer.status_code == 400
    assert answer.json["error"]


def test_forms_of_other_sites_change_nothing(window):
    answer = window.http.post("/secret/answers", data="{}", content_type="text/plain")
    assert answer.status_code == 415
    foreign = {"Origin": "http://evil.example"}
    assert window.http.post("/secret/finish", json={}, headers=foreign).status_code == 403
    assert not window.left.is_set()


def test_a_cell_that_was_read_anew_is_not_answered_blindly(made, window):
    cells = window.tiles()
    with open_journal(journal_path(made.results)) as journal:
        sha256 = cells[0]["key"].split("-")[0]
        journal.add(sha256, "recipe", [], None, 0.1, [(made.page, "form.png")])
    assert not window.answer(cells[0], "7")["taken"]
    assert window.tiles() == []


def test_while_a_scan_writes_the_answers_wait_in_the_journal(made, window):
    window.answer(window.tiles()[0], "7")
    with exclusive(lock_path(made.results)):
        lines = window.post("finish").json["lines"]
    assert "the scan puts them in" in lines[0]
    assert not made.results.exists()


def test_what_goes_wrong_is_told_on_the_page_in_the_words_of_the_terminal(made, window):
    cell = window.tiles()[0]
    journal = journal_path(made.results)
    for file in journal.parent.glob(f"{journal.name}*"):
        file.unlink()
    journal.write_text("no journal any more" * 100)
    one = {"key": cell["key"], "kind": "blank", "seen": 0}
    answer = window.post("answers", answers=[one])
    assert answer.status_code == 500
    assert "cannot be opened as a journal" in answer.json["error"]


@pytest.mark.parametrize("address", ["progress", "tiles", "next", "fields", "answers", "finish"])
def test_a_journal_that_is_gone_takes_no_answers_and_empties_no_results(made, window, address):
    cell = window.tiles()[0]
    made.results.write_text("as they were")
    journal = journal_path(made.results)
    for file in journal.parent.glob(f"{journal.name}*"):
        file.unlink()
    one = {"key": cell["key"], "kind": "blank", "seen": 0}
    if address == "progress":
        answer = window.http.get("/secret/progress?client=window")
    else:
        answer = window.post(address, size=5, answers=[one])
    assert answer.status_code == 500
    assert answer.json["error"].startswith(f"{journal}: the journal is gone; nothing more is saved")
    assert not journal.exists()
    assert made.results.read_text() == "as they were"


def test_results_are_written_when_nobody_has_answered_for_a_while(made, session, monkeypatch):
    monkeypatch.setattr(review_session, "IDLE_S", 0.05)
    window = Window(session)
    window.answer(window.tiles()[0], "7")
    leaving = threading.Event()
    idle = threading.Thread(target=session.export_when_idle, args=(leaving,))
    idle.start()
    while not session.is_exported:
        leaving.wait(0.02)
    leaving.set()
    idle.join()
    assert rows(made)["number", 2]["reasons"] == "reviewed"
