"""`hcr-batch evaluate`: a recognizer on labelled glyphs."""

from __future__ import annotations

from pathlib import Path

import click

from hcr_batch.cli._options import FILE, data_option

__all__ = ["evaluate"]

HEADER = ("set", "charset", "glyphs", "accuracy", "top 3", "ECE", "raw cells")


@click.command()
@data_option
@click.option("--set", "names", multiple=True, help="Only this set; may be repeated.")
@click.option("--model", type=FILE, help="Model folder or file.")
@click.option(
    "--report",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
def evaluate(data: Path, names: tuple[str, ...], model: Path | None, report: str) -> None:
    """Measure a recognizer on characters it has not learned from.

    Of a set that the model was trained on, only the writers held out of that
    training count; any other set counts whole. Accuracy is of 47 classes (15
    look-alike pairs merged) and, for sets of digits or capitals, also under
    that charset. ECE is the expected calibration error. Where a set has raw
    cells, the last column is the accuracy through the program's own
    normalizer.

    \b
    Example:
      hcr-batch evaluate --data data --set mnist_test
    """
    import json

    from hcr_batch.evaluation.glyphs import evaluate_set
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.sets import find_sets, unseen_part

    recognizer = load_recognizer(model)
    rows = []
    for path in find_sets(data, names):
        part = unseen_part(path, recognizer.card.document.get("recipe", {}))
        if len(part):
            rows += evaluate_set(recognizer, part.name, part.images, part.labels, part.raw)
    click.echo(json.dumps(rows, indent=1) if report == "json" else _table(rows))


def _table(rows: list[dict]) -> str:
    from hcr_batch.evaluation.tables import aligned

    lines = [HEADER]
    for row in rows:
        raw = f"{row['raw_accuracy']:.4f}" if "raw_accuracy" in row else ""
        shares = (f"{row[key]:.4f}" for key in ("accuracy", "top3", "calibration_error"))
        lines.append((row["set"], row["charset"], str(row["samples"]), *shares, raw))
    return aligned(lines, "<<>>>>>")
