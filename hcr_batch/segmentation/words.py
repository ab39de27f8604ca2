"""The words of a page's ink, and sums over them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from hcr_batch.arrays.components import Components

__all__ = ["Words"]


@dataclass(frozen=True)
class Words:
    """The N words of a page's ink, the paper being the first.

    Attributes
    ----------
    places, of : ndarray of int, shape (pixels,)
        Where the ink is, as places in the flattened layers, and its words.
    width, height : ndarray of int, shape (N,)
        In pixels.
    middle : ndarray of float, shape (N, 2)
        Column and row.
    """

    places: np.ndarray
    of: np.ndarray
    width: np.ndarray
    height: np.ndarray
    middle: np.ndarray

    @classmethod
    def parted_by(cls, gap: float, ink: np.ndarray) -> Words:
        """Ink, uint8 of 0 and 1, that stands on a line with gaps of so many pixels at most."""
        reach = round(gap) // 2 * 2 + 1
        closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
        words = Components.of(closed)
        # Of bool: a quarter of the time.
        places = np.flatnonzero(ink.view(bool))
        # Of the type that NumPy counts: it would be converted for each sum.
        of = words.labels.ravel()[places].astype(np.intp)
        return cls(places, of, words.width, words.height, words.middle)

    @cached_property
    def pixels(self) -> np.ndarray:
        """Of ink of each word, int (N,)."""
        return np.bincount(self.of, minlength=len(self.height))

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum over each word, float (N,), of what stands at its pixels, (pixels,)."""
        return np.bincount(self.of, values, minlength=len(self.height))

    def at(self, layer: np.ndarray) -> np.ndarray:
        """What a layer, (rows, columns), has at the pixels, (pixels,)."""
        found: np.ndarray = layer.ravel()[self.places]
        return found

    def only(self, chosen: np.ndarray) -> Words:
        """The same words with some of their pixels, by bool (pixels,)."""
        return dataclasses.replace(self, places=self.places[chosen], of=self.of[chosen])
