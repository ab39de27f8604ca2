"""Rough guesses of where a form lies on a page: shifts and scales that many boxes agree on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from hcr_batch.forms.agreement import alike
from hcr_batch.forms.evidence import Evidence, middles, sizes

__all__ = ["OTHER", "Start", "given_scale", "likely_scales", "other_scale", "rough_fits"]

BIN_MM = 3.0
"""Width of the classes in which shifts are counted."""
PEAKS = 6
MIN_VOTES = 0.3
"""Share of the anchors that must agree on a shift for it to be looked into."""
SAME_SHAPE = 0.15
"""Boxes are of one shape whose sides are enlarged by ratios that differ less than this."""
SCALE_STEP = 0.03
"""Scales are counted in classes of this ratio."""
SCALES = 5
MAX_SCALE = 2.5
"""The resolution that a file names may be wrong by this factor."""

OTHER = 1.25
"""A form that is scaled by more than this factor is looked for at its own scale again: combs with
low teeth are seen in other cells there."""

Start = tuple[float, np.ndarray]
"""Votes for a guess, as a share of anchors and boxes, and its transform (3, 3)."""


def rough_fits(
    anchors: np.ndarray, evidence: Evidence, scales: Sequence[float]
) -> Iterator[Start]:
    """Guess where a form lies, at each of these scales.

    Parameters
    ----------
    anchors : ndarray of float64, shape (N, 4)
        In millimetres.
    evidence : Evidence
    scales : sequence of float
        Pixels per millimetre.
    """
    boxes = evidence.boxes
    for scale in scales:
        wanted, found = scale * sizes(anchors), sizes(boxes)
        pairs = np.nonzero(alike(wanted[:, None], found[None], scale))
        shifts = middles(boxes)[pairs[1]] - scale * middles(anchors)[pairs[0]]
        for votes, (x, y) in _peaks(shifts, pairs[0], BIN_MM * scale, MIN_VOTES * len(anchors)):
            transform = np.array([[scale, 0, x], [0, scale, y], [0, 0, 1.0]])
            yield 2 * votes / (len(anchors) + len(boxes)), transform


def given_scale(_: np.ndarray, evidence: Evidence) -> list[float]:
    """The scale that the resolution of the file tells."""
    return [evidence.pixels_per_mm]


def likely_scales(anchors: np.ndarray, evidence: Evidence) -> list[float]:
    """The scales on which most pairs of one shape agree, but for the file's own."""
    wanted, found = sizes(anchors), sizes(evidence.boxes)
    # A line has no second side; its length alone tells the scale.
    ratios = np.log(np.maximum(found[None], 1.0) / np.maximum(wanted[:, None], 0.1))
    same_shape = np.abs(ratios[..., 0] - ratios[..., 1]) <= SAME_SHAPE
    logs = ratios.mean(axis=2)[same_shape] - np.log(evidence.pixels_per_mm)
    logs = logs[np.abs(logs) <= np.log(MAX_SCALE)]
    steps = np.round(logs / SCALE_STEP)
    values, counts = np.unique(steps, return_counts=True)
    likely = values[np.argsort(-counts, kind="stable")][:SCALES]
    # Walls have a width, and cells are measured a pixel off: the middle of many is near the truth.
    middle = (float(np.median(logs[np.abs(steps - step) <= 1])) for step in likely)
    return [evidence.pixels_per_mm * float(np.exp(log)) for log in middle]


def other_scale(forms: Iterable[np.ndarray], evidence: Evidence) -> float | None:
    """The scale, quite another than the file's, at which a form most likely lies on a page.

    Parameters
    ----------
    forms : iterable of ndarray of float64, shape (N, 4)
        The anchors of each in millimetres.
    evidence : Evidence

    Returns
    -------
    float or None
        Pixels per millimetre; None where no form lies there at any.
    """
    given = evidence.pixels_per_mm
    found = [
        (votes, scale)
        for anchors in forms
        for scale in likely_scales(anchors, evidence)
        if max(scale / given, given / scale) > OTHER
        for votes, _ in rough_fits(anchors, evidence, [scale])
    ]
    return max(found)[1] if found else None


def _peaks(
    shifts: np.ndarray, anchor: np.ndarray, width: float, least: float
) -> Iterator[tuple[int, np.ndarray]]:
    """Shifts on which most pairs agree, and at least so many anchors, with their number."""
    if not len(shifts):
        return
    bins = np.round((shifts - shifts.min(axis=0)) / width).astype(np.int64)
    which = bins[:, 0] * (bins[:, 1].max() + 1) + bins[:, 1]
    counts = np.bincount(which)
    for number in np.argsort(-counts, kind="stable")[:PEAKS]:
        if not counts[number]:
            return
        middle = np.median(shifts[which == number], axis=0)
        # What a border between classes parts is brought together again.
        near = (np.abs(shifts - middle) <= width).all(axis=1)
        votes = len(np.unique(anchor[near]))
        if votes >= least:
            yield votes, np.median(shifts[near], axis=0)
