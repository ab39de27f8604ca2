"""Connections of clients: how much of what they send is held, and for how long it is waited for.

Requests that never reach the app are refused in its own form, `{"error": "..."}`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask
from waitress.utilities import Error

__all__ = ["Channel", "Intake"]

RETRY_SECONDS = 2


@dataclass(frozen=True)
class Intake:
    """What is held of requests at a time.

    Attributes
    ----------
    most_bytes : int
        Of the bodies of all requests that are sent or worked on; more are answered 503.
    most_waiting : int
        Connections without a whole request; beyond that the oldest is hung up.
    seconds : float
        Time that a client may take to send a request.
    """

    most_bytes: int
    most_waiting: int = 100
    seconds: float = 60.0


class _BusyError(Error):
    """More is held than may be."""

    code, reason = 503, "Service Unavailable"


class _Refusal(ErrorTask):
    """The answer to a request that is malformed, or larger than the server reads."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"error": " ".join(f"{error.reason}: {error.body}".split())}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        if error.code == _BusyError.code:
            self.response_headers.append(("Retry-After", str(RETRY_SECONDS)))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Request(HTTPRequestParser):
    """A request that is refused after its head where there is no room for its body."""

    error: Any
    expect_continue: bool

    def __init__(self, adj: Any, channel: Channel) -> None:
        super().__init__(adj)
        self._channel, self._is_let_in = channel, False

    @property
    def size(self) -> int:
        """Bytes of its body, as it says; one that does not say is counted as the largest."""
        return self.adj.max_request_body_size if self.chunked else self.content_length

    def received(self, data: bytes) -> int:
        consumed = super().received(data)
        if self.headers_finished and not self._is_let_in:
            self._is_let_in = True
            if self.size and not self.error and not self._channel.has_room(self.size):
                self.error = _BusyError(f"too much is sent at once; try again in {RETRY_SECONDS} s")
                self.completed = True
            # Nobody is asked to send what is refused.
            self.expect_continue = self.expect_continue and not self.error
        return consumed


class Channel(HTTPChannel):
    """A connection that is held to the limits of an `Intake`."""

    error_task_class = _Refusal

    def __init__(self, intake: Intake, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._intake, self._begun = intake, time.monotonic()
        self.parser_class = partial(_Request, channel=self)
        self._make_room()

    def received(self, data: bytes) -> bool:
        """Take in what has come, unless it comes in drops."""
        now = time.monotonic()
        if self.request is None:
            self._begun = now
        elif now - self._begun > self._intake.seconds:
            self.will_close = True
            return False
        return super().received(data)

    def has_room(self, size: int) -> bool:
        """Whether a body of so many bytes fits beside those of the other connections."""
        others = (channel for channel in self._others() if channel is not self)
        return sum(channel.held for channel in others) + size <= self._intake.most_bytes

    @property
    def held(self) -> int:
        """Bytes of the bodies of its requests."""
        return sum(request.size for request in (self.request, *self.requests) if request)

    def _others(self) -> list[Channel]:
        return list(self.server.active_channels.values())

    def _make_room(self) -> None:
        """Hang up on the client that has let others wait for its request the longest."""
        waiting = [channel for channel in self._others() if not channel.requests]
        if len(waiting) > self._intake.most_waiting:
            min(waiting, key=lambda channel: channel._begun).will_close = True
