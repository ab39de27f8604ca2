"""`hcr-batch template` and `scan --template`, as a user meets them."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hearing import hear_signals
from PIL import Image

from hcr_batch.cli import cli
from hcr_batch.errors import ExitCode, HcrError
from hcr_batch.forms.template_files import load_template

ROOT = Path(__file__).parents[2]
FORMS = ROOT / "samples" / "forms"
TEMPLATES = ROOT / "configs" / "forms"


def run(*arguments, fails=None):
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    if fails is None:
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result
    assert isinstance(result.exception, HcrError)
    assert result.exception.exit_code == fails
    return result


def test_the_templates_that_come_with_the_program_are_right():
    assert "membership: 9 fields on 1 page" in run("template", "check", TEMPLATES).output


def test_a_draft_is_a_template_with_the_boxes_of_the_form(tmp_path):
    out = tmp_path / "draft.toml"
    picture = tmp_path / "picture.png"
    run("template", "draft", FORMS / "membership.png", "--out", out, "--picture", picture)
    with Image.open(picture) as image:
        assert image.size == (1253, 1136)
    (page,) = load_template(out).pages
    # The last is the line for date and signature.
    assert [len(field.cells) for field in page.fields] == [18, 14, 8, 24, 5, 16, 12, 8, 2, 1]
    run("template", "draft", FORMS / "membership.png", "--out", out, fails=ExitCode.OUTPUT)


def test_no_form_is_overwritten_by_its_own_template_or_picture(tmp_path):
    form = tmp_path / "form.png"
    form.write_bytes((FORMS / "membership.png").read_bytes())
    before = form.read_bytes()
    draft = ("template", "draft", form, "--force", "--out")
    run(*draft, form, fails=ExitCode.USAGE)
    run(*draft, tmp_path / "t.toml", "--picture", form, fails=ExitCode.USAGE)
    show = ("template", "show", TEMPLATES / "membership.toml", "--on", form, "--out", form)
    run(*show, fails=ExitCode.USAGE)
    assert form.read_bytes() == before


def test_a_form_without_boxes_cannot_be_drafted(tmp_path):
    Image.new("L", (800, 600), 255).save(tmp_path / "white.png")
    out = tmp_path / "draft.toml"
    run("template", "draft", tmp_path / "white.png", "--out", out, fails=ExitCode.SOME_FAILED)
    assert not out.exists()


def test_show_draws_a_template_and_says_how_well_a_scan_fits(tmp_path):
    template, picture = TEMPLATES / "membership.toml", tmp_path / "picture.png"
    run("template", "show", template, "--out", picture)
    with Image.open(picture) as image:
        assert image.size == (1253, 1135)
    result = run("template", "show", template, "--on", FORMS / "membership.png", "--out", picture)
    assert "107 of 107 boxes found" in result.output
    other = FORMS / "payment-slip.png"
    run("template", "show", template, "--on", other, "--out", picture, fails=ExitCode.SOME_FAILED)


def test_a_fault_in_a_template_is_one_line_with_exit_code_3(tmp_path):
    text = (TEMPLATES / "membership.toml").read_text().replace("kind =", "knd =", 1)
    (tmp_path / "bad.toml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "hcr_batch", "template", "check", str(tmp_path / "bad.toml")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == ExitCode.BAD_CONFIG
    (line,) = done.stderr.splitlines()
    number = text.splitlines().index('knd = "comb"') + 1
    assert f"bad.toml, line {number}: " in line
    assert "knd" in line


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    with Image.open(FORMS / "membership.png") as image:
        image.rotate(180).save(folder / "membership.png", dpi=(200, 200))
    with Image.open(FORMS / "parking-permit.jpg") as image:
        image.save(folder / "other.png", dpi=(240, 240))
    out, fields = folder / "out" / "results.csv", folder / "out" / "fields.csv"
    out.parent.mkdir()
    arguments = ("scan", folder, "--out", out, "--fields", fields, "--template", TEMPLATES)
    run(*arguments, "--jobs", "1")
    return folder, arguments, {path.name: table(path) for path in out.parent.glob("fields*.csv")}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_fields_have_the_names_of_the_template_even_upside_down(scanned):
    row = scanned[2]["fields.membership.csv"]["membership.png"]
    assert row["last_name"] == "KOWALSKI"
    assert row["date_of_birth"] == "24071983"
    assert row["class"] == "B4"
    assert 0.9 < float(row["date_of_birth.confidence"]) <= 1


def test_a_page_of_no_known_form_is_flagged_and_not_read(scanned):
    row = scanned[2]["fields.unknown_form.csv"]["other.png"]
    assert row["unknown_form.flagged"] == "true"
    assert "last_name" not in row


def test_a_changed_template_is_a_reason_to_read_again(scanned, tmp_path):
    _, arguments, _ = scanned
    again = run(*arguments, "--jobs", "1")
    assert "0 new, 2 skipped" in again.output
    text = (TEMPLATES / "membership.toml").read_text().replace('"last_name"', '"surname"')
    (tmp_path / "mine.toml").write_text(text)
    other = (*arguments[:-1], tmp_path / "mine.toml")
    assert "read\tmembership.png" in run(*other, "--dry-run").output


def test_what_cannot_be_edited_is_told_before_a_browser_opens(tmp_path):
    edit = ("template", "edit", "--no-browser")
    run(*edit, tmp_path / "gone.toml", fails=ExitCode.BAD_CONFIG)
    path = tmp_path / "card.toml"
    path.write_text((TEMPLATES / "membership.toml").read_text(encoding="utf-8"), encoding="utf-8")
    run(*edit, path, "--on", tmp_path / "gone.png", fails=ExitCode.SOME_FAILED)
    path.write_text("name = 5", encoding="utf-8")
    run(*edit, path, fails=ExitCode.BAD_CONFIG)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end programs otherwise there")
def test_the_editor_shows_the_form_and_keeps_what_was_not_saved(tmp_path):
    import json
    import re
    import signal
    import urllib.request

    path = tmp_path / "club.toml"
    path.write_text((TEMPLATES / "membership.toml").read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "hcr_batch", "template", "edit", path, "--no-browser"]
    command += ["--on", FORMS / "membership.png"]
    editor = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, preexec_fn=hear_signals
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", editor.stderr.readline())[0]
        with urllib.request.urlopen(f"{address}template") as reply:
            template = json.load(reply)
        assert template["pages"][0]["note"] == ""
        with urllib.request.urlopen(f"{address}page/1.png") as reply:
            assert Image.open(reply).size == (1837, 1665)
        fields = template["fields"]
        for field in fields:
            field["name"] = "x" + field["name"]
        form = {"opened": template["version"], "name": template["name"], "fields": fields}
        body = json.dumps(form).encode()
        for asked in ("suggest", "check"):
            request = urllib.request.Request(f"{address}{asked}", body)
            request.add_header("Content-Type", "application/json")
            with urllib.request.urlopen(request) as reply:
                told = json.load(reply)
            if asked == "suggest":
                # From the print of the form alone.
                assert [names[:1] for names in told["names"][:2]] == [["last_name"], ["first_name"]]
        editor.send_signal(signal.SIGINT)
        assert "club.toml.unsaved" in editor.communicate(timeout=60)[1]
    finally:
        editor.kill()
    rescued = (tmp_path / "club.toml.unsaved").read_text(encoding="utf-8")
    assert 'name = "xlast_name"' in rescued
