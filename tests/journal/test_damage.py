import sqlite3
from collections.abc import Callable

import numpy as np
import pytest
from hostile_files import mutated
from journal_maker import ANSWERS, SmallScan

from hcr_batch.errors import HcrError, OutputError
from hcr_batch.journal.column_kinds import TABLES
from hcr_batch.journal.exporting import export
from hcr_batch.journal.journal import open_journal
from hcr_batch.journal.journal_status import journal_status
from hcr_batch.journal.outputs import Outputs
from hcr_batch.journal.schema import DamagedJournalError
from hcr_batch.review.reviewers import efforts

PAGE = 4096
"""Bytes of a page of SQLite."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A scan with the bytes of its journal and results."""
    made = SmallScan.made(tmp_path_factory.mktemp("sound"))
    return made, made.journal.read_bytes(), made.results.read_bytes()


def page_of_table(journal: bytes, made: SmallScan, table: str) -> int:
    """Offset of the first page of a table."""
    made.restore(journal)
    connection = sqlite3.connect(made.journal)
    query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    (page,) = connection.execute(query, (table,)).fetchone()
    connection.close()
    return (page - 1) * PAGE


def look_at_pictures(made: SmallScan) -> None:
    with open_journal(made.journal) as opened:
        for cell in opened.cells.due():
            opened.cells.picture(cell.place)


@pytest.mark.parametrize("table", ["readings", "files", "pages", "fields", "cells", "revision"])
@pytest.mark.parametrize("filler", [b"\0", b"\xa5"])
def test_a_damaged_journal_is_kept_aside_and_its_forms_are_read_anew(sound, table, filler):
    made, journal, results = sound
    place = page_of_table(journal, made, table)
    damaged = journal[:place] + filler * PAGE + journal[place + PAGE :]
    made.restore(damaged)
    (note,) = made.run()
    assert "damaged" in note
    assert "kept as results.hcr.sqlite.damaged," in note
    assert f"{ANSWERS} answers of reviewers were saved" in note
    assert made.results.read_bytes() == results
    aside = made.folder / "results.hcr.sqlite.damaged"
    assert aside.read_bytes()[place : place + PAGE] == filler * PAGE
    assert made.run() == []


def test_a_table_that_is_defined_by_what_is_no_text_is_damage(sound):
    made, journal, results = sound
    start = journal.index(b"CREATE TRIGGER files_UPDATE")
    named = b"UPDATE revision"
    place = journal.index(named, start)
    made.restore(journal[:place] + b"UPDATE re\xff\xff\xff\xffon" + journal[place + len(named) :])
    (note,) = made.run(force=True)
    assert "damaged" in note
    assert made.results.read_bytes() == results


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO files (path, name) VALUES (NULL, 'a.png')",
        "UPDATE files SET path = 7 WHERE name = 'form1.png'",
        "UPDATE files SET path = 'text' WHERE name = 'form1.png'",
        "UPDATE files SET name = x'ff00' WHERE name = 'form1.png'",
    ],
)
def test_files_that_are_named_by_what_no_program_of_ours_writes_are_damage(sound, change):
    made, journal, results = sound
    made.restore(journal)
    connection = sqlite3.connect(made.journal)
    assert connection.execute(change).rowcount == 1
    connection.commit()
    connection.close()
    with pytest.raises(DamagedJournalError, match="of a file is"), open_journal(made.journal):
        pass
    (note,) = made.run()
    assert "damaged" in note
    assert made.results.read_bytes() == results


