"""What rules are worth: made fields of real glyphs, read with none, a charset and more.

    HCR_DATA=DIR python tests/benchmarks/bench_constraints.py [--fields 300] [--seed 1]

Numbers of ten digits with Luhn's check digit, dates, and town names out of a lexicon of
thousands of entries, written with glyphs of writers and sets that the network has not learned
from, each character another's. One field in fifty breaks its rule, as writers do. A line a rule:
fields right, the mean joint probability (it should equal that share), wrong fields of which no
character is flagged at a target error of 0.5 %, fields with a flag, and milliseconds a field.
"""

import argparse
import os
import string
import tempfile
import time
from pathlib import Path

import numpy as np
from stdnum import luhn

from hcr_batch import load_recognizer
from hcr_batch.alphabet import BLANK, SYMBOLS
from hcr_batch.decoding.constrained_decoding import FOREIGN, cell_chances, decode
from hcr_batch.decoding.field_answers import Thresholds
from hcr_batch.forms.rules import make_rule
from hcr_batch.training.datasets.character_sets import unseen_part

SETS = ("emnist_balanced_part", "az_kaggle_sample", "cell_digits", "mnist_test")
BREAKS = 0.02
WORDS = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recognizer = load_recognizer()
    random = np.random.default_rng(options.seed)
    rows = scored(recognizer, random, options.fields * 40)
    card = recognizer.card
    thresholds = Thresholds(lambda charset: card.threshold(0.005, charset))
    for title, texts, rules in tasks(random, options.fields):
        chosen = [glyph_rows(text, rows, random) for text in texts]
        for name, rule in rules:
            print(line(f"{title}, {name}", texts, chosen, rule, thresholds), flush=True)


def scored(recognizer, random, most):
    """Probabilities of glyphs by their character."""
    folder = Path(os.environ["HCR_DATA"]) / "characters"
    found = {}
    recipe = recognizer.card.document["recipe"]
    for name in SETS:
        data = unseen_part(folder / f"{name}.npz", recipe)
        chosen = random.permutation(len(data))[: most // len(SETS)]
        images, labels = data.images[chosen], data.labels[chosen]
        for label, row in zip(labels, recognizer.probabilities(images), strict=True):
            found.setdefault(str(label), []).append(row)
    return found


def tasks(random, count):
    digits = string.digits
    numbers = []
    dates = []
    for _ in range(count):
        body = "".join(random.choice(list(digits), 9))
        numbers.append(body + luhn.calc_check_digit(body))
        day = np.datetime64("1930-01-01") + int(random.integers(0, 34_000))
        year, month, number = str(day).split("-")
        dates.append(number + month + year)
    pattern = ("pattern", make_rule(digits, "[0-9]{10}"))
    check = ("check digit", make_rule(digits, "[0-9]{10}", "luhn"))
    none, charset = ("none", make_rule(SYMBOLS[:BLANK])), ("charset", make_rule(digits))
    yield "number", broken(numbers, digits, random), (none, charset, pattern, check)
    date = ("date", make_rule(digits, check="date:%d%m%Y"))
    early = ("pattern", make_rule(digits, "[0-3][0-9][01][0-9](19|20)[0-9]{2}"))
    yield "date", broken(dates, digits, random), (none, charset, early, date)
    words = lexicon(random)
    towns = list(random.choice(words, count))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "towns.txt").write_text("\n".join(words))
        upper = string.ascii_uppercase
        rule = make_rule(upper, check="lexicon:towns.txt", folder=Path(folder))
    known = (f"lexicon of {len(words)}", rule)
    yield "town", broken(towns, upper, random), (none, ("charset", make_rule(upper)), known)


def lexicon(random):
    """Made names of 5 to 11 letters: syllables, so that many are alike."""
    heads, vowels = [*"BCDFGHKLMNPRSTVW", "BR", "ST", "TR"], list("AEIOU")
    made = set()
    while len(made) < WORDS:
        count = random.integers(2, 5)
        word = "".join(random.choice(heads) + random.choice(vowels) for _ in range(count))
        made.add(word + random.choice(["", "N", "R", "TON"]))
    return sorted(made)


def broken(texts, alphabet, random):
    """The texts, a character of some of them exchanged."""
    result = []
    for text in texts:
        if random.random() < BREAKS:
            place = random.integers(len(text))
            text = text[:place] + random.choice(list(alphabet)) + text[place + 1 :]
        result.append(text)
    return result


def glyph_rows(text, rows, random):
    return np.stack([rows[c][random.integers(len(rows[c]))] for c in text])


def line(title, texts, chosen, rule, thresholds):
    right, joint, silent, flagged = [], [], [], []
    start = time.process_time()
    for text, rows in zip(texts, chosen, strict=True):
        read, sure, flag = reading(rows, rule, thresholds)
        right.append(read == text)
        joint.append(sure)
        flagged.append(flag)
        silent.append(read != text and not flag)
    spent = 1000 * (time.process_time() - start) / len(texts)
    shares = (100 * np.mean(values) for values in (right, joint, silent, flagged))
    columns = zip(("right", "joint", "silent", "flagged"), shares, strict=True)
    return f"{title:30}" + "".join(f"{n} {v:5.1f} %  " for n, v in columns) + f"{spent:.1f} ms"


def reading(rows, rule, thresholds):
    """Text, joint probability, and whether any character is flagged, as a scan has them."""
    chances = cell_chances(rows, rule.charset, np.ones(len(rows), bool), 0.999)
    usual = thresholds.of(rule.charset)
    if not rule.is_binding:
        best, sure = chances.symbols.argmax(axis=1), chances.symbols.max(axis=1)
        foreign = bool((chances.foreign > sure).any())
        text = "".join(SYMBOLS[symbol] for symbol in best)
        return text, float(sure.prod()), foreign or bool((sure < usual).any())
    result = decode(chances, rule)
    text = "".join(SYMBOLS[symbol] if symbol != FOREIGN else "?" for symbol in result.symbols)
    flag = result.breaks and not result.corrected
    for place, symbol in enumerate(result.symbols):
        threshold = thresholds.strict if place in result.corrected else usual
        flag |= symbol == FOREIGN or result.posterior[place, symbol] < threshold
    return text, result.joint, bool(flag)


if __name__ == "__main__":
    main()
