"""The resolution of a page by what is printed on it, where the file says nothing or nonsense."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from hcr_batch.preprocess.binarize import outlines
from hcr_batch.segmentation.faint_ink import darker, has_faint_writing, mean_ink
from hcr_batch.segmentation.layers import LIKELY, Layers, as_seen, segment_seen
from hcr_batch.segmentation.letters import LetterJudge
from hcr_batch.segmentation.network import Segmenter
from hcr_batch.segmentation.seen_page import seen_page
from hcr_batch.segmentation.show_through import without_show_through
from hcr_batch.segmentation.word_consistency import with_consistent_words
from hcr_batch.types import Page

__all__ = ["rescaled", "segmented"]

LETTER_MM = 2.6
"""Usual height of print on a form, its words connected at 100 dots per inch: of 40 pages of all
kinds the least was 1.8 and the most 3.3."""
BELIEVED = (0.55, 1.75)
"""Shares of that within which the resolution is left as it is: titles and small print happen."""
FEWEST = 10
"""Fewer pieces of print prove nothing."""
LEAST_MM = 0.8
"""Smaller pieces are dots."""
LONGEST_HEIGHTS = 8
"""A piece counts by its width, but a long line of print no more than so many heights."""


def segmented(
    page: Page, segmenter: Segmenter, judge: LetterJudge | None = None
) -> tuple[Page, Layers]:
    """The page at its true resolution, and its layers.

    Parameters
    ----------
    page : Page
        Level, dark ink on light paper.
    segmenter : Segmenter
    judge : callable, optional
        Tells written letters from printed ones, where words are doubtful.
    """
    seen = as_seen(page)
    layers = segment_seen(page, seen, segmenter)
    better = rescaled(page, layers)
    if better is not None:
        page, seen = better, as_seen(better)
        layers = segment_seen(page, seen, segmenter)
    looked_at = seen_page(seen, layers.line.shape, layers.pixels_per_mm)
    if has_faint_writing(layers, looked_at):
        once_more = segment_seen(page, darker(seen, looked_at.paper), segmenter)
        layers = mean_ink(layers, once_more)
    layers = without_show_through(layers, looked_at)
    return page, with_consistent_words(layers, looked_at, judge)


def rescaled(page: Page, layers: Layers) -> Page | None:
    """The page with the resolution that its print tells, where that is quite another.

    A cut-out without a resolution tag is taken for a whole page at first, and
    seen many times too large.

    Parameters
    ----------
    page : Page
    layers : Layers
        Of the page, at the resolution it was thought to have.

    Returns
    -------
    Page or None
        None where the resolution can be believed, or nothing tells.
    """
    height = _print_height(layers)
    if height is None or BELIEVED[0] <= height / LETTER_MM <= BELIEVED[1]:
        return None
    return dataclasses.replace(page, dpi=page.dpi * height / LETTER_MM)


def _print_height(layers: Layers) -> float | None:
    """Usual height of print in millimetres, long pieces counting more; None without any."""
    mask = cv2.threshold(layers.printed, LIKELY, 1, cv2.THRESH_BINARY)[1]
    width, height = np.array(outlines(mask)).reshape(-1, 4)[:, 2:].T / layers.pixels_per_mm
    real = np.maximum(width, height) >= LEAST_MM
    if np.count_nonzero(real) < FEWEST:
        return None
    width, height = width[real], height[real]
    order = np.argsort(height)
    weight = np.minimum(width, LONGEST_HEIGHTS * height)[order].cumsum()
    return float(height[order][np.searchsorted(weight, weight[-1] / 2)])
