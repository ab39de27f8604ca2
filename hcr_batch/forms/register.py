"""Registration: where the pages of known forms lie on a page, told by the forms' own boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hcr_batch.forms.agreement import Agreement, agreement, lie_within
from hcr_batch.forms.candidates import given_scale, likely_scales, rough_fits
from hcr_batch.forms.comb_runs import comb_runs
from hcr_batch.forms.evidence import Evidence, mapped, middles
from hcr_batch.forms.features import Features, features_of
from hcr_batch.forms.grid_shifts import grid_shifts
from hcr_batch.forms.robust_fit import refined, scale_of, settled
from hcr_batch.forms.template_files import Template, TemplatePage

__all__ = ["Fit", "register", "unexpected_combs"]

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
MIN_ROUGH = 1.0
"""Agreement that a guess must show to be looked into."""
MIN_LEAD, MIN_LEAD_SHARE = 3, 0.03
"""Boxes, and share of those found, by which a fit must be better than every other one: a comb
that is one cell off misses a box, leaves another unexplained, and finds one fewer."""
SAME_FIT = 0.3
"""Fits that put anchors less than this share of their smaller side apart are one."""
SHARED_BOXES = 0.3
"""Share of its boxes from which a fit is another reading of them, not another form."""
NEARLY_ALL = 1.78
"""Agreement from which a comb within a box of the form is no field of another edition."""
MAX_STARTS, MAX_REFINED = 10, 3
"""So many of the likeliest guesses are looked into, and so many of these closely."""
MAX_FORMS = 8
"""Forms on one scan."""
SAME_ROW = 0.5
"""Forms whose upper edges differ by less than this share of their height lie side by side."""
SAME_SCALE = 1.1
"""Forms on one scan differ in scale by no more than this factor."""
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
    """

    template: str
    page: TemplatePage
    features: Features
    transform: np.ndarray
    turns: int
    agreement: Agreement
    certain: bool = True

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
        return self.agreement.quality + self.agreement.known

    @property
    def holds(self) -> bool:
        """Whether the page is one of this form."""
        seen, count = self.agreement, len(self.page.anchors)
        enough = seen.found >= min(MIN_ANCHORS, count) and seen.net >= MIN_NET_SHARE * count
        agrees = seen.quality >= MIN_QUALITY and self.agrees >= MIN_AGREEMENT
        return agrees and enough

    @property
    def is_good(self) -> bool:
        """Whether there is nothing better to be hoped for."""
        seen = self.agreement
        return self.holds and seen.net >= GOOD_SHARE * (seen.found + seen.missing)

    def placed(self) -> np.ndarray:
        """The features of the form in pixels of the page, float64 (N, 4)."""
        return mapped(self.transform, self.features.boxes)


def register(
    templates: Iterable[Template], evidence: Evidence, number: int = 1
) -> tuple[Fit, ...]:
    """Find the forms that lie on a page.

    Every way in which a form may lie there is scored by the anchors that are
    missing and by the boxes of the page that it does not explain; the best
    must win clearly over all others, and over itself one cell or one row off.

    Parameters
    ----------
    templates : iterable of Template
    evidence : Evidence
        What was found on the page.
    number : int
        Place of the page in its document, from 1: decides between pages of
        a form that look the same.

    Returns
    -------
    tuple of Fit
        In reading order, all with the same `turns`. Empty where the page is of
        none of these forms. A fit that is not `certain` must not be read.
    """
    forms = [
        (template.name, page, features_of(page))
        for template in templates
        for page in _by_turn(template.pages, number)
    ]
    fits: list[Fit] = []
    turns: tuple[int, ...] = TURNS
    left = evidence
    while len(fits) < MAX_FORMS and len(left.boxes):
        best = _best(forms, left, turns)
        if best is None or any(not _beside(best, fit) for fit in fits):
            break
        fits.append(best)
        turns = (best.turns,)
        left = left.without(best.agreement.taken)
    if not fits or any(_is_of_another_edition(fit, left) for fit in fits):
        return ()
    return tuple(_in_reading_order([_compared(fit, evidence) for fit in fits]))


def _in_reading_order(fits: Sequence[Fit]) -> list[Fit]:
    """Forms from the top down, and those side by side from the left."""
    boxes = {id(fit): fit.placed() for fit in fits}
    top = min(float(box[:, 1].min()) for box in boxes.values())

    def place(fit: Fit) -> tuple[int, float]:
        left, upper = boxes[id(fit)][:, :2].min(axis=0)
        height = float(np.ptp(boxes[id(fit)][:, 1::2]))
        return int((upper - top) / (SAME_ROW * height)), float(left)

    return sorted(fits, key=place)


def _by_turn(pages: Sequence[TemplatePage], number: int) -> Sequence[TemplatePage]:
    """The pages of a form from the one that is due: it wins where others look the same."""
    due = (number - 1) % len(pages)
    return (*pages[due:], *pages[:due])


Form = tuple[str, TemplatePage, Features]
Scales = Callable[[np.ndarray, Evidence], Sequence[float]]


def _best(forms: Sequence[Form], evidence: Evidence, directions: Sequence[int]) -> Fit | None:
    """The fit that explains a page best; None where none holds."""
    tried: list[Fit] = []
    for turns in directions:
        turned = evidence.turned(turns)
        # The resolution that the file gives is right more often than not.
        for scales in (given_scale, likely_scales):
            tried += _fits(forms, turned, turns, scales)
            best = max(tried, key=_rank, default=None)
            if best and best.is_good:
                return _judged(best, tried, evidence.turned(best.turns))
    best = max((fit for fit in tried if fit.holds), key=_rank, default=None)
    return best and _judged(best, tried, evidence.turned(best.turns))


