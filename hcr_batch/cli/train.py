"""`hcr-batch train`: from a recipe and real handwriting to a model folder."""

from __future__ import annotations

from pathlib import Path

import click

from hcr_batch.cli._options import FILE, data_option

__all__ = ["train"]


@click.command()
@click.option("--config", type=FILE, help="The recipe.  [default: configs/train/default.toml]")
@data_option
@click.option(
    "--out",
    type=FILE,
    default=Path("models/trained"),
    show_default=True,
    help="Model folder to write.",
)
@click.option(
    "--work",
    type=FILE,
    help="Folder for the checkpoint while it runs.  [default: <out>.work]",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was broken off.")
@click.option("--limit", type=click.IntRange(min=40), help="Glyphs a source, for a quick try.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def train(
    config: Path | None,
    data: Path,
    out: Path,
    work: Path | None,
    resume: bool,
    limit: int | None,
    quiet: bool,
) -> None:
    """Train a recognizer; write model.keras, model.tflite, card.json and the curves.

    \b
    Example:
      hcr-batch train --config configs/train/default.toml --data data --out models/mine
    """
    from hcr_batch.config import data_folder

    config = config or data_folder("configs") / "train" / "default.toml"
    work = work or out.with_name(f"{out.name}.work")
    card = _train(config, data, out, work, resume=resume, limit=limit, verbose=not quiet)
    for name, charsets in card["metrics"].items():
        for charset, figures in charsets.items():
            click.echo(f"{name:24} {charset:8} {figures['accuracy']:.4f}", err=True)
    click.echo(f"model folder: {out}", err=True)


def _train(*places: Path, **options: object) -> dict:
    """Import the training, which takes seconds and an optional package, and run it."""
    from hcr_batch.errors import UsageError

    try:
        from hcr_batch.training.run import train as run
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs the package {error.name}; pip install 'hcr-batch[train]'"
        ) from error
    return run(*places, **options)
