import sqlite3
from pathlib import Path

import pytest

from hcr_batch.errors import OutputError
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.journal_status import journal_status
from hcr_batch.results.records import CellRecord, FieldRecord, PageRecord
from hcr_batch.results.rows import page_rows
from hcr_batch.types import Reading, SourceBox

CELLS = (
    CellRecord(SourceBox(1, 2, 3, 4), Reading("7", 0.9, True, ("low_confidence",), (("1", 0.05),))),
    CellRecord(SourceBox(5, 2, 3, 4), Reading("", 0.99)),
)
PAGE = PageRecord(1, 800, 600, (FieldRecord("f001", "comb", CELLS),))


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "r.hcr.sqlite") as journal:
        yield journal


def pages(journal):
    return [(file.name, page) for file, page in journal.pages()]


def add(journal, page=PAGE, sha256="sha", recipe="recipe", names=("a.png",), failure=None):
    files = [(Path("/forms") / name, name) for name in names]
    journal.add(sha256, recipe, [page] if page else [], failure, 0.1, files)


def test_readings_come_back_as_they_were(journal):
    add(journal)
    ((name, page),) = pages(journal)
    assert name == "a.png"
    assert [cell.reading for cell in page.fields[0].cells] == [cell.reading for cell in CELLS]
    assert [cell.box for cell in page.fields[0].cells] == [cell.box for cell in CELLS]


def test_rows_are_those_of_the_pages(journal):
    add(journal, names=("a.png", "b.png"))
    rows = [row for name, page in pages(journal) for row in page_rows(name, page)]
    assert list(journal.rows()) == rows
    assert len(rows) == 4


@pytest.mark.parametrize(
    "change",
    ["confidence = 'much'", "alternatives = '8:many'", "character = x'37'", "flagged = ''"],
)
def test_rows_of_what_was_never_written_so_are_damage(journal, change):
    add(journal)
    connection = sqlite3.connect(journal.path)
    with connection:
        connection.execute(f"UPDATE cells SET {change}")
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="a cell holds"):
        list(journal.rows())


def test_cells_that_are_missing_are_damage(journal):
    add(journal)
    connection = sqlite3.connect(journal.path)
    with connection:
        connection.execute("DELETE FROM cells WHERE position = 2")
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="1 cells"):
        list(journal.rows())
    with pytest.raises(sqlite3.DatabaseError, match="1 cells"):
        pages(journal)


def test_a_new_reading_takes_the_place_of_the_old_one(journal):
    add(journal)
    add(journal, PageRecord(1, 800, 600, (FieldRecord("f009", "comb", CELLS[1:]),)))
    ((_, page),) = pages(journal)
    assert [field.name for field in page.fields] == ["f009"]
    assert [table.fields for table in journal.form_tables()] == [("f009",)]


def test_a_file_shows_its_latest_reading_alone(journal):
    add(journal, recipe="before")
    add(journal, recipe="now")
    assert len(pages(journal)) == 1
    assert journal.state("sha", "before")


def test_failures_are_kept_by_content(journal):
    add(journal, None, failure="broken", names=("a.png", "b.png"))
    assert journal.state("sha", "recipe")[1] == "broken"
    assert [(file.name, file.failure) for file in journal.files()] == [
        ("a.png", "broken"),
        ("b.png", "broken"),
    ]


def test_nothing_of_a_broken_off_entry_stays(journal):
    def half():
        yield PAGE
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.add("sha", "recipe", half(), None, 0.1, [(Path("/a.png"), "a.png")])
    assert journal.state("sha", "recipe") is None
    assert pages(journal) == []


def test_names_of_any_bytes_are_kept(journal):
    path = Path("/forms") / b"\xff\xfe.png".decode("utf-8", "surrogateescape")
    journal.add("sha", "recipe", [PAGE], None, 0.1, [(path, "\\xff\\xfe.png")])
    assert [file.path for file in journal.files()] == [path]


def test_files_of_other_programs_are_refused(tmp_path):
    text, foreign = tmp_path / "text.sqlite", tmp_path / "foreign.sqlite"
    text.write_text("no database, but long enough to be looked at by anyone who opens it" * 20)
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE precious (x)")
    connection.close()
    for path in (text, foreign):
        before = path.read_bytes()
        with pytest.raises(OutputError, match="move it away"):
            open_journal(path)
        assert path.read_bytes() == before


def test_the_journal_lies_beside_the_results():
    assert journal_path(Path("out/results.csv")) == Path("out/results.hcr.sqlite")


TO_VERSION_1 = """
DROP TABLE corrections;
DROP TABLE pictures;
CREATE TABLE crops (field INTEGER, position INTEGER, png BLOB, PRIMARY KEY (field, position));
INSERT INTO crops VALUES (1, 1, 'a PNG');
DROP TABLE revision;
DROP TABLE runs;
DROP TABLE exports;
DROP TRIGGER files_INSERT;
DROP TRIGGER files_UPDATE;
DROP TRIGGER files_DELETE;
ALTER TABLE pages DROP COLUMN cells;
ALTER TABLE fields DROP COLUMN joint;
ALTER TABLE files DROP COLUMN signature;
ALTER TABLE readings DROP COLUMN pages;
ALTER TABLE readings DROP COLUMN characters;
ALTER TABLE pages DROP COLUMN form;
ALTER TABLE readings DROP COLUMN flagged;
CREATE TABLE corrections (sha256 TEXT);
PRAGMA user_version = 1;
"""


def test_a_journal_of_the_version_before_is_taken_over(tmp_path):
    path = tmp_path / "old.hcr.sqlite"
    with open_journal(path) as journal:
        add(journal)
    connection = sqlite3.connect(path)
    connection.executescript(TO_VERSION_1)
    connection.close()
    with open_journal(path) as journal:
        assert len(pages(journal)) == 1
        assert list(journal.corrections.since()) == []
        status = journal_status(journal)
        assert (status.pages, status.characters, status.flagged) == (1, 1, 1)
        (due,) = journal.cells.due()
        assert journal.cells.picture(due.place) == "a PNG"
    with open_journal(path) as journal:
        assert len(pages(journal)) == 1
