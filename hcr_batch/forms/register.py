"""Registration: where a template lies on a page, found from the form's own boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_batch.forms.schema import Template, TemplatePage
from hcr_batch.geometry import projected
from hcr_batch.layout.sides import sides_of
from hcr_batch.types import Box

__all__ = ["Fit", "best_fit", "corners_of", "mapped"]

MIN_QUALITY = 0.6
"""Share of the anchors that a page must show to be of a form."""
MIN_AGREEMENT = 1.55
"""Quality, and the share of the page's boxes that the form explains, together: in a dense
table some boxes always stand where another form has its own."""
MIN_ANCHORS = 3
"""And no fewer than this many, or all that there are: one box looks like another."""
GOOD_QUALITY = 0.9
"""From which no other scale or direction is tried."""
SAME_PLACE, SAME_PLACE_MM = 0.12, 0.5
"""An anchor is found where the middle of a box is no further from its own than this share of
its smaller side, or than this."""
REACH_MM = 3.0
"""While the fit is still rough, boxes this far away are taken for an anchor."""
SIZE_SLACK = 0.15
SIZE_SLACK_MM = 1.5
"""Boxes are alike whose sides differ by less than this share, or this much."""
BIN_MM = 3.0
"""Width of the classes in which shifts are counted."""
PEAKS = 6
MIN_VOTES = 0.3
"""Share of the anchors that must agree on a shift for it to be looked into."""
SCALE_STEP = 0.03
"""Scales are counted in classes of this ratio."""
SCALES = 4
MAX_SCALE = 2.5
"""The resolution that a file names may be wrong by this factor."""
ROUNDS = 6
MIN_AFFINE, MIN_HOMOGRAPHY = 6, 12
"""Anchors found from which a fit may shear, and may be in perspective."""
RANSAC_MM = 0.7
MAX_TRIALS = 500
MAX_STRETCH = 1.15
"""No part of a page is enlarged more or less than its middle by a greater factor."""
TURNS = (0, 2, 1, 3)
"""Quarter turns tried; upside down is likelier than sideways."""


@dataclass(frozen=True)
class Fit:
    """How a page of a template lies on a page.

    Attributes
    ----------
    template : str
        Name of the template.
    page : TemplatePage
    transform : ndarray of float64, shape (3, 3)
        Homography from millimetres on the form to pixels of the page.
    turns : int
        Quarter turns clockwise by which the page must be turned first.
    quality : float
        Share of the anchors found in their places, 0 to 1.
    found : int
        Their number.
    known : float
        Share of the page's boxes, in the area of the anchors, that they are.
    """

    template: str
    page: TemplatePage
    transform: np.ndarray
    turns: int
    quality: float
    found: int
    known: float

    @property
    def weight(self) -> float:
        """What makes one fit better than another: much found, and little missed."""
        return self.quality * self.found

    @property
    def holds(self) -> bool:
        """Whether the page is one of this form."""
        enough = min(MIN_ANCHORS, len(self.page.anchors))
        agrees = self.quality + self.known >= MIN_AGREEMENT
        return self.quality >= MIN_QUALITY and agrees and self.found >= enough


def best_fit(
    templates: Iterable[Template],
    boxes: Iterable[Box],
    size: tuple[int, int],
    pixels_per_mm: float,
    number: int = 1,
) -> Fit | None:
    """Find the form that a page is of.

    Parameters
    ----------
    templates : iterable of Template
    boxes : iterable of Box
        All boxes found on the page, in its pixels.
    size : tuple of int
        (width, height) of the page in pixels.
    pixels_per_mm : float
        As the file has it; a wrong one is noticed.
    number : int
        Place of the page in its document, from 1: decides between pages of
        a form that look the same.

    Returns
    -------
    Fit or None
        None where the page is of none of these forms.
    """
    page_boxes = corners_of(boxes)
    forms = [
        (template.name, page)
        for template in templates
        for page in _by_turn(template.pages, number)
    ]
    fits: list[Fit] = []
    for turns in TURNS:
        turned = _turned(page_boxes, turns, size)
        # The resolution that the file gives is right more often than not.
        for scales in (_given_scale, _likely_scales):
            for name, page in forms:
                fits += _fits(name, page, turned, turns, scales, pixels_per_mm)
            if any(fit.quality >= GOOD_QUALITY for fit in fits):
                return max(fits, key=lambda fit: fit.weight)
    return max(fits, key=lambda fit: fit.weight, default=None)


def _by_turn(pages: Sequence[TemplatePage], number: int) -> Sequence[TemplatePage]:
    """The pages of a form from the one that is due: it wins where others look the same."""
    due = (number - 1) % len(pages)
    return (*pages[due:], *pages[:due])


def _fits(
    name: str,
    page: TemplatePage,
    boxes: np.ndarray,
    turns: int,
    scales: Callable[[np.ndarray, np.ndarray, float], Sequence[float]],
    pixels_per_mm: float,
) -> Iterator[Fit]:
    """The ways in which one page of a template fits the boxes of a page, turned already."""
    anchors = corners_of(page.anchors)
    if len(boxes) < MIN_QUALITY * len(anchors):
        return
    for scale in scales(anchors, boxes, pixels_per_mm):
        for start in _starts(anchors, boxes, scale):
            transform, found = _refined(start, anchors, boxes)
            known = found / max(_within(boxes, mapped(transform, anchors)), 1)
            fit = Fit(name, page, transform, turns, found / len(anchors), found, known)
            if fit.holds:
                yield fit
            if fit.quality >= GOOD_QUALITY:
                return


def corners_of(boxes: Iterable[Box]) -> np.ndarray:
    """Left, top, right and bottom of boxes; float64 (N, 4)."""
    return sides_of(boxes).T


def mapped(transform: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) under a homography; the upright boxes through the middles of their sides."""
    left, top, right, bottom = boxes.T
    x, y = (left + right) / 2, (top + bottom) / 2
    west, north, east, south = (
        projected(transform, np.stack(points, axis=1))
        for points in ((left, y), (x, top), (right, y), (x, bottom))
    )
    return np.stack([west[:, 0], north[:, 1], east[:, 0], south[:, 1]], axis=1)


