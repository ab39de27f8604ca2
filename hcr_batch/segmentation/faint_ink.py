"""Pale pencil and faded pens: a page is looked at once more, made darker."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from hcr_batch.arrays.quantiles import quantile
from hcr_batch.segmentation.layers import LIKELY, Layers
from hcr_batch.segmentation.network import CHANNELS
from hcr_batch.segmentation.seen_page import SeenPage

__all__ = ["darker", "has_faint_writing", "mean_ink"]

DARKER = 2.0
"""Power to which the brightness of a page, as a share of its paper's, is raised: of 29 answers in
pencil 9 to 25 were found on eight copies of a page, 16 to 25 with 2, 15 to 25 with up to 4."""
FAINT = 30
"""Gray levels by which faint writing is darker than usual squares of the page. Of 24 pages with
pencil or faded ink the palest tenth of it had 14 to 28, of 45 others 33 (90 dpi) or more."""
PALEST = 0.1
"""Quantile that is the palest of a page's writing: an answer or two in pencil are of all tens."""


def has_faint_writing(layers: Layers, seen: SeenPage) -> bool:
    """Whether a good part of a page's writing can hardly be told from its paper.

    Parameters
    ----------
    layers : Layers
    seen : SeenPage
        The page that the network saw.
    """
    darkness = seen.darkest_near[layers.written >= LIKELY]
    if not len(darkness):
        return False
    return quantile(darkness, PALEST) - quantile(seen.darkness, 0.5) < FAINT


def darker(gray: np.ndarray, paper: np.ndarray, power: float = DARKER) -> np.ndarray:
    """A page with its paper white and everything else darker, uint8 of its shape.

    Parameters
    ----------
    gray : ndarray of uint8
    paper : ndarray of uint8
        Light of the paper, at any resolution.
    power : float
        To which the brightness, as a share of the paper's, is raised.
    """
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    levels = (255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return cv2.LUT(cv2.divide(gray, paper, scale=255), levels)


def mean_ink(one: Layers, other: Layers) -> Layers:
    """The layers with what two looks at a page say together of its writing and print."""
    maps = one.maps.copy()
    for name in ("print", "writing"):
        number = CHANNELS.index(name)
        maps[number] = cv2.addWeighted(one.maps[number], 0.5, other.maps[number], 0.5, 0)
    return replace(one, maps=maps)
