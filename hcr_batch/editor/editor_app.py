"""The page on which a template is edited, and what its scripts ask for, under a secret path."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, abort, jsonify, render_template, request

from hcr_batch.alphabet import CHARSETS
from hcr_batch.config import CASES
from hcr_batch.editor.edit_pages import EditPages
from hcr_batch.editor.edit_session import Edit, EditSession
from hcr_batch.errors import HcrError
from hcr_batch.forms.edited import PLAIN_RULES, EditedField, Fault
from hcr_batch.forms.template_files import KINDS
from hcr_batch.types import MillimetreBox
from hcr_batch.web.security import secure

__all__ = ["editor_app"]

MAX_REQUEST_BYTES = 8 << 20
MAX_FIELDS = 2000
MAX_CELLS = 500
MAX_ANCHORS = 5000


def editor_app(
    session: EditSession,
    pages: EditPages,
    token: str,
    hosts: frozenset[str],
    leave: Callable[[], None],
) -> Flask:
    """Make the app.

    Parameters
    ----------
    session : EditSession
    pages : EditPages
        Pictures of the form, and what they tell of its fields.
    token : str
        Everything lies under `/token/`; who does not know it gets nothing.
    hosts : frozenset of str
        Host names to answer to.
    leave : callable
        Is called when the user closes the editor.
    """
    app = Flask(__name__, static_folder=None)
    secure(app, hosts, MAX_REQUEST_BYTES)
    editor = _Editor(session, pages, leave)
    routes = Blueprint(
        "editor",
        __name__,
        url_prefix=f"/{token}",
        static_folder="static",
        static_url_path="/editor",
    )
    routes.add_url_rule("/", view_func=editor.page)
    routes.add_url_rule("/template", view_func=editor.template)
    routes.add_url_rule("/page/<int:number>.png", view_func=editor.picture)
    for name in ("check", "save", "suggest", "read", "leave"):
        routes.add_url_rule(f"/{name}", view_func=getattr(editor, name), methods=["POST"])
    app.register_blueprint(routes)
    app.register_error_handler(HcrError, _failed)
    return app


class _Editor:
    """One method an address; bodies are JSON both ways."""

    def __init__(
        self, session: EditSession, pages: EditPages, leave: Callable[[], None]
    ) -> None:
        self._session, self._pages, self._end = session, pages, leave

    def page(self) -> str:
        return render_template("editor.html", file=self._session.path.name)

    def template(self) -> Response:
        """The template as it is on disk now."""
        opened = self._session.open()
        template = opened.template
        pages = [
            {
                "number": page.number,
                "width": page.width_mm,
                "height": page.height_mm,
                "anchors": [_numbers(box) for box in page.anchors],
                "note": self._pages.note(page.number),
                "pictured": self._pages.has_picture(page.number),
            }
            for page in template.pages
        ]
        return jsonify(
            version=opened.version,
            name=template.name,
            pages=pages,
            fields=[_described(field) for field in template.fields],
            faults=[_fault(fault) for fault in template.faults(template.fields)],
            words={"kinds": KINDS, "charsets": list(CHARSETS), "cases": CASES},
        )

    def picture(self, number: int) -> Response:
        picture = self._pages.picture(number)
        if picture is None:
            abort(404, "there is no such page")
        return Response(picture, mimetype="image/png")

    def check(self) -> Response:
        edit = self._edit(_body())
        return jsonify(faults=[_fault(fault) for fault in self._session.check(edit)])

    def save(self) -> Response:
        body = _body()
        edit, force = self._edit(body), body.get("force") is True
        version = self._session.save(edit, str(body.get("seen")), force)
        return jsonify(saved=version is not None, version=version)

    def suggest(self) -> Response:
        """Names for the fields, the likeliest first."""
        return jsonify(names=self._pages.names(_fields(_body())))

    def read(self) -> Response:
        """What stands on the scan in the fields that the file had at the start."""
        return jsonify(texts=self._pages.texts())

    def leave(self) -> Response:
        """The user closes the editor; `discard` says that what was not saved may go."""
        if _body().get("discard") is True:
            self._session.discard()
        self._end()
        return jsonify(left=True)

    def _edit(self, body: dict[str, Any]) -> Edit:
        opened = body.get("opened")
        if not isinstance(opened, str) or not self._session.knows(opened):
            abort(400, "the template was opened by another run of the editor; load the page again")
        fields = _fields(body)
        numbers = [one.was for one in fields if one.was is not None]
        if sorted(numbers) != sorted(set(numbers) & set(range(self._session.count(opened)))):
            abort(400, "the fields of the file must be there once")
        return Edit(opened, _typed(body, "name", str), fields, _anchors(body.get("anchors")))


def _failed(error: HcrError) -> tuple[Response, int]:
    """A full disk or a file that is no template any more, in the words of the terminal."""
    return jsonify(error=str(error)), 500


def _described(field: EditedField) -> dict[str, Any]:
    return {
        "was": field.was,
        "name": field.name,
        "kind": field.kind,
        "page": field.page,
        "cells": [_numbers(cell) for cell in field.cells],
        "length": field.length,
        **field.rules,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {"field": fault.field, "key": fault.key, "problem": fault.problem}


def _numbers(box: MillimetreBox) -> list[float]:
    return [box.x, box.y, box.width, box.height]


def _body() -> dict[str, Any]:
    """The request's JSON; demanding its type keeps forms of other sites out."""
    body = request.get_json()
    return body if isinstance(body, dict) else abort(400, "an object is wanted")


