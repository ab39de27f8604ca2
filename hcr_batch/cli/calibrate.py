"""`hcr-batch calibrate`: how sure is sure, measured anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hcr_batch.cli._options import FILE, data_option, model_option

__all__ = ["calibrate"]

SETS = ("set", "charset", "glyphs", "accuracy", "ECE before", "ECE after", "by chance")
THRESHOLDS = ("charset", "target error", "threshold", "accepted", "error below")


@click.command()
@data_option
@click.option(
    "--set", "names", multiple=True, metavar="NAME", help="Only this set; may be repeated."
)
@model_option
@click.option(
    "--out",
    type=FILE,
    metavar="PATH",
    help="Also write a new model folder, or only a card if it ends in .json.",
)
def calibrate(data: Path, names: tuple[str, ...], model: Path | None, out: Path | None) -> None:
    """Calibrate a model's confidence.

    Fits it to characters that the model has not learned from: of its own sets,
    the writers held out of training; of other sets, all. Prints, in per cent,
    the expected calibration error (ECE) of each set before and after, beside
    what chance alone makes of so few glyphs; then, for each charset and target
    error, the threshold, the share accepted, and the bound below which the error
    lies with 95 % certainty (Clopper-Pearson). The card in use is never changed.

    \b
    Example:
      hcr-batch calibrate --data data --set my_forms --out models/mine
      hcr-batch scan ./forms --model models/mine --target-error 0.5%
    """
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.classifier.recalibrate import check_free, recalibrated, write_calibrated
    from hcr_batch.training.datasets.character_sets import find_sets

    if out:
        check_free(out)
    recognizer = load_recognizer(model)
    document = recalibrated(recognizer, find_sets(data, names))
    click.echo(_report(document, recognizer.card.temperature))
    if out:
        write_calibrated(document, model, out)
        click.echo(f"written: {out}", err=True)


def _report(document: dict[str, Any], before: float) -> str:
    from hcr_batch.evaluation.score_tables import aligned

    sets: list[tuple[str, ...]] = [SETS]
    thresholds: list[tuple[str, ...]] = [THRESHOLDS]
    for name, charsets in document["calibration"]["sets"].items():
        for charset, row in charsets.items():
            keys = ("accuracy", "ece_before", "ece_after", "ece_by_chance")
            shares = (f"{100 * row[key]:.2f}" for key in keys)
            sets.append((name, charset, str(row["samples"]), *shares))
    for charset, entries in document["thresholds"].items():
        for entry in entries:
            accepted, below = (f"{100 * entry[key]:.2f}" for key in ("accept_rate", "error_bound"))
            target = f"{100 * entry['target_error']:g}"
            thresholds.append((charset, target, f"{entry['threshold']:.4f}", accepted, below))
    temperature = f"temperature: {document['temperature']:.4f} ({before:.4f} on the card in use)"
    return "\n\n".join(
        (aligned(sets, "<<>>>>>"), temperature, aligned(thresholds, "<>>>>"))
    )
