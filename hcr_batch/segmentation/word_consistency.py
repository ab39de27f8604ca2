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


def with_consistent_words(layers: Layers) -> Layers:
    """The layers with the few pixels of each word that are called otherwise than most of it.

    A heading of which some letters look written would be an answer else, and
    the even letters of a tidy hand would be lost.

    Parameters
    ----------
    layers : Layers
    """
    written, printed = layers.written >= LIKELY, layers.printed >= LIKELY
    width = round(LETTER_GAP_MM * layers.pixels_per_mm) // 2 * 2 + 1
    ink = (written | printed).astype(np.uint8)
    words = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, width), np.uint8))
    count, word = cv2.connectedComponents(words, ltype=cv2.CV_32S)
    here = np.flatnonzero(ink)
    of = word.ravel()[here]
    pen, press = (
        np.bincount(of, layer.ravel()[here], minlength=count) for layer in (written, printed)
    )
    to_pen = pen >= press
    to_press = pen <= MINORITY * (pen + press)
    maps = layers.maps.copy()
    pens, presses = maps[CHANNELS.index("writing")], maps[CHANNELS.index("print")]
    _move(presses, pens, here[to_pen[of]])
    _move(pens, presses, here[to_press[of]])
    return dataclasses.replace(layers, maps=maps)


def _move(source: np.ndarray, target: np.ndarray, places: np.ndarray) -> None:
    """What the source says at some places, numbers of pixels, goes to the target."""
    target.ravel()[places] = np.maximum(target.ravel()[places], source.ravel()[places])
    source.ravel()[places] = 0
