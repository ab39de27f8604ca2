"""Rough guesses of where a form lies on a page, told by the print of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from hcr_batch.forms.imprint import Imprint

__all__ = ["print_scales", "print_starts"]

PER_MM = 1.0
"""Pixels a millimetre at which a page is searched."""
BLUR = 1.5
"""Pixels: print lies this far off where the scale is one in a hundred wrong."""
PEAKS, APART = 2, 8
"""So many places are guessed at each scale, this many pixels apart at least."""
SAME_SCALE, AGREEING = 1.04, 2
"""Scales are one that differ by less than this factor; of the four that the widths and heights of
words and lines tell, so many must be one."""
MAX_SCALE = 2.5
"""The resolution that a file names may be wrong by this factor."""


def print_starts(form: Imprint, page: Imprint, scales: Sequence[float]) -> Iterator[np.ndarray]:
    """Guess where a form lies, at each of these scales.

    Parameters
    ----------
    form, page : Imprint
    scales : sequence of float
        Pixels of the page a millimetre.

    Yields
    ------
    ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    """
    wanted = form.rough_words(PER_MM / form.scale, BLUR)
    rows, columns = (side // 2 for side in wanted.shape)
    for scale in scales:
        seen = page.rough_words(PER_MM / (scale * page.scale), BLUR)
        # A part of the form may be cut off.
        seen = cv2.copyMakeBorder(seen, rows, rows, columns, columns, cv2.BORDER_CONSTANT)
        if (np.array(seen.shape) < wanted.shape).any():
            continue
        found = cv2.matchTemplate(seen, wanted, cv2.TM_CCOEFF)
        for _ in range(PEAKS):
            y, x = np.unravel_index(found.argmax(), found.shape)
            found[max(0, y - APART) : y + APART + 1, max(0, x - APART) : x + APART + 1] = -np.inf
            right, down = np.array([x - columns, y - rows]) / PER_MM * scale
            yield np.array([[scale, 0, right], [0, scale, down], [0, 0, 1.0]])


def print_scales(form: Imprint, page: Imprint, given: float) -> list[float]:
    """The scale that a file tells, and one by which most of the print is as large as the form's.

    Parameters
    ----------
    form, page : Imprint
    given : float
        Pixels of the page a millimetre, as its resolution has it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        told = (page.extents / page.scale) / (form.extents / form.scale)
    told = told[np.isfinite(told) & (told > 0)]
    same = np.abs(np.log(told[:, None] / told)) <= np.log(SAME_SCALE)
    best = [float(np.median(told[same[n]])) for n in [*np.argsort(-same.sum(axis=1))][:1]]
    return [given] + [
        scale
        for scale in best
        if same.sum(axis=1).max() >= AGREEING
        and SAME_SCALE < max(scale / given, given / scale) <= MAX_SCALE
    ]
