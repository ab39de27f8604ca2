"""The REST API: its answers are those that /openapi.json describes."""

import base64
import csv
import errno
import io
import json
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import cv2
import jsonschema
import numpy as np
import pytest
from drawn_character import draw
from PIL import Image

from hcr_batch import load_recognizer
from hcr_batch.config import load_settings
from hcr_batch.forms.template_files import load_template
from hcr_batch.results.rows import COLUMNS
from hcr_batch.server.serve_app import ServeLimits, make_app

ROOT = Path(__file__).resolve().parents[2]
FORMS, TEMPLATES = ROOT / "samples" / "forms", ROOT / "configs" / "forms"
SETTINGS = load_settings()


def app_with(**limits):
    return make_app(load_recognizer(), SETTINGS, ServeLimits(**limits), {"localhost"})


@pytest.fixture(scope="module")
def app():
    return app_with()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def schemas(app):
    return app.test_client().get("/openapi.json").get_json()


def png(picture):
    return cv2.imencode(".png", picture)[1].tobytes()


def data_url(data, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def form(*files):
    """A form of pairs of bytes and file names, all under one name."""
    return {"file": [(io.BytesIO(data), name) for data, name in files]}


def check(schemas, answer, path, method="post"):
    """The answer's JSON, which is what the description promises for its path and status."""
    described = schemas["paths"][path][method]["responses"][str(answer.status_code)]
    if "$ref" in described:
        described = schemas["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    schema = described["content"][answer.mimetype].get("schema", {})
    document = {**schema, "components": schemas["components"]}
    content = answer.get_json() if answer.is_json else answer.get_data(as_text=True)
    jsonschema.Draft202012Validator(document).validate(content)
    return content


def test_a_drawing_is_read(client, schemas):
    answer = client.post("/predict", json={"image_data": data_url(png(draw("7")))})
    content = check(schemas, answer, "/predict")
    assert content["character"] == "7"
    assert content["classes"][int(np.argmax(content["results"]))] == "7"
    assert content["confidence"] == max(content["results"])
    assert [each["character"] for each in content["alternatives"]] != []


def test_a_transparent_canvas_is_paper_whatever_the_ink(client, schemas):
    for ink in (0, 255):
        canvas = np.full((280, 280, 4), ink, np.uint8)
        canvas[..., 3] = 255 - draw("A")
        answer = client.post("/predict", json={"image_data": data_url(png(canvas))})
        assert check(schemas, answer, "/predict")["character"] == "A"


def test_an_empty_canvas_is_blank_and_no_error(client, schemas):
    empty = data_url(png(np.zeros((280, 280, 4), np.uint8)))
    content = check(schemas, client.post("/predict", json={"image_data": empty}), "/predict")
    assert (content["character"], content["flagged"]) == ("", False)
    assert not any(content["results"])


def test_files_and_raw_bodies_are_read_too(client, schemas):
    data = png(draw("N", ink=255, paper=0))
    by_form = client.post("/predict", data=form((data, "n.png")))
    by_body = client.post("/predict", data=data, content_type="image/png")
    url = "data:image/png," + quote(data)
    by_url = client.post("/predict", json={"image_data": url})
    bare = client.post("/predict", json={"image_data": base64.b64encode(data).decode()})
    for answer in (by_form, by_body, by_url, bare):
        assert check(schemas, answer, "/predict")["character"] == "N"


def test_a_batch_answers_each_picture_in_its_place(client, schemas):
    images = [data_url(png(draw("7"))), data_url(b"nonsense"), data_url(png(draw("H")))]
    content = check(schemas, client.post("/predict", json={"images": images}), "/predict")
    one, bad, two = content["predictions"]
    assert (one["character"], two["character"]) == ("7", "H")
    assert "images[1]" in bad["error"]
    files = form((png(draw("7")), "7.png"), (png(draw("A")), "a.png"))
    content = check(schemas, client.post("/predict", data=files), "/predict")
    assert [each["character"] for each in content["predictions"]] == ["7", "A"]


def test_a_charset_allows_nothing_else(client, schemas):
    request = {"json": {"image_data": data_url(png(draw("A")))}}
    content = check(schemas, client.post("/predict?charset=digits", **request), "/predict")
    assert content["character"] in {"", *"0123456789"}
    assert not any(content["results"][10:])
    refused = client.post("/predict?charset=greek", **request)
    assert "charset must be one of" in check(schemas, refused, "/predict")["error"]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"data": "{", "content_type": "application/json"}),
        (400, {"json": {}}),
        (400, {"json": [1]}),
        (400, {"json": {"image_data": 7}}),
        (400, {"json": {"image_data": ""}}),
        (400, {"json": {"images": []}}),
        (400, {"json": {"images": {"a": 1}}}),
        (400, {"json": {"image_data": "data:image/png;base64,%%%"}}),
        (400, {"json": {"image_data": data_url(b"no picture")}}),
        (400, {"json": {"image_data": data_url(png(draw("7"))[:300])}}),
        (400, {"json": {"image_data": data_url((FORMS / "expense-claims.pdf").read_bytes())}}),
        (400, {"data": {"name": "no file"}, "content_type": "multipart/form-data"}),
        (400, {"data": b"", "content_type": "image/png"}),
        (413, {"json": {"image_data": data_url(png(np.zeros((7000, 7000), np.uint8)))}}),
        (413, {"json": {"images": [data_url(b"")] * 101}}),
        (413, {"data": b"0" * 20_000_001, "content_type": "image/png"}),
        (415, {"data": "image_data=x", "content_type": "text/plain"}),
        (415, {"data": b"x"}),
        (415, {"json": {"image_data": data_url(b"x", "text/html")}}),
    ],
)
def test_a_bad_request_is_answered_by_one_clear_line(client, schemas, status, request_):
    answer = client.post("/predict", **request_)
    assert answer.status_code == status
    error = check(schemas, answer, "/predict")["error"]
    assert "\n" not in error
    assert len(error) > 10


