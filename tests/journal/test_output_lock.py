import subprocess
import sys

import pytest

from hcr_batch.errors import LockedError, OutputError
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
