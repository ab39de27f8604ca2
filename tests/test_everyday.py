"""From the inbox to the corrected workbook, as somebody who types what the manual says."""

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from browser import open_browser

ROOT = Path(__file__).resolve().parents[1]
FORMS = ROOT / "samples" / "forms"
WAIT_S = 60.0
ODD_NAMES = (b"a;=1+1.png", b"x\xff.png", b"x\\xff.png")
"""Of copies: a formula behind a separator, a byte that is no text, and what that is shown as."""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An inbox with two forms, one without an ending, copies of one, and what is no form."""
    folder = tmp_path_factory.mktemp("office")
    inbox = folder / "inbox"
    inbox.mkdir()
    shutil.copy(FORMS / "payment-slip.png", inbox / "0001.png")
    shutil.copy(FORMS / "membership.png", inbox / "scan")
    for name in ODD_NAMES:
        shutil.copy(FORMS / "payment-slip.png", inbox / os.fsdecode(name))
    (inbox / "notes.docx").write_bytes(b"no form")
    (inbox / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic")
    return folder


def typed(folder, *words):
    """A command line that has ended."""
    return subprocess.run(
        [sys.executable, "-m", "hcr_batch", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def type_in(folder, *words):
    """What a command line prints on standard error; it has to end well."""
    done = typed(folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stderr


def refused(folder, *words):
    """The one line with which a command line is refused; nothing has changed."""
    before = snapshot(folder)
    done = typed(folder, *words)
    assert done.returncode in (2, 5, 9), (words, done.stderr)
    assert snapshot(folder) == before, words
    return done.stderr.splitlines()[-1]


def snapshot(folder):
    """Every file with its content, but for what SQLite keeps beside a journal."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if ".sqlite" not in path.name}


