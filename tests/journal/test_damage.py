import sqlite3

import numpy as np
import pytest
from hostile_files import mutated
from journal_maker import ANSWERS, SmallScan

from hcr_batch.errors import HcrError, OutputError
from hcr_batch.journal.journal import open_journal
from hcr_batch.journal.schema import DamagedJournalError

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
