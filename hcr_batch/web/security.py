"""What every page served here keeps to: known hosts, its own origin, its own code."""

from __future__ import annotations

import ipaddress
import json
import mimetypes
import re
import socket
from collections.abc import Collection, Iterable
from typing import Any

from flask import Blueprint, Flask, Response, abort, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

__all__ = ["LOOPBACK", "allowed_hosts", "secure"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names under which a browser on this machine reaches it."""

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@?#,]+)(:[0-9]*)?")
"""A name or address, one in brackets as IPv6 has it, and a port (RFC 9110, section 7.2)."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Forms hold personal data: nothing of them stays in a browser's cache.
    "Cache-Control": "no-store",
}


class _Unicode(DefaultJSONProvider):
    """JSON whose texts can be written down: halves of characters are refused (400)."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        value = super().loads(s, **options)
        json.dumps(value, ensure_ascii=False).encode()
        return value


def allowed_hosts(bound: str, extra: Iterable[str] = ()) -> frozenset[str]:
    """Host names that requests may be made to.

    Parameters
    ----------
    bound : str
        The address that the server listens on; `0.0.0.0` and `::` stand for
        all of this machine's, which adds its own names.
    extra : iterable of str
        Further names, as a user allows them.
    """
    names = {bound}
    if _is_wildcard(bound):
        names = {socket.gethostname(), socket.getfqdn()}
    return LOOPBACK | {name.lower() for name in (*names, *extra)}


def secure(app: Flask, hosts: Collection[str], max_bytes: int, any_address: bool = False) -> None:
    """Make an app refuse foreign hosts, foreign origins and large requests.

    A page elsewhere in the user's browser can send requests to this server;
    the checks of `Host` (against DNS rebinding) and `Origin` keep it out. All
    errors are answered as `{"error": "..."}`. Under `/shared/` lie the scripts
    that all pages have in common; they are the same for everyone.

    Parameters
    ----------
    hosts : collection of str
        As :func:`allowed_hosts` gives them.
    max_bytes : int
        Size of the largest request body.
    any_address : bool
        Also accept any numeric address as host: a server on all addresses of
        its machine does not know them, and rebinding works by names alone.
    """
    app.config["MAX_CONTENT_LENGTH"] = max_bytes
    app.json = _Unicode(app)
    # Windows may know another type for scripts, which a browser told not to sniff refuses.
    mimetypes.add_type("text/javascript", ".js")
    app.register_blueprint(
        Blueprint("shared", __name__, static_folder="static", static_url_path="/shared")
    )

    @app.before_request
    def refuse_strangers() -> None:
        if not _is_known(_host_name(request.headers.get("Host", "")), hosts, any_address):
            abort(403, "this server does not answer to that host name")
        if _is_foreign() and not _is_followed_link():
            abort(403, "requests from other sites are refused")
        if (request.content_length or 0) > max_bytes:
            abort(413, f"at most {max_bytes} bytes are taken")

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.errorhandler(RecursionError)
    def refuse_depth(_: RecursionError) -> tuple[Response, int]:
        return jsonify(error="the JSON is nested too deeply"), 400

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500


def _is_foreign() -> bool:
    """Whether a page of another origin made the request; programs send none of these headers."""
    origin, host = request.headers.get("Origin"), request.headers["Host"]
    if origin is not None and origin not in _own_origins(host):
        return True
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _own_origins(host: str) -> tuple[str, ...]:
    """What a browser calls the pages of this server, which speaks no TLS itself.

    Only under a name that others know it by there may be a proxy before it that does.
    """
    if _host_name(host) in LOOPBACK:
        return (f"http://{host}",)
    return f"http://{host}", f"https://{host}"


def _is_followed_link() -> bool:
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _is_wildcard(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _host_name(header: str) -> str:
    """The name in a Host header, without its port; empty where it is malformed."""
    found = HOST.fullmatch(header)
    return found["name"].strip("[]").lower() if found else ""


def _is_known(name: str, hosts: Collection[str], any_address: bool) -> bool:
    if name in hosts:
        return True
    try:
        return any_address and bool(ipaddress.ip_address(name))
    except ValueError:
        return False
