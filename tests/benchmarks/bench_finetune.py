"""How much `train --continue` gains on one writer, and what it costs elsewhere.

    HCR_DATA=DIR python tests/benchmarks/bench_finetune.py [--writers 4] [--alone]

For each of some UNIPEN writers that the model has not seen, half of the
characters play the corrections, the other half is measured; so is what is held
out of every set, without that writer. With the old sets at hand and, with `--alone`,
also without them.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import keras
import numpy as np

from hcr_batch.config import data_folder
from hcr_batch.evaluation.score_tables import aligned
from hcr_batch.recognition.model_card import read_card
from hcr_batch.training.classifier.finetune import FineTuning, finetune
from hcr_batch.training.classifier.finetune_run import Change, UserData, gather, measure
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    load_set,
    set_folder,
    split_by_writer,
    unseen_part,
)

FEWEST = 300
"""Characters of a writer who is taken."""
FEWEST_CLASSES = 50
HEADER = ("writer", "old sets", "errors", "fewer %", "elsewhere before %", "change", "seconds")


def main() -> None:
    options = arguments()
    recipe = read_card(options.model / "card.json").document["recipe"]
    model = keras.saving.load_model(options.model / "model.keras", compile=False)
    path = set_folder(options.data) / "unipen.npz"
    unseen, seen = unseen_part(path, recipe), seen_part(path, recipe)
    rows = [HEADER]
    totals = {with_old: [] for with_old in ((True, False) if options.alone else (True,))}
    sets = gather(options.data, recipe, ("unipen",), seed=1)
    sets = replace(sets, old=(*sets.old, seen))
    for with_old, writer in product(totals, writers_of(unseen)[: options.writers]):
        own = unseen.take(unseen.writers == writer)
        changes, seconds = run(model, with_writer(sets, own, unseen, writer), with_old)
        totals[with_old].append(changes)
        rows.append((writer, "yes" if with_old else "no", *figures(changes), f"{seconds:.0f}"))
        print(*rows[-1], sep="  ", flush=True)
    print(aligned(rows, "<<>>>>>"))
    for with_old, runs in totals.items():
        print(summary(with_old, runs))


def summary(with_old: bool, runs: list[tuple[Change, ...]]) -> str:
    """All writers' errors together; the mean change of each set and of all."""
    before, after = (sum(wrong(run[0])[i] for run in runs) for i in (0, 1))
    names = [change.name for change in runs[0][1:]]
    means = [100 * np.mean([run[i].after - run[i].before for run in runs]) for i in places(runs)]
    sizes = [runs[0][i].samples for i in places(runs)]
    sets = "  ".join(f"{name} {mean:+.2f}" for name, mean in zip(names, means, strict=True))
    return (
        f"old sets {'at hand' if with_old else 'absent'}: errors {before} -> {after} "
        f"({100 * (1 - after / before):.0f} % fewer), elsewhere {np.mean(means):+.2f} points "
        f"in the mean of {len(means)} sets, {np.average(means, weights=sizes):+.2f} of all "
        f"{sum(sizes)} characters\n  {sets}"
    )


def places(runs: list[tuple[Change, ...]]) -> range:
    """Where the sets other than one's own stand."""
    return range(1, len(runs[0]))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--model", type=Path, default=data_folder("models") / "default")
    parser.add_argument("--data", type=Path, default=os.environ.get("HCR_DATA"))
    options = parser.parse_args()
    if not options.data:
        parser.error("set HCR_DATA or give --data")
    options.data = Path(options.data)
    return options


def seen_part(path: Path, recipe: dict) -> CharacterSet:
    """What the model has learned from UNIPEN."""
    (source,) = (source for source in recipe["sources"] if source["name"] == path.stem)
    data = load_set(path.parent, path.stem, source["low_trust"])
    return split_by_writer(data, source["held"], recipe["seed"])[0]


def writers_of(unseen: CharacterSet) -> list[str]:
    """Writers with enough characters of enough classes, in a fixed random order."""
    names = [
        name
        for name in np.unique(unseen.writers)
        if (unseen.writers == name).sum() >= FEWEST
        and len(np.unique(unseen.labels[unseen.writers == name])) >= FEWEST_CLASSES
    ]
    return [str(name) for name in np.random.default_rng(5).permutation(names)]


def with_writer(
    sets: UserData, own: CharacterSet, unseen: CharacterSet, writer: str
) -> UserData:
    """The sets with one writer's characters as one's own and nowhere else.

    UNIPEN itself, which `gather` took for one's own, is measured by its other
    unseen writers.
    """
    order = np.random.default_rng(3).permutation(len(own))
    half = len(own) // 2
    others = unseen.take(unseen.writers != writer)
    probe, rest = split_by_writer(others, 0.5, 1)
    return replace(
        sets,
        own=own.take(order[:half]),
        own_held=own.take(order[half:]),
        probes=(*sets.probes, probe),
        old_held=(*sets.old_held, rest),
    )


def run(model: keras.Model, sets: UserData, with_old: bool) -> tuple[tuple[Change, ...], float]:
    started = time.process_time()
    old, probes = (sets.old, sets.probes) if with_old else ((), ())
    fitted = finetune(model, sets.own, old, probes, FineTuning())
    seconds = time.process_time() - started
    return measure(model, fitted, sets.measured), seconds


def wrong(change: Change) -> tuple[int, int]:
    return tuple(round(change.samples * (1 - x)) for x in (change.before, change.after))


def elsewhere(changes: tuple[Change, ...]) -> tuple[float, float]:
    """Mean accuracy over the other sets before, and its change."""
    before = float(np.mean([change.before for change in changes[1:]]))
    return before, float(np.mean([change.after for change in changes[1:]])) - before


def figures(changes: tuple[Change, ...]) -> tuple[str, ...]:
    before, after = wrong(changes[0])
    base, change = elsewhere(changes)
    return (
        f"{before} -> {after} of {changes[0].samples}",
        f"{100 * (1 - after / max(before, 1)):.0f}",
        f"{100 * base:.2f}",
        f"{100 * change:+.2f}",
    )


if __name__ == "__main__":
    main()