def review_in_the_browser(folder, browser):
    """Try what breaks a rule, accept every character and finish; what the page says at the end."""
    from selenium.common import exceptions
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    passing = (
        *(exceptions.StaleElementReferenceException, exceptions.ElementClickInterceptedException),
        *(StopIteration, IndexError),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "hcr_batch", "review", "results.xlsx", "--no-browser"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://\S+/", process.stderr.readline())[0]
        browser.get(address)

        def find(selector):
            return browser.find_elements("css selector", selector)

        def wait(condition):
            waiting = WebDriverWait(browser, WAIT_S, 0.1, ignored_exceptions=passing)
            return waiting.until(lambda _: condition())

        def show(view):
            find(f"[data-view={view}]")[0].click()

        def choose(label):
            """Click the option of the filter by field; its counts may be renewed meanwhile."""

            def chosen():
                options = find("#only-field option")
                next(option for option in options if option.text == label).click()
                return True

            wait(chosen)

        def enter(text):
            box = find(".entry input")[0]
            box.clear()
            box.send_keys(text, Keys.ENTER)

        # A date is no text, and a text that is too short blanks nothing, without a second Enter.
        wait(lambda: find(".tile.current"))
        choose("date_of_birth (8)")
        show("fields")
        wait(lambda: len(find("#fields form")) == 1)
        strip = "return document.querySelector('#fields .strip img')?.naturalWidth"
        wait(lambda: browser.execute_script(strip))
        enter("AB999999")
        wait(lambda: "A cannot stand in date_of_birth" in find(".note")[0].text)
        enter("999")
        wait(lambda: "the last 5 characters blank" in find(".note")[0].text)
        assert find("#count")[0].text.startswith("0 of")
        # Beside the character stands its field; finishing now is asked about.
        show("one")
        wait(lambda: "character 1 of 8" in find("#one .place")[0].text)
        choose("every field")
        find("#finish")[0].click()
        wait(lambda: "have no answer" in find("#asking")[0].text)
        find("#asking button[value=back]")[0].click()
        wait(lambda: not find("#asking[open]"))

        # A colleague in another window does a part and leaves; the review goes on.
        mine = browser.current_window_handle
        browser.switch_to.new_window("window")
        browser.get(address)
        wait(lambda: find(".tile.current"))
        name = find("#reviewer")[0]
        name.clear()
        name.send_keys("Ben", Keys.TAB)
        # What is done while the page still loads is done again, as a person would.
        wait(lambda: not find("#count")[0].text.startswith("0 of") or find("#accept")[0].click())
        find("#leave")[0].click()
        wait(lambda: "You have left" in find("#finished")[0].text)
        browser.close()
        browser.switch_to.window(mine)

        show("tiles")
        wait(lambda: find(".tile.current"))
        while not find("#done:not([hidden])"):
            before = find("#count")[0].text
            wait(
                lambda before=before: find("#count")[0].text != before
                or find("#done:not([hidden])")
                or browser.switch_to.active_element.send_keys(Keys.ENTER)
            )
        # It has the focus now, so that Enter may have been the answer to it already.
        wait(lambda: find("#finished[open]") or find("#finish")[0].click())
        said = find("#lines")[0].text
        assert process.wait(WAIT_S) == 0
        return said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate()


def test_the_whole_way(office):
    openpyxl, pandas = pytest.importorskip("openpyxl"), pytest.importorskip("pandas")

    # A template from the form itself, with a picture; its first field is called as a column is.
    type_in(office, "template", "draft", "inbox/0001.png", "--out", "forms/slip.toml")
    template = office / "forms" / "slip.toml"
    type_in(office, "template", "show", template, "--on", "inbox/0001.png", "--out", "shown.png")
    drafted = office / "forms" / "slip.fields.png"
    assert drafted.read_bytes() == (office / "shown.png").read_bytes()
    named = template.read_text().replace('"0001"', '"slip"', 1).replace('"f001"', '"file"', 1)
    template.write_text(named)
    shutil.copy(ROOT / "configs" / "forms" / "membership.toml", office / "forms")

    # The scan says what it passed over, where the tables are and what comes next.
    given = ("scan", "inbox", "--template", "forms", "--out", "results.xlsx")
    scan = (*given, "--threshold", "1")  # all characters are shown to a person
    said = type_in(office, *scan, "--fields", "fields.xlsx", "--overlay", "pictures").splitlines()
    assert said[-5] == "passed over: 1 .docx, 1 .heic"
    held = r"results\.xlsx: 5 files \(3 copies\), 5 pages, \d+ characters, [1-9]\d* flagged"
    assert re.match(held, said[-4])
    assert said[-3:-1] == ["fields: fields.xlsx", "next: hcr-batch review results.xlsx"]
    assert said[-1].startswith("files: 5 new, 0 skipped, 0 failed; ")

    # A picture a page; no table is CSV under the name of a workbook.
    assert len(list((office / "pictures").rglob("*.png"))) == 5
    for name in ("results.xlsx", "fields.xlsx"):
        assert (office / name).read_bytes()[:2] == b"PK"

    # A sheet a kind of form, values in front; no column stands twice.
    book = openpyxl.load_workbook(office / "fields.xlsx")
    assert book.sheetnames == ["membership", "slip", "summary"]
    heads = {name: [cell.value for cell in book[name][1]] for name in book.sheetnames[:2]}
    assert heads["slip"][:3] == ["file", "page", "file_2"]
    for head in heads.values():
        first = next(place for place, name in enumerate(head) if "." in name)
        assert all(name.endswith((".confidence", ".flagged")) for name in head[first:])
        assert len(set(head)) == len(head)

    # Texts are texts, so that zeros stay, and what is flagged is coloured.
    for name in ("membership", "slip"):
        table = pandas.read_excel(office / "fields.xlsx", sheet_name=name, dtype=str)
        texts = [cell for row in book[name].iter_rows(min_row=2, min_col=3) for cell in row]
        texts = [cell for cell in texts if cell.data_type == "s"]
        assert {cell.number_format for cell in texts} == {"@"}
        coloured = [cell for cell in texts if cell.fill.fill_type]
        flagged = [column for column in table.columns if column.endswith(".flagged")]
        assert len(coloured) == table[flagged].isin(["True", "TRUE"]).to_numpy().sum()
    members = pandas.read_excel(office / "fields.xlsx", sheet_name="membership", dtype=str)
    assert members["telephone"][0].startswith("0")
    assert len(members["date_of_birth"][0]) == 8

    # Names that are no text and those that look like them are told apart.
    cells = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert {"file", "field", "character", "flagged"} <= set(cells.columns)
    names = set(cells["file"])
    assert {"0001.png", "scan", r"x\xff.png", r"x\\xff.png"} < names
    assert len(names) == 5
    summary = pandas.read_excel(office / "fields.xlsx", sheet_name="summary", header=None)
    assert "files that are copies of others" in set(summary[0])

    # Nothing that is there may be written over, and nothing is promised that was not measured.
    os.link(office / "inbox" / "0001.png", office / "link.csv")
    for other in ("inbox/0001.png", "inbox/scan", "/dev/null", "pictures", "."):
        assert other in refused(office, "scan", "inbox", "--out", other)
    assert "link.csv: holds a form" in refused(office, "scan", "inbox", "--out", "link.csv")
    assert "slip.toml" in refused(office, *given[:4], "--out", "forms/slip.toml")
    for other in ("results.xlsx", "results.hcr.sqlite", "inbox/0001.png"):
        assert other in refused(office, *scan, "--fields", other)
    assert "measured from" in refused(office, *given, "--target-error", "40%")
    (office / "link.csv").unlink()

    # The review puts its answers into both workbooks.
    with open_browser() as browser:
        said = review_in_the_browser(office, browser)
    assert "written with the answers to" in said
    assert re.search(r"Ben: \d+ answers in ", said)
    assert len(re.findall(r": \d+ answers in ", said)) == 2
    cells = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert "reviewed" in set(cells["reasons"])
    book = openpyxl.load_workbook(office / "fields.xlsx")
    answered = [cell for name in ("membership", "slip") for cell in book[name][2][2:]]
    assert not [cell for cell in answered if cell.fill.fill_type]

    # The paper is filed, and nothing vanishes; a quiet night is no error.
    before = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    (office / "inbox").rename(office / "archive")
    (office / "inbox").mkdir()
    said = type_in(office, *scan)
    assert "results.xlsx: 5 files (5 gone, 3 copies), 5 pages" in said
    after = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert after.equals(before)
    assert "inbox" in refused(office, "scan", "inbox", "--out", "new.csv")
    type_in(office, "scan", "inbox", "--out", "new.csv", "--allow-empty")

    # The next one comes under the old name.
    shutil.copy(FORMS / "change-of-address.jpg", office / "inbox" / "0001.png")
    said = type_in(office, *scan, "--gone", "list")
    assert "6 files (5 gone, 3 copies)" in said
    assert said.count("gone, still in the results: ") == 5

    # A CSV for a European Excel, of all of it, corrections included; then the old ones go.
    type_in(office, "export", "results.xlsx", "--out", "all.csv", "--delimiter", ";", "--bom")
    text = (office / "all.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    files = {row["file"] for row in rows}
    assert len(files) == 6
    assert "a;'=1+1.png" in files
    assert "reviewed" in {row["reasons"] for row in rows}
    assert "results.xlsx: 1 file, " in type_in(office, *scan, "--gone", "drop")
