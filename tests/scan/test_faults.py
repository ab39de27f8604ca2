"""Disks that are full, read-only or elsewhere, and results that another program holds open."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from journal_maker import SmallScan

from hcr_batch.config import load_settings
from hcr_batch.errors import OutputError
from hcr_batch.journal import journal as journal_module
from hcr_batch.results.records import PageRecord
from hcr_batch.scan.observers import FileEvent, JsonLog
from hcr_batch.scan.worker import DrawTask, PageDrawer


@pytest.fixture
def made(tmp_path):
    return SmallScan.made(tmp_path)


@pytest.mark.parametrize("most", [1, 8, 14, 19])
def test_a_journal_that_cannot_grow_loses_nothing(made, monkeypatch, most):
    made.journal.unlink()
    made.results.unlink()
    connect = journal_module.connect

    def limited(path):
        connection = connect(path)
        connection.execute(f"PRAGMA max_page_count = {most}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "connect", limited)
        with pytest.raises(OutputError, match=r"full.*; check the disk's free space"):
            made.run()
    assert not made.results.exists()
    made.run()
    assert made.results.read_bytes().count(b"\n") == 8 * 20 + 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_results_that_cannot_be_replaced_stay_as_they_were(made, monkeypatch, function, code):
    expected = made.results.read_bytes()
    before = b"file,page\r\nedited,1\r\n"
    made.results.write_bytes(before)

    def fail(*_: object) -> None:
        # What Windows says of a table that a spreadsheet has open is EACCES of replace.
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.raises(OutputError, match=r"results\.csv: cannot be written .*; .* close"):
            made.run()
    assert made.results.read_bytes() == before
    assert not list(made.folder.glob(".results*"))
    made.run()
    assert made.results.read_bytes() == expected


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system at hand")
def test_results_may_lie_on_another_file_system_than_what_leads_to_them(tmp_path):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        elsewhere = Path(name)
        if elsewhere.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("one file system")
        (tmp_path / "results.csv").symlink_to(elsewhere / "table.csv")
        made = SmallScan.made(tmp_path)
        assert made.results.is_symlink()
        assert (elsewhere / "table.csv").read_bytes() == made.results.read_bytes()
        assert [path.name for path in elsewhere.iterdir()] == ["table.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_log_that_cannot_be_written_is_said_so():
    file = open("/dev/full", "a", encoding="utf-8")  # noqa: SIM115 - closing it fails too
    with pytest.raises(OutputError, match=r"/dev/full: the log cannot be written"):
        JsonLog(file).file_done(FileEvent(("a.png",)))
    with pytest.raises(OSError, match="No space"):
        file.close()


def test_pictures_that_cannot_be_written_are_an_error_of_the_output(tmp_path):
    (tmp_path / "pictures").write_text("a file, and no folder")
    form = Path(__file__).parents[2] / "samples" / "forms" / "payment-slip.png"
    draw = PageDrawer(load_settings().documents, tmp_path / "pictures")()
    error = draw(DrawTask(form, "a.png", (PageRecord(1, 1000, 1000, ()),)))
    assert isinstance(error, OutputError)
    assert "a.png.p1.png: cannot be written" in str(error)
