"""Requests that mean harm: refused, and no file is opened that they name."""

import contextlib
import io
import itertools
import os
import socket
import sys
import threading

import pytest
from hostile_files import SEEDS, bomb_pdf, png_of
from review_maker import make_scan

import hcr_batch
from hcr_batch import load_recognizer
from hcr_batch.config import load_settings
from hcr_batch.journal.journal import journal_path
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_app import review_app
from hcr_batch.review.review_session import ReviewRequest, ReviewSession
from hcr_batch.server.serve_app import ServeLimits, make_app, server_for

PACKAGE = os.path.dirname(hcr_batch.__file__)
SECRET = "of nobody's business"

CLIMBS = (
    *("..", "../..", "../../../../../../etc/passwd", "....//....//etc/passwd", "/etc/passwd"),
    *("%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..%2fsecret.txt", "..%5c..%5csecret.txt"),
    *("..\\..\\secret.txt", "%252e%252e%252fsecret.txt", "%c0%ae%c0%ae/secret.txt", "C:\\secret"),
    *("secret.txt%00.png", "file:///etc/passwd", "//etc/passwd", "~root/.ssh/id_rsa", "CON", "."),
    *("' OR 1=1 --", "a-1-1-1-1-1' UNION SELECT path FROM files --", "a" * 5000, "*", "%", "\x7f"),
)
"""What stands for a cell's key, a file's name or a part of an address."""

_opened: list[str] | None = None


def _note(event: str, arguments: tuple) -> None:
    if _opened is not None and event in ("open", "os.listdir", "os.remove", "os.rename"):
        _opened.append(os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else "")


sys.addaudithook(_note)


@contextlib.contextmanager
def opened_files():
    """Notes every file that Python opens meanwhile."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    (folder / "secret.txt").write_text(SECRET)
    return make_scan(folder, {"number": ("17_4", "71_4")}, sure="4")


@pytest.fixture(scope="module")
def review(made):
    session = ReviewSession(ReviewRequest(journal_path(made.results), Outputs(made.results)))
    pictures = PagePictures(load_settings())
    hosts = frozenset({"localhost"})
    return review_app(session, pictures, "token", hosts, "Ada", lambda: None).test_client()


@pytest.fixture(scope="module")
def serve():
    limits = ServeLimits(max_mb=1.0, max_megapixels=4.0, max_pages=5)
    return make_app(load_recognizer(), load_settings(), limits, {"localhost"})


def foreign(opened, *allowed):
    """Files opened that are neither the program's own nor allowed."""
    own = (PACKAGE, sys.prefix, sys.base_prefix, "/proc/", "/dev/", *map(str, allowed))
    return [path for path in opened if path and not path.startswith(own)]


def test_no_address_of_a_review_opens_a_file_outside_the_journal(review, made):
    places = ("cell/{}", "field/{}.png", "page/{}.png", "static/{}", "{}", "static/review/{}")
    refused = 0
    with opened_files() as opened:
        for climb, place in itertools.product(CLIMBS, places):
            answer = review.get(f"/token/{place.format(climb)}")
            assert SECRET.encode() not in answer.data
            assert b"root:" not in answer.data
            refused += answer.status_code in (308, 400, 404)
    # The page itself is what `.` and `..` lead to.
    assert refused >= len(CLIMBS) * len(places) - 12
    assert not foreign(opened, journal_path(made.results))


def test_bodies_name_places_and_never_files(review, made):
    with opened_files() as opened:
        for climb in CLIMBS:
            one = {"key": climb, "kind": "character", "character": "7", "seen": 0}
            answer = review.post("/token/answers", json={"answers": [one], "reviewer": climb})
            assert answer.status_code == 400
            assert "names no cell" in answer.json["error"]
    assert not foreign(opened, journal_path(made.results))


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 7, True, "\ud800", ["\udfff"]])
def test_values_of_any_type_are_answered_in_words(review, serve, value):
    whole = {"client": "c", "size": 5, "first": [], "skip": [], "after": "", "answers": []}
    whole |= {"only": {}, "confirmed": False}
    addresses = ("tiles", "next", "fields", "answers", "choices", "release", "leave")
    for address, name in itertools.product(addresses, whole):
        answer = review.post(f"/token/{address}", json={**whole, name: value})
        assert answer.status_code in (200, 400), (address, name)
        assert answer.json
    one = {"key": "a", "kind": "character", "character": "7", "seen": 0}
    for name in one:
        answer = review.post("/token/answers", json={"answers": [{**one, name: value}]})
        assert answer.status_code == 400
    for name in ("image_data", "images"):
        answer = serve.test_client().post("/predict", json={name: value})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "url", ["data:image/png,{}", "data:image/png;base64,{}", "data:{};base64,AA==", "{},", "{}"]
)
def test_half_a_character_anywhere_in_a_picture_is_refused(serve, url):
    for half in ("\ud800", "\udfff"):
        for body in ({"image_data": url.format(half)}, {"images": [url.format(half)]}):
            answer = serve.test_client().post("/predict", json=body)
            assert answer.status_code == 400
            assert "no valid JSON" in answer.json["error"]


