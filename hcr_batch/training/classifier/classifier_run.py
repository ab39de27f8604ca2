"""The whole of training: from a recipe and a folder of data to a model folder."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from hcr_batch.training.classifier.batches import GlyphBatch, Mixture
from hcr_batch.training.classifier.classifier_files import write_model
from hcr_batch.training.classifier.classifier_fit import HISTORY, fit, read_history
from hcr_batch.training.classifier.page_sets import with_page_glyphs
from hcr_batch.training.classifier.targets import allowed_matrix, target_rows
from hcr_batch.training.classifier.teachers import TaughtMixture, Teachers
from hcr_batch.training.classifier.training_data import TrainingData, load_data
from hcr_batch.training.curves import plot_history
from hcr_batch.training.recipe import Recipe, load_recipe

__all__ = ["train"]

QUICK_EPOCHS = 2
"""Epochs of a run with a limit."""
QUICK_TURNS = 3
"""How often each glyph of a run with a limit is seen in an epoch, about."""


def train(
    config: Path,
    data: Path,
    out: Path,
    work: Path,
    *,
    resume: bool = False,
    limit: int | None = None,
    verbose: bool = True,
) -> dict[str, Any]:
    """Fit the network of a recipe, export, calibrate, measure, and write its model folder.

    Parameters
    ----------
    config : Path
        The recipe, TOML.
    data : Path
        Folder with the .npz sets that the recipe names.
    out : Path
        Receives model.keras, model.tflite, card.json, history.csv, history.png.
    work : Path
        Receives the checkpoint and the history while it runs.
    resume : bool
        Go on with the run that was broken off in `work`.
    limit : int, optional
        For a quick try: at most so many glyphs of each source, two short epochs.
    verbose : bool
        Show progress bars.

    Returns
    -------
    dict
        The model card.

    Raises
    ------
    ConfigError, NoInputError
    """
    recipe = _shortened(load_recipe(config), limit)
    sets = load_data(data, recipe, limit)
    if recipe.page_glyphs:
        sets = with_page_glyphs(sets, recipe, data, work / "pages")
    mixture = _mixture(sets, recipe)
    model = fit(recipe, mixture, _held_arrays(sets, recipe), work, resume, verbose)
    card = write_model(model, sets, recipe, out, config)
    shutil.copyfile(work / HISTORY, out / HISTORY)
    plot_history(read_history(out / HISTORY), out / "history.png")
    return card


def _mixture(sets: TrainingData, recipe: Recipe) -> Mixture | TaughtMixture:
    mixture = Mixture(sets.sources, sets.printed, recipe, sets.rests)
    if not recipe.teachers:
        return mixture
    return TaughtMixture(mixture, Teachers([Path(folder) for folder in recipe.teachers]))


def _shortened(recipe: Recipe, limit: int | None) -> Recipe:
    if limit is None:
        return recipe
    glyphs = QUICK_TURNS * limit * len(recipe.sources)
    return dataclasses.replace(
        recipe,
        epochs=QUICK_EPOCHS,
        epoch_glyphs=min(recipe.epoch_glyphs, glyphs),
        page_glyphs=min(recipe.page_glyphs, limit),
    )


def _held_arrays(sets: TrainingData, recipe: Recipe) -> GlyphBatch:
    """Glyphs, targets and weights of all held-out characters, one after the other."""
    known = {one.name: allowed_matrix(one.cases) for one in sets.held}
    glyphs = np.concatenate([one.images for one in sets.held])[..., None]
    allowed = np.stack([known[one.name][str(x)] for one in sets.held for x in one.labels])
    nothing = np.zeros(len(allowed), np.float32)
    weights = np.concatenate([one.weights for one in sets.held])
    return glyphs, target_rows(allowed, nothing, nothing), weights
