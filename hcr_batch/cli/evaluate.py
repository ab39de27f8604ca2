"""`hcr-batch evaluate`: a recognizer on labelled glyphs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._help import CommandInParts
from hcr_batch.cli._options import FILE, data_option, model_option

if TYPE_CHECKING:
    from hcr_batch.evaluation.glyph_sets import SetResult

__all__ = ["evaluate"]

HEADER = ("set", "reading", "glyphs", "accuracy", "top 3", "ECE", "raw cells")


PARTS = {"--data": "What to measure", "--strings": "Other networks", "--report": "What to write"}
"""Headings of the help, by the first option that stands under each."""


@click.command(cls=CommandInParts, parts=PARTS)
@data_option
@click.option(
    "--set", "names", multiple=True, metavar="NAME", help="Only this set; may be repeated."
)
@model_option
@click.option("--strings", is_flag=True, help="Measure the line reader on strings instead.")
@click.option(
    "--pages",
    type=click.IntRange(min=1),
    metavar="N",
    help="Measure the page segmentation instead, on N blank forms of --data, filled.",
)
@click.option(
    "--fonts",
    type=FILE,
    default=Path("/usr/share/fonts"),
    show_default=True,
    metavar="DIR",
    help="With --pages: folder of fonts for what is printed.",
)
@click.option(
    "--report",
    type=FILE,
    metavar="DIR",
    help="Also a page with pictures, and JSON, in this folder.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
def evaluate(
    data: Path,
    names: tuple[str, ...],
    model: Path | None,
    strings: bool,
    report: Path | None,
    form: str,
    pages: int | None,
    fonts: Path,
) -> None:
    """Measure a model.

    The recognizer is measured on characters it has not learned from: of its own
    sets, the writers held out of training; of other sets, all. The reading says
    what is told apart: 62 characters; 47, with the look-alike pairs merged; 36,
    all cases merged; or digits, upper, lower, letters where a form's field would
    say so. ECE is the expected calibration error. The last column is the
    accuracy through the program's own normalizer, where a set has raw cells.

    With --strings, the line reader is measured on words and strings: the share
    read right and of characters wrong, by style. With --pages, the page
    segmentation is measured on blank forms, filled and scanned by simulation:
    each channel at the pixel, and cells by their places.

    \b
    Example:
      hcr-batch evaluate --data data --set mnist_test --report report
      hcr-batch evaluate --data data --pages 60
    """
    import json

    if pages:
        from hcr_batch.evaluation.score_tables import page_table

        _refuse({"--set": names, "--report": report})
        metrics = _page_metrics(data, model, pages, fonts)
        click.echo(json.dumps(metrics, indent=1) if form == "json" else page_table(metrics))
        return
    from hcr_batch.recognition import load_recognizer

    recognizer = load_recognizer(model)
    if strings:
        metrics = _strings(recognizer, data)
        click.echo(json.dumps(metrics, indent=1) if form == "json" else _string_table(metrics))
        return
    results = list(_results(recognizer, data, names))
    rows = [row for one in results for row in one.rows()]
    click.echo(json.dumps(rows, indent=1) if form == "json" else _table(rows))
    if report:
        page = _write(results, str(recognizer.card.document.get("name", "model")), report)
        click.echo(f"report: {page}", err=True)


def _strings(recognizer: Any, data: Path) -> dict[str, Any]:
    from hcr_batch.errors import UsageError
    from hcr_batch.training.line_reader.line_cuts import cuts_of
    from hcr_batch.training.line_reader.line_held import held_lines
    from hcr_batch.training.line_reader.line_metrics import held_reads, line_metrics
    from hcr_batch.training.line_reader.line_recipe import line_recipe_of
    from hcr_batch.training.line_reader.line_samples import load_line_data

    reader = recognizer.line_reader
    if reader is None:
        raise UsageError("--strings needs a model folder with a line reader")
    recipe = line_recipe_of(reader.card.document)
    held = held_lines(load_line_data(data, recipe), recipe)
    cuts = [cut.line for cut in cuts_of(held, recognizer)]
    return line_metrics(held_reads(reader, held, cuts))


def _string_table(metrics: dict[str, Any]) -> str:
    from hcr_batch.training.line_reader.line_metrics import table

    return table(metrics)


def _refuse(options: dict[str, object]) -> None:
    from hcr_batch.errors import UsageError

    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"{given[0]} does not go with --pages")


def _page_metrics(data: Path, model: Path | None, pages: int, fonts: Path) -> dict[str, Any]:
    from hcr_batch.segmentation.network import load_segmenter
    from hcr_batch.training.segmenter.segmenter_metrics import measure_pages

    path = model / "segmenter.tflite" if model and model.is_dir() else model
    return measure_pages(load_segmenter(path), data, fonts, pages)


def _results(recognizer: Any, data: Path, names: tuple[str, ...]) -> Iterator[SetResult]:
    from tqdm import tqdm

    from hcr_batch.evaluation.glyph_sets import evaluate_set
    from hcr_batch.training.datasets.character_sets import find_sets, unseen_part

    for path in find_sets(data, names):
        part = unseen_part(path, recognizer.card.document.get("recipe", {}))
        if len(part):
            quiet = not sys.stderr.isatty()
            yield evaluate_set(
                recognizer,
                part.name,
                part.images,
                part.labels,
                part.cases,
                part.raw,
                progress=partial(tqdm, desc=part.name, unit="cell", leave=False, disable=quiet),
            )


def _write(results: Sequence[SetResult], model: str, folder: Path) -> Path:
    from hcr_batch.errors import UsageError
    from hcr_batch.evaluation.set_report import write_report

    try:
        return write_report(results, model, folder)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--report needs the package {error.name}; pip install 'hcr-batch[train]'"
        ) from error


def _table(rows: list[dict[str, Any]]) -> str:
    from hcr_batch.evaluation.score_tables import aligned

    lines: list[tuple[str, ...]] = [HEADER]
    for row in rows:
        raw = f"{row['raw_accuracy']:.4f}" if "raw_accuracy" in row else ""
        shares = (f"{row[key]:.4f}" for key in ("accuracy", "top3", "calibration_error"))
        lines.append((row["set"], row["reading"], str(row["samples"]), *shares, raw))
    return aligned(lines, "<<>>>>>")
