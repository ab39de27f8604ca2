"""What neighbours are worth: characters of made fields, read alone and in their context.

    pip install faker
    HCR_DATA=DIR python tests/benchmarks/bench_context.py [--fields 4000] [--seed 5]

Fields are digits, capital words, words with a capital first and codes, written with glyphs of
writers and sets that the network has not learned from. The words are a fifth of
letter_pairs.py's, and its pairs are counted here from the other four fifths.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from letter_pairs import count_pairs, faker_words

from hcr_batch import load_recognizer
from hcr_batch.recognition import context
from hcr_batch.recognition.calibration import (
    CHARACTERS,
    MERGED_PAIRS,
    expected_calibration_error,
    fold_cases,
    thresholds_for,
)
from hcr_batch.training.sets import unseen_part

SETS = ("emnist_balanced_part", "az_kaggle_sample", "cell_digits", "chars74k_hnd", "comnist_latin")
KINDS = ("digits", "CAPITALS", "Words", "codes")
SHARES = (0.42, 0.28, 0.20, 0.10)
TARGET = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    learned, unknown = parted(faker_words(), random)
    context.letter_pairs = lambda: count_pairs(learned)
    probabilities, pools = held_glyphs()
    fields = [made_text(unknown, random) for _ in range(arguments.fields)]
    glyphs = [np.array([random.choice(pools[folded(c)]) for c in text]) for _, text in fields]
    for name, weigh in (("alone", fold_cases), ("in context", context.with_context)):
        report(name, fields, [weigh(probabilities[places]) for places in glyphs])


def parted(words: list[str], random: np.random.Generator) -> tuple[list[str], list[str]]:
    """Four fifths and one fifth of the words."""
    shuffled = random.permutation(words).tolist()
    cut = len(shuffled) * 4 // 5
    return shuffled[:cut], shuffled[cut:]


def held_glyphs() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Probabilities (N, 62) of glyphs not learned from, and where each character stands."""
    recognizer = load_recognizer()
    recipe = recognizer.card.document["recipe"]
    folder = Path(os.environ["HCR_DATA"]) / "characters"
    held = [unseen_part(folder / f"{name}.npz", recipe) for name in SETS]
    labels = np.array([folded(label) for part in held for label in part.labels])
    probabilities = np.concatenate([recognizer.probabilities(part.images) for part in held])
    return probabilities, {label: np.flatnonzero(labels == label) for label in set(labels)}


def folded(character: str) -> str:
    return character.upper() if character.upper() in MERGED_PAIRS else character


def made_text(words: list[str], random: np.random.Generator) -> tuple[str, str]:
    """A kind and what stands in such a field."""
    kind = str(random.choice(KINDS, p=SHARES))
    if kind == "digits":
        return kind, "".join(random.choice(list(CHARACTERS[:10]), random.integers(2, 13)))
    if kind == "codes":
        return kind, "".join(random.choice(list(CHARACTERS[:36]), random.integers(1, 10)))
    word = str(random.choice(words))
    return kind, word if kind == "CAPITALS" else word.capitalize()


def report(name: str, fields: list[tuple[str, str]], weighed: list[np.ndarray]) -> None:
    table = np.concatenate(weighed)
    kinds = np.array([kind for kind, text in fields for _ in text])
    truth = np.array([CHARACTERS.index(folded(c)) for _, text in fields for c in text])
    right, confidence = table.argmax(axis=1) == truth, table.max(axis=1)
    (threshold,) = thresholds_for(confidence, right, [TARGET])
    shares = "  ".join(f"{kind} {right[kinds == kind].mean():.2%}" for kind in KINDS)
    print(
        f"{name:>10}: right {right.mean():.2%} ({shares}); calibration error"
        f" {expected_calibration_error(confidence, right):.2%}; accepted at {TARGET:.1%} error:"
        f" {threshold.accept_rate:.1%} (threshold {threshold.threshold:.3f})"
    )


if __name__ == "__main__":
    main()
