"""A browser is shown an address that nobody else on the machine may know."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["shown_in_browser"]

KEPT_SECONDS = 60.0
"""Time that a browser has to start and follow the page."""

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={0}"><title>hcr-batch</title>
<p><a href="{0}">To the page</a></p></html>
"""


@contextmanager
def shown_in_browser(address: str) -> Iterator[None]:
    """Open an address in the browser by way of a page that its user alone can read.

    Command lines are shown to every user of a machine. The page is gone after
    a minute, or with what happens within.
    """
    import threading
    import webbrowser

    page = _page(address)
    going = threading.Timer(KEPT_SECONDS, page.unlink, [True])
    going.daemon = True
    going.start()
    try:
        webbrowser.open(page.as_uri())
        yield
    finally:
        going.cancel()
        page.unlink(missing_ok=True)


def _page(address: str) -> Path:
    # Browsers that are confined read the user's own folder, no hidden ones and no temporary ones.
    with suppress(OSError, RuntimeError):
        return _written(address, Path.home())
    return _written(address, Path(tempfile.gettempdir()))


def _written(address: str, folder: Path) -> Path:
    descriptor, name = tempfile.mkstemp(".html", "hcr-batch-", folder, text=True)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(PAGE.format(html.escape(address)))
    return Path(name)
