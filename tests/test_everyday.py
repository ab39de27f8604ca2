"""From the inbox to the corrected workbook, as somebody who types what the manual says."""

import csv
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
WAIT_S = 60.0


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("office")
    (folder / "inbox").mkdir()
    shutil.copy(ROOT / "samples" / "forms" / "payment-slip.png", folder / "inbox" / "0001.png")
    (folder / "inbox" / "notes.docx").write_bytes(b"no form")
    return folder


def type_in(folder, *words):
    """What a command line prints on standard error; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-m", "hcr_batch", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def review_in_the_browser(folder, browser):
    """Accept every flagged character and finish; what the page says at the end."""
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

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
            return WebDriverWait(browser, WAIT_S, 0.1).until(lambda _: condition())

        wait(lambda: find(".tile.current"))
        while not find("#done:not([hidden])"):
            before = find("#count")[0].text
            browser.switch_to.active_element.send_keys(Keys.ENTER)
            wait(
                lambda before=before: find("#count")[0].text != before
                or find(".tile.broken")
                or find("#done:not([hidden])")
            )
        find("#finish")[0].click()
        wait(lambda: find("#finished[open]"))
        said = find("#lines")[0].text
        assert process.wait(WAIT_S) == 0
        return said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate()


def test_the_whole_way(office):
    openpyxl, pandas = pytest.importorskip("openpyxl"), pytest.importorskip("pandas")

    # A template from the form itself; its first field gets a name.
    type_in(office, "template", "draft", "inbox/0001.png", "--out", "forms/slip.toml")
    template = office / "forms" / "slip.toml"
    template.write_text(template.read_text().replace('"f001"', '"first"', 1))

    # The scan says what it passed over, where the tables are and what comes next.
    scan = ("scan", "inbox", "--template", "forms", "--out", "results.xlsx")
    said = type_in(office, *scan, "--fields", "fields.xlsx").splitlines()
    assert said[-5] == "passed over: 1 .docx"
    assert re.match(r"results\.xlsx: 1 file, 1 page, \d+ characters, [1-9]\d* flagged", said[-4])
    assert said[-3:-1] == ["fields: fields.xlsx", "next: hcr-batch review results.xlsx"]
    assert said[-1].startswith("files: 1 new, 0 skipped, 0 failed; ")

    # The workbooks open with texts as texts, and what is flagged is coloured.
    book = openpyxl.load_workbook(office / "fields.xlsx")
    (form, summary) = book.sheetnames
    assert (book[form]["C1"].value, summary) == ("first", "summary")
    table = pandas.read_excel(office / "fields.xlsx", sheet_name=form, dtype=str)
    assert table["file"].tolist() == ["0001.png"]
    texts = [cell for cell in book[form][2][2:] if cell.data_type == "s"]
    assert texts
    assert {cell.number_format for cell in texts} == {"@"}
    coloured = [cell for cell in texts if cell.fill.fill_type]
    flagged = [name for name in table.columns if name.endswith(".flagged")]
    assert len(coloured) == table[flagged].isin(["True", "TRUE"]).to_numpy().sum() > 0
    cells = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert {"file", "field", "character", "flagged"} <= set(cells.columns)

    # The review puts its answers into both workbooks.
    with open_browser() as browser:
        said = review_in_the_browser(office, browser)
    assert "written with the answers to" in said
    assert re.search(r": \d+ answers in ", said)
    cells = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert "reviewed" in set(cells["reasons"])
    book = openpyxl.load_workbook(office / "fields.xlsx")
    assert not [cell for cell in book[form][2][2:] if cell.fill.fill_type]

    # The paper is filed, the next one comes under the old name, and nothing vanishes.
    before = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    (office / "archive").mkdir()
    (office / "inbox" / "0001.png").rename(office / "archive" / "0001.png")
    said = type_in(office, *scan)
    assert "results.xlsx: 1 file (1 gone), 1 page" in said
    after = pandas.read_excel(office / "results.xlsx", sheet_name="cells", dtype=str)
    assert after.equals(before)
    shutil.copy(ROOT / "samples" / "forms" / "membership.png", office / "inbox" / "0001.png")
    assert "2 files (1 gone)" in type_in(office, *scan)

    # A CSV for a European Excel, of all of it, corrections included.
    type_in(office, "export", "results.xlsx", "--out", "all.csv", "--delimiter", ";", "--bom")
    with (office / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len({row["file"] for row in rows}) == 2
    assert "reviewed" in {row["reasons"] for row in rows}
