"""Speed and accuracy of a model in each exported form, and of its normalizer on raw cells.

    HCR_DATA=... python tests/benchmarks/bench_recognizer.py --model models/default

Needs TensorFlow for the forms. `--model` may be repeated; `--raw` prints instead
what the program's own ink isolation and normalizer cost against the glyphs given.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hcr_batch.config import data_folder
from hcr_batch.evaluation.glyph_sets import charsets_of
from hcr_batch.evaluation.metrics import correct_readings
from hcr_batch.evaluation.score_tables import aligned
from hcr_batch.inference.litert import LiteRTNetwork
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.classifier.held_out_calibration import character_probabilities
from hcr_batch.training.datasets.character_sets import (
    CharacterSet,
    find_sets,
    normalized,
    unseen_part,
)

SETS = (
    "emnist_balanced_part",
    "unipen",
    "cell_digits",
    "chars74k_hnd",
    "form_capitals_weak",
    "mnist_test",
)
RAW_SETS = ("cell_digits", "chars74k_hnd", "cursive62", "comnist_latin", "drawn")
TYPICAL = 50
"""Glyphs of each set from which full int8 takes its ranges."""


def main() -> None:
    options = _options()
    data = Path(os.environ["HCR_DATA"])
    for model in options.model or [data_folder("models") / "default"]:
        recipe = load_recognizer(model).card.document.get("recipe", {})
        names = RAW_SETS if options.raw else SETS
        paths = [p for p in find_sets(data) if p.stem in names]
        parts = [part for p in paths if len(part := unseen_part(p, recipe))]
        print(f"{model}")
        print(_raw_table(model, parts) if options.raw else _form_table(model, parts))


def accuracy(logits: np.ndarray, part: CharacterSet) -> float:
    """Under the narrowest charset that holds all labels, in per cent."""
    charset = charsets_of(part.labels)[-1]
    return 100 * correct_readings(character_probabilities(logits), part.labels, charset)[1].mean()


def _raw_table(model: Path, parts: list[CharacterSet]) -> str:
    network = load_recognizer(model).network
    lines = [("set", "charset", "glyphs", "given %", "from raw cells %", "difference")]
    for part in parts:
        if part.raw is None:
            continue
        given = accuracy(network(part.images), part)
        own = accuracy(network(normalized(part.raw)), part)
        figures = (f"{given:.2f}", f"{own:.2f}", f"{own - given:+.2f}")
        lines.append((part.name, charsets_of(part.labels)[-1], str(len(part)), *figures))
    return aligned(lines, "<<>>>>")


def _form_table(model: Path, parts: list[CharacterSet]) -> str:
    import keras

    from hcr_batch.training.classifier.weights_export import count_flops, glyphs_per_second

    network = keras.saving.load_model(model / "model.keras", compile=False)
    lines = [("form", "kB", "glyphs/s", *(part.name for part in parts))]
    glyphs = np.concatenate([part.images for part in parts])
    typical = np.concatenate([part.images[:TYPICAL] for part in parts])
    for kind, path in _forms(network, typical):
        lite = LiteRTNetwork(path)
        shares = (f"{accuracy(lite(part.images), part):.2f}" for part in parts)
        speed = f"{glyphs_per_second(lite, glyphs):.0f}"
        lines.append((kind, str(path.stat().st_size // 1000), speed, *shares))
    head = f"{network.count_params()} parameters, {count_flops(network) / 1e6:.1f} MFLOP a glyph\n"
    return head + aligned(lines, "<" + ">" * (len(lines[0]) - 1))


def _forms(network, typical: np.ndarray) -> Iterator[tuple[str, Path]]:
    from hcr_batch.training.classifier.weights_export import KINDS, convert

    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "saved")
        network.export(saved, format="tf_saved_model", verbose=False)
        for kind in KINDS:
            path = Path(folder, f"{kind}.tflite")
            path.write_bytes(convert(saved, kind, typical))
            yield kind, path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, action="append", help="model folder")
    parser.add_argument("--raw", action="store_true", help="raw cells against given glyphs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
