"""Strings of unseen hands on whole pages: in boxes, on ruled and on dotted lines, a page a writer.

    HCR_DATA=DIR python tests/benchmarks/bench_word_pages.py [--pages 16] [--seed 1] [--save DIR]
    HCR_DATA=DIR python tests/benchmarks/bench_word_pages.py --digits

24 words of each held-out writer (no joined writing, 2 to 14 characters), drawn 3.2 to 4.2 mm high
with any pen on a page at 200 or 300 dpi, below a printed label each, scanned with noise and blur,
read as `scan` reads it. What is read at the place of a word counts, whatever field it is of. A
line a way to write: words right and characters wrong, case and look-alikes taken for one; words
without a flag and how many of these are wrong; words of which nothing is in the results. One in
twenty of the words' texts is wrong, of some writers' nearly all. With `--digits`, strings of 3 to
10 digits composed of the cell digits of a hand that nothing was learned from stand there instead.
"""

from __future__ import annotations

import argparse
import itertools
import os
import string
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hcr_batch import load_recognizer, scan_document
from hcr_batch.recognition.line_confidence import comparable_text
from hcr_batch.training.line_reader.line_drawing import Drawing, compose, draw_word
from hcr_batch.training.line_reader.line_held import words_by_writer
from hcr_batch.training.line_reader.line_metrics import edit_distance
from hcr_batch.training.line_reader.line_recipe import LineRecipe, load_line_recipe
from hcr_batch.training.line_reader.line_samples import LineData, load_line_data
from hcr_batch.types import Box, PageReading

Generator = np.random.Generator
Writing = tuple[str, Drawing]

DIGITS = "cell_digits"
STYLES = ("boxes", "ruled", "dotted")
A_PAGE = 24
LABELS = "Surname,First name,Street,Town,Occupation,Employer,Subject,Colour,Make,Reason,Note"
RESOLUTIONS = (200, 300)
MM_PER_INCH = 25.4
WIDTH_MM, HEIGHT_MM = 80.0, 9.0
AROUND_MM = 2.0
"""Tails reach so far beyond the place of a word."""


@dataclass(frozen=True)
class Place:
    style: str
    box: Box  # pixels
    text: str = ""


@dataclass(frozen=True)
class Outcome:
    place: Place
    read: str
    flagged: bool
    rows: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--digits", action="store_true", help="digit strings in place of words")
    options = parser.parse_args()
    recognizer = load_recognizer()
    outcomes: list[Outcome] = []
    rng = np.random.default_rng(options.seed)
    writings = (digit_strings if options.digits else words)(rng)
    written = pages(itertools.islice(writings, options.pages), rng)
    for number, (gray, dpi, places) in enumerate(written):
        with tempfile.TemporaryDirectory() as folder:
            path = (options.save or Path(folder)) / f"words{number:02d}.png"
            Image.fromarray(gray).save(path, dpi=(dpi, dpi))
            (reading,) = scan_document(path, recognizer)
        outcomes += [outcome(place, reading, dpi) for place in places]
    for style in STYLES:
        report(style, [one for one in outcomes if one.place.style == style])
    report("all", outcomes)


def words(rng: Generator) -> Iterator[list[Writing]]:
    """Words of one held-out writer after the other, as many as a page has places."""
    data = lines_data()
    for rows in words_by_writer(data, rng).values():
        if len(rows) >= A_PAGE:
            yield [
                (str(data.words.texts[row]), draw_word(data.words[row], rng))
                for row in rows[:A_PAGE]
            ]


def digit_strings(rng: Generator) -> Iterator[list[Writing]]:
    """Strings of the digits of one held-out hand after the other, without end."""
    recipe, data = line_recipe(), lines_data()
    places = [source.name for source in recipe.sources]
    hands = data.held_hands[places.index(DIGITS)]
    while True:
        hand = hands[int(rng.integers(len(hands)))]
        lengths = rng.integers(3, 11, A_PAGE)
        texts = ["".join(rng.choice(list(string.digits), length)) for length in lengths]
        yield [(text, compose(text, hand, rng)) for text in texts]


def line_recipe() -> LineRecipe:
    return load_line_recipe(Path("configs/train/line_reader.toml"))


def lines_data() -> LineData:
    return load_line_data(Path(os.environ["HCR_DATA"]), line_recipe())


