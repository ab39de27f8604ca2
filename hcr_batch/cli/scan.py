"""`hcr-batch scan`: folders of forms to results."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from hcr_batch.cli._help import CommandInParts
from hcr_batch.cli._options import (
    FILE,
    OUTPUT_FILE,
    config_option,
    csv_options,
    fields_option,
    files_offered,
    format_option,
    model_option,
    share,
    templates_option,
)
from hcr_batch.cli._packages import check_for_forms
from hcr_batch.cli._signals import end_like_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hcr_batch.config import Settings
    from hcr_batch.forms.template_files import Template
    from hcr_batch.processes import Process
    from hcr_batch.scan.observers import Observer
    from hcr_batch.scan.request import ScanRequest
    from hcr_batch.scan.run import Engine, PlannedFile

__all__ = ["scan"]

LEXICON = re.compile(r"lexicon:([^\"'\n]+)")
"""A list of words in a template, by the name of its file."""

MOST_AHEAD = 2
"""Processes that are started before the others; more would only hinder the one that prepares."""


PARTS = {
    "--out": "What to write",
    "--template": "How to read",
    "--limit": "Which files",
    "--jobs": "How to run",
}
"""Headings of the help, by the first option that stands under each."""


@click.command(cls=CommandInParts, parts=PARTS)
@click.argument("paths", nargs=-1, required=True, shell_complete=files_offered)
@click.option(
    "--out",
    default="results.csv",
    show_default=True,
    type=OUTPUT_FILE,
    metavar="FILE",
    help="The results.",
)
@fields_option
@click.option(
    "--overlay",
    type=FILE,
    metavar="DIR",
    help="Also a picture of every page with what was read, in this folder.",
)
@format_option
@csv_options
@templates_option
@click.option(
    "--layout",
    type=click.Choice(["auto", "boxes", "free"]),
    help="Read printed boxes only, all writing as strings, or both (auto).",
)
@click.option(
    "--target-error",
    type=share,
    metavar="E",
    help="Flag as much as it takes for at most this share of the unflagged characters to be wrong:"
    " 0.5% or 0.005.",
)
@click.option(
    "--threshold",
    type=share,
    metavar="P",
    help="Or flag every character below this confidence.",
)
@model_option
@click.option(
    "--pdf-renderer",
    type=click.Choice(["pdfium", "poppler"]),
    help="What draws PDF pages that are not simply a scanned image.",
)
@config_option
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Read at most this many new files."
)
@click.option("--force", is_flag=True, help="Read every file again.")
@click.option("--retry-failed", is_flag=True, help="Try files again that failed before.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done with each file.")
@click.option("--allow-empty", is_flag=True, help="Finding no form is not an error.")
@click.option(
    "--gone",
    type=click.Choice(["keep", "drop", "list"]),
    default="keep",
    show_default=True,
    help="Forms of earlier scans that have been moved away: keep them in the results, drop them,"
    " or keep and list them.",
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes to use; by default one per core."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Use this machine, or a Ray cluster.",
)
@click.option(
    "--ray-address",
    metavar="HOST:PORT",
    help="Address of the cluster; by default that in RAY_ADDRESS.",
)
@click.option(
    "--log-json",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Append a line of JSON to this file for every event.",
)
@click.option("--quiet", is_flag=True, help="Print failures only.")
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
    """Read forms into a table.

    PATHS are folders, files, patterns in quotes, or URLs; - reads a list of
    files from standard input.

    Only what is new or changed since the last scan with the same --out is
    read; a journal beside the results keeps the rest. Messages go to standard
    error, the last line is a summary. Exit code 0 means that every file is in
    the results, 6 that some are not.

    \b
    Example:
      hcr-batch scan ./forms --out results.csv --fields fields.csv --overlay pictures
    """
    options["quiet"] = quiet
    # Before numpy is imported: threads of its own would only slow the workers down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if dry_run:
        _print_plan(_planned(_request(paths, out, log_json, options)))
        return
    end_like_ctrl_c()
    with ExitStack() as opened:
        count = _ahead(paths, out, options) if engine == "local" else 0
        ahead = [opened.enter_context(_worker()) for _ in range(count)]
        from hcr_batch.scan.garbage import keep_loaded
        from hcr_batch.scan.observers import Observers
        from hcr_batch.scan.run import scan as run_scan

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

    return Process(["hcr_batch.scan.form_reader"])


def _ahead(paths: tuple[str, ...], out: Path, options: dict[str, Any]) -> int:
    """How many processes are needed most likely, before it is known what there is to read."""
    from hcr_batch.journal.journal_paths import journal_path

    if journal_path(out).exists() and not options["force"]:
        return 0  # there may be nothing new
    files = MOST_AHEAD if any(map(os.path.isdir, paths)) else len(paths)
    return min(files, MOST_AHEAD, options["jobs"] or _cores())


def _planned(request: ScanRequest) -> Iterator[PlannedFile]:
    from hcr_batch.scan.run import dry_run

    return dry_run(request, sys.stdin)


def _request(
    paths: tuple[str, ...], out: Path, log: Path | None, options: dict[str, Any]
) -> ScanRequest:
    from hcr_batch.recognition import load_card
    from hcr_batch.results.writers import CsvStyle, format_of
    from hcr_batch.scan.plan import ScanOptions
    from hcr_batch.scan.request import ScanRequest

    settings = _settings(options)
    # Before any file is touched, so that a damaged model stops the run with its own message.
    card = load_card(settings.recognition.model or None)
    if not settings.recognition.threshold and (
        options["target_error"] is not None or options["config"]
    ):
        card.check_target(settings.recognition.target_error)
        doubt = card.unproven(settings.recognition.target_error)
        if doubt and not options["quiet"]:
            click.echo(doubt, err=True)
    return ScanRequest(
        paths,
        out,
        settings,
        model=card.fingerprint,
        jobs=options["jobs"] or _cores(),
        file_format=format_of(out, options["file_format"]),
        fields=options["fields"],
        overlay=options["overlay"],
        options=ScanOptions(options["force"], options["retry_failed"], options["limit"]),
        gone=options["gone"],
        allow_empty=options["allow_empty"],
        style=CsvStyle(options["delimiter"] or "", bool(options["bom"])),
        log=log,
        sources=tuple(_other_inputs(options)),
        templates=_templates(options["templates"]),
        template_paths=options["templates"],
    )


def _other_inputs(options: dict[str, Any]) -> Iterator[Path]:
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
    check_for_forms("--template")
    from hcr_batch.forms.template_files import load_templates

    return load_templates(paths)


def _ray(jobs: int | None, address: str | None) -> Engine:
    from functools import partial

    from hcr_batch.errors import UsageError

    try:
        from hcr_batch.scan.ray_engine import run_on_ray
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
    from hcr_batch.cli._progress import Terminal
    from hcr_batch.errors import OutputError
    from hcr_batch.scan.observers import JsonLog

    observers: list[Observer] = [Terminal(quiet)]
    if log:
        try:
            # It is closed with the rest.
            file = open(log, "a", encoding="utf-8", opener=_at_once)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{log}: cannot be written ({error.strerror}); check it") from error
        files.callback(_close, file)
        observers.append(JsonLog(file))
    return observers


def _at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody reads is an error and not waited for."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)
    return descriptor


def _close(file: TextIO) -> None:
    # What could not be written was told of when it happened.
    with suppress(OSError):
        file.close()


def _print_plan(plan: Iterable[PlannedFile]) -> None:
    """A line a file: what is read, then what is not, with its reason."""
    from hcr_batch.errors import printable
    from hcr_batch.scan.plan import KnownFile, NewFile

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
