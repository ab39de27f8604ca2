"""`hcr-batch scan`: folders of forms to results."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from hcr_batch.cli._options import (
    FILE,
    csv_options,
    fields_option,
    files_offered,
    format_option,
    share,
)
from hcr_batch.cli._signals import end_like_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hcr_batch.batch.observers import Observer
    from hcr_batch.batch.request import ScanRequest
    from hcr_batch.batch.run import Engine, PlannedFile
    from hcr_batch.config import Settings
    from hcr_batch.forms.schema import Template
    from hcr_batch.processes import Process

__all__ = ["scan"]

LEXICON = re.compile(r"lexicon:([^\"'\n]+)")
"""A list of words in a template, by the name of its file."""

MOST_AHEAD = 2
"""Processes that are started before the others; more would only hinder the one that prepares."""


@click.command()
@click.argument("paths", nargs=-1, required=True, shell_complete=files_offered)
@click.option("--out", default="results.csv", show_default=True, type=FILE, help="The results.")
@click.option("--config", type=FILE, help="Settings (TOML) in place of the defaults.")
@click.option(
    "--template",
    "templates",
    multiple=True,
    type=FILE,
    help="A known form, or a folder of them; may be repeated.",
)
@click.option("--threshold", type=share, help="Flag characters below this confidence.")
@click.option(
    "--target-error",
    type=share,
    help="Flag so that at most this share of the other characters is wrong: 0.5% or 0.005.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes; one a core if not given.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Processes of this machine, or a Ray cluster.",
)
@click.option("--ray-address", help="Of the cluster; from RAY_ADDRESS if not given.")
@fields_option
@click.option("--overlay", type=FILE, help="Also pictures of the pages, in this folder.")
@format_option
@csv_options
@click.option(
    "--layout", type=click.Choice(["auto", "boxes", "free"]), help="Read boxes, or all writing."
)
@click.option(
    "--model",
    shell_complete=files_offered,
    help="A model folder or file in place of the default.",
)
@click.option("--pdf-renderer", type=click.Choice(["pdfium", "poppler"]), help="Draws PDF pages.")
@click.option("--force", is_flag=True, help="Read every file again.")
@click.option("--retry-failed", is_flag=True, help="Try again what failed before.")
@click.option("--limit", type=click.IntRange(1), help="Read at most so many new files.")
@click.option(
    "--gone",
    type=click.Choice(["keep", "drop", "list"]),
    default="keep",
    show_default=True,
    help="Files of earlier scans that are not there any more: in the results, or not.",
)
@click.option("--allow-empty", is_flag=True, help="No form at all is no error.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, do nothing.")
@click.option("--log-json", type=FILE, help="Append one JSON object an event to this file.")
@click.option("--quiet", is_flag=True, help="Print failures alone.")
def scan(
    paths: tuple[str, ...],
    out: Path,
    dry_run: bool,
    log_json: Path | None,
    quiet: bool,
    engine: str,
    ray_address: str | None,
    **options: Any,
) -> None:
    """Read forms: PATHS are folders, files, patterns or URLs; - reads a list of files.

    Only what is new or changed since the last scan to the same --out is read;
    a journal beside it keeps the rest. Messages, and a summary as the last
    line, go to standard error. Exit code 0 means that every file is in the
    results, 6 that some are not.

    \b
    Example:
      hcr-batch scan ./forms --out results.csv --fields fields.csv --overlay pictures
    """
    # Before numpy is imported: threads of its own would only slow the workers down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if dry_run:
        _print_plan(_planned(_request(paths, out, log_json, options)))
        return
    end_like_ctrl_c()
    with ExitStack() as opened:
        count = _ahead(paths, out, options) if engine == "local" else 0
        ahead = [opened.enter_context(_worker()) for _ in range(count)]
        from hcr_batch.batch.garbage import keep_loaded
        from hcr_batch.batch.observers import Observers
        from hcr_batch.batch.run import scan as run_scan

        request = _request(paths, out, log_json, options)
        request.check_outputs(())  # before the log is opened, which makes it
        observer = Observers(list(_observers(quiet, log_json, opened)))
        run = _ray(options["jobs"], ray_address) if engine == "ray" else None
        keep_loaded()
        summary = run_scan(request, observer, sys.stdin, engine=run, ahead=ahead)
    click.get_current_context().exit(summary.exit_code)


def _worker() -> Process:
    """A process that prepares for reading while this one looks for what there is to read."""
    from hcr_batch.processes import Process

    return Process(["hcr_batch.batch.form_reader"])


def _ahead(paths: tuple[str, ...], out: Path, options: dict[str, Any]) -> int:
    """How many processes are needed most likely, before it is known what there is to read."""
    from hcr_batch.batch.beside import journal_path

    if journal_path(out).exists() and not options["force"]:
        return 0  # there may be nothing new
    files = MOST_AHEAD if any(map(os.path.isdir, paths)) else len(paths)
    return min(files, MOST_AHEAD, options["jobs"] or _cores())


def _planned(request: ScanRequest) -> Iterator[PlannedFile]:
    from hcr_batch.batch.run import dry_run

    return dry_run(request, sys.stdin)


def _request(
    paths: tuple[str, ...], out: Path, log: Path | None, options: dict[str, Any]
) -> ScanRequest:
    from hcr_batch.batch.plan import Effort
    from hcr_batch.batch.request import ScanRequest, fingerprint
    from hcr_batch.recognition import load_card
    from hcr_batch.results.writers import CsvStyle, format_of

    settings = _settings(options)
    # Before any file is touched, so that a damaged model stops the run with its own message.
    card = load_card(settings.recognition.model or None)
    if not settings.recognition.threshold and (
        options["target_error"] is not None or options["config"]
    ):
        card.check_target(settings.recognition.target_error)
    return ScanRequest(
        paths,
        out,
        settings,
        model=fingerprint(card),
        jobs=options["jobs"] or _cores(),
        file_format=format_of(out, options["file_format"]),
        fields=options["fields"],
        overlay=options["overlay"],
        effort=Effort(options["force"], options["retry_failed"], options["limit"]),
        gone=options["gone"],
        allow_empty=options["allow_empty"],
        style=CsvStyle(options["delimiter"] or "", bool(options["bom"])),
        log=log,
        sources=tuple(_read_beside(options)),
        templates=_templates(options["templates"]),
        template_paths=options["templates"],
    )


def _read_beside(options: dict[str, Any]) -> Iterator[Path]:
    """Settings, templates and their lists of words: read, so never written."""
    if options["config"]:
        yield options["config"]
    for path in options["templates"]:
        for file in path.glob("*.toml") if path.is_dir() else [path]:
            yield file
            with suppress(OSError):  # loading it tells what is wrong with it
                text = file.read_text(encoding="utf-8", errors="replace")
                yield from (file.parent / name for name in LEXICON.findall(text))


def _templates(paths: tuple[Path, ...]) -> tuple[Template, ...]:
    if not paths:
        return ()  # before NumPy is imported, which only a template needs here
    from hcr_batch.forms.schema import load_templates

    return load_templates(paths)


def _ray(jobs: int | None, address: str | None) -> Engine:
    from functools import partial

    from hcr_batch.errors import UsageError

    try:
        from hcr_batch.batch.ray_engine import run_on_ray
    except ModuleNotFoundError as error:
        raise UsageError("--engine ray needs Ray; pip install 'hcr-batch[ray]'") from error
    return partial(run_on_ray, jobs=jobs, address=address)


def _settings(options: dict[str, Any]) -> Settings:
    from hcr_batch.config import load_settings
    from hcr_batch.errors import UsageError

    if options["threshold"] is not None and options["target_error"] is not None:
        raise UsageError("--threshold and --target-error exclude each other; give one")
    places = {
        "threshold": ("recognition", "threshold"),
        "target_error": ("recognition", "target_error"),
        "model": ("recognition", "model"),
        "layout": ("layout", "mode"),
        "pdf_renderer": ("documents", "pdf_renderer"),
    }
    if options["model"]:
        # Other machines have other working folders.
        options["model"] = os.path.abspath(options["model"])
    changes: dict[str, dict[str, Any]] = {}
    for option, (section, key) in places.items():
        if options[option] is not None:
            changes.setdefault(section, {})[key] = options[option]
    return load_settings(options["config"], **changes)


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1


def _observers(quiet: bool, log: Path | None, files: ExitStack) -> list[Observer]:
    from hcr_batch.batch.observers import JsonLog
    from hcr_batch.cli._progress import Terminal
    from hcr_batch.errors import OutputError

    observers: list[Observer] = [Terminal(quiet)]
    if log:
        try:
            file = log.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{log}: cannot be written ({error.strerror}); check it") from error
        files.callback(_close, file)
        observers.append(JsonLog(file))
    return observers


def _close(file: TextIO) -> None:
    # What could not be written was told of when it happened.
    with suppress(OSError):
        file.close()


def _print_plan(plan: Iterable[PlannedFile]) -> None:
    """A line a file: what is read, then what is not, with its reason."""
    from hcr_batch.batch.plan import KnownFile, NewFile
    from hcr_batch.errors import printable

    rest: list[str] = []
    for file in plan:
        name = printable(file.source.name)
        if isinstance(file, NewFile):
            click.echo(f"read\t{name}")
        elif isinstance(file, KnownFile):
            failed = f"failed before\t{name}\t{file.failure}"
            rest.append(failed if file.failure else f"skip\t{name}")
        else:
            rest.append(f"unreadable\t{name}\t{printable(file.reason)}")
    for line in rest:
        click.echo(line)
