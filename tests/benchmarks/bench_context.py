"""What neighbours are worth: characters of made fields, read alone and in their context.

    pip install faker
    HCR_DATA=DIR python tests/benchmarks/bench_context.py [--fields 4000] [--seed 5]

Fields are digits, codes and words, ten to a page: on three pages of four the words are in
capitals, on the others they have a capital first. They are written with glyphs of writers and
sets that the network has not learned from. The words are a fifth of letter_pairs.py's, and its
pairs are counted here from the other four fifths; first those that are known words, then those
that are not.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from letter_pairs import count_pairs, faker_words

from hcr_batch import load_recognizer
from hcr_batch.alphabet import CHARACTERS, REPORTED_AS
from hcr_batch.decoding import neighbours
from hcr_batch.decoding.known_words import known_words
from hcr_batch.decoding.word_support import with_known_words
from hcr_batch.probabilities import fold_cases
from hcr_batch.recognition.calibration import expected_calibration_error, thresholds_for
from hcr_batch.training.datasets.character_sets import unseen_part

SETS = ("emnist_balanced_part", "az_kaggle_sample", "cell_digits", "chars74k_hnd", "comnist_latin")
KINDS = ("digits", "CAPITALS", "Words", "codes")
SHARES = (0.42, 0.48, 0.10)
"""Of digits, words and codes."""
CAPITAL_PAGES = 0.75
PER_PAGE = 10
TARGET = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    learned, unknown = parted(faker_words(), random)
    neighbours.letter_pairs = lambda: count_pairs(learned)
    probabilities, pools = held_glyphs()
    for is_known in (True, False):
        words = [word for word in unknown if known_words().hold(word) == is_known]
        pages = [made_page(words, random) for _ in range(arguments.fields // PER_PAGE)]
        fields = [field for page in pages for field in page]
        glyphs = [np.array([random.choice(pools[folded(c)]) for c in text]) for _, text in fields]
        print(f"{len(words)} words, {'all' if is_known else 'none of them'} known")
        report("alone", fields, fold_cases(probabilities[np.concatenate(glyphs)]))
        for case in ("as_written", "auto"):
            parts = [
                in_context(probabilities, glyphs[first : first + PER_PAGE], case)
                for first in range(0, len(glyphs), PER_PAGE)
            ]
            near = np.concatenate(parts)
            report(case, fields, near)
        number = np.repeat(np.arange(len(fields)), [len(text) for _, text in fields])
        nowhere = np.zeros(len(number), bool)
        report("auto, known", fields, with_known_words(near, number, nowhere))


def in_context(probabilities: np.ndarray, page: list[np.ndarray], case: str) -> np.ndarray:
    field = np.repeat(np.arange(len(page)), [len(places) for places in page])
    near = neighbours.with_context(probabilities[np.concatenate(page)], None, field, case)
    return fold_cases(near)


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
    return REPORTED_AS.get(character, character)


def made_page(words: list[str], random: np.random.Generator) -> list[tuple[str, str]]:
    """The kinds of its fields and what stands in them."""
    kinds = ["digits", "CAPITALS" if random.random() < CAPITAL_PAGES else "Words", "codes"]
    chosen = random.choice(kinds, PER_PAGE, p=SHARES)
    return [(str(kind), made_text(str(kind), words, random)) for kind in chosen]


def made_text(kind: str, words: list[str], random: np.random.Generator) -> str:
    """What stands in a field of a kind."""
    if kind == "digits":
        return "".join(random.choice(list(CHARACTERS[:10]), random.integers(2, 13)))
    if kind == "codes":
        return "".join(random.choice(list(CHARACTERS[:36]), random.integers(1, 10)))
    word = str(random.choice(words))
    return word if kind == "CAPITALS" else word.capitalize()


def report(name: str, fields: list[tuple[str, str]], table: np.ndarray) -> None:
    kinds = np.array([kind for kind, text in fields for _ in text])
    truth = np.array([CHARACTERS.index(folded(c)) for _, text in fields for c in text])
    right, confidence = table.argmax(axis=1) == truth, table.max(axis=1)
    (threshold,) = thresholds_for(confidence, right, [TARGET])
    shares = "  ".join(f"{kind} {right[kinds == kind].mean():.2%}" for kind in KINDS)
    print(
        f"{name:>11}: right {right.mean():.2%} ({shares}); calibration error"
        f" {expected_calibration_error(confidence, right):.2%}; accepted at {TARGET:.1%} error:"
        f" {threshold.accept_rate:.1%} (threshold {threshold.threshold:.3f})"
    )


if __name__ == "__main__":
    main()