def test_a_form_is_read_whole(client, schemas):
    data = (FORMS / "membership.png").read_bytes()
    answer = client.post("/scan?include=csv,overlay", data=form((data, "membership.png")))
    content = check(schemas, answer, "/scan")
    (page,) = content["pages"]
    assert page["fields"][0]["text"] == "KOWALSKI"
    rows = list(csv.DictReader(io.StringIO(content["csv"])))
    assert tuple(rows[0]) == COLUMNS
    cells = [cell for field in page["fields"] for cell in field["cells"]]
    assert [row["character"] for row in rows] == [cell["character"] for cell in cells]
    overlay = base64.b64decode(page["overlay"].split(",")[1])
    assert Image.open(io.BytesIO(overlay)).width > 600


def test_a_form_is_answered_as_csv_or_picture_on_request(client, schemas):
    pdf = (FORMS / "expense-claims.pdf").read_bytes()
    request = {"data": pdf, "content_type": "application/pdf"}
    text = check(schemas, client.post("/scan?format=csv", **request), "/scan")
    assert {row["page"] for row in csv.DictReader(io.StringIO(text))} == {"1", "2"}
    picture = client.post("/scan?format=png&page=2", **request)
    assert picture.mimetype == "image/png"
    assert Image.open(io.BytesIO(picture.data)).format == "PNG"
    missing = check(schemas, client.post("/scan?format=png&page=3", **request), "/scan")
    assert "from 1 to 2" in missing["error"]


@pytest.mark.parametrize(
    ("status", "url", "request_"),
    [
        (400, "/scan", {"data": form((b"nonsense", "a.pdf"))}),
        (400, "/scan", {"data": form((b"%PDF-1.4 cut", "a.pdf"))}),
        (400, "/scan", {"data": form((b"", "a.pdf"))}),
        (400, "/scan", {"data": form((b"1", "a.png"), (b"2", "b.png"))}),
        (400, "/scan?format=xml", {"data": form((b"1", "a.png"))}),
        (400, "/scan?include=all", {"data": form((b"1", "a.png"))}),
        (415, "/scan", {"json": {"image_data": "x"}}),
    ],
)
def test_a_bad_scan_is_answered_by_one_clear_line(client, schemas, status, url, request_):
    answer = client.post(url, **request_)
    assert answer.status_code == status
    assert "\n" not in check(schemas, answer, "/scan")["error"]


def test_limits_of_pages_and_bytes(schemas):
    client = app_with(max_pages=1, max_mb=1).test_client()
    pdf = (FORMS / "expense-claims.pdf").read_bytes()
    answer = client.post("/scan", data=form((pdf, "two.pdf")))
    assert answer.status_code == 413
    assert "more than 1 pages" in check(schemas, answer, "/scan")["error"]
    large = client.post("/scan", data=form((b"0" * 1_000_001, "large.pdf")))
    assert large.status_code == 413
    check(schemas, large, "/scan")


