import json

import pytest

from hcr_batch.config import load_settings, load_toml
from hcr_batch.editor.edit_pages import EditPages
from hcr_batch.editor.edit_session import EditSession
from hcr_batch.editor.editor_app import editor_app
from hcr_batch.web.security import LOOPBACK

TEXT = """name = "card"
page = { width_mm = 148, height_mm = 105 }

[[field]]
name = "f001"   # the number
kind = "comb"
box = [20.0, 20.0, 40.0, 8.0]
cells = 8
charset = "digits"

[[field]]
name = "f002"
kind = "free"
box = [20.0, 40.0, 80.0, 8.0]
"""


class Window:
    """A browser's window, as the server sees it."""

    def __init__(self, session):
        self.left = []
        pages = EditPages(session.open().template, None, load_settings())
        leave = lambda: self.left.append(True)  # noqa: E731
        self.http = editor_app(session, pages, "secret", LOOPBACK, leave).test_client()
        self.open()

    def open(self):
        self.template = self.http.get("/secret/template").json
        self.opened = self.seen = self.template["version"]
        self.fields, self.name = self.template["fields"], self.template["name"]

    def post(self, address, **body):
        return self.http.post(f"/secret/{address}", json=body)

    def check(self):
        return self.post("check", **self.form())

    def form(self):
        return {"opened": self.opened, "seen": self.seen, "name": self.name, "fields": self.fields}

    def save(self, force=False):
        reply = self.post("save", force=force, **self.form()).json
        self.seen = reply["version"] or self.seen
        return reply["saved"]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "card.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def session(path):
    return EditSession(path)


@pytest.fixture
def window(session):
    return Window(session)


def names(path):
    return [field["name"] for field in load_toml(path)["field"]]


def test_a_saved_template_keeps_its_comments(path, window):
    window.fields[0]["name"] = "number"
    assert window.save()
    assert path.read_text(encoding="utf-8") == TEXT.replace('"f001"', '"number"')


def test_saving_goes_on_from_what_was_saved(path, window):
    for name in ("one", "two"):
        window.fields[1]["name"] = name
        assert window.save()
    assert names(path) == ["f001", "two"]


def test_a_file_that_somebody_else_changed_is_not_written_over_unasked(path, window):
    theirs = TEXT.replace("f002", "theirs")
    path.write_text(theirs, encoding="utf-8")
    window.fields[0]["name"] = "mine"
    assert not window.save()
    assert path.read_text(encoding="utf-8") == theirs
    assert window.save(force=True)
    assert names(path) == ["mine", "f002"]


def test_neither_is_one_that_another_window_saved(path, session, window):
    other = Window(session)
    other.fields[1]["name"] = "theirs"
    assert other.save()
    window.fields[0]["name"] = "mine"
    assert not window.save()
    window.open()
    window.fields[0]["name"] = "mine"
    assert window.save()
    assert names(path) == ["mine", "theirs"]


def test_a_file_that_is_gone_is_not_made_again_unasked(path, window):
    path.unlink()
    assert not window.save()
    assert window.save(force=True)
    assert names(path) == ["f001", "f002"]


def test_ends_of_lines_stay_those_of_the_file(path):
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    window = Window(EditSession(path))
    window.fields[0]["name"] = "number"
    assert window.save()
    assert path.read_bytes() == TEXT.replace('"f001"', '"number"').replace("\n", "\r\n").encode()


def test_faults_are_told_as_they_are_made(window):
    assert window.check().json["faults"] == []
    window.fields[0] |= {"name": "f002", "pattern": "["}
    faults = window.check().json["faults"]
    assert [(fault["field"], fault["key"]) for fault in faults] == [(0, "pattern"), (1, "name")]


def test_what_was_not_saved_is_kept_beside_the_template(path, session, window):
    window.fields[0]["name"] = "number"
    window.check()
    beside = session.rescue()
    assert beside.name == "card.toml.unsaved"
    assert names(beside) == ["number", "f002"]
    assert names(path) == ["f001", "f002"]


