"""One hand a word: what the network calls print in a written word, or writing in a printed one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.pens import pen_odds, word_ink

__all__ = ["with_consistent_words"]

LETTER_GAP_MM = 1.0
"""Letters of one word are no further apart; print has 0.3 mm, spaced capitals 0.8."""
MINORITY = 0.35
"""Share of a printed word that may be called writing: more is writing upon print, and stays so."""
WORD_GAP_MM = 1.6
"""Words of one printed sentence are no further apart; an answer seldom stands so near to print."""
FEW_WORDS = 0.25
"""Share of a sentence that may be called writing and is print like the rest, where its words"""
AS_HIGH = 1.2
"""are not higher than this, by the mean of the printed ones."""

LEAST_PIXELS = 30
"""Pixels of ink of a word whose pen can be told,"""
LETTERS_MM = (1.5, 16.0)
"""and its height in millimetres: no lines, no pictures."""
SURE = 100
"""Of 255: a pixel is surely of one kind where the network's answers differ by so much;"""
BOTH = 0.2
"""a word with this share of either is a mark beside its label, or writing on print."""


@dataclass(frozen=True)
class _Words:
    """The N words of a page's ink, the paper being the first.

    Attributes
    ----------
    label : ndarray of int32, shape (rows, columns)
        Number of the word of each pixel of ink, 0 elsewhere.
    places, of : ndarray of int, shape (pixels,)
        Where the ink is, as places in the flattened layers, and its words.
    height : ndarray of int, shape (N,)
        In pixels.
    """

    label: np.ndarray
    places: np.ndarray
    of: np.ndarray
    height: np.ndarray

    @classmethod
    def parted_by(cls, gap: float, ink: np.ndarray) -> _Words:
        """Ink, uint8 of 0 and 1, that stands on a line with gaps of so many pixels at most."""
        width = round(gap) // 2 * 2 + 1
        closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, width), np.uint8))
        _, label, stats, _ = cv2.connectedComponentsWithStats(closed, ltype=cv2.CV_32S)
        label *= ink
        places = np.flatnonzero(label)
        return cls(label, places, label.ravel()[places], stats[:, cv2.CC_STAT_HEIGHT])

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum over each word, (N,), of what stands at its pixels, (pixels,)."""
        return np.bincount(self.of, values, minlength=len(self.height))


def with_consistent_words(layers: Layers, seen: np.ndarray) -> Layers:
    """The layers with the pixels of each word that are called otherwise than most of it.

    A heading of which some letters look written would be an answer else, and
    the even letters of a tidy hand would be lost. What the network doubts is
    told by the ink: one pen, and one press, made the words of a page.

    Parameters
    ----------
    layers : Layers
    seen : ndarray of uint8, shape (rows, columns)
        The page as the network saw it.
    """
    ink = ((layers.written >= LIKELY) | (layers.printed >= LIKELY)).astype(np.uint8)
    words = _Words.parted_by(LETTER_GAP_MM * layers.pixels_per_mm, ink)
    sentences = _Words.parted_by(WORD_GAP_MM * layers.pixels_per_mm, ink)
    line = np.zeros(len(words.height), int)
    line[words.of] = sentences.of
    written, printed = (layer.ravel()[words.places] for layer in (layers.written, layers.printed))
    pen, press = (words.total(layer >= LIKELY) for layer in (written, printed))
    to_press = pen <= MINORITY * (pen + press)
    to_press |= _in_print(pen, press, line, words.height)
    to_pen = (pen >= press) & ~to_press
    odds = _odds_by_ink(words, layers, seen)
    told = (odds != 0) & ((odds > 0) != (pen >= press))
    to_pen = np.where(told, odds > 0, to_pen)
    to_press = np.where(told, odds < 0, to_press)
    maps = layers.maps.copy()
    pens, presses = maps[CHANNELS.index("writing")], maps[CHANNELS.index("print")]
    _move(presses, pens, words.places[to_pen[words.of]])
    _move(pens, presses, words.places[to_press[words.of]])
    return dataclasses.replace(layers, maps=maps)


def _odds_by_ink(words: _Words, layers: Layers, seen: np.ndarray) -> np.ndarray:
    """Logarithm of the odds that a pen made each word, (N,); 0 where its ink does not tell."""
    written, printed = (
        layer.ravel()[words.places].astype(int) for layer in (layers.written, layers.printed)
    )
    pixels, pen, press = map(words.total, (np.ones(len(words.of)), written, printed))
    sure_pen, sure_press = (
        words.total(more - less > SURE) for more, less in ((written, printed), (printed, written))
    )
    look = word_ink(seen, np.where(layers.line < LIKELY, words.label, 0), len(words.height))
    height = words.height / layers.pixels_per_mm
    known = (pixels >= LEAST_PIXELS) & (height >= LETTERS_MM[0]) & (height <= LETTERS_MM[1])
    known &= (look.width > 0) & (np.minimum(sure_pen, sure_press) < BOTH * pixels)
    odds = np.zeros(len(known))
    shares = pen[known] / np.maximum(pen[known] + press[known], 1)
    odds[known] = pen_odds(shares, pixels[known], look.of(known))
    return odds


def _in_print(
    pen: np.ndarray, press: np.ndarray, line: np.ndarray, height: np.ndarray
) -> np.ndarray:
    """Which words are part of a printed sentence; bool (N,).

    Parameters
    ----------
    pen, press : ndarray of int, shape (N,)
        Pixels of each word that are called writing and print.
    line : ndarray of int, shape (N,)
        Number of the sentence of each word.
    height : ndarray of int, shape (N,)
    """
    is_print = press > pen
    pens, presses, prints = (np.bincount(line, values) for values in (pen, press, is_print))
    usual = np.bincount(line, height * is_print) / np.maximum(prints, 1)
    few = pens <= FEW_WORDS * (pens + presses)
    return few[line] & (height <= AS_HIGH * usual[line])


def _move(source: np.ndarray, target: np.ndarray, places: np.ndarray) -> None:
    """What the source says at some places, numbers of pixels, goes to the target."""
    target.ravel()[places] = np.maximum(target.ravel()[places], source.ravel()[places])
    source.ravel()[places] = 0
