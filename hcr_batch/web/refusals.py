"""Requests that never reach the app are refused in its own form: `{"error": "..."}`."""

from __future__ import annotations

import json

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

__all__ = ["Channel"]


class _Refusal(ErrorTask):
    """The answer to a request that is malformed, or larger than the server reads."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"error": " ".join(f"{error.reason}: {error.body}".split())}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """A connection whose own refusals are JSON, as those of the app."""

    error_task_class = _Refusal
