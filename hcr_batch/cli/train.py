"""`hcr-batch train`: from a recipe and real handwriting to a model folder."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import click

from hcr_batch.cli._options import FILE, data_option

__all__ = ["train"]

PAGE_NETWORK = "page_unet"
"""Network of the recipes that are of the page segmentation, not of the recognizer."""


@click.command()
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    help="The recipe.  [default: configs/train/default.toml]",
)
@data_option
@click.option(
    "--out",
    type=FILE,
    default=Path("models/trained"),
    show_default=True,
    metavar="DIR",
    help="The model folder to write.",
)
@click.option(
    "--work",
    type=FILE,
    metavar="DIR",
    help="Folder for the checkpoint while it runs.  [default: <out>.work]",
)
@click.option(
    "--continue",
    "start",
    type=FILE,
    metavar="DIR",
    help="Go on with this model, on sets of your own in --data.",
)
@click.option(
    "--own",
    multiple=True,
    metavar="NAME",
    help="With --continue: only this set of your own; may be repeated.",
)
@click.option("--export", type=click.Choice(["h5"]), help="Also write the network in this format.")
@click.option("--resume", is_flag=True, help="Go on with a run that was broken off.")
@click.option(
    "--limit",
    type=click.IntRange(min=40),
    metavar="N",
    help="For a quick try: N glyphs of each source, or N batches with --continue.",
)
@click.option("--quiet", is_flag=True, help="No progress bars.")
def train(
    config: Path | None,
    data: Path,
    out: Path,
    work: Path | None,
    start: Path | None,
    own: tuple[str, ...],
    export: str | None,
    resume: bool,
    limit: int | None,
    quiet: bool,
) -> None:
    """Train a model.

    The recipe says which network: the recognizer (default.toml and others), the
    page segmentation (segmenter.toml), the line reader (line_reader.toml) or the
    small network of the usual demos, made in minutes (demo.toml). The
    networks, their card and the curves are written to --out.

    With --continue, a recognizer goes on learning from your own sets: those in
    --data that it was not made from. The sets that it was made from, where they
    are in --data, are rehearsed so that nothing is forgotten. Prints the errors
    before and after; the new model is used only where --model names it.

    
    Example:
      hcr-batch train --config configs/train/default.toml --data data --out models/mine
      hcr-batch train --config configs/train/segmenter.toml --data data --out models/mine
      hcr-batch train --config configs/train/demo.toml --data sets --out models/demo
      hcr-batch train --continue models/default --data sets --out models/ours
    """
    if start:
        _refuse({"--config": config, "--work": work, "--resume": resume})
        _continue(start, data, out, own, limit, quiet)
    else:
        _refuse({"--own": own}, "needs --continue")
        config = config or _default_recipe()
        if _import("hcr_batch.training.classifier.demo_run").is_demo_recipe(config):
            _refuse({"--resume": resume, "--export": export, "--work": work}, "is not for a demo")
            _train_demo(config, data, out, limit, quiet)
        else:
            _train_anew(config, data, out, work, resume=resume, limit=limit, verbose=not quiet)
    if export:
        _import("hcr_batch.training.classifier.weights_export").export_h5(out)
    click.echo(f"model folder: {out}", err=True)


def _default_recipe() -> Path:
    from hcr_batch.config import data_folder

    return data_folder("configs") / "train" / "default.toml"


def _train_demo(config: Path, data: Path, out: Path, limit: int | None, quiet: bool) -> None:
    demo = _import("hcr_batch.training.classifier.demo_run")
    for name, share in demo.train_demo(config, data, out, limit, verbose=not quiet).items():
        click.echo(f"{name:24} {share:.4f}", err=True)


def _train_anew(config: Path, data: Path, out: Path, work: Path | None, **options: Any) -> None:
    from hcr_batch.config import load_toml
    from hcr_batch.evaluation.score_tables import page_table

    work = work or out.with_name(f"{out.name}.work")
    if _import("hcr_batch.training.line_reader.line_recipe").is_line_recipe(config):
        run = _import("hcr_batch.training.line_reader.line_run")
        card = run.train_lines(config, data, out, work, **options)
        click.echo(run.table(card["metrics"]), err=True)
        return
    if load_toml(config).get("network") == PAGE_NETWORK:
        card = _import("hcr_batch.training.segmenter.segmenter_run").train_pages(
            config, data, out, work, **options
        )
        click.echo(page_table(card["metrics"]), err=True)
        return
    classifier = _import("hcr_batch.training.classifier.classifier_run")
    card = classifier.train(config, data, out, work, **options)
    for name, charsets in card["metrics"].items():
        for charset, metrics in charsets.items():
            click.echo(f"{name:24} {charset:8} {metrics['accuracy']:.4f}", err=True)


def _continue(
    start: Path, data: Path, out: Path, own: tuple[str, ...], limit: int | None, quiet: bool
) -> None:
    from hcr_batch.evaluation.score_tables import aligned

    module = _import("hcr_batch.training.classifier.finetune_run")
    settings = module.FineTuning() if limit is None else module.FineTuning(steps=limit)
    changes = module.continue_training(start, data, out, own, settings, verbose=not quiet)
    lines: list[tuple[str, ...]] = [("set", "glyphs", "before %", "after %", "errors")]
    for number, one in enumerate(changes):
        name = f"{one.name} (yours)" if number == 0 else one.name
        wrong = [round(one.samples * (1 - share)) for share in (one.before, one.after)]
        shares = (f"{100 * share:.2f}" for share in (one.before, one.after))
        lines.append((name, str(one.samples), *shares, f"{wrong[0]} -> {wrong[1]}"))
    click.echo(aligned(lines, "<>>>>"))
    click.echo(f"{start} is as it was; read with the new one by --model {out}", err=True)


def _refuse(options: dict[str, object], why: str = "does not go with --continue") -> None:
    from hcr_batch.errors import UsageError

    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"{given[0]} {why}")


def _import(name: str) -> ModuleType:
    """A module of the training, which takes seconds and optional packages."""
    from importlib import import_module

    from hcr_batch.errors import UsageError

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training needs the package {error.name}; pip install 'hcr-batch[train]'"
        ) from error