def test_earlier_damaged_journals_are_kept_too(sound):
    made, journal, _ = sound
    made.restore(journal[: len(journal) // 2])
    (made.folder / "results.hcr.sqlite.damaged").write_text("of last week")
    (note,) = made.run()
    assert "kept as results.hcr.sqlite.damaged-2," in note
    assert (made.folder / "results.hcr.sqlite.damaged").read_text() == "of last week"


def test_a_header_of_zeros_is_damage_and_a_text_is_somebody_elses(sound):
    made, journal, _ = sound
    made.restore(bytes(PAGE) + journal[PAGE:])
    assert len(made.run()) == 1
    text = b"my notes, which must not be touched\n" * 200
    made.restore(text)
    with pytest.raises(OutputError, match="move it away"):
        made.run()
    assert made.journal.read_bytes() == text


def test_damage_that_a_scan_does_not_meet_is_found_with_force(sound):
    made, journal, results = sound
    place = page_of_table(journal, made, "pictures")
    damaged = journal[:place] + b"\xa5" * PAGE + journal[place + PAGE :]
    made.restore(damaged)
    assert made.run() == []
    with pytest.raises(DamagedJournalError, match="scan again with --force"):
        look_at_pictures(made)
    assert len(made.run(force=True)) == 1
    assert made.results.read_bytes() == results


def test_a_journal_of_a_newer_program_is_left_alone(sound):
    made, journal, _ = sound
    made.restore(journal)
    connection = sqlite3.connect(made.journal)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = made.journal.read_bytes()
    with pytest.raises(OutputError, match=r"newer hcr-batch.*update the program"):
        made.run()
    assert made.journal.read_bytes() == before


def test_random_damage_ends_in_results_or_in_one_line(sound):
    made, journal, results = sound
    generator = np.random.default_rng(4)
    outcomes = []
    for _ in range(40):
        made.restore(mutated(journal, generator))
        try:
            outcomes.append(len(made.run()))
        except HcrError as error:
            outcomes.append(str(error))
        else:
            assert made.results.read_bytes().count(b"\n") == results.count(b"\n")
    assert {0, 1} <= set(outcomes)
    assert not any("\n" in outcome for outcome in outcomes if isinstance(outcome, str))


def columns_of(made: SmallScan) -> list[tuple[str, str]]:
    """Every column of every table, but for the numbers by which SQLite knows a row itself."""
    connection = sqlite3.connect(made.journal)
    columns = "SELECT name FROM pragma_table_info(?) WHERE name <> 'id'"
    found = [(table, name) for table in TABLES for (name,) in connection.execute(columns, (table,))]
    connection.close()
    return found


def changed(made: SmallScan, journal: bytes, table: str, column: str, value: object) -> bool:
    """Put a value into the first row of a table; False where SQLite itself refuses it."""
    made.restore(journal)
    first = f"SELECT {column} FROM {table} LIMIT 1"
    connection = sqlite3.connect(made.journal)
    try:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} IS ({first})", (value,))
    except sqlite3.Error:
        return False
    finally:
        connection.commit()
        connection.close()
    return True


def use_all(made: SmallScan) -> None:
    """What a review, an export and a look at the state need of a journal."""
    with open_journal(made.journal) as journal:
        journal_status(journal)
        export(journal, Outputs(made.folder / "other.jsonl", "jsonl", made.folder / "other.csv"))
        list(map(str, efforts(journal.corrections.since())))
        for cell in journal.cells.due():
            journal.cells.picture(cell.place)
            journal.cells.field(cell.place)
            journal.corrections.latest(cell.place)


def refusal(use: Callable[[], object]) -> str:
    """The message with which something is refused; empty where it is not."""
    try:
        use()
    except HcrError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("value", [b"\xff\x00", "a text", -1, 2**62, None], ids=repr)
def test_a_value_of_another_kind_in_any_column_is_damage_or_does_no_harm(sound, value):
    made, journal, results = sound
    made.restore(journal)
    for table, column in columns_of(made):
        for use in (made.run, lambda: use_all(made)):
            if changed(made, journal, table, column, value):
                assert "\n" not in refusal(use), (table, column)
    made.restore(journal)
    assert made.run() == []
    assert made.results.read_bytes() == results


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("corrections", "kind", "chbracter"),
        ("corrections", "corrected_at", "yesterday"),
        ("runs", "conditions", "{"),
        ("runs", "conditions", "[]"),
        ("readings", "sha256", b"\xff"),
        ("pages", "width", "wide"),
    ],
)
def test_what_was_never_written_so_is_found_by_looking_through_all(sound, table, column, value):
    made, journal, _ = sound
    assert changed(made, journal, table, column, value)
    with pytest.raises(DamagedJournalError, match=table), open_journal(made.journal) as opened:
        opened.check()