def _rank(fit: Fit) -> int:
    return fit.agreement.net


def _fits(
    forms: Sequence[Form], evidence: Evidence, turns: int, scales: Scales
) -> list[Fit]:
    """The likeliest ways in which these forms fit the boxes of a page, turned already."""
    starts = [
        (votes, form, start)
        for form in forms
        if len(anchors := form[2].boxes[form[2].expected])
        for votes, start in rough_fits(anchors, evidence, scales(anchors, evidence))
    ]
    starts.sort(key=lambda start: -start[0])
    rough = [
        _fit(form, settled(start, form[2].boxes, evidence), turns, evidence)
        for _, form, start in starts[:MAX_STARTS]
    ]
    rough.sort(key=_rank, reverse=True)
    promising = [fit for fit in rough if fit.agrees >= MIN_ROUGH][:MAX_REFINED]
    return [*rough, *(_improved(fit, evidence) for fit in promising)]


def _fit(form: Form, transform: np.ndarray, turns: int, evidence: Evidence) -> Fit:
    seen = agreement(transform, form[2], evidence)
    return Fit(*form, transform, turns, seen)


def _improved(fit: Fit, evidence: Evidence) -> Fit:
    """The best of a fit and of those one cell or row beside it, and so on from there."""
    boxes = fit.features.boxes
    while True:
        closer = refined(fit.transform, boxes, evidence)
        fit = max(fit, _fit(_form(fit), closer, fit.turns, evidence), key=_rank)
        beside = max(_shifted(fit, evidence), key=_rank, default=fit)
        if beside.agreement.net <= fit.agreement.net:
            return fit
        fit = beside


def _shifted(fit: Fit, evidence: Evidence) -> Iterator[Fit]:
    """The same form one cell, or one row, beside where it lies."""
    for step in grid_shifts(fit.features.boxes):
        move = np.eye(3)
        move[:2, 2] = step
        yield _fit(_form(fit), fit.transform @ move, fit.turns, evidence)


def _form(fit: Fit) -> Form:
    return fit.template, fit.page, fit.features


def _judged(best: Fit, tried: Iterable[Fit], evidence: Evidence) -> Fit:
    """The best fit, `certain` only where no rival comes near."""
    others = [fit for fit in tried if fit.turns == best.turns]
    needed = max(MIN_LEAD, MIN_LEAD_SHARE * best.found)
    certain = all(
        best.agreement.lead(other.agreement) >= needed
        for other in (*others, *_shifted(best, evidence))
        if _are_rivals(best, other)
    )
    return replace(best, certain=certain)


def _are_rivals(best: Fit, other: Fit) -> bool:
    """Whether two fits read the same boxes in different ways."""
    shared = np.isin(other.agreement.taken, best.agreement.taken).sum()
    if shared < SHARED_BOXES * max(other.found, 1):
        return False
    if best.template != other.template:
        return True
    if best.page.number != other.page.number:
        # Which of two pages that look the same it is, the order tells.
        return other.agreement.net < best.agreement.net
    here, there = best.placed(), other.placed()
    side = np.minimum(here[:, 2] - here[:, 0], here[:, 3] - here[:, 1])
    return bool((np.abs(here - there).max(axis=1) > SAME_FIT * side).mean() > SAME_FIT)


def _compared(fit: Fit, evidence: Evidence) -> Fit:
    """The same with its agreement told by all that was found on the page."""
    seen = agreement(fit.transform, fit.features, evidence.turned(fit.turns))
    return replace(fit, agreement=seen)


def _beside(fit: Fit, other: Fit) -> bool:
    """Whether two forms lie beside each other, at one scale."""
    scales = [scale_of(one.transform, one.features.boxes) for one in (fit, other)]
    here, there = fit.placed(), other.placed()
    apart = (
        (here[:, :2].min(axis=0) >= there[:, 2:].max(axis=0))
        | (there[:, :2].min(axis=0) >= here[:, 2:].max(axis=0))
    )
    return bool(apart.any()) and max(scales) <= SAME_SCALE * min(scales)


def _is_of_another_edition(fit: Fit, left: Evidence) -> bool:
    """Whether a comb stands on the form where the template has nothing."""
    boxes = left.turned(fit.turns).boxes[_on_sheet(fit, left)]
    if fit.agrees >= NEARLY_ALL:
        # What the template has as one box may be seen as its cells, and writing in it as boxes.
        boxes = boxes[~lie_within(boxes, fit.placed())]
    return bool(comb_runs(boxes))


def _on_sheet(fit: Fit, evidence: Evidence) -> np.ndarray:
    """Which boxes of a page lie on the sheet of a form; bool (N,)."""
    page = np.array([[0, 0, fit.page.width_mm, fit.page.height_mm]], np.float64)
    left, top, right, bottom = mapped(fit.transform, page)[0]
    x, y = middles(evidence.turned(fit.turns).boxes).T
    return (left <= x) & (x <= right) & (top <= y) & (y <= bottom)


def unexpected_combs(fits: Sequence[Fit], evidence: Evidence) -> list[np.ndarray]:
    """Combs that lie on the sheet of none of the forms found on a page.

    Parameters
    ----------
    fits : sequence of Fit
    evidence : Evidence
        As they were found on.

    Returns
    -------
    list of ndarray of float64, shape (cells, 4)
        In pixels of the page, turned as the fits say.
    """
    known = np.zeros(len(evidence.boxes), bool)
    for fit in fits:
        known |= _on_sheet(fit, evidence)
        known[fit.agreement.taken] = True
    return comb_runs(evidence.turned(fits[0].turns).boxes[~known])
