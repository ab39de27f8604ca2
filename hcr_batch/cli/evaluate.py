"""`hcr-batch evaluate`: a recognizer on labelled glyphs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._options import FILE, data_option

if TYPE_CHECKING:
    from hcr_batch.evaluation.glyphs import SetResult

__all__ = ["evaluate"]

HEADER = ("set", "reading", "glyphs", "accuracy", "top 3", "ECE", "raw cells")


@click.command()
@data_option
@click.option("--set", "names", multiple=True, help="Only this set; may be repeated.")
@click.option("--model", type=FILE, help="Model folder or file.")
@click.option("--strings", is_flag=True, help="Measure the line reader on strings instead.")
@click.option("--report", type=FILE, help="Also a page with pictures, and JSON, in this folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--pages",
    type=click.IntRange(min=1),
    help="Measure the page segmentation instead, on so many filled blank forms of --data.",
)
@click.option(
    "--fonts",
    type=FILE,
    default=Path("/usr/share/fonts"),
    show_default=True,
    help="With --pages: folder of fonts for what is printed.",
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
    """Measure a recognizer on characters it has not learned from.

    Of a set that the model was trained on, only the writers held out of that
    training count; any other set counts whole. The reading says how many
    classes are told apart: 62; 47 with the look-alike pairs merged; 36 with
    all cases merged; or digits, upper, lower, letters where a set holds
    nothing else and a form's field would say so. ECE is the expected
    calibration error. Where a set has raw cells, the last column is the
    accuracy through the program's own normalizer. With --strings, words of
    writers and strings of characters that the line reader has not learned
    from: the share read right and of characters wrong, by style.

    With --pages, the page segmentation is measured: each channel at the pixel
    on crops, cells by their places on whole pages, all of blank forms of
    sources that it has not learned from, filled and scanned by simulation.

    \b
    Example:
      hcr-batch evaluate --data data --set mnist_test --report report
      hcr-batch evaluate --data data --pages 60
    """
    import json

    if pages:
        from hcr_batch.evaluation.tables import page_table

        _refuse({"--set": names, "--report": report})
        figures = _page_figures(data, model, pages, fonts)
        click.echo(json.dumps(figures, indent=1) if form == "json" else page_table(figures))
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
    from hcr_batch.training.line_held import held_lines
    from hcr_batch.training.line_measures import figures, held_reads
    from hcr_batch.training.line_recipe import line_recipe_of
    from hcr_batch.training.line_samples import load_line_data

    reader = recognizer.line_reader
    if reader is None:
        raise UsageError("--strings needs a model folder with a line reader")
    recipe = line_recipe_of(reader.card.document)
    return figures(held_reads(reader, held_lines(load_line_data(data, recipe), recipe)))


def _string_table(metrics: dict[str, Any]) -> str:
    from hcr_batch.training.line_measures import table

    return table(metrics)


def _refuse(options: dict[str, object]) -> None:
    from hcr_batch.errors import UsageError

    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"{given[0]} does not go with --pages")


def _page_figures(data: Path, model: Path | None, pages: int, fonts: Path) -> dict[str, Any]:
    from hcr_batch.segmentation.network import load_segmenter
    from hcr_batch.training.measure_pages import measure_pages

    path = model / "segmenter.tflite" if model and model.is_dir() else model
    return measure_pages(load_segmenter(path), data, fonts, pages)


def _results(recognizer: Any, data: Path, names: tuple[str, ...]) -> Iterator[SetResult]:
    from tqdm import tqdm

    from hcr_batch.evaluation.glyphs import evaluate_set
    from hcr_batch.training.sets import find_sets, unseen_part

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
    from hcr_batch.evaluation.pages import write_report

    try:
        return write_report(results, model, folder)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--report needs the package {error.name}; pip install 'hcr-batch[train]'"
        ) from error


def _table(rows: list[dict[str, Any]]) -> str:
    from hcr_batch.evaluation.tables import aligned

    lines: list[tuple[str, ...]] = [HEADER]
    for row in rows:
        raw = f"{row['raw_accuracy']:.4f}" if "raw_accuracy" in row else ""
        shares = (f"{row[key]:.4f}" for key in ("accuracy", "top3", "calibration_error"))
        lines.append((row["set"], row["reading"], str(row["samples"]), *shares, raw))
    return aligned(lines, "<<>>>>>")