def _fields(body: dict[str, Any]) -> tuple[EditedField, ...]:
    fields = body.get("fields")
    if not isinstance(fields, list) or len(fields) > MAX_FIELDS:
        abort(400, f"fields must be a list of at most {MAX_FIELDS}")
    return tuple(_field(value) for value in fields)


def _anchors(value: Any) -> dict[int, tuple[MillimetreBox, ...]]:
    """Boxes by the number of their page; pages that are left out keep theirs."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(number.isdecimal() for number in value):
        abort(400, "anchors must be an object of numbers of pages")
    anchors = {}
    for number, boxes in value.items():
        if not isinstance(boxes, list) or len(boxes) > MAX_ANCHORS:
            abort(400, f"anchors must be lists of at most {MAX_ANCHORS} boxes")
        anchors[int(number)] = tuple(map(_anchor, boxes))
    return anchors


def _anchor(value: Any) -> MillimetreBox:
    box = _box(value)
    # A line has no height, or no width.
    if min(box.width, box.height) < 0 or max(box.width, box.height) == 0:
        abort(400, "an anchor must have a size")
    return box


def _field(value: Any) -> EditedField:
    if not isinstance(value, dict):
        abort(400, "a field must be an object")
    rules = {key: _typed(value, key, type(plain)) for key, plain in PLAIN_RULES.items()}
    return EditedField(
        _whole(value, "was"),
        _typed(value, "name", str),
        _typed(value, "kind", str),
        _typed(value, "page", int),
        _cells(value.get("cells")),
        _whole(value, "length"),
        rules,
    )


def _typed(value: Mapping[str, Any], key: str, kind: type) -> Any:
    one = value.get(key)
    return one if type(one) is kind else abort(400, f"{key} must be of type {kind.__name__}")


def _whole(value: Mapping[str, Any], key: str) -> int | None:
    return None if value.get(key) is None else int(_typed(value, key, int))


def _cells(value: Any) -> tuple[MillimetreBox, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CELLS:
        abort(400, f"cells must be a list of 1 to {MAX_CELLS} boxes")
    return tuple(_box(one) for one in value)


def _box(value: Any) -> MillimetreBox:
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_number, value)):
        abort(400, "a box must be four numbers")
    return MillimetreBox(*value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
