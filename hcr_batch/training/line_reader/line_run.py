"""The whole of training a line reader: from a recipe and a folder of data to its files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from hcr_batch.training.line_reader.line_files import write_line_reader
from hcr_batch.training.line_reader.line_fit import HISTORY, LineHeld, fit_lines
from hcr_batch.training.line_reader.line_held import HeldLine, held_lines
from hcr_batch.training.line_reader.line_metrics import table
from hcr_batch.training.line_reader.line_recipe import LineRecipe, load_line_recipe
from hcr_batch.training.line_reader.line_ring import fill_ring
from hcr_batch.training.line_reader.line_samples import LineSample, load_line_data

__all__ = ["table", "train_lines"]

SHARDS, PAGES = "shards", "pages"
MEASURED = 400
"""Strings that are read at each checkpoint."""


def train_lines(
    config: Path,
    data: Path,
    out: Path,
    work: Path,
    *,
    resume: bool = False,
    limit: int | None = None,
    verbose: bool = True,
) -> dict[str, Any]:
    """Fit a line reader, export, calibrate, measure, and write its files into a model folder.

    The samples are drawn in a process beside the fitting.

    Parameters
    ----------
    config : Path
        The recipe, TOML.
    data : Path
        Folder with the .npz sets that the recipe names.
    out : Path
        Model folder; receives line_reader.keras, .tflite, .json and line_history.csv.
    work : Path
        Receives samples, the checkpoint and the history while it runs.
    resume : bool
        Go on with the run that was broken off in `work`.
    limit : int, optional
        For a quick try: so many steps, and strings to measure with.
    verbose : bool
        Tell the loss while it runs.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    ConfigError, NoInputError
    """
    changes = {} if limit is None else {"steps": limit, "shard_samples": 512, "page_strings": 0}
    recipe = load_line_recipe(config, **changes)
    held = held_lines(load_line_data(data, recipe), recipe, limit)
    model = _fitted(recipe, data, held_samples(held), work, resume, verbose)
    out.mkdir(parents=True, exist_ok=True)
    card = write_line_reader(model, recipe, held, out, config)
    shutil.copyfile(work / HISTORY, out / HISTORY)
    return card


def held_samples(held: Sequence[HeldLine]) -> list[LineSample]:
    """Some of the held-out strings, evenly taken, as the fitting measures them."""
    return [line.sample for line in held[:: max(1, len(held) // MEASURED)]]


def _fitted(
    recipe: LineRecipe, data: Path, held: LineHeld, work: Path, resume: bool, verbose: bool
) -> Any:
    shards = work / SHARDS
    shards.mkdir(parents=True, exist_ok=True)
    maker = get_context("spawn").Process(
        target=fill_ring, args=(data, recipe, shards, work / PAGES, recipe.seed), daemon=True
    )
    maker.start()
    try:
        return fit_lines(recipe, shards, held, work, resume, verbose)
    finally:
        maker.terminate()
        maker.join()
        shutil.rmtree(shards, ignore_errors=True)