@pytest.mark.parametrize("token", ["", "toke", "tokens", "TOKEN", "token%00", "..", "%74oken%2f"])
def test_without_the_token_nothing_is_there(review, token):
    for name in ("", "progress", "cell/a-1-1-1-1-1", "static/review.js"):
        assert review.get(f"/{token}/{name}").status_code in (308, 403, 404, 405)
    for name in ("tiles", "answers", "finish"):
        assert review.post(f"/{token}/{name}", json={}).status_code in (308, 403, 404, 405)


@pytest.mark.parametrize("address", ["/predict", "/scan"])
def test_names_of_uploads_open_nothing(serve, address):
    client, codes = serve.test_client(), set()
    with opened_files() as opened:
        for climb in CLIMBS[:12]:
            form = {"file": (io.BytesIO(SEEDS["gray.png"]), climb)}
            codes.add(client.post(address, data=form).status_code)
    assert codes == {200}
    assert not foreign(opened)


def test_a_served_page_gives_its_own_files_alone(serve):
    client = serve.test_client()
    with opened_files() as opened:
        answers = [client.get(f"/static/{climb}") for climb in CLIMBS]
    assert {answer.status_code for answer in answers} <= {308, 400, 404}
    assert not foreign(opened)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (png_of(100_000, 100_000), "image/png", 413),
        (bomb_pdf(3000), "application/pdf", 413),
        (SEEDS["scanned.pdf"] * 2, "application/pdf", 200),
        (b"\0" * 1_000_001, "image/png", 413),
        (b"%PDF-1.7 nothing", "application/pdf", 400),
        (b"<svg onload='alert(1)'/>", "image/svg+xml", 415),
        (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", "text/xml", 415),
    ],
)
def test_uploads_are_held_to_the_limits(serve, content, kind, code):
    answer = serve.test_client().post("/scan", data=content, content_type=kind)
    assert answer.status_code == code
    assert code == 200 or answer.json["error"]


def test_small_files_of_large_pictures_are_not_gathered_in_memory(serve):
    square = 1900
    rows = (b"\0" + b"\xff" * square) * square
    picture = png_of(square, square, rows)
    assert len(picture) < 20_000
    form = {"file": [(io.BytesIO(picture), f"{number}.png") for number in range(40)]}
    answer = serve.test_client().post("/predict", data=form)
    assert answer.status_code == 413
    assert "over 4 megapixels together" in answer.json["error"]


@pytest.fixture(scope="module")
def port(serve):
    server = server_for(serve, "127.0.0.1", 0, ServeLimits(max_mb=1.0))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.port
    server.stop()
    thread.join(timeout=10)


def status_of(port: int, sent: bytes) -> int:
    """Status of the answer to raw bytes; 0 if the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with contextlib.suppress(OSError):  # hung up on before all is sent
            connection.sendall(sent)
        with contextlib.suppress(OSError):
            return int((connection.recv(64).split() or [0, 0])[1])
    return 0


HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        HEAD + b"Origin: http://evil.example\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"Content-Length: 99999999999\r\n\r\nx",
        HEAD + b"Content-Length: -1\r\n\r\nx",
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"8000\r\n" + b"x" * 32768 + b"\r\n") * 70,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"y" * 400_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ],
    ids=range(14),
)
def test_malformed_and_foreign_requests_are_refused_on_the_wire(port, sent):
    closed = sent.startswith((b"\x16", HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000"))
    if closed:  # not a whole request: nothing is answered, and nobody waits here
        sent = sent.replace(b"10000\r\n", b"g\r\n") + b"\r\n\r\n"
    assert status_of(port, sent) in (400, 403, 413, 415, 431, 501, 0)
    assert status_of(port, b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n") == 200
