"""Registration: where a template lies on a page, found from the form's own boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from hcr_batch.forms.schema import Template, TemplatePage
from hcr_batch.types import Box

__all__ = ["Fit", "best_fit", "corners_of", "fit_page", "mapped"]

MIN_QUALITY = 0.5
"""Share of the anchors that a page must show to be of a form."""
MIN_ANCHORS = 3
"""And no fewer than this many, or all that there are: one box looks like another."""
GOOD_QUALITY = 0.9
"""From which no other scale or direction is tried."""
SAME_PLACE_MM = 1.5
"""An anchor is found where both its ends are this near to those of a box."""
REACH_MM = 3.0
"""While the fit is still rough, boxes this far away are taken for an anchor."""
SIZE_SLACK = 0.15
SIZE_SLACK_MM = 1.5
"""Boxes are alike whose sides differ by less than this share, or this much."""
BIN_MM = 3.0
"""Width of the classes in which shifts are counted."""
PEAKS = 6
SCALE_STEP = 0.03
"""Scales are counted in classes of this ratio."""
SCALES = 4
MAX_SCALE = 2.5
"""The resolution that a file names may be wrong by this factor."""
ROUNDS = 6
MIN_AFFINE, MIN_HOMOGRAPHY = 6, 12
"""Anchors found from which a fit may shear, and may be in perspective."""
RANSAC_MM = 0.7
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
    """

    template: str
    page: TemplatePage
    transform: np.ndarray
    turns: int
    quality: float
    found: int

    @property
    def weight(self) -> float:
        """What makes one fit better than another: much found, and little missed."""
        return self.quality * self.found

    @property
    def holds(self) -> bool:
        """Whether the page is one of this form."""
        enough = min(MIN_ANCHORS, len(self.page.anchors))
        return self.quality >= MIN_QUALITY and self.found >= enough


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
    fits = []
    for template in templates:
        expected = (number - 1) % len(template.pages)
        # The page that is due comes first and wins where another fits as well.
        order = sorted(range(len(template.pages)), key=lambda index: index != expected)
        for page in (template.pages[index] for index in order):
            fit = fit_page(template.name, page, page_boxes, size, pixels_per_mm)
            if fit is not None and fit.holds:
                fits.append(fit)
    return max(fits, key=lambda fit: fit.weight, default=None)


def fit_page(
    name: str,
    page: TemplatePage,
    boxes: np.ndarray,
    size: tuple[int, int],
    pixels_per_mm: float,
) -> Fit | None:
    """The best fit of one page of a template, however bad; None where nothing is alike.

    Parameters
    ----------
    boxes : ndarray of float64, shape (N, 4)
        Left, top, right, bottom in pixels.
    """
    anchors = corners_of(page.anchors)
    best: Fit | None = None
    if not len(boxes) or not len(anchors):
        return None
    for turns in TURNS:
        turned = _turned(boxes, turns, size)
        for start in _starts(anchors, turned, pixels_per_mm):
            transform, found = _refined(start, anchors, turned)
            fit = Fit(name, page, transform, turns, found / len(anchors), found)
            if best is None or fit.weight > best.weight:
                best = fit
            if best.quality >= GOOD_QUALITY and best.holds:
                return best
    return best


def corners_of(boxes: Iterable[Box]) -> np.ndarray:
    """Left, top, right and bottom of boxes; float64 (N, 4)."""
    rows = [(box.x, box.y, box.right, box.bottom) for box in boxes]
    return np.array(rows, np.float64).reshape(-1, 4)


def mapped(transform: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) under a homography; the upright boxes through the middles of their sides."""
    left, top, right, bottom = boxes.T
    x, y = (left + right) / 2, (top + bottom) / 2
    west, north, east, south = (
        _projected(transform, np.stack(points, axis=1))
        for points in ((left, y), (x, top), (right, y), (x, bottom))
    )
    return np.stack([west[:, 0], north[:, 1], east[:, 0], south[:, 1]], axis=1)


def _projected(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    lifted = points @ transform[:, :2].T + transform[:, 2]
    return lifted[:, :2] / lifted[:, 2:]


def _turned(boxes: np.ndarray, turns: int, size: tuple[int, int]) -> np.ndarray:
    """Boxes of the page after so many quarter turns clockwise."""
    width, height = size
    for _ in range(turns):
        left, top, right, bottom = boxes.T
        boxes = np.stack([height - bottom, left, height - top, right], axis=1)
        width, height = height, width
    return boxes


def _starts(anchors: np.ndarray, boxes: np.ndarray, pixels_per_mm: float) -> Iterator[np.ndarray]:
    """Rough transforms, the likeliest first: scale and shift that many pairs agree on."""
    for scale in _scales(anchors, boxes, pixels_per_mm):
        pairs = _alike(anchors * scale, boxes, scale)
        shift = _middles(boxes)[pairs[1]] - scale * _middles(anchors)[pairs[0]]
        for x, y in _peaks(shift, BIN_MM * scale):
            yield np.array([[scale, 0, x], [0, scale, y], [0, 0, 1.0]])


def _middles(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _alike(a: np.ndarray, b: np.ndarray, per_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the pairs of boxes of one size."""
    sizes_a, sizes_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    slack = np.maximum(SIZE_SLACK * sizes_a, SIZE_SLACK_MM * per_mm)
    return np.nonzero((np.abs(sizes_a[:, None] - sizes_b[None]) <= slack[:, None]).all(axis=2))


