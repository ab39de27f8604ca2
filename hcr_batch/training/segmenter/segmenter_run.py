"""Training of the page segmentation: crops made beside it, the network fitted, files shipped."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hcr_batch.errors import NoInputError
from hcr_batch.inference.weights import file_hash
from hcr_batch.recognition.model_card import write_card
from hcr_batch.segmentation.network import CHANNELS, LiteRTSegmenter
from hcr_batch.training.segmenter.segmenter_fit import (
    HISTORY,
    PageRecipe,
    fit_pages,
    load_page_recipe,
)
from hcr_batch.training.segmenter.segmenter_metrics import measure_pages
from hcr_batch.training.segmenter.segmenter_network import (
    convert_page_network,
    count_page_operations,
    save_page_network,
)
from hcr_batch.training.synthesis.blanks import BlankForm, blank_forms, is_held_out
from hcr_batch.training.synthesis.penmanship import load_penmanship
from hcr_batch.training.synthesis.printing import load_printer
from hcr_batch.training.synthesis.samples import SampleMaker
from hcr_batch.training.synthesis.shards import SHARD_CROPS, ShardReader, shards, write_shard

__all__ = ["learned_forms", "train_pages", "write_segmenter"]

NAME = "segmenter"
"""Of the files in the model folder: .keras, .tflite, .json."""
RANGE_CROPS = 64
"""Crops from which the int8 ranges are taken."""
MEASURED_PAGES = 10
"""Filled forms for the metrics of the card, from sources that were not learned from."""
WAIT = 0.5
"""Seconds between two looks for the first crops."""
TERMS = {
    "blank_forms": "real blank vector forms, used for training only",
    "unipen_strokes, unipen_words, unipen_symbols": (
        "UNIPEN train r01 v07; its owners ask for research use"
    ),
}


def train_pages(
    config: Path,
    data: Path,
    out: Path,
    work: Path,
    *,
    resume: bool = False,
    limit: int | None = None,
    verbose: bool = True,
) -> dict[str, Any]:
    """Fit the page segmentation and write segmenter.keras, .tflite, .json and the history.

    Parameters
    ----------
    config : Path
        The recipe, TOML.
    data : Path
        Folder with blank_forms/ and characters/.
    out : Path
        Model folder that receives the files.
    work : Path
        Receives the crops, the checkpoint and the history while it runs.
    resume : bool
        Go on with the run that was broken off in `work`.
    limit : int, optional
        For a quick try: so many crops, and as many hundredths of a minute.
    verbose : bool
        Say how far it is.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    ConfigError, NoInputError
    """
    recipe = load_page_recipe(config)
    if limit is not None:
        recipe = dataclasses.replace(recipe, minutes=limit / 100)
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)

    def said(model: keras.Model, step: int, loss: float) -> None:
        if verbose:
            print(f"step {step}: loss {loss:.4f}", flush=True)

    with crops_made(data, recipe, work / "crops", limit or SHARD_CROPS):
        model = fit_pages(recipe, work, work / "crops", said)
    shutil.copyfile(work / HISTORY, out / f"{NAME}_{HISTORY}")
    return write_segmenter(model, recipe, data, work / "crops", out, limit)


def learned_forms(data: Path, held_out: bool = False) -> list[BlankForm]:
    """Blank forms to learn from, or those that are held out."""
    forms = blank_forms(data / "blank_forms")
    return [form for form in forms if is_held_out(form.source) == held_out]


@contextmanager
def crops_made(data: Path, recipe: PageRecipe, folder: Path, crops: int) -> Iterator[None]:
    """Crops are made by another process meanwhile; there are some from the start."""
    forms = learned_forms(data)
    if not forms:
        raise NoInputError(f"{data}: holds no blank forms to learn from")
    context = multiprocessing.get_context("spawn")
    maker = context.Process(
        target=_make_crops, args=(data, recipe, folder, crops), daemon=True, name="crops"
    )
    maker.start()
    try:
        while not shards(folder):
            if not maker.is_alive():
                raise NoInputError(f"{data}: no crops could be made of it; see above")
            time.sleep(WAIT)
        yield
    finally:
        maker.terminate()
        maker.join()


def _make_crops(data: Path, recipe: PageRecipe, folder: Path, crops: int) -> None:
    there = len(shards(folder))
    maker = SampleMaker(
        learned_forms(data),
        load_printer(Path(recipe.fonts)),
        load_penmanship(data, Path(recipe.hand_fonts) if recipe.hand_fonts else None),
        recipe.seed + there,
    )
    while True:
        write_shard(maker, folder, recipe.kept_shards, crops)


def write_segmenter(
    model: keras.Model,
    recipe: PageRecipe,
    data: Path,
    crops: Path,
    out: Path,
    limit: int | None = None,
) -> dict[str, Any]:
    """Export a fitted network to a model folder, measure it there, write its card."""
    keras_file, lite_file = out / f"{NAME}.keras", out / f"{NAME}.tflite"
    save_page_network(model, keras_file)
    typical = ShardReader(crops, recipe.seed).batch(RANGE_CROPS)[0]
    lite_file.write_bytes(convert_page_network(model, typical))
    segmenter = LiteRTSegmenter(lite_file)
    card = {
        "name": f"{NAME} {model.name}",
        "channels": list(CHANNELS),
        "input": "gray at 200 dpi, level / 255 - 0.5, two zeros around, 4 x 4 squares as channels",
        "output": "logits at 100 dpi, one a channel",
        "parameters": model.count_params(),
        "multiplications_a_page": count_page_operations(model),
        "data": TERMS | {"held_out": sorted({f.source for f in learned_forms(data, True)})},
        "recipe": dataclasses.asdict(recipe),
        "int8_agreement": int8_agreement(model, segmenter, typical),
        "metrics": measure_pages(
            segmenter,
            data,
            Path(recipe.fonts),
            MEASURED_PAGES if limit is None else 1,
        ),
        "files": {path.name: file_hash(path) for path in (keras_file, lite_file)},
    }
    write_card(out / f"{NAME}.json", card)
    return card


def int8_agreement(model: keras.Model, segmenter: Any, crops: np.ndarray) -> float:
    """Share of pixels, 0 to 1, that the .tflite file puts on the same side of one half."""
    from hcr_batch.training.segmenter.segmenter_network import space_to_depth

    same = []
    for gray in crops:
        page = space_to_depth(gray[None]).astype(np.float32) / 255 - 0.5
        logits = model(tf.constant(page), training=False).numpy()[0]
        same.append((logits > 0) == (segmenter(gray).transpose(1, 2, 0) >= 128))
    return float(np.mean(same))
