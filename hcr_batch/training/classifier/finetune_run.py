"""From a model and one's own characters to a new model that reads them better."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hcr_batch.errors import ModelError, NoInputError
from hcr_batch.evaluation.labelled_predictions import labelled_predictions
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.inference.weights import file_hash, verify_file
from hcr_batch.recognition.line_card import copy_line_reader
from hcr_batch.recognition.model_card import (
    CARD_NAME,
    ModelCard,
    read_card,
    write_card,
)
from hcr_batch.training.classifier.finetune import FineTuning, finetune
from hcr_batch.training.classifier.held_out_calibration import (
    NetworkOutputs,
    calibration,
    character_probabilities,
    check_free,
    set_metrics,
)
from hcr_batch.training.classifier.weights_export import choose, try_candidates
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    find_sets,
    joined,
    load_set,
    set_folder,
    split_by_writer,
)

__all__ = ["Change", "UserData", "continue_training", "gather", "measure", "split_user_data"]

HELD = 0.25
"""Share of one's own characters, or of their writers, kept for measuring."""
ENOUGH_WRITERS = 5
"""With so many files or writers whole ones are kept for measuring; with fewer, characters."""
FEWEST = 20
"""Fewer characters of one's own teach nothing."""
PROBED = 1000
"""Characters of a set learned from whole that say how far the model may move."""
MEASURED = 3000
"""Characters of each old set that are measured."""


@dataclass(frozen=True)
class UserData:
    """One's own characters to learn from and held out; the old ones to rehearse, to measure.

    `probes` are the other half of what was held out when the model was made,
    and a part of each set of which nothing was: they say how far it may move.
    `tests` are sets from which nothing is learned, not even the calibration.
    """

    own: CharacterSet
    own_held: CharacterSet
    old: tuple[CharacterSet, ...]
    probes: tuple[CharacterSet, ...]
    old_held: tuple[CharacterSet, ...]
    tests: tuple[CharacterSet, ...]

    @property
    def measured(self) -> tuple[CharacterSet, ...]:
        """All that is measured, one's own first."""
        return (self.own_held, *self.old_held, *self.tests)


@dataclass(frozen=True)
class Change:
    """Accuracy, 0 to 1, on a set before and after; look-alike pairs count as one."""

    name: str
    samples: int
    before: float
    after: float


def continue_training(
    start: Path,
    data: Path,
    out: Path,
    names: Sequence[str] = (),
    settings: FineTuning = FineTuning(),  # noqa: B008 - frozen
    verbose: bool = False,
) -> tuple[Change, ...]:
    """Fit a model further on one's own sets and write the result as a new model folder.

    Parameters
    ----------
    start : Path
        Model folder with model.keras and card.json; stays as it is.
    data : Path
        Folder of sets. Those that the model's card names as its sources are
        rehearsed and measured by their held-out writers, its test sets are
        measured, all others are one's own.
    out : Path
        Is not there yet.
    names : sequence of str
        One's own sets among those in `data`; all that are not the model's if empty.
    settings : FineTuning
    verbose : bool
        Show a progress bar.

    Returns
    -------
    tuple of Change
        One's own held-out characters first.

    Raises
    ------
    ModelError
        `start` has no model.keras with the program's own outputs.
    NoInputError
        There is no set of one's own, or too little in it.
    OutputError
        There is something at `out`.
    """
    check_free(out)
    model, card = _load(start)
    sets = gather(data, card.document.get("recipe", {}), names, settings.seed)
    fitted = finetune(model, sets.own, sets.old, sets.probes, settings, verbose)
    changes = measure(model, fitted, sets.measured)
    _ship(fitted, sets, card, start, changes, out)
    return changes


def gather(data: Path, recipe: dict[str, Any], names: Sequence[str], seed: int) -> UserData:
    """Read the sets of a folder and part them into one's own and the model's.

    Raises
    ------
    NoInputError
        There is no set of one's own, or too little in it.
    """
    known = {source["name"]: source for source in recipe.get("sources", ())}
    tests = set(recipe.get("test_sets", ()))
    chosen = {path.stem for path in find_sets(data, names)}
    own_names = sorted(chosen if names else chosen - known.keys() - tests)
    folder = set_folder(data)
    present = {path.stem for path in find_sets(data)}
    if not own_names:
        raise NoInputError(
            f"{folder}: holds no set of your own; make one with hcr-batch data import corrections"
        )
    own = joined([load_set(folder, name) for name in own_names])
    if len(own) < FEWEST:
        raise NoInputError(f"{folder}: {len(own)} characters of your own; {FEWEST} at least")
    learned, held = split_user_data(own, seed)
    parts = [
        _split_source(folder, source, recipe["seed"])
        for name, source in known.items()
        if name in present - set(own_names)
    ]
    halves = [split_user_data(_part(held, seed), seed, 0.5) for _, held in parts if len(held) > 1]
    whole = [_part(kept, seed, PROBED) for kept, held in parts if not len(held)]
    return UserData(
        learned,
        held,
        tuple(kept for kept, _ in parts if len(kept)),
        (*(first for first, _ in halves), *whole),
        tuple(second for _, second in halves),
        tuple(_part(load_set(folder, name), seed) for name in sorted(tests & present)),
    )


