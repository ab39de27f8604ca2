"""One hand a word: what the network calls print in a written word, or writing in a printed one."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.pens import WordInk, pen_odds, word_ink

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
    written, printed = layers.written >= LIKELY, layers.printed >= LIKELY
    ink = (written | printed).astype(np.uint8)
    count, word, stats = _joined(ink, LETTER_GAP_MM * layers.pixels_per_mm)
    here = np.flatnonzero(ink)
    of = word.ravel()[here]
    pen, press = (
        np.bincount(of, layer.ravel()[here], minlength=count) for layer in (written, printed)
    )
    _, sentence, _ = _joined(ink, WORD_GAP_MM * layers.pixels_per_mm)
    first = np.unique(of, return_index=True)
    line = np.zeros(count, int)
    line[first[0]] = sentence.ravel()[here[first[1]]]
    to_press = pen <= MINORITY * (pen + press)
    to_press |= _in_print(pen, press, line, stats[:, cv2.CC_STAT_HEIGHT])
    to_pen = (pen >= press) & ~to_press
    told, is_pen = _told_by_ink(layers, seen, word * ink, stats)
    to_pen = np.where(told, is_pen, to_pen)
    to_press = np.where(told, ~is_pen, to_press)
    maps = layers.maps.copy()
    pens, presses = maps[CHANNELS.index("writing")], maps[CHANNELS.index("print")]
    _move(presses, pens, here[to_pen[of]])
    _move(pens, presses, here[to_press[of]])
    return dataclasses.replace(layers, maps=maps)


def _told_by_ink(
    layers: Layers, seen: np.ndarray, word: np.ndarray, stats: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of which words the page's ink tells otherwise than the network, and which are of a pen.

    Parameters
    ----------
    layers : Layers
    seen : ndarray of uint8, shape (rows, columns)
    word : ndarray of int32, shape of the layers
        Number of the word of each pixel of ink.
    stats : ndarray of int, shape (N, 5)
        Of the words, as OpenCV tells them.

    Returns
    -------
    told, is_pen : ndarray of bool, shape (N,)
    """
    count = len(stats)
    here = np.flatnonzero(word)
    of = word.ravel()[here]
    pixels = np.bincount(of, minlength=count)
    written, printed = (layer.ravel()[here].astype(int) for layer in (layers.written, layers.printed))
    pen, press = (np.bincount(of, layer, minlength=count) for layer in (written, printed))
    sure_pen = np.bincount(of, written - printed > SURE, minlength=count)
    sure_press = np.bincount(of, printed - written > SURE, minlength=count)
    free_of_lines = np.where(layers.line < LIKELY, word, 0)
    rows, columns = seen.shape
    large = cv2.resize(free_of_lines, (2 * word.shape[1], 2 * word.shape[0]), interpolation=cv2.INTER_NEAREST)
    large = np.pad(large[:rows, :columns], [(0, max(0, rows - len(large))), (0, max(0, columns - large.shape[1]))])
    look = word_ink(seen, large, count)
    height = stats[:, cv2.CC_STAT_HEIGHT] / layers.pixels_per_mm
    known = (pixels >= LEAST_PIXELS) & (height >= LETTERS_MM[0]) & (height <= LETTERS_MM[1])
    known &= (look.width > 0) & (np.minimum(sure_pen, sure_press) < BOTH * pixels)
    told, is_pen = np.zeros((2, count), bool)
    shares = pen[known] / np.maximum(pen[known] + press[known], 1)
    odds = pen_odds(shares, pixels[known], WordInk(look.darkness[known], look.width[known]))
    told[known] = (odds > 0) != (shares > 0.5)
    is_pen[known] = odds > 0
    return told, is_pen


def _joined(ink: np.ndarray, gap: float) -> tuple[int, np.ndarray, np.ndarray]:
    """What stands together on a line with gaps of so many pixels at most: as OpenCV tells it."""
    width = round(gap) // 2 * 2 + 1
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, width), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, ltype=cv2.CV_32S)
    return count, labels, stats


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
