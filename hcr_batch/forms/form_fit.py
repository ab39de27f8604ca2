"""A form as it may lie on a page, and what the page shows of it there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hcr_batch.forms.agreement import Agreement, agreement
from hcr_batch.forms.evidence import Evidence, corners_of, mapped
from hcr_batch.forms.features import Features
from hcr_batch.forms.likeness import Likeness
from hcr_batch.forms.robust_fit import scale_of
from hcr_batch.forms.template_parts import TemplatePage
from hcr_batch.forms.walls import are_written, drawn_alike, overlie
from hcr_batch.geometry import projected

__all__ = ["Fit", "Form", "are_rivals", "fitted", "form_of", "lie_apart"]

MIN_QUALITY = 0.6
"""Share of the anchors that a page must show to be of a form."""
MIN_AGREEMENT = 1.6
"""Quality, and the share of the page's boxes that the form explains, together: in a dense
table some boxes always stand where another form has its own."""
MIN_ANCHORS = 3
"""And no fewer than this many, or all that there are: one box looks like another."""
MIN_NET_SHARE = 0.2
"""Net share of all anchors, those off the paper counted too: a part of one form is soon like a
part of another."""
GOOD_SHARE = 0.85
"""Net share of the anchors on the paper from which no other scale or direction is tried."""
SAME_FIT = 0.3
"""Fits that put anchors less than this share of their smaller side apart are one."""
SHARED_BOXES = 0.3
"""Share of its boxes from which a fit is another reading of them, not another form."""

Form = tuple[str, TemplatePage, Features]
"""Name of a template, one of its pages, and what that has to be found by."""


@dataclass(frozen=True)
class Fit:
    """How a page of a template lies on a page.

    Attributes
    ----------
    template : str
        Name of the template.
    page : TemplatePage
    features : Features
        The boxes of that page.
    transform : ndarray of float64, shape (3, 3)
        Homography from millimetres on the form to pixels of the page.
    turns : int
        Quarter turns clockwise by which the page must be turned first.
    agreement : Agreement
        What the page shows of its anchors.
    certain : bool
        No other fit is nearly as good.
    likeness : Likeness, optional
        What the page's print says, where the template has some and it was asked.
    """

    template: str
    page: TemplatePage
    features: Features
    transform: np.ndarray
    turns: int
    agreement: Agreement
    certain: bool = True
    likeness: Likeness | None = None

    @property
    def quality(self) -> float:
        """Share of the anchors on the paper that are found, 0 to 1."""
        return self.agreement.quality

    @property
    def found(self) -> int:
        """How many anchors are found."""
        return int((self.agreement.box_of[self.agreement.expected] >= 0).sum())

    @property
    def agrees(self) -> float:
        """Shares of the anchors and of the boxes that belong together, 0 to 2."""
        return self.agreement.quality + self.agreement.precision

    @property
    def holds(self) -> bool:
        """Whether the page is one of this form."""
        if self.is_known_by_print:
            return True
        if self.likeness and self.likeness.denies:
            return False
        seen, count = self.agreement, len(self.page.anchors)
        agrees = seen.quality >= MIN_QUALITY and self.agrees >= MIN_AGREEMENT
        return agrees and self.has_enough and seen.net >= MIN_NET_SHARE * count

    @property
    def has_enough(self) -> bool:
        """Whether as many boxes are found as a form must show at least."""
        return self.agreement.found >= min(MIN_ANCHORS, len(self.page.anchors))

    @property
    def is_known_by_print(self) -> bool:
        """Whether the print alone says that the form lies so."""
        return self.likeness is not None and self.likeness.holds

    @property
    def is_good(self) -> bool:
        """Whether there is nothing better to be hoped for."""
        seen = self.agreement
        return self.holds and seen.net >= GOOD_SHARE * (seen.found + seen.missing)

    def explains(self, boxes: np.ndarray, evidence: Evidence) -> np.ndarray:
        """Which boxes of the page, (N, 4), are the form's in other sizes, or written; bool (N,)."""
        form, page = self.page.imprint, evidence.imprint
        if form is None or page is None or not self.is_known_by_print:
            return np.zeros(len(boxes), bool)
        boxes = mapped(np.linalg.inv(self.transform), boxes)
        alike = drawn_alike(boxes, form, page, self.transform)
        areas = corners_of(field.box for field in self.page.fields if field.kind == "free")
        per_mm = scale_of(self.transform, self.features.boxes)
        written = are_written(boxes, areas, page, self.transform, per_mm)
        return alike | overlie(boxes, self.features.boxes) | written

    def sheet(self) -> np.ndarray:
        """Corners of the form's paper in pixels of the page, in order around it; float64 (4, 2)."""
        width, height = self.page.width_mm, self.page.height_mm
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        return projected(self.transform, corners)

    def placed(self) -> np.ndarray:
        """The features of the form in pixels of the page, float64 (N, 4)."""
        return mapped(self.transform, self.features.boxes)


def fitted(form: Form, transform: np.ndarray, turns: int, evidence: Evidence) -> Fit:
    """A form that lies so on a page; the page has to have a box."""
    seen = agreement(transform, form[2], evidence)
    return Fit(*form, transform, turns, seen)


def form_of(fit: Fit) -> Form:
    """What a fit is a fit of."""
    return fit.template, fit.page, fit.features


def are_rivals(best: Fit, other: Fit) -> bool:
    """Whether two fits read the same boxes in different ways."""
    shared = np.isin(other.agreement.taken, best.agreement.taken).sum()
    if best.has_enough and not other.has_enough:
        return False
    if shared < SHARED_BOXES * max(other.found, 1):
        return False
    if best.template != other.template:
        return True
    if best.page.number != other.page.number:
        # Which of two pages that look the same it is, the order tells.
        return other.agreement.net < best.agreement.net
    return lie_apart(best, other)


def lie_apart(fit: Fit, other: Fit) -> bool:
    """Whether two fits of one page put its anchors in different places."""
    here, there = fit.placed(), other.placed()
    side = np.minimum(here[:, 2] - here[:, 0], here[:, 3] - here[:, 1])
    return bool((np.abs(here - there).max(axis=1) > SAME_FIT * side).mean() > SAME_FIT)