def _split_source(
    folder: Path, source: dict[str, Any], seed: int
) -> tuple[CharacterSet, CharacterSet]:
    """What the model learned from and what was held out, as at its training."""
    data = load_set(folder, source["name"], source.get("low_trust"))
    return split_by_writer(data, source["held"], seed)


def split_user_data(
    own: CharacterSet, seed: int, share: float = HELD
) -> tuple[CharacterSet, CharacterSet]:
    """Characters to learn from and `share` held out: by writer where there are enough of them."""
    writers = len(np.unique(own.writers))
    if ENOUGH_WRITERS <= writers < len(own):
        return split_by_writer(own, share, seed)
    order = np.random.default_rng(seed).permutation(len(own))
    held = np.zeros(len(own), bool)
    held[order[: round(share * len(own))]] = True
    return own.take(~held), own.take(held)


def measure(
    before: keras.Model, after: keras.Model, sets: Sequence[CharacterSet]
) -> tuple[Change, ...]:
    """Accuracy of two networks on each set."""
    return tuple(
        Change(one.name, len(one), _accuracy(before, one), _accuracy(after, one)) for one in sets
    )


def _accuracy(model: keras.Model, data: CharacterSet) -> float:
    logits = model.predict(data.images[..., None], batch_size=512, verbose=0)
    reading = "36" if data.cases == "folded" else "47"
    return float(
        labelled_predictions(character_probabilities(logits), data.labels, reading).correct.mean()
    )


def _load(start: Path) -> tuple[keras.Model, ModelCard]:
    if not start.is_dir():
        raise ModelError(f"{start}: no model folder; --continue needs one made by train")
    card = read_card(start / CARD_NAME)
    weights = start / "model.keras"
    if not weights.is_file():
        raise ModelError(f"{weights}: missing; --continue needs a model folder made by train")
    verify_file(weights, card.files, CARD_NAME)
    return keras.saving.load_model(weights, compile=False, safe_mode=True), card


def _part(data: CharacterSet, seed: int, most: int = MEASURED) -> CharacterSet:
    order = np.random.default_rng(seed).permutation(len(data))
    return data.take(np.sort(order[:most]))


def _ship(
    model: keras.Model,
    sets: UserData,
    card: ModelCard,
    start: Path,
    changes: Sequence[Change],
    out: Path,
) -> None:
    """Write the new model folder, its card last."""
    out.mkdir(parents=True)
    model.save(out / "model.keras")
    kept = _export(model, sets, out / "model.tflite")
    network = LiteRTNetwork(out / "model.tflite")
    document = {
        **card.document,
        "name": out.name,
        **_metrics(network, sets, card),
        "export": {"kept": kept},
        "continued": {
            "from": card.document.get("name", start.name),
            "from_files": dict(card.files),
            "own": {"name": sets.own.name, "glyphs": len(sets.own), "held": len(sets.own_held)},
            "rehearsed": [one.name for one in sets.old],
            "accuracy": {
                one.name: {"before": round(one.before, 5), "after": round(one.after, 5)}
                for one in changes
            },
        },
        "files": {name: file_hash(out / name) for name in ("model.tflite", "model.keras")},
    }
    copy_line_reader(start, out)
    write_card(out / CARD_NAME, document)


def _export(model: keras.Model, sets: UserData, path: Path) -> str:
    glyphs = np.concatenate([one.images for one in sets.measured])
    labels = np.concatenate([one.labels for one in sets.measured])
    samples = np.concatenate([one.images[:100] for one in (sets.own, *sets.old)])

    def accuracy(logits: np.ndarray) -> float:
        return float(
            labelled_predictions(character_probabilities(logits), labels, "47").correct.mean()
        )

    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        best = choose(try_candidates(model, Path(scratch), samples, glyphs, accuracy))
        best.path.replace(path)
    return best.kind


def _metrics(network: LiteRTNetwork, sets: UserData, card: ModelCard) -> dict[str, Any]:
    """Metrics; calibration anew where old writing is there to do it on, else as it was."""
    recipe = card.document.get("recipe", {})
    unclean = {one["name"] for one in recipe.get("sources", ()) if not one["clean"]}
    fitted = [
        NetworkOutputs(one, network(one.images), one.name not in unclean)
        for one in (sets.own_held, *sets.old_held)
    ]
    tests = [NetworkOutputs(one, network(one.images), fitted=False) for one in sets.tests]
    found = calibration(fitted + tests, recipe.get("seed", 0)) if sets.old_held else {}
    temperature = found.get("temperature", card.temperature)
    metrics = {one.characters.name: set_metrics(one, temperature) for one in fitted + tests}
    return {**found, "metrics": metrics}
