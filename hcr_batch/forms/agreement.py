"""How well a page agrees with a form: boxes found, boxes missing, boxes unexplained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hcr_batch.forms.evidence import Evidence, mapped, middles, sizes
from hcr_batch.forms.features import Features

__all__ = ["Agreement", "agreement", "alike", "boxes_in_place", "lie_within", "nearest_boxes"]

SAME_PLACE, SAME_PLACE_MM = 0.25, 0.5
"""An anchor is found where the middle of a box is no further from its own than this share of
its smaller side, or than this; boxes that are one cell off are four times as far."""
MAX_PLACE_MM = 2.0
"""But never further than this: large boxes bend no more than small ones."""
SIZE_SLACK, SIZE_SLACK_MM = 0.15, 1.5
"""Boxes are alike whose sides differ by less than this share, or this much,"""
MAX_SLACK = 0.35
"""but for small ones by no more than this share."""
AROUND = 1.3
"""Boxes this many usual anchors beyond the outermost ones must be explained as well."""
NEIGHBOURS = 3
"""So many boxes near an anchor are looked at: boxes are nested."""
LARGER = 2.2
"""A box of the form is one to write in, for a box found within it, that is so many times as wide
and as high: a row of cells in a box of their own height has moved there."""
EDGE = 0.15
"""Share of an anchor's smaller side that may lie off the paper."""


@dataclass(frozen=True)
class Agreement:
    """What a page shows of a form's features.

    Attributes
    ----------
    box_of : ndarray of int, shape (features,)
        Number of the box that is the feature; -1 where none is.
    on_paper : ndarray of bool, shape (features,)
        Which of them lie on the paper.
    near : ndarray of bool, shape (boxes,)
        Which boxes lie among them, and not within a much larger one.
    expected : ndarray of bool, shape (features,)
        Which are anchors, that must be seen.
    """

    box_of: np.ndarray
    on_paper: np.ndarray
    near: np.ndarray
    expected: np.ndarray

    @property
    def taken(self) -> np.ndarray:
        """Numbers of the boxes that are features."""
        return self.box_of[self.box_of >= 0]

    @property
    def found(self) -> int:
        """How many features have a box."""
        return len(self.taken)

    @property
    def missing(self) -> int:
        """How many anchors on the paper have none."""
        return int((self.expected & self.on_paper & (self.box_of < 0)).sum())

    @property
    def unexplained(self) -> int:
        """How many boxes among the features are none."""
        return _left_in(self.near, self.taken)

    @property
    def net(self) -> int:
        """What speaks for the form less what speaks against it."""
        return self.found - self.missing - self.unexplained

    def lead(self, other: Agreement) -> int:
        """How much more speaks for this one; both have to explain what lies among either's."""
        area = self.near | other.near
        mine, others = (
            one.found - one.missing - _left_in(area, one.taken) for one in (self, other)
        )
        return mine - others

    @property
    def quality(self) -> float:
        """Share of the features on the paper that are found, those aside that need not be."""
        return self.found / max(self.found + self.missing, 1)

    @property
    def precision(self) -> float:
        """Share of the boxes among the features that are features, 0 to 1."""
        return self.found / max(self.found + self.unexplained, 1)


def _left_in(area: np.ndarray, taken: np.ndarray) -> int:
    """How many boxes of an area, bool (boxes,), are not taken."""
    return int(area.sum() - area[taken].sum())


def agreement(transform: np.ndarray, features: Features, evidence: Evidence) -> Agreement:
    """Compare a page with a form that lies so on it.

    Parameters
    ----------
    transform : ndarray of float64, shape (3, 3)
        From millimetres on the form to pixels of the page.
    features : Features
    evidence : Evidence
    """
    placed = mapped(transform, features.boxes)
    per_mm = float(np.median(sizes(placed).sum(axis=1) / sizes(features.boxes).sum(axis=1)))
    margin = EDGE * sizes(placed).min(axis=1).mean()
    on_paper = evidence.on_paper(placed, float(margin))
    if not len(evidence.boxes):
        none = np.full(len(placed), -1)
        return Agreement(none, on_paper, np.zeros(0, bool), features.expected)
    nearest = nearest_boxes(placed, evidence)
    there = boxes_in_place(evidence.boxes[nearest], placed, per_mm)
    return Agreement(
        _one_to_one(nearest, there, placed, evidence.boxes),
        on_paper,
        _among(evidence.boxes, placed),
        features.expected,
    )


def nearest_boxes(placed: np.ndarray, evidence: Evidence) -> np.ndarray:
    """Number of the box nearest to each place (N, 4), by the side that is furthest off."""
    count = min(NEIGHBOURS, len(evidence.boxes))
    _, near = evidence.tree.query(middles(placed), k=count)
    near = near.reshape(len(placed), count)
    apart = np.abs(evidence.boxes[near] - placed[:, None]).max(axis=2)
    return near[np.arange(len(placed)), apart.argmin(axis=1)]


def alike(wanted: np.ndarray, found: np.ndarray, per_mm: float) -> np.ndarray:
    """Whether sizes (..., 2) in pixels are the same but for the errors of a scan; bool (...)."""
    slack = np.maximum(SIZE_SLACK * wanted, np.minimum(SIZE_SLACK_MM * per_mm, MAX_SLACK * wanted))
    # A line has one side only.
    slack = np.maximum(slack, SAME_PLACE_MM * per_mm)
    return (np.abs(found - wanted) <= slack).all(axis=-1)


def boxes_in_place(boxes: np.ndarray, placed: np.ndarray, per_mm: float) -> np.ndarray:
    """Which boxes (N, 4) are where anchors were placed, and as large; bool (N,)."""
    wanted = sizes(placed)
    slack = np.clip(SAME_PLACE * wanted.min(axis=1), SAME_PLACE_MM * per_mm, MAX_PLACE_MM * per_mm)
    apart = np.abs(middles(boxes) - middles(placed)).max(axis=1)
    return (apart <= slack) & alike(wanted, sizes(boxes), per_mm)


def _one_to_one(
    nearest: np.ndarray, there: np.ndarray, placed: np.ndarray, boxes: np.ndarray
) -> np.ndarray:
    """The box of each anchor or -1; a box that two claim is the nearer one's."""
    apart = np.abs(boxes[nearest] - placed).max(axis=1)
    claims = np.flatnonzero(there)
    claims = claims[np.argsort(apart[claims], kind="stable")]
    _, first = np.unique(nearest[claims], return_index=True)
    box_of = np.full(len(placed), -1)
    box_of[claims[first]] = nearest[claims[first]]
    return box_of


def lie_within(boxes: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Which boxes lie within a much larger box of the form: writing there looks like boxes too.

    Parameters
    ----------
    boxes, placed : ndarray of float64, shape (N, 4) and (M, 4)
        Boxes found, and those of the form where it lies.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    x, y = middles(boxes).T
    left, top, right, bottom = placed.T[:, :, None]
    within = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    larger = (sizes(placed)[:, None] >= LARGER * sizes(boxes)[None]).all(axis=2)
    return (within & larger).any(axis=0)


def _among(boxes: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Which boxes lie in the area of the features, or right beside it; bool (boxes,)."""
    beyond = AROUND * np.median(sizes(placed).min(axis=1))
    least, most = placed[:, :2].min(axis=0) - beyond, placed[:, 2:].max(axis=0) + beyond
    places = middles(boxes)
    inside = ((least <= places) & (places <= most)).all(axis=1)
    return inside & ~lie_within(boxes, placed)