def test_a_full_queue_answers_503_and_when_to_come_again(schemas):
    recognizer = load_recognizer()
    started, go_on = threading.Event(), threading.Event()

    class Slow:
        classes, card = recognizer.classes, recognizer.card
        line_reader = None
        normalize = staticmethod(recognizer.normalize)

        def scores(self, glyphs):
            started.set()
            assert go_on.wait(20)
            return recognizer.scores(glyphs)

    app = make_app(Slow(), SETTINGS, ServeLimits(waiting=0), {"localhost"})
    request = {"json": {"image_data": data_url(png(draw("7")))}}
    answers = []

    def ask():
        answers.append(app.test_client().post("/predict", **request))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert started.wait(20)
    while sum(answer.status_code == 503 for answer in answers) < len(threads) - 4:
        assert len(answers) < len(threads)
        time.sleep(0.01)
    assert app.test_client().get("/health").status_code == 200
    go_on.set()
    for thread in threads:
        thread.join(20)
    refused = [answer for answer in answers if answer.status_code == 503]
    served = [answer.get_json()["character"] for answer in answers if answer.status_code == 200]
    assert served == ["7"] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    check(schemas, refused[0], "/predict")


def test_an_upload_never_lies_on_the_disk(client, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a temporary file")

    monkeypatch.setattr("tempfile._TemporaryFileWrapper", refuse)
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200), np.uint8)
    data = png(noise)
    assert len(data) > 1_000_000
    assert client.post("/predict", data=form((data, "a.png"))).status_code == 200


def test_strangers_are_refused(client, schemas):
    body = {"image_data": data_url(png(draw("7")))}
    host = client.post("/predict", json=body, headers={"Host": "evil.example"})
    origin = client.post("/predict", json=body, headers={"Origin": "http://evil.example"})
    for answer in (host, origin):
        assert answer.status_code == 403
        check(schemas, answer, "/predict")


def test_health_and_the_page_answer(client, schemas):
    assert check(schemas, client.get("/health"), "/health", "get")["status"] == "ok"
    page = client.get("/")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<canvas" in page.text
    for line in page.text.split('"'):
        assert not line.startswith(("http:", "https:", "//"))
    assert client.get("/predict").status_code == 405
    assert client.get("/nothing").get_json()["error"]


def test_the_description_is_openapi_and_its_references_resolve(schemas):
    assert schemas["openapi"].startswith("3.1")
    for schema in schemas["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(schemas)
    for part in text.split('"$ref": "#/components/')[1:]:
        kind, name = part.split('"')[0].split("/")
        assert name in schemas["components"][kind]


def test_a_parameter_that_nobody_knows_is_refused_by_its_name(client):
    answer = client.post("/scan?fromat=csv", data=form((b"1", "a.png")))
    assert (answer.status_code, answer.get_json()["error"]) == (
        400,
        "unknown parameter fromat; known are format, include, page",
    )
    assert client.get("/health?x=1").status_code == 400


def test_json_that_is_none_is_told_from_a_missing_header(client):
    broken = client.post("/predict", data='{"image_data"', content_type="application/json")
    assert broken.status_code == 400
    assert "no valid JSON (" in broken.get_json()["error"]
    plain = client.post("/predict", data='{"image_data": "x"}')
    assert plain.status_code == 415
    assert "missing, though the body looks like JSON" in plain.get_json()["error"]


def test_a_form_comes_back_as_a_workbook_under_its_template():
    openpyxl = pytest.importorskip("openpyxl")
    templates = [load_template(TEMPLATES / "payment-slip.toml")]
    app = make_app(
        load_recognizer(), SETTINGS, ServeLimits(), {"localhost"}, templates=templates
    )
    data = (FORMS / "payment-slip.png").read_bytes()
    answer = app.test_client().post("/scan?format=xlsx", data=form((data, "slip.png")))
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
    assert book.sheetnames == ["payment-slip", "summary"]
    head, row = book["payment-slip"].iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert (found["file"], found["payee"]) == ("slip.png", "BRIGHTWATER")
    extra = app.test_client().post("/scan?include=xlsx", data=form((data, "slip.png"))).get_json()
    assert base64.b64decode(extra["xlsx"])[:2] == b"PK"


def test_where_no_process_can_be_started_it_is_said(schemas, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EMFILE, "Too many open files")

    client = app_with().test_client()
    monkeypatch.setattr(subprocess, "Popen", refused)
    answer = client.post("/predict", data=png(draw("7")), content_type="image/png")
    assert answer.status_code == 503
    assert "Too many open files" in check(schemas, answer, "/predict")["error"]
    assert int(answer.headers["Retry-After"]) > 0
