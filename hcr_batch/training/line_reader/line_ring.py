"""The process beside the fitting that makes the samples."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from hcr_batch.training.line_reader.line_pages import page_lines
from hcr_batch.training.line_reader.line_recipe import LineRecipe
from hcr_batch.training.line_reader.line_samples import Sampler, load_line_data
from hcr_batch.training.line_reader.line_shards import WAIT_S, fresh_shards, write_shard

__all__ = ["fill_ring"]

NICENESS = 5
"""Added to the niceness of the process that makes samples: fitting goes first."""


def fill_ring(data: Path, recipe: LineRecipe, folder: Path, pages: Path, seed: int) -> None:
    """Make pieces without end, no more than the recipe's ring holds; for a process of its own.

    Parameters
    ----------
    data : Path
        Folder with the sets, and with blank_forms where there are some.
    recipe : LineRecipe
    folder : Path
        Receives the pieces.
    pages : Path
        Receives the strings of made pages, or has them from a run before.
    seed : int
        Of what is drawn.
    """
    os.nice(NICENESS)
    sets = load_line_data(data, recipe)
    sampler = Sampler(sets, recipe, page_lines(Sampler(sets, recipe), data, pages))
    rng = np.random.default_rng(seed)
    parent = os.getppid()
    while os.getppid() == parent:
        if len(fresh_shards(folder)) >= recipe.ring:
            time.sleep(WAIT_S)
            continue
        samples = [sampler.sample(rng) for _ in range(recipe.shard_samples)]
        write_shard(folder / f"shard_{time.time_ns()}_{os.getpid()}.npz", samples)
