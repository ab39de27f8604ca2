"""Words that the segmentation calls print, and whose letters a hand has written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from hcr_batch.arrays.box_sides import contains
from hcr_batch.arrays.components import labelled
from hcr_batch.arrays.quantiles import quantile
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.seen_page import SeenPage
from hcr_batch.segmentation.words import Words

__all__ = ["LetterJudge", "have_written_letters"]

LetterJudge = Callable[[Sequence[np.ndarray]], tuple[np.ndarray, np.ndarray]]
"""Of N inks, uint8 (rows, columns), 255 the dark of the pen: how surely each is a character, 0 to
1, and the logit of machine print, both float (N,)."""

LETTERS_MM = (1.8, 16.0)
"""Height of a word in millimetres: lower ones are the small print, whose letters touch."""
LETTER_HEIGHT = 0.45
"""Share of its word's height that a letter is high,"""
LETTER_WIDTH = 1.5
"""and its width by that height: wider ones are several letters."""
MOST_LETTERS = 6
"""Letters of a word that are looked at: its highest ones."""
CHARACTER = 0.9
"""How surely a letter is one: pictures, and letters that touch, prove nothing."""
FEWEST, ENOUGH = 2, 0.5
"""So many letters of a word must be sure, and such a share of those that are looked at."""
WRITTEN = -3.0
"""Mean logit of print below which a hand wrote them. On 28 real pages nine of ten printed words
were above -2.5, and written ones below -3.4."""
LONE_WRITTEN = -5.0
"""And below which it did where there is but one, a number of one digit. Of 29 such marks on 42 real
pages that the network takes for print 22 were written, and six were parts of emblems or pictures;
of 78 above it most are printed slashes and signs."""
STROKE = 0.5
"""Share of the word's usual darkness from which a pixel is of a stroke."""
USUAL = 0.9
"""Quantile of a word's darkness that is usual."""


def have_written_letters(
    words: Words, chosen: np.ndarray, layers: Layers, seen: SeenPage, judge: LetterJudge
) -> np.ndarray:
    """Which of some words a hand has written, by their letters; bool (N,).

    Parameters
    ----------
    words : Words
        Of the page.
    chosen : ndarray of bool, shape (N,)
        Those that are asked about.
    layers : Layers
    seen : SeenPage
    judge : callable
        See `LetterJudge`.
    """
    height = words.height / layers.pixels_per_mm
    asked = chosen & (height >= LETTERS_MM[0]) & (height <= LETTERS_MM[1])
    inks, of = _letters(words.only(asked[words.of]), layers, seen)
    sure, printed = judge(inks)
    counts = sure >= CHARACTER
    number = np.bincount(of, counts, len(chosen))
    mean = np.bincount(of, counts * printed, len(chosen)) / np.maximum(number, 1)
    looked_at = np.bincount(of, minlength=len(chosen))
    enough = number >= np.maximum(FEWEST, ENOUGH * looked_at)
    alone = (looked_at == 1) & (number == 1)
    return np.where(alone, mean < LONE_WRITTEN, enough & (mean < WRITTEN))


def _letters(
    words: Words, layers: Layers, seen: SeenPage
) -> tuple[list[np.ndarray], np.ndarray]:
    """The letters of words as soft ink, and the number of the word of each."""
    columns = layers.line.shape[1]
    strokes = (layers.line < LIKELY).ravel()[words.places]
    order = np.argsort(words.of[strokes], kind="stable")
    places, of = words.places[strokes][order], words.of[strokes][order]
    numbers, starts = np.unique(of, return_index=True)
    if not len(places):
        return [], places
    inks: list[np.ndarray] = []
    owners: list[int] = []
    for number, mine in zip(numbers.tolist(), np.split(places, starts[1:]), strict=True):
        found = _letters_of_word(*np.divmod(mine, columns), seen)
        inks += found
        owners += [number] * len(found)
    return inks, np.array(owners, int)


def _letters_of_word(rows: np.ndarray, columns: np.ndarray, seen: SeenPage) -> list[np.ndarray]:
    """The highest letters of a word whose ink is at some pixels of the layers."""
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    near = np.zeros((bottom - top, right - left), np.uint8)
    near[rows - top, columns - left] = 1
    near = np.repeat(np.repeat(cv2.dilate(near, np.ones((3, 3), np.uint8)), 2, 0), 2, 1)
    paper = np.repeat(np.repeat(seen.paper[top:bottom, left:right], 2, 0), 2, 1)
    dark = cv2.subtract(paper, seen.gray[2 * top : 2 * bottom, 2 * left : 2 * right]) * near
    usual = max(1.0, quantile(seen.darkness[rows, columns][None], USUAL))
    mask = (dark >= STROKE * usual).view(np.uint8)
    labels, stats, middles = labelled(mask)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    fits = (height >= LETTER_HEIGHT * len(near)) & (width <= LETTER_WIDTH * height)
    sides = np.concatenate([stats[:, :2], stats[:, :2] + stats[:, 2:4]], axis=1)
    # A ring around a character is none itself, but a bubble to fill in.
    fits &= contains(sides, middles[1:]).sum(axis=1) == 1
    fits[0] = False
    highest = np.argsort(-height * fits, kind="stable")[: min(MOST_LETTERS, int(fits.sum()))]
    soft = cv2.convertScaleAbs(dark, alpha=255 / usual)
    return [_cut(soft, labels, stats, number) for number in highest.tolist()]


def _cut(soft: np.ndarray, labels: np.ndarray, stats: np.ndarray, number: int) -> np.ndarray:
    """One connected part of a word, with its soft rim."""
    x, y, width, height = stats[number, :4].tolist()
    place = np.s_[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
    own = cv2.dilate((labels[place] == number).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(soft[place] * own)
