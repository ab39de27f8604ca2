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
CORE = 0.5
"""Share of a word's darkness from which a pixel is in the middle of a stroke."""
DARKNESS_BAND, WIDTH_BAND = 0.06, 0.12
"""By so much darkness, of 1, and such a share of the stroke's width do words of one pen differ:
the spread of the words of one hand on ten real forms."""
STRAY = 0.01
"""Chance that a word's ink is like no other's."""
MUCH_INK = 600
"""Pixels of the layers; longer words tell no more of pen and press,"""
LITTLE_INK = 300
"""and so much ink of a kind makes half of what it says believed."""
ROUNDS = 3
"""Times that the kinds of all words are weighed anew."""
MOST_ODDS = 3.0
"""Logarithm; the network is never held for surer."""


@dataclass(frozen=True)
class WordInk:
    """How the ink of N words looks.

    Attributes
    ----------
    darkness : ndarray of float, shape (N,)
        Of the strokes' middle, 0 (as light as the paper) to 1.
    width : ndarray of float, shape (N,)
        Of the strokes, in pixels; 0 where there are none.
    """

    darkness: np.ndarray
    width: np.ndarray


def word_ink(seen: np.ndarray, words: np.ndarray, count: int) -> WordInk:
    """Measure the ink of words.

    Parameters
    ----------
    seen : ndarray of uint8, shape (rows, columns)
        The page, dark ink on light paper.
    words : ndarray of int32, shape (rows, columns)
        Number of the word of each pixel; 0 where there is none.
    count : int
        Words, the 0 included.
    """
    darkness = _darkness(seen)
    here = np.flatnonzero(words)
    of, dark = words.ravel()[here], darkness.ravel()[here]
    # Weighted by its square, the mean is that of the strokes' middle.
    squares = np.bincount(of, dark**2, minlength=count)
    usual = np.bincount(of, dark**3, minlength=count) / np.maximum(squares, 1e-6)
    core = np.zeros(words.size, np.uint8)
    core[here] = dark > CORE * usual[of]
    core = core.reshape(words.shape)
    depth = cv2.distanceTransform(core, cv2.DIST_L2, 3)
    ridge = np.flatnonzero((depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))))
    of = words.ravel()[ridge]
    length = np.bincount(of, minlength=count)
    width = 2 * np.bincount(of, depth.ravel()[ridge], minlength=count) / np.maximum(length, 1)
    return WordInk(usual, width)


def _darkness(seen: np.ndarray) -> np.ndarray:
    """How much darker than the paper around it each pixel is, float32, 0 to 1."""
    rows, columns = seen.shape
    size = (max(1, columns // PAPER_STEP), max(1, rows // PAPER_STEP))
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    square = np.ones((PAPER_REACH, PAPER_REACH), np.uint8)
    light = cv2.blur(cv2.dilate(small, square), (PAPER_REACH, PAPER_REACH)).astype(np.float32)
    paper = cv2.resize(np.maximum(light, 1), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.clip(1 - seen / paper, 0, 1)


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
