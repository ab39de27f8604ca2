import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import numpy as np
import pytest
from hostile_files import mutated
from journal_maker import ANSWERS, CONDITIONS, SUMMARY, SmallScan

from hcr_batch.cli.status import _lines
from hcr_batch.errors import HcrError, OutputError
from hcr_batch.journal.column_kinds import TABLES
from hcr_batch.journal.exporting import export
from hcr_batch.journal.holdings import count_holdings
from hcr_batch.journal.journal import open_journal
from hcr_batch.journal.journal_status import journal_status
from hcr_batch.journal.outputs import Outputs, last_outputs
from hcr_batch.journal.reviewed import conditions_of
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
        list(_lines(journal_status(journal)))
        count_holdings(journal, made.results, ())
        conditions_of(journal)
        last_outputs(journal.runs, made.results)
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
        ("runs", "conditions", "{}"),
        ("runs", "conditions", "[" * 5000),
        ("runs", "summary", "{}"),
        ("readings", "sha256", b"\xff"),
        ("pages", "width", "wide"),
    ],
)
def test_what_was_never_written_so_is_found_by_looking_through_all(sound, table, column, value):
    made, journal, _ = sound
    assert changed(made, journal, table, column, value)
    with pytest.raises(DamagedJournalError, match=table), open_journal(made.journal) as opened:
        opened.check()


def check(made: SmallScan) -> None:
    """What `doctor` does."""
    with open_journal(made.journal) as opened:
        opened.check()


def tells_damage(made: SmallScan, message: str) -> bool:
    """Whether a message is the one line that names the journal and the remedy."""
    named = message.startswith(f"{made.journal}: the journal is damaged")
    return named and "scan again with --force" in message and "\n" not in message


@pytest.fixture(scope="module")
def loose(sound):
    """The journal with a schema that has been changed to allow NULL everywhere."""
    made, journal, _ = sound
    made.restore(journal)
    with closing(sqlite3.connect(made.journal)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
    return made.journal.read_bytes()


@pytest.mark.parametrize("table", TABLES)
def test_nothing_where_there_must_be_something_is_damage_whatever_the_schema_says(
    sound, loose, table
):
    made, _, _ = sound
    may_be_null = {"failure", "reading", "signature", "cells", "joint", "summary"}
    for name, column in columns_of(made):
        if name != table or not changed(made, loose, table, column, None):
            continue
        message = refusal(lambda: use_all(made))
        assert not message or tells_damage(made, message), (column, message)
        if column not in may_be_null or (table, column) == ("exports", "signature"):
            changed(made, loose, table, column, None)
            assert tells_damage(made, refusal(lambda: check(made))), column


@pytest.mark.parametrize("table", ["revision", "readings", "pages", "fields", "runs"])
def test_a_table_that_has_been_emptied_is_damage_or_does_no_harm(sound, table):
    made, journal, _ = sound
    made.restore(journal)
    with closing(sqlite3.connect(made.journal)) as connection, connection:
        connection.execute(f"DELETE FROM {table}")
    assert "\n" not in refusal(lambda: use_all(made))
    assert table != "revision" or tells_damage(made, refusal(lambda: check(made)))


@pytest.mark.parametrize("table", ["files", "exports"])
def test_a_url_that_is_no_text_is_damage(sound, table):
    made, journal, _ = sound
    assert changed(made, journal, table, "path", b"\xff://forms/a.png")
    assert tells_damage(made, refusal(lambda: use_all(made)))
    assert tells_damage(made, refusal(lambda: check(made)))


@pytest.mark.parametrize("column", ["conditions", "summary"])
def test_a_run_that_lacks_what_each_has_or_has_it_of_another_kind_is_damage(sound, column):
    made, journal, _ = sound
    made.restore(journal)
    with closing(sqlite3.connect(made.journal)) as connection:
        (text,) = connection.execute(f"SELECT {column} FROM runs LIMIT 1").fetchone()
    written = json.loads(text)
    needed = CONDITIONS if column == "conditions" else SUMMARY
    assert needed.keys() <= written.keys()
    wrong = [{key: value for key, value in written.items() if key != gone} for gone in needed]
    strange = (None, {}, [7], "\0", "\ud800", 10**400)
    wrong += [{**written, key: value} for key in written for value in strange]
    for one in wrong:
        made.restore(journal)
        with closing(sqlite3.connect(made.journal)) as connection, connection:
            connection.execute(f"UPDATE runs SET {column} = ?", [json.dumps(one)])
        message = refusal(lambda: use_all(made))
        assert not message or tells_damage(made, message), one
        if one.keys() != written.keys() or any(one[key] is None for key in needed):
            assert tells_damage(made, message), one
            assert tells_damage(made, refusal(lambda: check(made))), one
