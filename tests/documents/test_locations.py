from pathlib import Path

import pytest
from fake_reader import FakeReader

from hcr_batch.config import load_settings
from hcr_batch.documents.locations import (
    RemoteFile,
    digest,
    exists,
    find_remote,
    key,
    local_copy,
    location_of,
    signature,
)
from hcr_batch.errors import DocumentError, NoInputError, UsageError
from hcr_batch.scan.observers import Observer
from hcr_batch.scan.request import ScanRequest
from hcr_batch.scan.run import scan


@pytest.fixture
def forms(tmp_path):
    folder = tmp_path / "forms"
    (folder / "inner").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name in ("b.png", "a.png", "inner/c.png", "notes.txt", ".hidden/d.png", "~e.png"):
        (folder / name).write_text(f"TEXT {Path(name).stem.upper()}")
    return folder


def test_documents_below_a_url_are_found_in_order(forms):
    sources = find_remote(f"file://{forms}")
    assert [source.name for source in sources] == ["a.png", "b.png", "inner/c.png"]
    (one,) = find_remote(f"file://{forms}/notes.txt")
    assert one.name == "notes.txt"


def test_a_remote_file_is_hashed_and_fetched_as_it_is(forms):
    local = forms / "a.png"
    remote = RemoteFile(f"file://{local}")
    assert digest(remote)[0] == digest(local)[0]
    with local_copy(remote) as copy:
        assert copy != local
        assert copy.read_bytes() == local.read_bytes()
    assert not copy.exists()
    before = signature(remote)
    local.write_text("OTHER")
    assert signature(remote) != before
    assert exists(remote)
    local.unlink()
    assert not exists(remote)
    with pytest.raises(DocumentError, match="cannot be fetched"), local_copy(remote):
        pass


@pytest.mark.parametrize("location", [Path("/a/b.png"), RemoteFile("s3://bucket/a b.png")])
def test_a_key_tells_where_a_file_lies(location):
    assert location_of(key(location)) == location


def test_urls_that_lead_nowhere_are_said_so(tmp_path):
    with pytest.raises(NoInputError, match="nothing there"):
        find_remote(f"file://{tmp_path}/nothing")
    with pytest.raises(UsageError, match="nosuchkind"):
        find_remote("nosuchkind://bucket/forms")


def test_a_url_gives_the_results_of_the_folder(forms, tmp_path):
    def run(path, name):
        request = ScanRequest((path,), tmp_path / name, load_settings(), "model", jobs=2)
        return scan(request, Observer(), reader=FakeReader(tmp_path / "read.log"))

    assert run(str(forms), "local.csv").new == 3
    assert run(f"file://{forms}", "remote.csv").new == 3
    assert (tmp_path / "remote.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    assert run(f"file://{forms}", "remote.csv").skipped == 3
    (forms / "a.png").write_text("CHANGED")
    assert run(f"file://{forms}", "remote.csv").new == 1
