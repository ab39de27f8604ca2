"""The review page and what its scripts ask for, all under a secret path."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, abort, jsonify, render_template, request

from hcr_batch.errors import DocumentError, HcrError
from hcr_batch.journal.corrections import Correction, Kind, Place
from hcr_batch.review.page_pictures import PagePictures
from hcr_batch.review.review_filter import CellFilter, counts
from hcr_batch.review.review_session import GivenAnswer, ReviewSession, StandingAnswer
from hcr_batch.review.reviewers import OpenWindows
from hcr_batch.web.security import secure

if TYPE_CHECKING:
    from hcr_batch.journal.cell_table import DueCell, PlacedField
    from hcr_batch.journal.journal import Journal
    from hcr_batch.results.records import CellRecord
    from hcr_batch.types import SourceBox

__all__ = ["review_app"]

MAX_REQUEST_BYTES = 1 << 20
MAX_CELLS = 200
"""Cells shown at once."""
MAX_ANSWERS = 2000
"""Answers taken at once: a page of tiles, or all of a long field."""
LONGEST_NAME = 60
"""Characters of a reviewer's name."""


def review_app(
    session: ReviewSession,
    pictures: PagePictures,
    token: str,
    hosts: frozenset[str],
    reviewer: str,
    leave: Callable[[], None],
    any_address: bool = False,
) -> Flask:
    """Make the app.

    Parameters
    ----------
    session : ReviewSession
    pictures : PagePictures
    token : str
        Everything lies under `/token/`; who does not know it gets nothing.
    hosts : frozenset of str
        Host names to answer to.
    reviewer : str
        Name under which answers are kept where the page gives no other.
    leave : callable
        Is called when a reviewer has finished for all.
    any_address : bool
        Also answer to any numeric address, as a server on all of them must.
    """
    app = Flask(__name__, static_folder=None)
    secure(app, hosts, MAX_REQUEST_BYTES, any_address)
    pages = _Pages(session, pictures, reviewer, leave)
    review = Blueprint(
        "review",
        __name__,
        url_prefix=f"/{token}",
        static_folder="static",
        static_url_path="/review",
    )
    review.add_url_rule("/", view_func=pages.page)
    review.add_url_rule("/progress", view_func=pages.progress)
    review.add_url_rule("/cell/<key>", view_func=pages.cell)
    review.add_url_rule("/field/<key>.png", view_func=pages.field_picture)
    review.add_url_rule("/page/<key>.png", view_func=pages.page_picture)
    for name in ("tiles", "next", "fields", "answers", "choices", "release", "leave", "finish"):
        review.add_url_rule(f"/{name}", view_func=getattr(pages, name), methods=["POST"])
    app.register_blueprint(review)
    app.register_error_handler(HcrError, _failed)
    return app


class _Pages:
    """One method an address; bodies are JSON both ways."""

    def __init__(
        self,
        session: ReviewSession,
        pictures: PagePictures,
        reviewer: str,
        leave: Callable[[], None],
    ) -> None:
        self._session, self._queue = session, session.queue
        self._pictures, self._reviewer, self._end = pictures, reviewer, leave
        self._windows = OpenWindows()

    def page(self) -> str:
        return render_template(
            "review.html", reviewer=self._reviewer, results=self._session.request.results.name
        )

    def progress(self) -> Response:
        client = request.args.get("client", "")
        self._windows.seen(client)
        self._queue.refresh()
        self._queue.renew(client)
        return jsonify(progress=self._progress(), others=self._windows.others(client))

    def choices(self) -> Response:
        """What the cells that are left may be filtered by, with how many there are of each."""
        self._queue.refresh()
        return jsonify(choices=counts(self._queue.open_cells()), progress=self._progress())

    def tiles(self) -> Response:
        body = _body()
        self._queue.reload(needed=False)
        cells = self._queue.tiles(
            self._client(body),
            _size(body),
            _texts(body, "first"),
            set(_texts(body, "skip")),
            _only(body),
        )
        with self._session.open_journal() as journal:
            tiles = [_tile(cell, journal) for cell in cells]
        return jsonify(cells=tiles, progress=self._progress())

    def next(self) -> Response:
        body = _body()
        self._queue.refresh()
        cell = self._queue.next_cell(
            self._client(body),
            _text(body, "after"),
            bool(body.get("backwards")),
            bool(body.get("otherField")),
            _only(body),
        )
        shown = self._described(cell.place) if cell else None
        return jsonify(cell=shown, progress=self._progress())

    def cell(self, key: str) -> Response:
        return jsonify(cell=self._described(_place(key)), progress=self._progress())

    def fields(self) -> Response:
        body = _body()
        self._queue.refresh()
        cells = self._queue.fields(
            self._client(body), _text(body, "after"), _size(body), _only(body)
        )
        fields = [self._described(cell.place) for cell in cells]
        return jsonify(fields=[field for field in fields if field], progress=self._progress())

    def answers(self) -> Response:
        body = _body()
        given = [_given(one) for one in _list(body, "answers")]
        reviewer = _text(body, "reviewer").strip()[:LONGEST_NAME] or self._reviewer
        standing = self._session.record(given, reviewer, bool(body.get("confirmed")))
        return jsonify(answers=list(map(_standing, standing)), progress=self._progress())

    def release(self) -> Response:
        client = _text(_body(), "client")
        self._windows.left(client)
        self._queue.release(client)
        return jsonify(progress=self._progress())

    def leave(self) -> Response:
        """A reviewer goes; the results are written, and the others go on."""
        lines = [self._session.export(), *self._session.efforts()]
        self.release()
        return jsonify(lines=lines)

    def finish(self) -> Response:
        lines = [self._session.export(), *self._session.verdict(), *self._session.efforts()]
        self._end()
        return jsonify(lines=lines)

    def field_picture(self, key: str) -> Response:
        place = _place(key)
        with self._session.open_journal() as journal:
            field = _found(journal.cells.field(place))
        due = [cell.place.box for cell in self._queue.due_in_field(key)]
        marked = due if request.args.get("marked") == "due" else [place.box]
        return _picture(self._pictures.field, field, marked)

    def page_picture(self, key: str) -> Response:
        place = _place(key)
        with self._session.open_journal() as journal:
            field = _found(journal.cells.field(place))
        return _picture(self._pictures.page, field, [place.box])

    def _client(self, body: dict[str, Any]) -> str:
        """The window that asks, which is open therefore."""
        client = _text(body, "client")
        self._windows.seen(client)
        return client

    def _progress(self) -> dict[str, int]:
        progress = self._queue.progress()
        return {"due": progress.due, "answered": progress.answered}

    def _described(self, place: Place) -> dict[str, Any] | None:
        """A cell with the whole field around it."""
        due = {cell.place.key for cell in self._queue.due_in_field(place.key)}
        with self._session.open_journal() as journal:
            field = journal.cells.field(place)
            if field is None:
                return None
            cells = [_in_field(cell, field, journal, due) for cell in field.field.cells]
        return {
            "key": place.key,
            "file": field.file,
            "page": field.page,
            "across": (place.box.x + place.box.right) / 2 / field.size[0],
            "down": (place.box.y + place.box.bottom) / 2 / field.size[1],
            "field": field.field.name,
            "rule": self._session.rules.summary(field),
            "failed": any("check_failed" in one.reading.reasons for one in field.field.cells),
            "cells": cells,
        }


