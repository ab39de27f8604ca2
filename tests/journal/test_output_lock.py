import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hcr_batch.errors import LockedError, OutputError
from hcr_batch.journal import output_lock
from hcr_batch.journal.output_lock import exclusive, lock_path

HOLD = (
    "import sys, pathlib, time\nfrom hcr_batch.journal.output_lock import exclusive\n"
    "with exclusive(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n    time.sleep(60)\n"
)


def test_two_cannot_hold_it_and_the_next_can(tmp_path):
    path = lock_path(tmp_path / "r.csv")
    with exclusive(path), pytest.raises(LockedError), exclusive(path):
        pass
    with exclusive(path):
        pass
    assert not path.exists()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "r.hcr.lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(LockedError), exclusive(path):
        pass
    process.kill()
    process.communicate()
    with exclusive(path):
        pass


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(OutputError), exclusive(tmp_path / "nowhere" / "r.hcr.lock"):
        pass


class Windows:
    """The part of `os` and of `msvcrt` that a lock there has: no open file can be removed."""

    name = "nt"
    LK_NBLCK = 2

    def __init__(self):
        self.opened = set()
        self.locked = {}

    def __getattr__(self, name):
        return getattr(os, name)

    def open(self, *arguments):
        descriptor = os.open(*arguments)
        self.opened.add(descriptor)
        return descriptor

    def close(self, descriptor):
        os.close(descriptor)
        self.opened.discard(descriptor)
        self.locked = {file: one for file, one in self.locked.items() if one != descriptor}

    def locking(self, descriptor, mode, size):
        assert (mode, size) == (self.LK_NBLCK, 1)
        if self.locked.setdefault(os.fstat(descriptor).st_ino, descriptor) != descriptor:
            raise OSError(errno.EACCES, "Permission denied")

    def unlink(self, path, missing_ok=False):
        if self.opened:
            raise PermissionError(errno.EACCES, "The file is used by another process", str(path))
        os.unlink(path)


def test_on_windows_the_file_is_closed_before_it_is_removed(tmp_path, monkeypatch):
    windows = Windows()
    monkeypatch.setattr(output_lock, "os", windows)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(
        sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=windows.locking)
    )
    monkeypatch.setattr(Path, "unlink", lambda path, **options: windows.unlink(path, **options))
    path = tmp_path / "r.hcr.lock"
    with exclusive(path), pytest.raises(LockedError, match="another run"), exclusive(path):
        pass
    assert not windows.opened
    assert not path.exists()
