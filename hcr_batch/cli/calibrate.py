"""`hcr-batch calibrate`: how sure is sure, measured anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hcr_batch.cli._options import FILE, data_option

__all__ = ["calibrate"]

SETS = ("set", "charset", "glyphs", "accuracy", "ECE before", "ECE after", "by chance")
THRESHOLDS = ("charset", "target error", "threshold", "accepted", "error below")


@click.command()
@data_option
@click.option("--set", "names", multiple=True, help="Only this set; may be repeated.")
@click.option("--model", type=FILE, help="Model folder or file.")
@click.option(
    "--out", type=FILE, help="New model folder, or new card if it ends in .json; else print alone."
)
def calibrate(data: Path, names: tuple[str, ...], model: Path | None, out: Path | None) -> None:
    """Fit a model's confidence to characters it has not learned from.

    Prints, in per cent, the expected calibration error (ECE) of each set as the
    network gives it and with the new temperature, beside what chance alone makes
    of so few glyphs; then, for each charset and target error, the threshold, the
    share accepted, and what the error lies below with 95 % certainty
    (Clopper-Pearson). Sets that the model was trained on count by their held-out
    writers alone. The card in use is never changed: --out writes a new one.

    \b
    Example:
      hcr-batch calibrate --data data --set my_forms --out models/mine
      hcr-batch scan ./forms --model models/mine --target-error 0.5%
    """
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.recalibrate import check_free, recalibrated, write_calibrated
    from hcr_batch.training.sets import find_sets

    if out:
        check_free(out)
    recognizer = load_recognizer(model)
    document = recalibrated(recognizer, find_sets(data, names))
    click.echo(_report(document, recognizer.card.temperature))
    if out:
        write_calibrated(document, model, out)
        click.echo(f"written: {out}", err=True)


def _report(document: dict[str, Any], before: float) -> str:
    from hcr_batch.evaluation.tables import aligned

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