def _failed(error: HcrError) -> tuple[Response, int]:
    """A full disk or a journal that is gone, in the words that the terminal would get."""
    return jsonify(error=str(error)), 500


def _tile(cell: DueCell, journal: Journal) -> dict[str, Any]:
    # Nothing here may tell a sampled character from a flagged one.
    return {
        "key": cell.place.key,
        "read": cell.reading.character,
        "place": f"{cell.file}, page {cell.place.page}, {cell.field}, {cell.position}",
        "alternatives": [character for character, _ in cell.reading.alternatives],
        "picture": _data_url(journal.cells.picture(cell.place)),
        "answer": _answer(journal.corrections.latest(cell.place)),
    }


def _in_field(
    cell: CellRecord, field: PlacedField, journal: Journal, due: set[str]
) -> dict[str, Any]:
    place = field.place(cell)
    return {
        "key": place.key,
        "read": cell.reading.character,
        "alternatives": [character for character, _ in cell.reading.alternatives],
        "due": place.key in due,
        "picture": _data_url(journal.cells.picture(place)),
        "answer": _answer(journal.corrections.latest(place)),
    }


def _answer(correction: Correction | None) -> dict[str, Any] | None:
    if correction is None:
        return None
    return {
        "version": correction.id,
        "kind": correction.kind.value,
        "character": correction.character,
        "reviewer": correction.reviewer,
    }


def _standing(standing: StandingAnswer) -> dict[str, Any]:
    answer = _answer(standing.correction)
    return {
        "key": standing.key,
        "taken": standing.taken,
        "answer": answer,
        "breaks": standing.breaks,
    }


def _data_url(png: bytes | None) -> str | None:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}" if png else None


def _picture(
    draw: Callable[[PlacedField, list[SourceBox]], bytes],
    field: PlacedField,
    marked: list[SourceBox],
) -> Response:
    try:
        return Response(draw(field, marked), mimetype="image/png")
    except DocumentError as error:
        abort(404, str(error))


def _found(field: PlacedField | None) -> PlacedField:
    return field or abort(404, "there is no such cell any more")


def _place(key: Any) -> Place:
    try:
        return Place.of_key(str(key))
    except ValueError as error:
        abort(400, str(error))


def _body() -> dict[str, Any]:
    """The request's JSON; demanding its type keeps forms of other sites out."""
    body = request.get_json()
    return body if isinstance(body, dict) else abort(400, "an object is wanted")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name) or ""
    return value if isinstance(value, str) else abort(400, f"{name} must be a text")


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    fits = isinstance(value, list) and len(value) <= MAX_ANSWERS
    return value if fits else abort(400, f"{name} must be a list of at most {MAX_ANSWERS}")


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name, [])
    fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value if fits else abort(400, f"{name} must be a list of texts")


def _only(body: dict[str, Any]) -> CellFilter:
    value = body.get("only", {})
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        abort(400, "only must be an object of texts")
    return CellFilter.of(value)


def _size(body: dict[str, Any]) -> int:
    size = body.get("size")
    if not isinstance(size, int) or not 1 <= size <= MAX_CELLS:
        abort(400, f"size must be from 1 to {MAX_CELLS}")
    return size


def _given(value: Any) -> GivenAnswer:
    """An answer from a window, checked."""
    if not isinstance(value, dict):
        abort(400, "an answer must be an object")
    try:
        kind = Kind(value.get("kind"))
    except ValueError:
        abort(400, f"kind must be one of {', '.join(kind.value for kind in Kind)}")
    character, seen = _text(value, "character"), value.get("seen", 0)
    if not isinstance(seen, int):
        abort(400, "seen must be a number")
    if kind is Kind.CHARACTER and not _is_character(character):
        abort(400, "character must be one visible character")
    if kind not in (Kind.CHARACTER, Kind.ACCEPTED):
        character = ""
    return GivenAnswer(_place(value.get("key")).key, kind, character, seen)


def _is_character(text: str) -> bool:
    return len(text) == 1 and text.isprintable() and not text.isspace()
