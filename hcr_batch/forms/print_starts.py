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
OUTERMOST = 0.003
"""Share of the print on either side that may be dirt."""
SAME_SCALE = 1.03
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
    wanted = _reduced(form.words, PER_MM / form.scale)
    rows, columns = (side // 2 for side in wanted.shape)
    for scale in scales:
        seen = _reduced(page.words, PER_MM / (scale * page.scale))
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
    """The scale that a file tells, and those by which all of the print is as wide or as high.

    Parameters
    ----------
    form, page : Imprint
    given : float
        Pixels of the page a millimetre, as its resolution has it.
    """
    scales = [given]
    with np.errstate(divide="ignore", invalid="ignore"):
        told = _extent(page) / page.scale / (_extent(form) / form.scale)
    for scale in told[np.isfinite(told) & (told > 0)].tolist():
        if max(scale / given, given / scale) <= MAX_SCALE and not any(
            max(scale / other, other / scale) <= SAME_SCALE for other in scales
        ):
            scales.append(scale)
    return scales


def _extent(imprint: Imprint) -> np.ndarray:
    """Width and height of all that is printed, in pixels of the imprint."""
    printed = (imprint.lines | imprint.words) > 0
    extents = []
    for axis in (0, 1):
        share = np.cumsum(printed.sum(axis=axis)) / max(1, printed.sum())
        first, last = np.searchsorted(share, [OUTERMOST, 1 - OUTERMOST])
        extents.append(float(last - first))
    return np.array(extents)


def _reduced(mask: np.ndarray, factor: float) -> np.ndarray:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(mask, None, fx=factor, fy=factor, interpolation=method)
    return cv2.GaussianBlur(small, (0, 0), BLUR)
