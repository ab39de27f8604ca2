"""Fits of a form to the boxes of a page that outliers do not spoil."""

from __future__ import annotations

import math

import cv2
import numpy as np

from hcr_batch.forms.agreement import alike, boxes_in_place, nearest_boxes
from hcr_batch.forms.evidence import Evidence, mapped, middles, sizes
from hcr_batch.geometry import projected

__all__ = ["moved_by", "refined", "scale_of", "settled"]

ROUNDS = 2
"""So often is a fit repeated, from boxes that the one before has brought nearer."""
AROUND_MM, GROWTH = 40.0, 1.4
"""A rough fit begins with the anchors this near to where most are found, and grows by this factor:
a photographed page lies a cell off at its rims long before it does from one step to the next."""
WIDE_MM = 25.0
"""Anchors must spread this far, across and down, for a rough fit to shear."""
EXACT, ENOUGH = 0.1, 0.9
"""A similarity is exact by which so many points are this near, as a share of `REACH_MM`."""
REACH_MM = 3.0
"""While the fit is still rough, boxes this far away are taken for an anchor."""
MIN_AFFINE, MIN_PROJECTIVE = 6, 12
"""Anchors found from which a fit may shear, and may be in perspective;"""
SPREAD_AFFINE, SPREAD_PROJECTIVE = 0.4, 0.7
"""or three and four, as corner marks are, that enclose this share of all that the form has."""
RANSAC_MM = 0.7
"""Corners of boxes further off than this do not count for a fit."""
MAX_STRETCH = 1.15
"""No part of a page is enlarged more or less than its middle by a greater factor."""


def settled(transform: np.ndarray, anchors: np.ndarray, evidence: Evidence) -> np.ndarray:
    """A rough transform fitted to the boxes near the anchors, from where it holds outwards.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    anchors : ndarray of float64, shape (N, 4)
        In millimetres.
    evidence : Evidence
        With a box at least.
    """
    scale = scale_of(transform, anchors)
    far = np.abs(middles(anchors) - _surest(transform, anchors, evidence)).max(axis=1)
    whole, reach = float(far.max()), AROUND_MM
    for _ in range(1 + ROUNDS + max(0, math.ceil(math.log(max(whole, 1.0) / reach, GROWTH)))):
        source, target = _pairs(transform, anchors[far <= reach], evidence)
        fitted = _simple_fit(source, target, REACH_MM * scale)
        if fitted is not None and _keeps_size(fitted, anchors[far <= reach], scale):
            transform = fitted
        reach = min(reach * GROWTH, whole)
    return transform


def _surest(transform: np.ndarray, anchors: np.ndarray, evidence: Evidence) -> np.ndarray:
    """The middle of the anchor around which most others have a box, (2,) in millimetres."""
    placed = mapped(transform, anchors)
    per_mm = scale_of(transform, anchors)
    found = boxes_in_place(evidence.boxes[nearest_boxes(placed, evidence)], placed, per_mm)
    places = middles(anchors)
    around = np.abs(places[:, None] - places[None]).max(axis=2) <= AROUND_MM
    best: np.ndarray = places[(around @ np.where(found, 1, -1)).argmax()]
    return best


def _simple_fit(source: np.ndarray, target: np.ndarray, slack: float) -> np.ndarray | None:
    """A similarity of points (N, 2); an affinity where it is not exact and they spread enough."""
    if len(source) <= 2:
        return None
    found, _ = cv2.estimateAffinePartial2D(source, target, None, cv2.RANSAC, slack)
    similar = _homography(found)
    if len(source) < 2 * MIN_AFFINE or (np.ptp(source, axis=0) < WIDE_MM).any():
        return similar
    if similar is not None:
        apart = np.abs(projected(similar, source) - target).max(axis=1)
        if (apart <= EXACT * slack).mean() >= ENOUGH:
            return similar
    ones = np.column_stack([source, np.ones(len(source))])
    return _homography(np.linalg.lstsq(ones, target, rcond=None)[0].T)


