"""What each threshold is worth: moved 20 % up and down, what does it cost on a few pages.

    python tests/benchmarks/bench_thresholds.py [--only REGEX] [--pages REGEX] [--quick]
    HCR_DATA=DIR python tests/benchmarks/bench_thresholds.py        # with the real forms there too

A threshold is a number, or a tuple of numbers, with a name in capitals in a module of the rooms
that find and read; sizes, indices and versions are none (`FIXED` in named_thresholds.py). A whole
number moves by at least 1; a share stays within 1. Each is moved in the running process, in its
module and in those that import it, and the pages are read again. What the networks say is kept by
what they are given: they are asked again only where a threshold changes that.

Prints a line for each move that changes a count, dearest first; then the thresholds that change
places, confidences or alternatives alone, and those that change nothing: candidates to delete,
unless what they are for does not come on these pages. `--only` takes thresholds in whose
`room.module.NAME` the expression is found, `--pages` files whose name has it; `--quick` takes the
first four pages alone.
"""

import argparse
import os
import re
import sys
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
from named_thresholds import ROOT, all_thresholds

from hcr_batch import load_recognizer
from hcr_batch.config import load_settings
from hcr_batch.documents import discover, open_pages
from hcr_batch.evaluation.matching import PredictedCell, PredictedField
from hcr_batch.evaluation.score_tables import read_truth
from hcr_batch.evaluation.scoring import Tally, score_page
from hcr_batch.pipeline import read_page
from hcr_batch.segmentation.network import load_segmenter

FAILURES = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError, cv2.error)
"""What a moved number may break; it is told of as such."""


@dataclass(frozen=True)
class Result:
    """What was read, all of it as text, and its counts."""

    readings: str
    tally: Tally

    def beside(self, base):
        """Changes of characters right, wrong and not flagged, invented, flagged."""
        now, then = self.tally, base.tally
        return (
            now.right - then.right,
            now.silent - then.silent,
            now.invented + now.extra - then.invented - then.extra,
            now.flagged - then.flagged,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--pages", default="")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    pages = true_pages(options.pages)
    if options.quick:
        pages = dict(islice(pages.items(), 4))
    read = reader(pages)
    thresholds, used = all_thresholds()
    chosen = [one for one in thresholds if re.search(options.only, one.name)]
    base = read()
    started = time.process_time()
    read()
    seconds = (time.process_time() - started) * 2 * len(chosen)
    tally = base.tally
    print(f"{len(pages)} pages: {', '.join(f'{file} {number}' for file, number in pages)}")
    print(
        f"{tally.right} of {tally.characters} characters right, {tally.silent} wrong and not"
        f" flagged, {tally.invented} invented, {tally.extra} beside the truth, {tally.flagged}"
        f" flagged; {len(chosen)} thresholds: about {seconds:.0f} s",
        flush=True,
    )
    report(base, {one.name: moved(one, read) for one in progress(chosen)})
    listed("computed into other values at import, not moved", used)


def true_pages(wanted):
    """Pages with their truth, by file and number: of the samples, and the real forms if there."""
    folders = [(ROOT / "samples/forms", ROOT / "samples/truth.csv")]
    if "HCR_DATA" in os.environ:
        real = Path(os.environ["HCR_DATA"]) / "real_forms"
        folders.append((real, real / "truth.csv"))
    settings, found = load_settings().documents, {}
    for folder, path in folders:
        truth = read_truth(path)
        for source in discover([folder]):
            known = any(source.name == file for file, _ in truth)
            if known and re.search(wanted, source.name):
                for page in open_pages(source.path, settings):
                    key = source.name, page.number
                    found[key] = page, truth.get(key, ())
    return found


def reader(pages):
    """A function that reads the pages with networks that remember what they said."""
    model = load_recognizer()
    lines = replace(model.line_reader, network=remembered(model.line_reader.network))
    recognizer = replace(model, network=remembered(model.network), line_reader=lines)
    segmenter, settings = remembered(load_segmenter()), load_settings()

    def read():
        readings, tally = [], Tally()
        for page, truth in pages.values():
            fields = read_page(page, recognizer, segmenter, settings).fields
            readings += [
                (f.name, f.kind, f.joint, [(cell.box, cell.reading) for cell in f.cells])
                for f in fields
            ]
            tally += score_page(truth, [predicted(field) for field in fields])
        return Result(str(readings), tally)

    return read


def remembered(network):
    """A network that is asked once for each array."""
    known = {}

    def ask(given):
        key = given.shape, given.tobytes()
        if key not in known:
            known[key] = network(given)
        return known[key].copy()

    return ask


def predicted(field):
    cells = [
        PredictedCell(cell.box, cell.reading.character, cell.reading.flagged)
        for cell in field.cells
    ]
    return PredictedField(field.name, tuple(cells))


def moved(threshold, read):
    """What is read with the threshold up and down; a text where that breaks something."""
    found = {}
    for sign in (1, -1):
        threshold.move(sign)
        try:
            found[sign] = read()
        except FAILURES as error:
            found[sign] = f"{type(error).__name__}: {error}".splitlines()[0]
    threshold.move(0)
    return found


def progress(chosen):
    for number, one in enumerate(chosen, 1):
        print(f"\r{number} of {len(chosen)} {one.name:60}", end="", file=sys.stderr)
        yield one


def report(base, results):
    """Print what each move costs, and which change nothing that is counted."""
    rows, uncounted, idle, broken = [], [], [], []
    for name, both in results.items():
        whole = {sign: one for sign, one in both.items() if isinstance(one, Result)}
        counted = {sign: one for sign, one in whole.items() if one.tally != base.tally}
        rows += [(name, sign, *one.beside(base)) for sign, one in counted.items()]
        if len(whole) < len(both):
            broken += [f"{name} {20 * sign:+} %: {both[sign]}" for sign in both.keys() - whole]
        elif all(one.readings == base.readings for one in whole.values()):
            idle.append(name)
        elif not counted:
            uncounted.append(name)
    print(f"\n{'threshold':50} moved right silent invented flagged")
    for name, sign, right, silent, invented, flagged in sorted(rows, key=cost, reverse=True):
        print(f"{name:50} {20 * sign:+4}% {right:+5} {silent:+6} {invented:+8} {flagged:+7}")
    listed("change places, confidences or alternatives alone", uncounted)
    listed("change nothing in either direction", idle)
    listed("break something", broken)


def cost(row):
    """Characters lost, and those that are wrong without a flag or invented; then flags."""
    _, _, right, silent, invented, flagged = row
    return silent + invented - right, flagged


def listed(title, names):
    print(f"\n{title}: {len(names)}", *names, sep="\n  ")


if __name__ == "__main__":
    main()
