"""Downloading from a real, sometimes misbehaving, server on this machine."""

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hcr_batch.errors import UsageError
from hcr_batch.training.datasets import fetch
from hcr_batch.training.datasets.catalog import CATALOG, Download, KnownSet, known_set
from hcr_batch.training.datasets.fetch import FetchError, fetch_set, kaggle_headers, unpack

CONTENT = bytes(range(256)) * 4000


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; its server's `behaviour` says how well, `asked` keeps the headers."""

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        behaviour = self.server.behaviour.pop(0) if self.server.behaviour else "ranges"
        if isinstance(behaviour, int):
            self.send_error(behaviour)
            return
        if behaviour == "elsewhere":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/y")
            self.end_headers()
            return
        begin = 0
        if behaviour != "no ranges" and "Range" in self.headers:
            begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        rest = self.server.content[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: len(rest) // 3] if behaviour == "breaks off" else rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.behaviour, server.content = [], [], CONTENT
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


def wanted(server, checksum=CHECKSUM, **keys) -> KnownSet:
    file = Download(f"http://127.0.0.1:{server.server_port}/x", "x.bin", checksum, **keys)
    return KnownSet("some", "a set", 1, "free", "http://example.org", (file,))


def test_file_arrives_whole_and_verified(server, tmp_path):
    seen = []
    place = fetch_set(wanted(server), tmp_path, lambda had, whole: seen.append((had, whole)))
    assert (place / "x.bin").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert wanted(server).present(tmp_path)
    fetch_set(wanted(server), tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize("second", ["ranges", "no ranges"])
def test_broken_download_goes_on(server, tmp_path, second):
    server.behaviour = ["breaks off", second]
    place = fetch_set(wanted(server), tmp_path)
    assert (place / "x.bin").read_bytes() == CONTENT
    assert server.asked[1]["Range"] == f"bytes={len(CONTENT) // 3}-"


def test_a_later_run_asks_for_the_rest_alone(server, tmp_path):
    server.behaviour = ["breaks off"] * fetch.TRIES
    with pytest.raises(FetchError, match="run it again to go on where it broke off"):
        fetch_set(wanted(server), tmp_path)
    assert not (tmp_path / "some" / "x.bin").exists()
    had = (tmp_path / "some" / "x.bin.part").stat().st_size
    assert 0 < had < len(CONTENT)
    fetch_set(wanted(server), tmp_path)
    assert server.asked[-1]["Range"] == f"bytes={had}-"
    assert (tmp_path / "some" / "x.bin").read_bytes() == CONTENT


def test_damaged_download_is_removed_and_said(server, tmp_path):
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(FetchError, match="published is"):
        fetch_set(wanted(server), tmp_path)
    assert not [path for path in (tmp_path / "some").iterdir() if path.is_file()]
    assert not wanted(server).present(tmp_path)


@pytest.mark.parametrize(
    ("status", "message"), [(404, "404"), (403, "check your account"), (500, "try later")]
)
def test_refusals_name_the_page(server, tmp_path, status, message):
    server.behaviour = [status]
    with pytest.raises(FetchError, match=rf"{message}.*example\.org"):
        fetch_set(wanted(server), tmp_path)
    assert len(server.asked) == 1


def test_without_network_it_says_what_to_do(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchError, match=r"check the network.*by hand from http://example\.org"):
        fetch_set(wanted(server), tmp_path)


def zipped(name="gzip/a.txt") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "hello")
    return content.getvalue()


def test_archives_are_unpacked(server, tmp_path):
    server.content = zipped()
    place = fetch_set(wanted(server, "", archive=True), tmp_path)
    assert (place / "gzip" / "a.txt").read_text() == "hello"
    assert not (place / "x.bin").exists()


def test_nothing_is_unpacked_outside(tmp_path):
    inner = tmp_path / "in"
    inner.mkdir()
    bad = tmp_path / "bad.zip"
    bad.write_bytes(zipped("../outside.txt"))
    unpack(bad, inner)
    assert not (tmp_path / "outside.txt").exists()
    bad = tmp_path / "bad.tgz"
    with tarfile.open(bad, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../outside.txt"), io.BytesIO())
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(bad, inner)
    assert not (tmp_path / "outside.txt").exists()
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "../outside.txt"
    with tarfile.open(bad, "w:gz") as archive:
        archive.addfile(link)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(bad, inner)


def test_kaggle_wants_a_token(server, tmp_path, monkeypatch):
    for variable in (*fetch.KAGGLE_KEYS, "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"kaggle\.json.*browser"):
        fetch_set(replace(wanted(server), kaggle="a/b"), tmp_path)
    (tmp_path / ".kaggle").mkdir()
    token = tmp_path / ".kaggle" / "kaggle.json"
    token.write_text(json.dumps({"username": "ada", "key": "secret"}))
    fetch_set(replace(wanted(server), kaggle="a/b"), tmp_path)
    sent = server.asked[-1]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"ada:secret"
    named = kaggle_headers({"KAGGLE_USERNAME": "bob", "KAGGLE_KEY": "k"})
    assert base64.b64decode(named["Authorization"].split()[1]) == b"bob:k"
    token.write_text("no json")
    with pytest.raises(UsageError, match="no Kaggle token"):
        kaggle_headers({"KAGGLE_CONFIG_DIR": str(token.parent)})


def test_another_host_is_not_told_the_key(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_USERNAME", "ada")
    monkeypatch.setenv("KAGGLE_KEY", "secret")
    server.behaviour = ["elsewhere"]
    fetch_set(replace(wanted(server), kaggle="a/b"), tmp_path)
    assert ["Authorization" in headers for headers in server.asked] == [True, False]


def test_sets_to_be_asked_for_say_where(tmp_path):
    with pytest.raises(UsageError, match=r"ask at http://www\.unipen\.org"):
        fetch_set(known_set("unipen"), tmp_path)
    with pytest.raises(UsageError, match="known are emnist"):
        known_set("nothing")


def test_catalog_is_complete():
    assert len({one.name for one in CATALOG}) == len(CATALOG)
    for one in CATALOG:
        assert one.terms
        assert one.page.startswith("http")
        assert all(len(f.checksum) in (0, 4 + 32, 7 + 64) for f in one.files)
        assert bool(one.files) == bool(one.imported)
