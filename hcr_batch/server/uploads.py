"""What clients send: pictures and documents, kept in memory alone."""

from __future__ import annotations

import base64
import binascii
import io
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from flask import Request, current_app
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from hcr_batch.documents import MemoryFile

__all__ = ["MemoryRequest", "document", "image_files"]

IMAGE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp", "image/gif"}
)
DOCUMENT_TYPES = IMAGE_TYPES | {"application/pdf"}
EXPECTED = 'send {"image_data": "data:image/png;base64,..."}, or files as multipart/form-data'


class MemoryRequest(Request):
    """A request whose files are never written to the disk, however large."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


def image_files(request: Request) -> tuple[list[MemoryFile], bool]:
    """The pictures of a request, and whether they were sent as a batch.

    JSON with `image_data` or a list of `images`, files of a form, or the
    picture itself as the body.

    Raises
    ------
    BadRequest
        Nothing that is a picture; base64 that is none.
    UnsupportedMediaType
        A Content-Type, or that of a data URL, which is no picture's.
    """
    if request.mimetype == "application/json":
        return _from_json(_json(request))
    if request.mimetype == "multipart/form-data":
        files = _form_files(request)
        return files, len(files) > 1
    return [_body(request, IMAGE_TYPES, "image")], False


def document(request: Request) -> MemoryFile:
    """The one document of a request: a file of a form, or the body.

    Raises
    ------
    BadRequest
        None, or more than one.
    UnsupportedMediaType
        A Content-Type that is neither a form's, a picture's nor a PDF's.
    """
    if request.mimetype != "multipart/form-data":
        return _body(request, DOCUMENT_TYPES, "document")
    files = _form_files(request)
    if len(files) > 1:
        raise BadRequest(f"one document at a time is read, and {len(files)} were sent")
    return files[0]


def _json(request: Request) -> Any:
    try:
        return current_app.json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no valid JSON ({error}); {EXPECTED}") from error


def _from_json(content: Any) -> tuple[list[MemoryFile], bool]:
    if not isinstance(content, dict) or not {"image_data", "images"} & content.keys():
        raise BadRequest(f"no image_data; {EXPECTED}")
    if "image_data" in content:
        return [_decoded(content["image_data"], "image_data")], False
    images = content["images"]
    if not isinstance(images, list) or not images:
        raise BadRequest("images must be a list of data URLs")
    return [_decoded(image, f"images[{index}]") for index, image in enumerate(images)], True


def _decoded(url: Any, name: str) -> MemoryFile:
    """A data URL (RFC 2397), or base64 alone."""
    if not isinstance(url, str):
        raise BadRequest(f"{name} must be a text, a data URL; {EXPECTED}")
    head, comma, data = url.rpartition(",")
    kind, *parameters = head.removeprefix("data:").split(";")
    if comma and kind.lower() not in IMAGE_TYPES:
        raise UnsupportedMediaType(f"{name} is {kind or 'text'}; {_among(IMAGE_TYPES)}")
    if comma and "base64" not in parameters:
        return MemoryFile(name, unquote_to_bytes(data))
    try:
        return MemoryFile(name, base64.b64decode("".join(data.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"{name} is not valid base64 ({error}); {EXPECTED}") from error


def _form_files(request: Request) -> list[MemoryFile]:
    files = [
        MemoryFile(file.filename or name, file.read())
        for name, file in request.files.items(multi=True)
    ]
    if not files:
        raise BadRequest("the form holds no file; send one under any name, as file=@form.pdf")
    return files


def _body(request: Request, types: frozenset[str], name: str) -> MemoryFile:
    data = request.get_data(cache=False)
    if request.mimetype not in types:
        given = request.mimetype or "missing"
        looks = ", though the body looks like JSON" if data[:1] == b"{" else ""
        raise UnsupportedMediaType(
            f"Content-Type is {given}{looks}; {_among(types)}, or {EXPECTED}"
        )
    return MemoryFile(name, data)


def _among(types: frozenset[str]) -> str:
    return f"it must be one of {', '.join(sorted(types))}"
