import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from journal_maker import SmallScan

from hcr_batch.journal import network_drives, schema
from hcr_batch.journal.journal import open_journal

MOUNTS = r"""/dev/sda1 / ext4 rw 0 0
server:/forms {folder}/nfs nfs4 rw,vers=4.2 0 0
//host/scans {folder}/with\040blank cifs rw 0 0
/dev/sdb1 {folder}/nfs/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "on_network"),
    [("here", False), ("nfs/deep", True), ("with blank", True), ("nfs/local", False)],
)
def test_network_shares_are_known_by_what_is_mounted(tmp_path, monkeypatch, place, on_network):
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.replace("{folder}", str(tmp_path)))
    monkeypatch.setattr(network_drives, "MOUNTS", mounts)
    assert network_drives.is_on_network(tmp_path / place / "results.hcr.sqlite") is on_network


def test_a_system_without_such_a_list_has_local_files(monkeypatch):
    monkeypatch.setattr(network_drives, "MOUNTS", Path("/nowhere"))
    assert not network_drives.is_on_network(Path("results.hcr.sqlite"))


def mode(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_on_a_share_the_journal_writes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "is_on_network", lambda path: True)
    made = SmallScan.made(tmp_path)
    assert mode(made.journal) == "delete"
    assert not list(tmp_path.glob("*-wal"))
    with open_journal(made.journal) as one, open_journal(made.journal) as other:
        assert len(list(one.files())) == len(list(other.files())) == 8


def test_a_journal_that_was_moved_to_a_share_goes_on(tmp_path, monkeypatch):
    made = SmallScan.made(tmp_path)
    assert mode(made.journal) == "wal"
    monkeypatch.setattr(schema, "is_on_network", lambda path: True)
    before = made.results.read_bytes()
    made.run()
    assert (mode(made.journal), made.results.read_bytes()) == ("delete", before)


def test_where_writing_ahead_is_refused_the_journal_writes_back(tmp_path, monkeypatch):
    class Refusing(schema._Connection):
        def execute(self, statement, *values):
            if "WAL" in statement:
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(statement, *values)

    monkeypatch.setattr(schema, "_Connection", Refusing)
    made = SmallScan.made(tmp_path)
    assert mode(made.journal) == "delete"
