"""One pen and one press a page: what a word's ink says of who made it, beside other words' ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.segmentation.seen_page import SeenPage
from hcr_batch.segmentation.words import Words

__all__ = ["WordInk", "pen_odds", "word_ink"]

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
ALONE = 2.0
"""Logarithm of how much likelier a word is an answer that stands alone in a box: less than the
network's surest word, so that a heading in a box stays print unless it looks like no other."""
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


def word_ink(seen: SeenPage, words: Words) -> WordInk:
    """Measure the ink of words.

    Strokes are twice their area by their outline wide. As shares of the pen's
    darkness both are sums over gray pixels, outlines by Crofton's formula from
    the differences between neighbours, so that blur changes neither.

    Parameters
    ----------
    seen : SeenPage
    words : Words
        In pixels of its layers.
    """
    gray = seen.gray
    steps = np.zeros_like(gray)
    cv2.absdiff(gray[1:], gray[:-1], steps[1:])
    outline = words.total(words.at(_halved(steps)))
    steps[:, 0] = 0
    cv2.absdiff(gray[:, 1:], gray[:, :-1], steps[:, 1:])
    outline += words.total(words.at(_halved(steps)))
    paper = words.at(seen.paper)
    area = words.total(cv2.subtract(paper, words.at(_halved(gray))).ravel())
    dark = words.at(seen.darkness).astype(np.float32)
    usual = words.total(dark**3) / np.maximum(words.total(dark**2), 1e-6)
    light = words.total(paper) / np.maximum(words.pixels, 1)
    return WordInk(usual / np.maximum(light, 1), 2 * area / np.maximum(np.pi / 4 * outline, 1e-6))


def _halved(page: np.ndarray) -> np.ndarray:
    """The mean of each 2 x 2 pixels of a page, uint8."""
    rows, columns = page.shape
    return cv2.resize(page, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)


def pen_odds(
    shares: np.ndarray, pixels: np.ndarray, ink: WordInk, alone: np.ndarray
) -> np.ndarray:
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
    alone : ndarray of bool, shape (N,)
        Which stand in a box of their own, where answers do.
    """
    look = np.stack([ink.darkness / DARKNESS_BAND, np.log(ink.width) / WIDTH_BAND], axis=1)
    darkness, width = (np.subtract.outer(one, one) for one in look.T.astype(np.float32))
    alike = np.exp(-(darkness**2 + width**2) / 2)
    np.fill_diagonal(alike, 0)
    weight = np.minimum(pixels, MUCH_INK).astype(float)
    own = np.clip(np.log(shares + 1e-6) - np.log(1 - shares + 1e-6), -MOST_ODDS, MOST_ODDS)
    own += ALONE * alone
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
