"""One hand a word: what the network calls print in a written word, or writing in a printed one."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import CHANNELS

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


def with_consistent_words(layers: Layers) -> Layers:
    """The layers with the few pixels of each word that are called otherwise than most of it.

    A heading of which some letters look written would be an answer else, and
    the even letters of a tidy hand would be lost.

    Parameters
    ----------
    layers : Layers
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
    maps = layers.maps.copy()
    pens, presses = maps[CHANNELS.index("writing")], maps[CHANNELS.index("print")]
    _move(presses, pens, here[to_pen[of]])
    _move(pens, presses, here[to_press[of]])
    return dataclasses.replace(layers, maps=maps)


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