def _turned(boxes: np.ndarray, turns: int, size: tuple[int, int]) -> np.ndarray:
    """Boxes of the page after so many quarter turns clockwise."""
    width, height = size
    for _ in range(turns):
        left, top, right, bottom = boxes.T
        boxes = np.stack([height - bottom, left, height - top, right], axis=1)
        width, height = height, width
    return boxes


def _starts(anchors: np.ndarray, boxes: np.ndarray, scale: float) -> Iterator[np.ndarray]:
    """Rough transforms at a scale, the likeliest first: shifts that many pairs agree on."""
    pairs = _alike(anchors * scale, boxes, scale)
    shifts = _middles(boxes)[pairs[1]] - scale * _middles(anchors)[pairs[0]]
    for x, y in _peaks(shifts, pairs[0], BIN_MM * scale, MIN_VOTES * len(anchors)):
        yield np.array([[scale, 0, x], [0, scale, y], [0, 0, 1.0]])


def _middles(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _alike(a: np.ndarray, b: np.ndarray, per_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the pairs of boxes of one size."""
    sizes_a, sizes_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    slack = np.maximum(SIZE_SLACK * sizes_a, SIZE_SLACK_MM * per_mm)
    alike = (np.abs(sizes_a[:, None] - sizes_b[None]) <= slack[:, None]).all(axis=2)
    first, second = np.nonzero(alike)
    return first, second


def _given_scale(_: np.ndarray, __: np.ndarray, pixels_per_mm: float) -> list[float]:
    return [pixels_per_mm]


def _likely_scales(
    anchors: np.ndarray, boxes: np.ndarray, pixels_per_mm: float
) -> list[float]:
    """The scales on which most pairs of one shape agree."""
    sizes_a, sizes_b = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    # A line has no second side; its length alone tells the scale.
    ratios = np.log(np.maximum(sizes_b[None], 1.0) / np.maximum(sizes_a[:, None], 0.1))
    same_shape = np.abs(ratios[..., 0] - ratios[..., 1]) <= SIZE_SLACK
    steps = np.round((ratios.mean(axis=2)[same_shape] - np.log(pixels_per_mm)) / SCALE_STEP)
    steps = steps[np.abs(steps) * SCALE_STEP <= np.log(MAX_SCALE)]
    values, counts = np.unique(steps, return_counts=True)
    likely = values[np.argsort(-counts, kind="stable")][:SCALES]
    return [pixels_per_mm * float(np.exp(SCALE_STEP * step)) for step in likely if step]


def _peaks(
    shifts: np.ndarray, anchor: np.ndarray, width: float, least: float
) -> Iterator[np.ndarray]:
    """Shifts on which most pairs agree, and at least so many anchors."""
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
        if len(np.unique(anchor[near])) >= least:
            yield np.median(shifts[near], axis=0)


def _refined(
    transform: np.ndarray, anchors: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, int]:
    """Fit again and again to the boxes near the anchors; the transform and how many are found."""
    # Imported here: a scan without templates starts sooner.
    from scipy.spatial import cKDTree

    tree = cKDTree(_middles(boxes))
    best, most = transform, 0
    scale = transform[0, 0]
    for _ in range(ROUNDS):
        per_mm = _pixels_per_mm(transform, anchors)
        placed = mapped(transform, anchors)
        _, nearest = tree.query(_middles(placed))
        distance = np.abs(boxes[nearest] - placed).max(axis=1) / per_mm
        there = _in_place(boxes[nearest], placed, per_mm)
        # Two anchors at one box are one.
        found = len(np.unique(nearest[there]))
        if found < most:
            break
        best, most = transform, found
        near = distance <= REACH_MM
        fitted = _fitted(anchors[near], boxes[nearest[near]], per_mm)
        if fitted is None or not _keeps_size(fitted, anchors, scale):
            break
        transform = fitted
    return best, most


def _within(boxes: np.ndarray, placed: np.ndarray) -> int:
    """How many boxes lie in the area of the anchors."""
    least, most = placed[:, :2].min(axis=0), placed[:, 2:].max(axis=0)
    middles = _middles(boxes)
    return int(((least <= middles) & (middles <= most)).all(axis=1).sum())


def _in_place(boxes: np.ndarray, placed: np.ndarray, per_mm: float) -> np.ndarray:
    """Which boxes are where an anchor was placed, and as large; bool (N,)."""
    sizes, wanted = boxes[:, 2:] - boxes[:, :2], placed[:, 2:] - placed[:, :2]
    slack = np.maximum(SAME_PLACE * wanted.min(axis=1), SAME_PLACE_MM * per_mm)
    apart = np.abs(_middles(boxes) - _middles(placed)).max(axis=1)
    resized = np.abs(sizes - wanted)
    alike = resized <= np.maximum(SIZE_SLACK * wanted, SIZE_SLACK_MM * per_mm)
    return (apart <= slack) & alike.all(axis=1)


def _pixels_per_mm(transform: np.ndarray, anchors: np.ndarray) -> float:
    """Scale of a transform in the middle of the anchors."""
    middle = _middles(anchors).mean(axis=0)
    ends = projected(transform, middle + np.array([[-1.0, -1.0], [1.0, 1.0]]))
    return float(np.linalg.norm(ends[1] - ends[0]) / np.sqrt(8.0))


def _keeps_size(transform: np.ndarray, anchors: np.ndarray, scale: float) -> bool:
    """Whether a transform enlarges everything about as much in all directions."""
    left, top = anchors[:, :2].min(axis=0)
    right, bottom = anchors[:, 2:].max(axis=0)
    step = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for corner in ((left, top), (right, top), (left, bottom), (right, bottom)):
        origin, across, down = projected(transform, np.array(corner) + step)
        sizes = np.linalg.svd(np.stack([across - origin, down - origin]), compute_uv=False)
        if sizes.min() * MAX_STRETCH < scale or sizes.max() > MAX_STRETCH * scale:
            return False
    return True


def _fitted(anchors: np.ndarray, boxes: np.ndarray, per_mm: float) -> np.ndarray | None:
    """The robust fit of as many degrees of freedom as so many boxes can bear."""
    if not len(anchors):
        return None
    source = np.concatenate([anchors[:, :2], anchors[:, 2:]])
    target = np.concatenate([boxes[:, :2], boxes[:, 2:]])
    slack = RANSAC_MM * per_mm
    if len(anchors) >= MIN_HOMOGRAPHY:
        found, _ = cv2.findHomography(source, target, cv2.RANSAC, slack, maxIters=MAX_TRIALS)
        return found
    estimate = cv2.estimateAffine2D if len(anchors) >= MIN_AFFINE else cv2.estimateAffinePartial2D
    found, _ = estimate(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=slack, maxIters=MAX_TRIALS
    )
    return None if found is None else np.vstack([found, [0, 0, 1]])