def pages(
    writings: Iterable[list[Writing]], rng: Generator
) -> Iterator[tuple[np.ndarray, int, list[Place]]]:
    """Pages with their resolutions, and what stands where."""
    for number, writing in enumerate(writings):
        dpi = RESOLUTIONS[number % len(RESOLUTIONS)]
        form, empty = blank_form(dpi, number)
        page, shade, places = np.asarray(form, np.float32), rng.uniform(20, 90), []
        for (text, drawing), place in zip(writing, empty, strict=True):
            write(page, drawing, place, shade, dpi / MM_PER_INCH, rng)
            places.append(Place(place.style, place.box, text))
        blurred = cv2.GaussianBlur(page, (0, 0), 0.6 * dpi / RESOLUTIONS[0])
        noisy = blurred + rng.normal(0, 4, page.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8), dpi, places


def blank_form(dpi: int, number: int) -> tuple[Image.Image, list[Place]]:
    """A page with labels, and places to write in: a third each of boxes, lines, dotted lines."""
    mm = dpi / MM_PER_INCH
    form = Image.new("L", (round(210 * mm), round(297 * mm)), 255)
    pen, labels, places = ImageDraw.Draw(form), LABELS.split(","), []
    pen.text((20 * mm, 12 * mm), "Application", fill=0, font=ImageFont.load_default(5.5 * mm))
    for place in range(A_PAGE):
        style, row, column = STYLES[place // 8], place % 8 // 2, place % 2
        x, y = (18 + 92 * column) * mm, (30 + 82 * (place // 8) + 19 * row) * mm
        right, bottom, line = x + WIDTH_MM * mm, y + HEIGHT_MM * mm, max(1, round(0.25 * mm))
        label = labels[(place + number) % len(labels)]
        pen.text((x, y - 4.6 * mm), label, fill=0, font=ImageFont.load_default(3.2 * mm))
        if style == "boxes":
            pen.rectangle((x, y, right, bottom), outline=0, width=line)
        elif style == "ruled":
            pen.line((x, bottom, right, bottom), fill=0, width=line)
        else:
            for dot in np.arange(x, right, 1.2 * mm):
                pen.ellipse((dot, bottom, dot + 0.4 * mm, bottom + 0.4 * mm), fill=0)
        places.append(Place(style, Box(x, y, right - x, bottom - y)))
    return form, places


def write(page, drawing, place, shade, mm, rng) -> None:
    """Draw a word into the middle of its box, or a little above its line."""
    box, (rows, columns) = place.box, drawing.ink.shape
    high = rng.uniform(3.2, 4.2) * mm / drawing.capital
    scale = min((box.width - 6 * mm) / columns, high, 11 * mm / rows)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    ink = cv2.resize(drawing.ink, None, fx=scale, fy=scale, interpolation=way) / 255
    middle = box.y + box.height * (0.5 if place.style == "boxes" else 0.62)
    top, left = int(middle - len(ink) / 2), int(box.x + rng.uniform(2, 5) * mm)
    here = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    here[:] = np.minimum(here, 255 - ink * (255 - shade))


def outcome(place: Place, reading: PageReading, dpi: int) -> Outcome:
    """What is in the results at the place of a word."""
    box, reach = place.box, AROUND_MM * dpi / MM_PER_INCH
    cells = [
        cell.reading
        for field in reading.fields
        for cell in field.cells
        if box.x <= cell.box.x + cell.box.width / 2 <= box.right
        and box.y - reach <= cell.box.y + cell.box.height / 2 <= box.bottom + reach
    ]
    shown = [one for one in cells if one.character or one.flagged]
    read = "".join(one.character for one in shown)
    return Outcome(place, read, any(one.flagged for one in shown), len(shown))


def report(title: str, outcomes: Sequence[Outcome]) -> None:
    pairs = [(comparable_text(one.read), comparable_text(one.place.text)) for one in outcomes]
    right = np.array([read == true for read, true in pairs])
    wrong = sum(min(edit_distance(*pair), len(pair[1])) for pair in pairs)
    accepted = np.array([bool(one.rows) and not one.flagged for one in outcomes])
    print(
        f"{title:7} {len(outcomes):4} strings  right {right.mean():.3f}  characters wrong "
        f"{wrong / sum(len(true) for _, true in pairs):.3f}  accepted {accepted.mean():.3f}, wrong "
        f"{np.count_nonzero(accepted & ~right)}/{np.count_nonzero(accepted)}  lost without a row "
        f"{sum(not one.rows for one in outcomes)}"
    )


if __name__ == "__main__":
    main()
