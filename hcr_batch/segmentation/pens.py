"""One pen and one press a page: what a word's ink says of who made it, beside other words' ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

__all__ = ["WordInk", "pen_odds", "word_ink"]

PAPER_STEP = 8
"""Pixels of the page that are one where the paper around the ink is looked for,"""
PAPER_REACH = 5
"""and the side of the square of these in which the lightest is paper."""
DARKNESS_BAND, WIDTH_BAND = 0.06, 0.12
"""By so much darkness, of 1, and such a share of the stroke's width do words of one pen differ:
the spread of the words of one hand on ten real forms."""
STRAY = 0.01
"""Chance that a word's ink is like no other's."""
MUCH_INK = 600
"""Pixels of the layers; longer words tell no more of pen and press,"""
LITTLE_INK = 300
"""and so much ink of a kind makes half of what it says believed."""
ROUNDS = 6
"""Times that the kinds of all words are weighed anew."""
MOST_ODDS = 2.5
"""Logarithm; the network is never held for surer."""


@dataclass(frozen=True)
class WordInk:
    """How the ink of N words looks.

    Attributes
    ----------
    darkness : ndarray of float, shape (N,)
        Of the strokes' middle, 0 (as light as the paper) to 1.
    width : ndarray of float, shape (N,)
        Of the strokes, in pixels of the page; 0 where there are none.
    """

    darkness: np.ndarray
    width: np.ndarray

    def of(self, chosen: np.ndarray) -> WordInk:
        """That of some words, by bool (N,)."""
        return WordInk(self.darkness[chosen], self.width[chosen])


def word_ink(seen: np.ndarray, words: np.ndarray, count: int) -> WordInk:
    """Measure the ink of words.

    Strokes are twice their area by their outline wide. As shares of the pen's
    darkness both are sums over gray pixels, outlines by Crofton's formula from
    the differences between neighbours, so that blur changes neither.

    Parameters
    ----------
    seen : ndarray of uint8, shape (2 * rows, 2 * columns), give or take a pixel
        The page, dark ink on light paper.
    words : ndarray of int32, shape (rows, columns)
        Number of the word of each square of four pixels; 0 where there is none.
    count : int
        Words, the 0 included.
    """
    rows, columns = words.shape
    dark, paper = _darkness(_fitted(seen, 2 * rows, 2 * columns))
    below, right = np.zeros_like(dark), np.zeros_like(dark)
    cv2.absdiff(dark[1:], dark[:-1], below[1:])
    cv2.absdiff(dark[:, 1:], dark[:, :-1], right[:, 1:])
    # Mean over each square; a little more than nothing is lost in rounding.
    area, below, right = (
        cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA)
        for one in (dark, below, right)
    )
    darkest = cv2.dilate(dark, np.ones((2, 2), np.uint8), anchor=(0, 0))[::2, ::2]
    here = np.flatnonzero(words)
    of = words.ravel()[here]

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(of, values.ravel()[here].astype(float), minlength=count)

    outline = np.pi / 4 * (total(below) + total(right))
    peak = darkest.astype(np.float32)
    usual = total(peak**3) / np.maximum(total(peak**2), 1e-6)
    light = total(paper) / np.maximum(np.bincount(of, minlength=count), 1)
    return WordInk(usual / np.maximum(light, 1), 2 * total(area) / np.maximum(outline, 1e-6))


def _fitted(seen: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The page cut or lengthened to a size."""
    missing = max(0, rows - seen.shape[0]), max(0, columns - seen.shape[1])
    if any(missing):
        seen = np.pad(seen, [(0, missing[0]), (0, missing[1])], mode="edge")
    return seen[:rows, :columns]


def _darkness(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how many levels the pixels of the page are darker than the paper, and the paper there.

    Returns
    -------
    dark : ndarray of uint8, shape (rows, columns)
    paper : ndarray of uint8, shape (rows / 2, columns / 2)
    """
    rows, columns = seen.shape
    size = (max(1, columns // PAPER_STEP), max(1, rows // PAPER_STEP))
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    square = np.ones((PAPER_REACH, PAPER_REACH), np.uint8)
    light = cv2.blur(cv2.dilate(small, square), (PAPER_REACH, PAPER_REACH))
    half = cv2.resize(light, (columns // 2, rows // 2), interpolation=cv2.INTER_LINEAR)
    paper = cv2.resize(half, (columns, rows), interpolation=cv2.INTER_NEAREST)
    return cv2.subtract(paper, seen), half


def pen_odds(shares: np.ndarray, pixels: np.ndarray, ink: WordInk) -> np.ndarray:
    """Logarithm of the odds that a pen made each of N words.

    Beside what the network says of the word stands what it says of the words
    whose ink looks like this one's: the density of the pen's words there
    against that of the print, in darkness and width of the strokes, each word
    left out for itself. Where pen and press look alike, that says nothing.

    Parameters
    ----------
    shares : ndarray of float, shape (N,)
        Of pen against print in what the network says.
    pixels : ndarray of int, shape (N,)
        Ink of each word.
    ink : WordInk
        Of these words; all have strokes.
    """
    look = np.stack([ink.darkness / DARKNESS_BAND, np.log(ink.width) / WIDTH_BAND], axis=1)
    distance = np.square(look[:, None] - look).sum(axis=2)
    alike = np.exp(-distance / 2)
    np.fill_diagonal(alike, 0)
    weight = np.minimum(pixels, MUCH_INK).astype(float)
    own = np.clip(np.log(shares + 1e-6) - np.log(1 - shares + 1e-6), -MOST_ODDS, MOST_ODDS)
    odds = own
    for _ in range(ROUNDS):
        pen = weight / (1 + np.exp(-odds))
        pen_here, press_here = _density(alike, pen), _density(alike, weight - pen)
        trust = np.prod([kind.sum() / (kind.sum() + LITTLE_INK) for kind in (pen, weight - pen)])
        odds = own + trust * (np.log(pen_here + STRAY) - np.log(press_here + STRAY))
    return odds


def _density(alike: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of the others' weight that looks like each word, float (N,)."""
    return (alike @ weight) / np.maximum(weight.sum() - weight, 1e-6)
