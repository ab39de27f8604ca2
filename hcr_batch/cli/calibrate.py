"""`hcr-batch calibrate`: how sure is sure, measured anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hcr_batch.cli._options import FILE, model_option

if TYPE_CHECKING:
    from hcr_batch.evaluation.feedback import Feedback

__all__ = ["calibrate"]

SETS = ("set", "charset", "glyphs", "accuracy", "ECE before", "ECE after", "by chance")
THRESHOLDS = ("charset", "target error", "threshold", "accepted", "error below")
ANSWERS = ("of", "answers", "threshold before", "after", "silent error before", "after")


@click.command()
@click.option(
    "--data",
    envvar="HCR_DATA",
    type=FILE,
    metavar="DIR",
    help="Folder of .npz sets; or set HCR_DATA.",
)
@click.option(
    "--from",
    "results",
    type=FILE,
    metavar="RESULTS",
    help="Fit the thresholds to what reviewers answered in these results instead.",
)
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
def calibrate(
    data: Path | None,
    results: Path | None,
    names: tuple[str, ...],
    model: Path | None,
    out: Path | None,
) -> None:
    """Calibrate a model's confidence.

    Fits it to characters that the model has not learned from: of its own sets,
    the writers held out of training; of other sets, all. Prints, in per cent,
    the expected calibration error (ECE) of each set before and after, beside
    what chance alone makes of so few glyphs; then, for each charset and target
    error, the threshold, the share accepted, and the bound below which the error
    lies with 95 % certainty (Clopper-Pearson). The card in use is never changed.

    With --from, the answers of a review of results (review --sample) tell how
    sure a reading of your forms has to be, by charset and, of a template, by
    field, where at least 100 were answered. Prints the silent error before and
    after with its 95 % interval. --out writes a model folder for the next scan.

    \b
    Example:
      hcr-batch calibrate --data data --set my_forms --out models/mine
      hcr-batch calibrate --from results.csv --out models/mine
      hcr-batch scan ./forms --model models/mine --target-error 0.5%
    """
    from hcr_batch.training.classifier.held_out_calibration import check_free, write_calibrated

    if out:
        check_free(out)
    if results:
        _refuse(names)
        document, model = _from_answers(results, model)
    else:
        document = _from_sets(data, names, model)
    if out:
        write_calibrated(document, model, out)
        click.echo(f"written: {out}", err=True)


def _refuse(names: tuple[str, ...]) -> None:
    from hcr_batch.errors import UsageError

    if names:
        raise UsageError("--set does not go with --from")


def _from_sets(data: Path | None, names: tuple[str, ...], model: Path | None) -> dict[str, Any]:
    from hcr_batch.errors import UsageError
    from hcr_batch.recognition import load_recognizer
    from hcr_batch.training.classifier.held_out_calibration import recalibrated
    from hcr_batch.training.datasets.character_sets import find_sets

    if data is None:
        raise UsageError("give --data, a folder of sets, or --from, reviewed results")
    recognizer = load_recognizer(model)
    document = recalibrated(recognizer, find_sets(data, names))
    click.echo(_report(document, recognizer.card.temperature))
    return document


def _from_answers(results: Path, model: Path | None) -> tuple[dict[str, Any], Path | None]:
    """The card of the model that read some results, with thresholds by what was answered."""
    from hcr_batch.evaluation.feedback import calibrated_card, read_characters
    from hcr_batch.journal.journal import existing_journal, open_journal
    from hcr_batch.journal.reviewed import conditions_of
    from hcr_batch.recognition import load_card

    with open_journal(existing_journal(results)) as journal:
        conditions = conditions_of(journal)
        characters = list(read_characters(journal, conditions.templates))
    model = model or conditions.model
    card = load_card(model)
    document, groups = calibrated_card(
        card, characters, conditions.target_error, conditions.threshold
    )
    answered = sum(one.right is not None for one in characters)
    click.echo(f"{answered} of {len(characters)} characters answered")
    click.echo(_feedback_table(groups))
    return document, model


def _feedback_table(groups: Sequence[Feedback]) -> str:
    from hcr_batch.evaluation.score_tables import aligned

    def error(found: Any) -> str:
        return f"{found.rate:.2%} ({found.low:.2%} to {found.high:.2%})"

    lines: list[tuple[str, ...]] = [ANSWERS]
    lines += [
        (
            one.group,
            str(one.answers),
            f"{one.old:.4f}",
            f"{one.new:.4f}",
            error(one.before),
            error(one.after),
        )
        for one in groups
    ]
    return aligned(lines, "<>>>>>")


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
