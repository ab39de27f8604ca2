import json

import pytest
from flask import Flask, request
from werkzeug.test import create_environ, run_wsgi_app

from hcr_batch.web.security import allowed_hosts, secure


@pytest.fixture
def client():
    app = Flask("test")
    secure(app, allowed_hosts("127.0.0.1"), max_bytes=100)
    app.add_url_rule("/", "page", lambda: "ok")
    app.add_url_rule("/change", "change", lambda: "changed", methods=["POST"])
    return app.test_client()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:99", "LOCALHOST:1"])
def test_loopback_names_are_answered(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "[::1", "", "10.0.0.1", "localhost:a", "::1"),
        *("localhost:80:80", "localhost, evil.example", "evil.example@localhost"),
        *("localhost#@evil.example", "localhost/evil.example", "[localhost]", "localhost :80"),
    ],
)
def test_other_hosts_are_refused(client, host):
    # Werkzeug's own client of before version 3.1 stumbles over hosts that are malformed.
    environ = create_environ("/") | {"HTTP_HOST": host}
    body, status, _ = run_wsgi_app(client.application, environ)
    assert status.startswith("403 ")
    assert "host" in json.loads(b"".join(body))["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "https://localhost:80"},
        {"Origin": "localhost:80"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_other_origins_change_nothing(client, headers):
    assert client.post("/change", headers={"Host": "localhost:80", **headers}).status_code == 403


def test_the_own_origin_and_programs_may(client):
    own = {"Host": "localhost:80", "Origin": "http://localhost:80", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/change", headers=own).status_code == 200
    assert client.post("/change").status_code == 200


def test_a_proxy_that_encrypts_may_stand_before_a_name_that_others_know():
    app = Flask("test")
    secure(app, allowed_hosts("127.0.0.1", ["forms.example"]), max_bytes=100)
    app.add_url_rule("/change", "change", lambda: "changed", methods=["POST"])
    headers = {"Host": "forms.example", "Origin": "https://forms.example"}
    assert app.test_client().post("/change", headers=headers).status_code == 200


def test_halves_of_characters_are_refused(client):
    client.application.add_url_rule(
        "/take", "take", lambda: f"{request.get_json()}", methods=["POST"]
    )
    for body in (b'"\\ud800"', b'{"\\udc00": 1}', b'[["a\\ud83d"]]', b'"\xed\xa0\x80"'):
        answer = client.post("/take", data=body, content_type="application/json")
        assert answer.status_code == 400, body
        assert "error" in answer.json
    whole = client.post("/take", data=b'"\\ud83d\\ude00"', content_type="application/json")
    assert whole.text == "\U0001f600"


def test_a_link_from_elsewhere_opens_the_page_and_a_script_does_not(client):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers=link | {"Sec-Fetch-Mode": "no-cors"}).status_code == 403


def test_scripts_that_all_pages_share_are_there_for_them_alone(client):
    for name in ("elements.js", "requests.js"):
        answer = client.get(f"/shared/{name}")
        assert answer.status_code == 200
        assert answer.mimetype == "text/javascript"
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.get("/shared/elements.js", headers=foreign).status_code == 403
    for place in ("..%2fsecurity.py", "../security.py", "%2e%2e/security.py", ""):
        assert client.get(f"/shared/{place}").status_code == 404


def test_large_requests_are_refused(client):
    assert client.post("/change", data=b"x" * 101).status_code == 413
    assert client.post("/change", data=b"x" * 100).status_code == 200


def test_pages_may_not_be_framed_sniffed_stored_or_scripted_from_elsewhere(client):
    for answer in (client.get("/"), client.get("/nowhere")):
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "script-src 'self';" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/nowhere").json["error"]


def test_a_server_on_all_addresses_answers_to_any_of_them_but_to_no_foreign_name():
    app = Flask("test")
    secure(app, allowed_hosts("0.0.0.0"), max_bytes=100, any_address=True)
    app.add_url_rule("/", "page", lambda: "ok")
    client = app.test_client()
    assert client.get("/", headers={"Host": "192.168.1.7:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
