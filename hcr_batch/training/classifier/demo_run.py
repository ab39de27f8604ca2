"""The usual demo network, from labelled characters to files that a scan can use.

Plainly as most people do it first: no distortion, no machine print, no ink
that is no character. The shipped recognizer shows what these are worth.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.config import load_toml
from hcr_batch.errors import ConfigError
from hcr_batch.evaluation.labelled_predictions import labelled_predictions, readings_for
from hcr_batch.evaluation.plots import plot_confusion
from hcr_batch.recognition.recognizers import NetworkRecognizer, load_recognizer
from hcr_batch.training.classifier.held_out_calibration import NetworkOutputs, calibration
from hcr_batch.training.classifier.networks import demo_classifier
from hcr_batch.training.curves import plot_history
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    joined,
    load_set,
    set_folder,
    split_by_writer,
)
from hcr_batch.training.datasets.explore import class_counts, plot_counts
from hcr_batch.training.recipe import build_table

__all__ = ["is_demo_recipe", "train_demo"]

KIND = "demo"
"""Of the recipe, and name of the files."""
CURVES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "val_loss": "held_loss",
    "val_accuracy": "held_accuracy",
}
"""What Keras calls the columns of the history, and what they are called in its file."""


@dataclass(frozen=True)
class DemoRecipe:
    """All that a demo depends on; see the comments in configs/train/demo.toml."""

    sets: tuple[str, ...]
    test_sets: tuple[str, ...]
    held: float
    filters: int
    dense: int
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


def is_demo_recipe(path: Path) -> bool:
    """Whether a recipe says `kind = "demo"`."""
    return load_toml(path).get("kind") == KIND


def train_demo(
    config: Path, data: Path, out: Path, limit: int | None = None, verbose: bool = True
) -> dict[str, float]:
    """Fit the network and write it as demo.keras and demo.h5 with its card demo.json.

    Beside them go history.csv and history.png (loss and accuracy), classes.png
    (how many characters each class has) and confusion.png.

    Parameters
    ----------
    config : Path
        The recipe, TOML.
    data : Path
        Folder with the .npz sets that the recipe names.
    out : Path
        Receives the files.
    limit : int, optional
        For a quick try: at most so many characters of each set.
    verbose : bool
        Show progress bars.

    Returns
    -------
    dict
        Accuracy, 0 to 1, by set: what was kept out of the sets (`held out`), and test sets.

    Raises
    ------
    ConfigError, NoInputError
    """
    recipe, folder = _load_recipe(config), set_folder(data)
    learned, held = _parts(folder, recipe, limit)
    out.mkdir(parents=True, exist_ok=True)
    classes = [c for c in CHARACTERS if c in set(learned.labels.tolist())]
    model, history = _fitted(recipe, classes, learned, held, verbose)
    for ending in ("keras", "h5"):
        model.save(out / f"{KIND}.{ending}")
    _write_history(out / "history.csv", history)
    plot_history(_rows(history), out / "history.png", "training")
    plot_counts(class_counts(learned), out / "classes.png")
    recognizer = _with_card(out, classes, held, recipe.seed)
    _draw_confusions(recognizer, held, out / "confusion.png")
    tests = [_limited(load_set(folder, name), limit, recipe.seed) for name in recipe.test_sets]
    return {one.name: _accuracy(recognizer, one) for one in (held, *tests)}


def _load_recipe(path: Path) -> DemoRecipe:
    values = load_toml(path)
    values.pop("kind", None)
    names = {key: tuple(values.get(key, ())) for key in ("sets", "test_sets")}
    recipe: DemoRecipe = build_table(DemoRecipe, values | names, str(path))
    if not recipe.sets:
        raise ConfigError(f"{path}: sets is empty; name at least one set to learn from")
    return recipe


def _parts(
    folder: Path, recipe: DemoRecipe, limit: int | None
) -> tuple[CharacterSet, CharacterSet]:
    """What is learned from, and what is held out."""
    sets = [_limited(load_set(folder, name), limit, recipe.seed) for name in recipe.sets]
    pairs = [split_by_writer(one, recipe.held, recipe.seed) for one in sets]
    return _as_one([kept for kept, _ in pairs], "learned"), _as_one(
        [held for _, held in pairs], "held out"
    )


def _as_one(parts: Sequence[CharacterSet], name: str) -> CharacterSet:
    one = joined([part for part in parts if len(part)] or parts[:1])
    return CharacterSet(**{**vars(one), "name": name, "raw": None})


def _limited(data: CharacterSet, limit: int | None, seed: int) -> CharacterSet:
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(np.sort(order[:limit]))


def _fitted(
    recipe: DemoRecipe,
    classes: Sequence[str],
    learned: CharacterSet,
    held: CharacterSet,
    verbose: bool,
) -> tuple[keras.Model, dict[str, list[float]]]:
    keras.utils.set_random_seed(recipe.seed)
    model = demo_classifier(len(classes), recipe.filters, recipe.dense)
    model.compile(
        keras.optimizers.Adam(recipe.learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    known = held.take(np.isin(held.labels, classes))
    fit = model.fit(
        *_arrays(learned, classes),
        validation_data=_arrays(known, classes),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        verbose=1 if verbose else 0,
    )
    return model, fit.history


def _arrays(data: CharacterSet, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Glyphs from 0 to 1, float32 (N, 28, 28, 1), and the number of each one's class."""
    numbers = np.array([classes.index(str(label)) for label in data.labels], np.int32)
    return data.images[..., None].astype(np.float32) / 255, numbers


def _rows(history: dict[str, list[float]]) -> list[dict[str, str]]:
    """Rows as of history.csv, one an epoch."""
    columns = {name: history[key] for key, name in CURVES.items()}
    return [
        {"epoch": str(number), **{name: f"{values[number - 1]:.6g}" for name, values in
                                  columns.items()}}
        for number in range(1, len(columns["loss"]) + 1)
    ]  # fmt: skip


def _write_history(path: Path, history: dict[str, list[float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("epoch", *CURVES.values()))
        writer.writeheader()
        writer.writerows(_rows(history))


def _with_card(
    out: Path, classes: Sequence[str], held: CharacterSet, seed: int
) -> NetworkRecognizer:
    """The network as a scan loads it, with its card: its classes, and how sure is sure."""
    path, card = out / f"{KIND}.json", {"classes": "".join(classes), "scaling": "0..1"}
    _write_card(path, card)
    network = load_recognizer(out / f"{KIND}.keras").network
    found = calibration([NetworkOutputs(held, network(held.images))], seed)
    kept = {key: found[key] for key in ("temperature", "thresholds")}
    _write_card(path, {**card, **kept})
    return load_recognizer(out / f"{KIND}.keras")


def _write_card(path: Path, card: dict[str, Any]) -> None:
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _draw_confusions(recognizer: NetworkRecognizer, data: CharacterSet, path: Path) -> None:
    reading = readings_for(data.labels, data.cases)[0]
    found = labelled_predictions(recognizer.probabilities(data.images), data.labels, reading)
    plot_confusion(found, path)


def _accuracy(recognizer: NetworkRecognizer, data: CharacterSet) -> float:
    reading = readings_for(data.labels, data.cases)[-1]
    found = labelled_predictions(recognizer.probabilities(data.images), data.labels, reading)
    return float(found.correct.mean())