@pytest.mark.parametrize("saved", [True, False])
def test_nothing_is_kept_where_all_was_saved_or_may_go(session, window, saved):
    window.fields[0]["name"] = "number"
    window.check()
    if saved:
        window.save()
        window.check()
    window.post("leave", discard=not saved)
    assert window.left == [True]
    assert session.rescue() is None


def test_a_full_disk_is_told_and_the_old_file_stands(path, window, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    reply = window.post("save", **window.form())
    assert reply.status_code == 500
    assert "No space left" in reply.json["error"]
    assert path.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize(
    "change",
    [
        {"name": 5},
        {"kind": None},
        {"page": "1"},
        {"page": True},
        {"cells": []},
        {"cells": [[1, 2, 3]]},
        {"cells": [[1, 2, 3, "4"]]},
        {"cells": [[1, 2, 3, 4]] * 501},
        {"length": 1.5},
        {"required": 1},
        {"charset": ["digits"]},
        {"was": "0"},
        {"was": 1},
        {"was": 2},
        {"was": -1},
    ],
)
def test_fields_that_are_none_are_refused(path, window, change):
    window.fields[0] |= change
    assert window.check().status_code == 400
    assert path.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize(
    "anchors",
    [
        [],
        {"one": []},
        {"1": 5},
        {"1": [[1, 2, 3]]},
        {"1": [[1, 2, -3, 4]]},
        {"1": [[1, 2, 0, 0]]},
        {"1": [[1, 2, 3, 4]] * 5001},
    ],
)
def test_anchors_that_are_none_are_refused(path, window, anchors):
    assert window.post("save", **window.form(), anchors=anchors).status_code == 400
    assert path.read_text(encoding="utf-8") == TEXT


def test_anchors_and_the_order_of_fields_are_saved(path, window):
    window.fields.reverse()
    anchors = {"1": [[5, 5, 4, 4], [140, 5, 4, 4]]}
    assert window.post("save", **window.form(), anchors=anchors).json["saved"]
    assert names(path) == ["f002", "f001"]
    assert load_toml(path)["page"]["anchors"] == anchors["1"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1e308", "1e308", "1e400"])
def test_numbers_that_are_no_places_are_faults_or_refused(window, number):
    text = json.dumps(window.form())
    body = text.replace("20.0", number, 1)
    reply = window.http.post("/secret/check", data=body, content_type="application/json")
    assert reply.status_code == 400 or reply.json["faults"]


def test_a_page_of_another_run_is_told_to_load_again(window):
    window.opened = "0" * 64
    reply = window.post("save", **window.form())
    assert reply.status_code == 400
    assert "load the page again" in reply.json["error"]


@pytest.mark.parametrize("address", ["/", "/template", "/page/1.png", "/editor/main.js", "/other/"])
def test_nothing_is_shown_to_those_who_do_not_know_the_secret(window, address):
    assert window.http.get(address).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "localhost", "Origin": "http://evil.example"}],
)
def test_other_hosts_and_origins_are_refused(path, window, headers):
    body = window.form()
    assert window.http.post("/secret/save", json=body, headers=headers).status_code == 403
    plain = {**headers, "Content-Type": "text/plain"}
    assert window.http.post("/secret/save", data=json.dumps(body), headers=plain).status_code == 403
    assert path.read_text(encoding="utf-8") == TEXT


def test_only_json_changes_anything(window):
    body = json.dumps(window.form())
    reply = window.http.post("/secret/save", data=body, content_type="text/plain")
    assert reply.status_code == 415


def test_a_page_without_a_scan_has_no_picture(window):
    assert not window.template["pages"][0]["pictured"]
    for number in (1, 2, 99999):
        assert window.http.get(f"/secret/page/{number}.png").status_code == 404


def test_the_page_and_its_scripts_are_there(window):
    page = window.http.get("/secret/")
    assert b"card.toml" in page.data
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    script = window.http.get("/secret/editor/main.js")
    assert script.status_code == 200
    assert script.mimetype == "text/javascript"


def test_the_form_itself_is_renamed_too(path, window):
    window.name = "club card"
    assert window.save()
    assert path.read_text(encoding="utf-8") == TEXT.replace('"card"', '"club card"')
    window.name = " "
    assert "name of the form" in window.check().json["faults"][0]["problem"]
