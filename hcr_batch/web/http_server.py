"""An app behind waitress, on a port of its own, until it is stopped."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hcr_batch.errors import UsageError

if TYPE_CHECKING:
    from flask import Flask

    from hcr_batch.web.connections import Intake

__all__ = ["Server"]

LEAVE_S = 3.0
"""Seconds that answers under way have to get out when the server is stopped."""
LARGEST_HELD = 8
"""So many requests of the largest size are held at a time; more are answered 503."""
SPARE_FILES = 16
"""Open files that no connection takes: a process that reads what is sent needs 6 to start."""
FEWEST, MOST = 2, 100
"""Connections held at a time: however few files may be open, and where nothing else is asked."""
TURN_S = 0.5
"""Seconds after which the server looks up when nothing happens."""


class Server:
    """An app that listens from the start; `run` answers until it is stopped or Ctrl-C.

    Parameters
    ----------
    app : Flask
    host : str
        Address to listen on.
    port : int
        0 takes a free one; `port` of the server says which.
    stopping : threading.Event, optional
        Setting it stops the server, as `stop` does.
    intake : Intake, optional
        What is held of requests; as much as fits eight of the largest where left out.
    options : dict
        Further settings of waitress, such as `threads` or `connection_limit`.

    Raises
    ------
    UsageError
        The address or the port cannot be had.
    """

    def __init__(
        self,
        app: Flask,
        host: str,
        port: int,
        stopping: threading.Event | None = None,
        intake: Intake | None = None,
        **options: Any,
    ) -> None:
        from waitress import create_server

        from hcr_batch.web.connections import Channel, Intake

        # It warns of every request that waits for a thread, which is how it is meant to be.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        # The app refuses what is too large in its own words; this is the wall behind it.
        largest = app.config["MAX_CONTENT_LENGTH"]
        options.setdefault("max_request_body_size", 2 * largest)
        self._map: dict[int, Any] = {}
        self._stopping = stopping or threading.Event()
        listening = _listen(host, port)
        held = min(_files_left(listening), options.pop("connection_limit", MOST))
        intake = intake or Intake(LARGEST_HELD * largest)
        intake = replace(intake, most_waiting=min(intake.most_waiting, max(1, held // 2)))
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listening],
            ident=None,
            connection_limit=held + 2,  # it counts what listens and what wakes it too
            log_socket_errors=False,
            **options,
        )
        self._server.channel_class = partial(Channel, intake)
        self.host, self.port = host, int(self._server.effective_port)

    @property
    def address(self) -> str:
        """`http://127.0.0.1:8000`, under a name that a browser on this machine reaches."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self) -> None:
        """Answer requests; returns after `stop`, raises KeyboardInterrupt on Ctrl-C."""
        try:
            while not self._stopping.is_set():
                self._turn()
            deadline = time.monotonic() + LEAVE_S
            while self._busy() and time.monotonic() < deadline:
                self._turn()
        finally:
            self._close()

    def stop(self) -> None:
        """Make `run` return once what is under way is answered; from any thread."""
        self._stopping.set()
        with suppress(OSError):
            self._server.pull_trigger()

    def _turn(self) -> None:
        from waitress import wasyncore

        wasyncore.loop(timeout=TURN_S, map=self._map, count=1)

    def _busy(self) -> bool:
        channels = tuple(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _close(self) -> None:
        from waitress import wasyncore

        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._map, ignore_all=True)


def _files_left(listening: socket.socket) -> int:
    """Connections that there are open files for; files are numbered from the lowest free one on."""
    try:
        import resource
    except ImportError:  # Windows: its limit is far away
        return sys.maxsize
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(FEWEST, most - listening.fileno() - SPARE_FILES)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{host}:{port}: cannot be listened on ({reason}); give another --port"
        ) from error
