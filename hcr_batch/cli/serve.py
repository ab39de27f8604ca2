"""`hcr-batch serve`: draw or upload characters and forms, in the browser or over REST."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from hcr_batch.cli._help import CommandInParts
from hcr_batch.cli._options import config_option, model_option, templates_option
from hcr_batch.cli._packages import check_for_forms
from hcr_batch.cli._signals import end_like_ctrl_c

__all__ = ["serve"]


PARTS = {"--host": "Who can reach it", "--template": "How to read", "--max-mb": "Limits"}
"""Headings of the help, by the first option that stands under each."""


@click.command(cls=CommandInParts, parts=PARTS)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    metavar="N",
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Another host name to answer to; may be repeated.",
)
@templates_option
@model_option
@config_option
@click.option(
    "--max-mb",
    type=click.FloatRange(0.1),
    default=20.0,
    show_default=True,
    metavar="N",
    help="Largest upload.",
)
@click.option(
    "--max-megapixels",
    type=click.FloatRange(0.1),
    default=40.0,
    show_default=True,
    metavar="N",
    help="Largest picture or page, and most of all pictures in a request.",
)
@click.option(
    "--max-pages",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    metavar="N",
    help="Most pages of a document.",
)
@click.option(
    "--queue",
    "waiting",
    type=click.IntRange(0, 500),
    default=64,
    show_default=True,
    metavar="N",
    help="Predictions that may wait; more are turned away.",
)
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds that a prediction may wait, and that a document may take.",
)
def serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    config: Path | None,
    templates: tuple[Path, ...],
    model: Path | None,
    **limits: Any,
) -> None:
    """Serve a page to draw on, and a REST API.

    Runs until Ctrl-C. Nothing that is sent is kept. Only this machine is
    answered unless --host says otherwise. There is no password: where others
    can reach it, put a proxy in front that asks for one.

    \b
    Example:
      hcr-batch serve --port 8000 --template forms
    """
    if templates:
        check_for_forms("--template")
    # Before numpy is imported: requests run side by side, each on one thread.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import cv2

    from hcr_batch.config import load_settings
    from hcr_batch.forms.template_files import load_templates
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.server.serve_app import ServeLimits, make_app, server_for
    from hcr_batch.web.security import allowed_hosts

    cv2.setNumThreads(1)
    settings = load_settings(config)
    recognizer = load_recognizer(model or settings.recognition.model or None)
    limit = ServeLimits(**limits)
    hosts = allowed_hosts(host, names)
    app = make_app(
        recognizer,
        settings,
        limit,
        hosts,
        any_address=host in ("0.0.0.0", "::"),
        templates=load_templates(templates),
    )
    server = server_for(app, host, port, limit)
    end_like_ctrl_c()
    click.echo(f"serving at {server.address}/ (Ctrl-C ends)", err=True)
    with suppress(KeyboardInterrupt):
        server.run()