def _scales(anchors: np.ndarray, boxes: np.ndarray, pixels_per_mm: float) -> list[float]:
    """The scale that the resolution gives, then those on which pairs of one shape agree."""
    sizes_a, sizes_b = anchors[:, 2:] - anchors[:, :2], boxes[:, 2:] - boxes[:, :2]
    # A line has no second side; its length alone tells the scale.
    ratios = np.log(np.maximum(sizes_b[None], 1.0) / np.maximum(sizes_a[:, None], 0.1))
    same_shape = np.abs(ratios[..., 0] - ratios[..., 1]) <= SIZE_SLACK
    steps = np.round((ratios.mean(axis=2)[same_shape] - np.log(pixels_per_mm)) / SCALE_STEP)
    steps = steps[np.abs(steps) * SCALE_STEP <= np.log(MAX_SCALE)]
    values, counts = np.unique(steps, return_counts=True)
    likely = values[np.argsort(-counts, kind="stable")][:SCALES]
    return [pixels_per_mm, *(pixels_per_mm * np.exp(SCALE_STEP * step) for step in likely if step)]


def _peaks(shifts: np.ndarray, width: float) -> Iterator[np.ndarray]:
    """Shifts on which most pairs agree."""
    if not len(shifts):
        return
    bins = np.round(shifts / width).astype(np.int64)
    _, which, counts = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    which = which.ravel()
    for number in np.argsort(-counts, kind="stable")[:PEAKS]:
        # What a border between classes parts is brought together again.
        middle = np.median(shifts[which == number], axis=0)
        near = (np.abs(shifts - middle) <= width).all(axis=1)
        yield np.median(shifts[near], axis=0)


def _refined(
    transform: np.ndarray, anchors: np.ndarray, boxes: np.ndarray
) -> tuple[np.ndarray, int]:
    """Fit again and again to the boxes near the anchors; the transform and how many are found."""
    tree = cKDTree(_middles(boxes))
    best, most = transform, 0
    for _ in range(ROUNDS):
        per_mm = _pixels_per_mm(transform, anchors)
        placed = mapped(transform, anchors)
        _, nearest = tree.query(_middles(placed))
        distance = np.abs(boxes[nearest] - placed).max(axis=1) / per_mm
        found = int((distance <= SAME_PLACE_MM).sum())
        if found < most:
            break
        best, most = transform, found
        near = distance <= REACH_MM
        fitted = _fitted(anchors[near], boxes[nearest[near]], per_mm)
        if fitted is None or np.allclose(fitted, transform, atol=1e-6):
            break
        transform = fitted
    return best, most


def _pixels_per_mm(transform: np.ndarray, anchors: np.ndarray) -> float:
    """Scale of a transform in the middle of the anchors."""
    middle = _middles(anchors).mean(axis=0)
    ends = _projected(transform, middle + np.array([[-1.0, -1.0], [1.0, 1.0]]))
    return float(np.linalg.norm(ends[1] - ends[0]) / np.sqrt(8.0))


def _fitted(anchors: np.ndarray, boxes: np.ndarray, per_mm: float) -> np.ndarray | None:
    """The robust fit of as many degrees of freedom as so many boxes can bear."""
    if not len(anchors):
        return None
    source = np.concatenate([anchors[:, :2], anchors[:, 2:]])
    target = np.concatenate([boxes[:, :2], boxes[:, 2:]])
    slack = RANSAC_MM * per_mm
    if len(anchors) >= MIN_HOMOGRAPHY:
        found, _ = cv2.findHomography(source, target, cv2.RANSAC, slack)
        return found
    estimate = cv2.estimateAffine2D if len(anchors) >= MIN_AFFINE else cv2.estimateAffinePartial2D
    found, _ = estimate(source, target, method=cv2.RANSAC, ransacReprojThreshold=slack)
    return None if found is None else np.vstack([found, [0, 0, 1]])