def _homography(found: np.ndarray | None) -> np.ndarray | None:
    """A transform found, (2, 3) or (3, 3), as a matrix (3, 3); None where there is none."""
    if found is None or not np.isfinite(found).all():
        return None
    return np.vstack([found, [[0.0, 0.0, 1.0]]])[:3]


def refined(transform: np.ndarray, anchors: np.ndarray, evidence: Evidence) -> np.ndarray:
    """A good transform, fitted robustly with as many degrees of freedom as the boxes can bear.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    anchors : ndarray of float64, shape (N, 4)
        In millimetres.
    evidence : Evidence
        With a box at least.
    """
    scale = scale_of(transform, anchors)
    for _ in range(ROUNDS):
        source, target = _pairs(transform, anchors, evidence)
        fitted = _fitted(source, target, RANSAC_MM * scale, _spread(source, anchors))
        if fitted is None or not _keeps_size(fitted, anchors, scale):
            break
        transform = fitted
    return transform


def moved_by(transform: np.ndarray, step: tuple[float, float]) -> np.ndarray:
    """The transform of a form that lies so many millimetres further right and down."""
    move = np.eye(3)
    move[:2, 2] = step
    return np.asarray(transform @ move)


def scale_of(transform: np.ndarray, anchors: np.ndarray) -> float:
    """Pixels per millimetre in the middle of the anchors."""
    middle = middles(anchors).mean(axis=0)
    ends = projected(transform, middle + np.array([[-1.0, -1.0], [1.0, 1.0]]))
    return float(np.linalg.norm(ends[1] - ends[0]) / np.sqrt(8.0))


def _pairs(
    transform: np.ndarray, anchors: np.ndarray, evidence: Evidence
) -> tuple[np.ndarray, np.ndarray]:
    """Corners (2 P, 2) of P anchors, and of the boxes near them."""
    if not len(evidence.boxes):
        return np.empty((0, 2)), np.empty((0, 2))
    per_mm = scale_of(transform, anchors)
    placed = mapped(transform, anchors)
    nearest = evidence.boxes[nearest_boxes(placed, evidence)]
    near = np.abs(nearest - placed).max(axis=1) <= REACH_MM * per_mm
    near &= alike(sizes(placed), sizes(nearest), per_mm)
    source, target = anchors[near], nearest[near]
    return (
        np.concatenate([source[:, :2], source[:, 2:]]),
        np.concatenate([target[:, :2], target[:, 2:]]),
    )


def _spread(points: np.ndarray, boxes: np.ndarray) -> float:
    """Share of the area of boxes (N, 4) that points (M, 2) enclose."""
    if len(points) < 3:
        return 0.0
    hull = cv2.convexHull(points.astype(np.float32))
    whole = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    return float(cv2.contourArea(hull) / max(whole.prod(), 1e-9))


def _fitted(
    source: np.ndarray, target: np.ndarray, slack: float, spread: float
) -> np.ndarray | None:
    """The robust fit of as many degrees of freedom as so many corners can bear."""
    if len(source) >= 2 * (4 if spread >= SPREAD_PROJECTIVE else MIN_PROJECTIVE):
        return _homography(cv2.findHomography(source, target, cv2.RANSAC, slack)[0])
    affine = len(source) >= 2 * (3 if spread >= SPREAD_AFFINE else MIN_AFFINE)
    if len(source) <= (3 if affine else 2):
        return None
    fit = cv2.estimateAffine2D if affine else cv2.estimateAffinePartial2D
    return _homography(fit(source, target, None, cv2.RANSAC, slack)[0])


def _keeps_size(transform: np.ndarray, anchors: np.ndarray, scale: float) -> bool:
    """Whether a transform enlarges everything about as much in all directions."""
    left, top = anchors[:, :2].min(axis=0)
    right, bottom = anchors[:, 2:].max(axis=0)
    step = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for corner in ((left, top), (right, top), (left, bottom), (right, bottom)):
        origin, across, down = projected(transform, np.array(corner) + step)
        stretch = np.linalg.svd(np.stack([across - origin, down - origin]), compute_uv=False)
        if stretch.min() * MAX_STRETCH < scale or stretch.max() > MAX_STRETCH * scale:
            return False
    return True
