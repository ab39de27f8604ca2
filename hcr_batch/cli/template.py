"""`hcr-batch template`: known forms, their fields and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcr_batch.cli._options import FILE, OUTPUT_FILE, config_option
from hcr_batch.cli._packages import check_for_forms
from hcr_batch.cli._signals import end_like_ctrl_c

if TYPE_CHECKING:
    from PIL import Image

    from hcr_batch.editor.edit_pages import EditPages
    from hcr_batch.editor.edit_session import EditSession
    from hcr_batch.forms.template_files import Template

__all__ = ["template"]


@click.group()
def template() -> None:
    """Make and check templates of known forms.

    \b
    Example:
      hcr-batch template draft blank.pdf --out forms/club.toml
      hcr-batch template edit forms/club.toml --on blank.pdf
      hcr-batch template check forms/club.toml
      hcr-batch template show forms/club.toml --on scan.png --out picture.png
      hcr-batch scan ./scans --template forms
    """


@template.command()
@click.argument("form", type=FILE)
@click.option(
    "--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="The template to write (TOML)."
)
@click.option(
    "--picture",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="The picture of the fields (PNG); by default beside the template.",
)
@click.option("--page", type=click.IntRange(1), metavar="N", help="Draft only this page of FORM.")
@click.option(
    "--like",
    type=FILE,
    metavar="FILE",
    help="Take names and rules over from the template of an earlier edition.",
)
@click.option("--force", is_flag=True, help="Replace a template that is there.")
@config_option
def draft(
    form: Path,
    out: Path,
    picture: Path | None,
    page: int | None,
    like: Path | None,
    force: bool,
    config: Path | None,
) -> None:
    """Draft a template from a form.

    FORM is a blank or filled scan, or a PDF. A fillable PDF gives its own
    fields with their names and lengths; on anything else the printed boxes are
    found. Pages that are the same form, a stack of cards, are drafted once. A
    picture of the fields is written beside the template. Names and rules are
    yours to add, or come from an earlier edition.

    \b
    Example:
      hcr-batch template draft blank.pdf --out forms/club.toml
      hcr-batch template draft new.pdf --like forms/club.toml --out forms/club-2026.toml
    """
    from hcr_batch.config import load_settings
    from hcr_batch.documents import LimitedReader
    from hcr_batch.errors import OutputError
    from hcr_batch.forms.draft import draft_template
    from hcr_batch.forms.template_files import load_template
    from hcr_batch.results.atomic import atomic_output, check_writable
    from hcr_batch.results.path_conflicts import check_apart

    check_for_forms("template draft")
    picture = picture or out.with_suffix(".fields.png")
    if out.exists() and not force:
        raise OutputError(f"{out}: is there already; give another --out, or --force to replace it")
    check_apart({"--out": out, "--picture": picture}, list(filter(None, [form, like])))
    for path in (out, picture):
        check_writable(path)
    settings = load_settings(config)
    with LimitedReader.of(settings.batch) as reader:
        drafted = reader.call(str(form), draft_template, form, settings, page, like)
    with atomic_output(out) as file:
        file.write(drafted.text.encode() + b"\n")
    _write_pictures(drafted.pictures, picture, [out, form], "--picture")
    for note in drafted.notes:
        click.echo(note, err=True)
    sizes = _sizes(load_template(out))
    click.echo(f"{out}: {sizes}; now name them and give their rules", err=True)


@template.command()
@click.argument("templates", nargs=-1, required=True, type=FILE)
def check(templates: tuple[Path, ...]) -> None:
    """Check templates.

    TEMPLATES are files or folders of them. A mistake is reported with file, line
    and key, and exit code 3.

    \b
    Example:
      hcr-batch template check forms/club.toml
    """
    from hcr_batch.forms.form_fit import MIN_ANCHORS
    from hcr_batch.forms.template_files import load_templates

    for loaded in load_templates(templates):
        click.echo(f"{loaded.name}: {_sizes(loaded)}")
        for page in loaded.pages:
            if len(page.anchors) < MIN_ANCHORS:
                click.echo(
                    f"{loaded.name}: page {page.number} has too few boxes to be told from other "
                    "forms for sure; add printed boxes of the form as anchors",
                    err=True,
                )


@template.command()
@click.argument("path", metavar="TEMPLATE", type=FILE)
@click.option(
    "--on", "scan", type=FILE, metavar="FILE", help="Draw the fields where they lie on this scan."
)
@click.option("--out", required=True, type=OUTPUT_FILE, metavar="FILE", help="The picture (PNG).")
@config_option
def show(path: Path, scan: Path | None, out: Path, config: Path | None) -> None:
    """Picture a template.

    Draws its fields on white paper, or on a scan of the form. Further pages are
    written beside the first: picture.png, picture.p2.png.

    \b
    Example:
      hcr-batch template show forms/club.toml --on scan.png --out picture.png
    """
    from hcr_batch.forms.picture import as_png, draw_template
    from hcr_batch.forms.template_files import load_template
    from hcr_batch.results.atomic import check_writable

    loaded = load_template(path)
    check_writable(out)
    if scan:
        check_for_forms("--on")
        pictures = _on_scan(loaded, scan, config)
    else:
        pictures = (draw_template(page) for page in loaded.pages)
    _write_pictures(map(as_png, pictures), out, list(filter(None, [path, scan])), "--out")


@template.command()
@click.argument("path", metavar="TEMPLATE", type=FILE)
@click.option(
    "--on", "scan", type=FILE, metavar="FILE", help="Scan or PDF of the form to see the fields on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port to listen on; by default a free one.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser; only print the address.")
@config_option
def edit(path: Path, scan: Path | None, port: int, no_browser: bool, config: Path | None) -> None:
    """Name and move the fields of TEMPLATE in the browser.

    Names are suggested from the print beside the fields, and from the fields
    of a fillable PDF. Comments in TEMPLATE stay. Ctrl-C ends; what was not
    saved by then is written beside TEMPLATE.

    \b
    Example:
      hcr-batch template edit forms/club.toml --on blank.pdf
    """
    from hcr_batch.config import load_settings
    from hcr_batch.editor.edit_pages import EditPages
    from hcr_batch.editor.edit_session import EditSession
    from hcr_batch.results.atomic import check_writable

    check_for_forms("template edit")
    session = EditSession(path)
    check_writable(path)
    pages = EditPages(session.open().template, scan, load_settings(config))
    _serve_editor(session, pages, port, not no_browser)
    if rescued := session.rescue():
        click.echo(f"{path}: not everything was saved; the rest is in {rescued}", err=True)


def _serve_editor(session: EditSession, pages: EditPages, port: int, browser: bool) -> None:
    """Serve until the user closes the editor or Ctrl-C."""
    import secrets
    import threading

    from hcr_batch.cli._browser import shown_in_browser
    from hcr_batch.editor.editor_app import editor_app
    from hcr_batch.web.http_server import Server
    from hcr_batch.web.security import LOOPBACK

    token, leaving = secrets.token_urlsafe(16), threading.Event()
    app = editor_app(session, pages, token, LOOPBACK, leaving.set)
    server = Server(app, "127.0.0.1", port, stopping=leaving)
    address = f"{server.address}/{token}/"
    click.echo(f"{session.path} to edit at {address} (Ctrl-C ends)", err=True)
    end_like_ctrl_c()
    with suppress(KeyboardInterrupt), ExitStack() as shown:
        if browser:
            shown.enter_context(shown_in_browser(address))
        server.run()


def _write_pictures(
    pictures: Iterable[bytes], out: Path, read: Sequence[Path], option: str
) -> None:
    """Write a picture (PNG) a page, `out` of this option first; none replaces what was read."""
    from hcr_batch.results.atomic import atomic_output
    from hcr_batch.results.path_conflicts import check_apart

    for number, picture in enumerate(pictures, start=1):
        place = out if number == 1 else out.with_name(f"{out.stem}.p{number}{out.suffix}")
        check_apart({option: place}, read)
        with atomic_output(place) as file:
            file.write(picture)


def _on_scan(loaded: Template, scan: Path, config: Path | None) -> Iterator[Image.Image]:
    from hcr_batch.config import load_settings
    from hcr_batch.documents import LimitedReader
    from hcr_batch.errors import DocumentError
    from hcr_batch.forms.matching_form import matched_form
    from hcr_batch.forms.picture import draw_fields

    settings = load_settings(config)
    with LimitedReader.of(settings.batch) as reader:
        for page in reader.pages(scan, settings.documents):
            form = matched_form(page, [loaded], settings)
            if form is None:
                raise DocumentError(
                    f"{scan}, page {page.number}: is not of the form {loaded.name}: too few of its "
                    "boxes are found; compare template show without --on"
                )
            if not form.placed:
                raise DocumentError(
                    f"{scan}, page {page.number}: {loaded.name} could lie there in more than one"
                    " way; add printed boxes of the form as anchors"
                )
            for fit in form.fits:
                click.echo(
                    f"{scan}, page {page.number}: page {fit.page.number} of {loaded.name}, "
                    f"{fit.found} of {len(fit.page.anchors)} boxes found "
                    f"(quality {fit.quality:.2f})",
                    err=True,
                )
            yield draw_fields(form.page, form.fields)


def _sizes(loaded: Template) -> str:
    fields = sum(len(page.fields) for page in loaded.pages)
    pages = f"{len(loaded.pages)} pages" if len(loaded.pages) > 1 else "1 page"
    return f"{fields} fields on {pages}"
