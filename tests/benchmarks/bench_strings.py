"""What reading strings whole is worth: words and digit strings of unseen hands, in boxes.

    HCR_DATA=DIR python tests/benchmarks/bench_strings.py [--words 300] [--digits 200] [--lexicon F]

Words of held-out writers (no joined writing, 2 to 14 characters), and strings of 3 to 10 digits
composed of cell digits that nothing was learned from, each alone on a page, drawn with any pen
and damaged as by scanners and erased lines, digits also undamaged. A line a way to read them: cut
into characters; whole; under a pattern that says no more than how many digits, or that letters,
there are; under a lexicon of 20,000 words that holds the word. Strings right and characters wrong,
case and look-alikes taken for one; strings without a flag at the default target error and how
many of these are wrong; the mean joint probability; CPU milliseconds a string. One in twenty of
the words' texts is wrong.
"""

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hcr_batch import load_recognizer
from hcr_batch.characters.normalize import normalize_inks
from hcr_batch.characters.string_candidates import find_strings
from hcr_batch.config import load_settings
from hcr_batch.decoding.answers import read_answers
from hcr_batch.decoding.field_answers import FieldGlyphs
from hcr_batch.decoding.machine_print import surroundings
from hcr_batch.decoding.page_thresholds import page_thresholds
from hcr_batch.forms.rules import Rule, make_rule
from hcr_batch.recognition.line_confidence import comparable_text
from hcr_batch.recognition.recognizers import GlyphScores
from hcr_batch.training.line_reader.line_cuts import PER_MM, writing_of
from hcr_batch.training.line_reader.line_held import held_lines
from hcr_batch.training.line_reader.line_metrics import edit_distance
from hcr_batch.training.line_reader.line_recipe import load_line_recipe
from hcr_batch.training.line_reader.line_samples import load_line_data

WORDS = 20_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Outcome:
    read: str
    true: str
    flagged: bool
    joint: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=300)
    parser.add_argument("--digits", type=int, default=200)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lexicon", type=Path, default=Path("/usr/share/dict/words"))
    options = parser.parse_args()
    recipe = load_line_recipe(Path("configs/train/line_reader.toml"))
    data = load_line_data(Path(os.environ["HCR_DATA"]), recipe)
    held = held_lines(data, recipe)
    recognizer = load_recognizer(options.model)
    for kind, most in (("words", options.words), ("digits", options.digits)):
        lines = [line for line in held if line.kind == kind][:most]
        found = [written(line) for line in lines]
        for whole in (False, True):
            title = f"{kind}, {'whole' if whole else 'cut'}"
            rules = [Rule()] * len(lines)
            report(title, read_all(found, lines, rules, recognizer, whole))
        if kind == "digits":
            clean = held_lines(data, recipe, damage=undamaged)
            clean = [line for line in clean if line.kind == kind][:most]
            seen, rules = [written(line) for line in clean], [Rule()] * len(clean)
            report("digits, undamaged, whole", read_all(seen, clean, rules, recognizer, True))
            rules = [make_rule("0123456789", blanks=False)] * len(lines)
            for whole in (False, True):
                title = f"digits, charset, {'whole' if whole else 'cut'}"
                report(title, read_all(found, lines, rules, recognizer, whole))
            rules = [pattern_rule("0123456789", len(line.text)) for line in lines]
        else:
            pairs = zip(found, lines, strict=True)
            found, lines = zip(*(pair for pair in pairs if pair[1].text.isalpha()), strict=True)
            rules = [pattern_rule(LETTERS, "2,14")] * len(lines)
        report(f"{kind}, pattern, whole", read_all(found, lines, rules, recognizer, True))
        if kind == "words" and options.lexicon.is_file():
            rules = [lexicon_rule(lines, options.lexicon)] * len(lines)
            report("words, lexicon, whole", read_all(found, lines, rules, recognizer, True))


def undamaged(drawing, _rng):
    """The soft ink of a drawing."""
    return drawing.ink


def written(line):
    """The line as the pipeline finds it on a page."""
    writing, field = writing_of(line)
    return field, find_strings(writing, [field], PER_MM, load_settings().glyphs)[0]


def read_all(found, lines, rules, recognizer, whole):
    lines_card = recognizer.line_reader.card
    card = lines_card if whole else None
    thresholds = page_thresholds(load_settings().recognition, recognizer.card, lines_card)
    outcomes = []
    for (field, strings), line, rule in zip(found, lines, rules, strict=False):
        started = time.process_time()
        glyphs = FieldGlyphs(field, lines=strings, rule=rule)
        scores = recognizer.scores(normalize_inks(list(glyphs.inks())))
        if whole:
            strips = [one.strip.image for one in strings]
            columns = recognizer.line_reader.probabilities(strips)
            scores = GlyphScores(scores.characters, scores.printed, tuple(columns))
        around = surroundings([glyphs], [scores])
        answer = read_answers([glyphs], [scores], thresholds, around, card)[0]
        seconds = time.process_time() - started
        readings = [reading for _, reading in answer.cells]
        joint = answer.joint if answer.joint is not None else np.prod(
            [reading.confidence for reading in readings]
        )
        outcomes.append(
            Outcome(
                "".join(reading.character for reading in readings),
                line.text,
                any(reading.flagged for reading in readings),
                float(joint),
                seconds,
            )
        )
    return outcomes


def pattern_rule(charset, count):
    return make_rule(charset, f"[{charset}]{{{count}}}", blanks=False)


def lexicon_rule(lines, path):
    """A list that holds every word written, and others up to its size."""
    words = {line.text for line in lines if line.text.isalpha()}
    others = [word for word in path.read_text(encoding="utf-8").split("\n") if word.isalpha()]
    others = [word for word in others if word.isascii() and 2 <= len(word) <= 14]
    chosen = np.random.default_rng(1).permutation(others)[: WORDS - len(words)]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "words.txt").write_text("\n".join([*words, *chosen]), encoding="utf-8")
        return make_rule(
            LETTERS, check="lexicon:words.txt", blanks=False, folder=Path(folder)
        )


def report(title, outcomes):
    right = np.array([comparable_text(one.read) == comparable_text(one.true) for one in outcomes])
    wrong = sum(
        edit_distance(comparable_text(one.read), comparable_text(one.true)) for one in outcomes
    )
    characters = sum(len(one.true) for one in outcomes)
    accepted = ~np.array([one.flagged for one in outcomes])
    bad = np.count_nonzero(accepted & ~right)
    print(
        f"{title:24} {len(outcomes):4}  right {right.mean():.3f}  characters wrong "
        f"{wrong / characters:.3f}  accepted {accepted.mean():.3f}, wrong "
        f"{bad}/{np.count_nonzero(accepted)}  joint {np.mean([o.joint for o in outcomes]):.3f}  "
        f"{1000 * np.mean([one.seconds for one in outcomes]):.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
