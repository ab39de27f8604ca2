"""`hcr-batch review`: flagged characters, answered by a person in the browser."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcr_batch.cli._help import CommandInParts
from hcr_batch.cli._options import FILE, config_option, fields_option, share
from hcr_batch.cli._signals import end_like_ctrl_c

if TYPE_CHECKING:
    from hcr_batch.journal.run_table import Runs
    from hcr_batch.review.answer_rules import FieldRules
    from hcr_batch.review.page_pictures import PagePictures
    from hcr_batch.review.review_session import ReviewSession
    from hcr_batch.web.http_server import Server

__all__ = ["review"]

EVERYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of this machine's."""


PARTS = {
    "--fields": "What to write",
    "--sample": "What to show",
    "--reviewer": "Who answers",
}
"""Headings of the help, by the first option that stands under each."""


@click.command(cls=CommandInParts, parts=PARTS)
@click.argument("results", type=FILE)
@fields_option
@click.option(
    "--sample",
    type=share,
    default="0",
    metavar="S",
    help="Also show this share of the unflagged characters, to measure how many are wrong: 2%.",
)
@click.option(
    "--target-error",
    type=share,
    metavar="E",
    help="What the sample is compared with; by default what the settings say.",
)
@click.option(
    "--template",
    multiple=True,
    type=FILE,
    metavar="PATH",
    help="Templates whose rules hold for answers; by default those of the last scan.",
)
@config_option
@click.option(
    "--reviewer", metavar="NAME", help="Name kept with the answers; by default your login name."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port to listen on; by default a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen on.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser; only print the address.")
def review(
    results: Path,
    fields: Path | None,
    template: tuple[Path, ...],
    sample: float,
    target_error: float | None,
    reviewer: str | None,
    port: int,
    host: str,
    no_browser: bool,
    config: Path | None,
) -> None:
    """Correct what was flagged, in the browser.

    Shows the flagged characters of RESULTS. Every answer is saved at once, in
    the journal beside RESULTS. RESULTS itself is written again when you finish,
    press Ctrl-C or pause for a minute.

    \b
    Example:
      hcr-batch review results.csv --sample 2%
    """
    from dataclasses import replace

    from hcr_batch.config import load_settings
    from hcr_batch.journal.journal import existing_journal, open_journal
    from hcr_batch.journal.outputs import last_outputs
    from hcr_batch.review.page_pictures import PagePictures
    from hcr_batch.review.review_session import ReviewRequest, ReviewSession

    settings = load_settings(config)
    journal = existing_journal(results)
    with open_journal(journal) as opened:
        outputs = last_outputs(opened.runs, results)
        known = _known_templates(opened.runs)
        outputs = replace(outputs, fields=fields or outputs.fields)
        outputs.check(results, opened.local_files())
    outputs.prepare()
    if target_error is None:
        target_error = settings.recognition.target_error
    request = ReviewRequest(journal, outputs, sample, target_error)
    session = ReviewSession(request, _rules(template or known))
    if session.queue.progress().due:
        pictures = PagePictures(settings)
        _serve(session, pictures, reviewer or _login_name(), (host, port), not no_browser)
    else:
        click.echo(f"{results}: nothing is flagged", err=True)
    for line in (*session.verdict(), *session.efforts()):
        click.echo(line)


def _known_templates(runs: Runs) -> tuple[Path, ...]:
    """Templates of the last scan, where it had any and they are still there."""
    run = next(runs.latest(), None)
    paths = map(Path, run.conditions.get("template_paths", ()) if run else ())
    return tuple(path for path in paths if path.exists())


def _rules(templates: tuple[Path, ...]) -> FieldRules:
    from hcr_batch.forms.template_files import load_templates
    from hcr_batch.review.answer_rules import FieldRules

    return FieldRules.of(load_templates(templates))


def _serve(
    session: ReviewSession,
    pictures: PagePictures,
    reviewer: str,
    address: tuple[str, int],
    browser: bool,
) -> None:
    """Serve until the reviewer finishes or Ctrl-C; the results are written either way."""
    import secrets
    import threading

    from hcr_batch.cli._browser import shown_in_browser
    from hcr_batch.review.review_app import review_app
    from hcr_batch.web.http_server import Server
    from hcr_batch.web.security import allowed_hosts

    token, leaving = secrets.token_urlsafe(16), threading.Event()
    app = review_app(
        session,
        pictures,
        token,
        allowed_hosts(address[0]),
        reviewer,
        leave=leaving.set,
        any_address=address[0] in EVERYWHERE,
    )
    server = Server(app, *address, stopping=leaving)
    _announce(session, server, f"/{token}/")
    end_like_ctrl_c()
    threading.Thread(target=session.export_when_idle, args=(leaving,), daemon=True).start()
    with suppress(KeyboardInterrupt), ExitStack() as shown:
        if browser:
            shown.enter_context(shown_in_browser(f"{server.address}/{token}/"))
        server.run()
    leaving.set()
    if not session.is_exported:
        click.echo(session.export(), err=True)


def _announce(session: ReviewSession, server: Server, path: str) -> None:
    import socket

    progress = session.queue.progress()
    left = progress.due - progress.answered
    click.echo(
        f"{left} of {progress.due} cells to review at {server.address}{path} (Ctrl-C ends)",
        err=True,
    )
    if server.host in EVERYWHERE:
        there = f"http://{socket.gethostname()}:{server.port}{path}"
        click.echo(f"from other machines: {there} (unencrypted)", err=True)


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reviewer"
