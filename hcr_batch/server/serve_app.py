"""The draw-and-upload page and its REST API."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import BadRequest

from hcr_batch import __version__
from hcr_batch.alphabet import CHARSETS
from hcr_batch.decoding.single_characters import predict_glyphs, read_glyphs
from hcr_batch.errors import DocumentError, TooLargeError, printable
from hcr_batch.processes import WorkersUnavailableError
from hcr_batch.segmentation.network import Segmenter, load_segmenter
from hcr_batch.server.openapi import XLSX, description
from hcr_batch.server.responses import (
    ScannedPage,
    TooMuchError,
    csv_of,
    prediction_json,
    scan_json,
    scan_pages,
    workbook_of,
)
from hcr_batch.server.sharing import BusyError, Gate, ReaderPool, SharedRecognizer
from hcr_batch.server.uploads import MemoryRequest, document, image_files
from hcr_batch.web.connections import Intake
from hcr_batch.web.http_server import LARGEST_HELD, Server
from hcr_batch.web.security import secure

if TYPE_CHECKING:
    from hcr_batch.config import Settings
    from hcr_batch.documents import LimitedReader, MemoryFile
    from hcr_batch.forms.template_files import Template
    from hcr_batch.recognition import Recognizer

__all__ = ["ServeLimits", "make_app", "server_for"]

PREDICTING = 4
"""Requests to /predict that are worked on at a time; the others wait."""
SCANNING = 1
"""Documents that are read at a time: each needs a core, and predictions need one too."""
SCANS_WAITING = 8
READER_GB = 1.0
"""Memory that each of the processes may take which read what is sent."""
PICTURE_SECONDS = 10.0
"""Time that the picture of a character may take: one of 40 megapixels takes 2, and others wait."""
SPARE_THREADS = 4
"""For what does not wait: the page, /health, and turning requests away."""
RETRY_SECONDS = 2
IDLE_SECONDS = 30
"""A client that sends or takes nothing for so long is hung up on."""
LARGEST_ANSWER = 1 << 30
"""Bytes of an answer that are kept in memory; they never lie on the disk."""
MEGABYTE = 1_000_000

PARAMETERS = {"serving.predict": {"charset"}, "serving.scan": {"format", "include", "page"}}
"""What may stand behind the `?` of each address; others take nothing."""

serving = Blueprint("serving", __name__)


@dataclass(frozen=True)
class ServeLimits:
    """What the server takes.

    Attributes
    ----------
    max_mb : float
        Megabytes of one request.
    max_megapixels : float
        Of one picture or page.
    max_pages : int
        Of one document.
    max_images : int
        Pictures in one request to /predict.
    waiting : int
        Requests to /predict that may wait; more are answered 503.
    seconds : float
        Time that a request may wait, and that a document may take.
    """

    max_mb: float = 20.0
    max_megapixels: float = 40.0
    max_pages: int = 50
    max_images: int = 100
    waiting: int = 64
    seconds: float = 60.0


@dataclass(frozen=True)
class _Service:
    """What the routes work with."""

    recognizer: Recognizer
    segmenter: Segmenter
    settings: Settings
    limits: ServeLimits
    predicting: Gate
    scanning: Gate
    readers: ReaderPool
    templates: Sequence[Template]


def server_for(app: Flask, host: str, port: int, limits: ServeLimits) -> Server:
    """The production server of an app that `make_app` made; it listens already.

    Raises
    ------
    UsageError
        The address or the port cannot be had.
    """
    # So many threads that requests wait at the gates, which turn away what is too much.
    threads = PREDICTING + limits.waiting + SCANNING + SCANS_WAITING + SPARE_THREADS
    largest = 2 * app.config["MAX_CONTENT_LENGTH"]
    return Server(
        app,
        host,
        port,
        intake=Intake(LARGEST_HELD * app.config["MAX_CONTENT_LENGTH"], threads),
        threads=threads,
        connection_limit=3 * threads,
        channel_timeout=IDLE_SECONDS,
        # Above these, waitress would write what it takes and gives to temporary files.
        inbuf_overflow=largest,
        outbuf_overflow=LARGEST_ANSWER,
    )


def make_app(
    recognizer: Recognizer,
    settings: Settings,
    limits: ServeLimits,
    hosts: Collection[str],
    any_address: bool = False,
    templates: Sequence[Template] = (),
) -> Flask:
    """Make the WSGI application.

    Parameters
    ----------
    recognizer : Recognizer
        The application's alone from now on.
    settings : Settings
        Of the readings, and the limits of `documents` where they are stricter.
    limits : ServeLimits
    hosts : collection of str
        Host names that are answered; see :func:`hcr_batch.web.security.secure`.
    any_address : bool
        Also any numeric address.
    templates : sequence of Template
        Known forms: a page that is sent is read as the one it is of.
    """
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.request_class = MemoryRequest
    secure(app, hosts, round(limits.max_mb * MEGABYTE), any_address)
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    app.extensions["hcr_batch"] = _Service(
        SharedRecognizer(recognizer),
        load_segmenter(),
        _limited(settings, limits),
        limits,
        Gate(PREDICTING, limits.waiting, limits.seconds),
        Gate(SCANNING, SCANS_WAITING, limits.seconds),
        ReaderPool(READER_GB, limits.seconds),
        templates,
    )
    app.register_blueprint(serving)
    return app


def _limited(settings: Settings, limits: ServeLimits) -> Settings:
    megapixels = min(settings.documents.max_megapixels, limits.max_megapixels)
    return replace(settings, documents=replace(settings.documents, max_megapixels=megapixels))


def _service() -> _Service:
    return current_app.extensions["hcr_batch"]


@serving.before_request
def known_parameters() -> None:
    """Refuse what would be passed over without a word: a misspelt parameter."""
    known = PARAMETERS.get(request.endpoint or "", set())
    for name in request.args:
        if name not in known:
            may = f"known are {', '.join(sorted(known))}" if known else "there are none here"
            raise BadRequest(f"unknown parameter {printable(name)}; {may}")


@serving.get("/")
def page() -> str:
    return render_template("serve.html", version=__version__)


@serving.get("/health")
def health() -> Response:
    return jsonify(status="ok", version=__version__)


@serving.get("/openapi.json")
def openapi() -> Response:
    return jsonify(description(__version__, _service().recognizer.classes))


@serving.post("/predict")
def predict() -> Response:
    charset = _argument("charset", "alnum", CHARSETS)
    files, is_batch = image_files(request)
    if len(files) > _service().limits.max_images:
        raise TooMuchError(f"at most {_service().limits.max_images} pictures a request are taken")
    with _service().predicting.entered(), _service().readers.reader() as reader:
        answers = _predictions(files, reader, charset)
    if is_batch:
        return jsonify(predictions=answers)
    if "error" in answers[0]:
        raise BadRequest(answers[0]["error"])
    return jsonify(answers[0])


def _predictions(
    files: list[MemoryFile], reader: LimitedReader, charset: str
) -> list[dict[str, Any]]:
    """An answer for each picture; in a batch, one that cannot be read spoils no other."""
    service = _service()
    most = service.settings.documents.max_megapixels
    glyphs, errors, pixels = {}, {}, 0
    end = time.monotonic() + service.limits.seconds
    for index, file in enumerate(files):
        left = end - time.monotonic()
        if left <= 0:
            raise TooMuchError(f"not done after {service.limits.seconds:g} s; send fewer pictures")
        try:
            glyphs[index], size = reader.call(
                str(file),
                read_glyphs,
                file,
                service.settings.documents,
                seconds=min(left, PICTURE_SECONDS),
            )
        except TooLargeError:
            raise
        except DocumentError as error:
            errors[index] = {"error": str(error)}
            continue
        # Together they may take no longer than one.
        pixels += size
        if pixels > most * 1e6:
            raise TooMuchError(f"pictures of over {most:g} megapixels together; send fewer")
    target = service.settings.recognition.target_error
    found = predict_glyphs(list(glyphs.values()), service.recognizer, target, charset)
    classes = service.recognizer.classes
    read = {
        index: prediction_json(prediction, classes)
        for index, prediction in zip(glyphs, found, strict=True)
    }
    return [{**errors, **read}[index] for index in range(len(files))]


@serving.post("/scan")
def scan() -> Response:
    service = _service()
    output = _argument("format", "json", ("json", "csv", "xlsx", "png"))
    extras = set(filter(None, request.args.get("include", "").split(",")))
    if extras - {"csv", "xlsx", "overlay"}:
        raise BadRequest("include may hold csv, xlsx and overlay, separated by commas")
    file = document(request)
    with service.scanning.entered(), service.readers.reader() as reader:
        pages = scan_pages(
            file,
            reader,
            service.recognizer,
            service.segmenter,
            service.settings,
            service.templates,
            draw=output == "png" or "overlay" in extras,
            max_pages=service.limits.max_pages,
            max_seconds=service.limits.seconds,
        )
    if output == "csv":
        return Response(csv_of(str(file), pages), content_type="text/csv; charset=utf-8")
    if output == "xlsx":
        return Response(workbook_of(str(file), pages), content_type=XLSX)
    if output == "png":
        return Response(_chosen(pages).overlay, content_type="image/png")
    return jsonify(scan_json(str(file), pages, extras))


def _chosen(pages: list[ScannedPage]) -> ScannedPage:
    number = request.args.get("page", default=1, type=int)
    if not number or not 1 <= number <= len(pages):
        raise BadRequest(f"page must be from 1 to {len(pages)}")
    return pages[number - 1]


def _argument(name: str, default: str, allowed: Collection[str]) -> str:
    value = request.args.get(name, default)
    if value not in allowed:
        raise BadRequest(f"{name} must be one of {', '.join(allowed)}")
    return value


@serving.app_errorhandler(TooMuchError)
@serving.app_errorhandler(TooLargeError)
def too_much(error: Exception) -> tuple[Response, int]:
    return jsonify(error=str(error)), 413


@serving.app_errorhandler(DocumentError)
def unreadable(error: DocumentError) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


@serving.app_errorhandler(WorkersUnavailableError)
def short_of_processes(error: WorkersUnavailableError) -> tuple[Response, int, dict[str, str]]:
    return jsonify(error=str(error)), 503, {"Retry-After": str(RETRY_SECONDS)}


@serving.app_errorhandler(BusyError)
def busy(_: BusyError) -> tuple[Response, int, dict[str, str]]:
    after = {"Retry-After": str(RETRY_SECONDS)}
    return jsonify(error=f"the server is busy; try again in {RETRY_SECONDS} s"), 503, after
