"""Registration: where the pages of known forms lie, told by the forms' own boxes and print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.forms.agreement import agreement, lie_within
from hcr_batch.forms.by_print import by_print, has_print, is_very_like, likest, with_likeness
from hcr_batch.forms.candidates import given_scale, likely_scales, rough_fits
from hcr_batch.forms.comb_runs import comb_runs
from hcr_batch.forms.evidence import Evidence, mapped, middles
from hcr_batch.forms.features import features_of
from hcr_batch.forms.form_fit import Fit, Form, are_rivals, fitted, form_of
from hcr_batch.forms.grid_shifts import grid_shifts
from hcr_batch.forms.print_starts import print_scales, print_starts
from hcr_batch.forms.robust_fit import moved_by, refined, scale_of, settled
from hcr_batch.forms.template_files import Template, TemplatePage

__all__ = ["register", "unexpected_combs"]

MIN_ROUGH = 1.0
"""Agreement that a guess must show to be looked into."""
MIN_LEAD, MIN_LEAD_SHARE = 3, 0.03
"""Boxes, and share of those found, by which a fit must be better than every other one: a comb
that is one cell off misses a box, leaves another unexplained, and finds one fewer."""
NEARLY_ALL = 1.78
"""Agreement from which a comb within a box of the form is no field of another edition."""
MAX_STARTS, MAX_REFINED = 10, 3
"""So many of the likeliest guesses are looked into, and so many of these closely."""
ROOM = 0.5
"""Share of a form that paper must have left for there to be another one on it."""
MAX_FORMS = 8
"""Forms on one scan."""
SAME_ROW = 0.5
"""Forms whose upper edges differ by less than this share of their height lie side by side."""
SAME_SCALE = 1.1
"""Forms on one scan differ in scale by no more than this factor."""
TURNS = (0, 2, 1, 3)
"""Quarter turns tried; upside down is likelier than sideways."""


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
    while len(fits) < MAX_FORMS and _is_room(fits, evidence):
        best = _best(forms, left, turns, fits)
        if best is None or not all(_beside(best, fit) for fit in fits):
            break
        fits.append(best)
        turns = (best.turns,)
        left = left.without(best.agreement.taken)
    if not fits or any(_is_of_another_edition(fit, left) for fit in fits):
        return ()
    return tuple(_in_reading_order([_compared(fit, evidence) for fit in fits]))


def _is_room(fits: Sequence[Fit], evidence: Evidence) -> bool:
    """Whether there is paper left that another form could be on."""
    taken = [
        fit.page.width_mm * fit.page.height_mm * scale_of(fit.transform, fit.features.boxes) ** 2
        for fit in fits
    ]
    return not taken or evidence.paper_area() - sum(taken) >= ROOM * min(taken)


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


Scales = Callable[[np.ndarray, Evidence], Sequence[float]]


def _best(
    forms: Sequence[Form], evidence: Evidence, directions: Sequence[int], taken: Sequence[Fit]
) -> Fit | None:
    """The fit that explains what is left of a page best; None where none holds."""
    tried: list[Fit] = []
    for turns in directions:
        turned = evidence.turned(turns)
        alike: list[Fit] = []
        # The resolution that the file gives is right more often than not.
        for scales in (given_scale, likely_scales):
            rough = _rough(forms, turned, turns, scales)
            alike += _known_by_print(rough, turned, taken)
            if any(is_very_like(fit) for fit in alike):
                return likest(alike)
            tried += [*rough, *_promising(rough, turned)]
            best = max(tried, key=_rank, default=None)
            if best and best.is_good and not has_print(best, evidence):
                return _judged(best, tried, evidence.turned(best.turns))
        alike += _known_by_print(_laid_by_print(forms, turned, turns), turned, taken)
        if alike:
            return likest(alike)
    best = _likelier_upright([fit for fit in tried if fit.holds])
    if best is None:
        return None
    turned = evidence.turned(best.turns)
    best = with_likeness(best, turned)
    if not best.holds:
        return None
    judged = _judged(best, tried, turned)
    # By its boxes it is the form, by its print it is like it: another edition.
    unlike = best.likeness is not None and best.likeness.tells and not best.likeness.holds
    return replace(judged, certain=judged.certain and not unlike)


def _rank(fit: Fit) -> int:
    return fit.agreement.net


def _likelier_upright(fits: Sequence[Fit]) -> Fit | None:
    """The best fit, but one that turns the page only where it is clearly better.

    A table looks the same on its head; that the page lies so, its letters tell.
    """
    best = max(fits, key=_rank, default=None)
    upright = max((fit for fit in fits if not fit.turns), key=_rank, default=None)
    if best is None or upright is None:
        return best
    clearly = best.agreement.lead(upright.agreement) >= _clear_lead(best)
    return best if clearly else upright


def _clear_lead(fit: Fit) -> float:
    """Boxes by which a fit must be better than another to be certain."""
    return max(MIN_LEAD, MIN_LEAD_SHARE * fit.found)


def _rough(
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
        fitted(form, settled(start, form[2].boxes, evidence), turns, evidence)
        for _, form, start in starts[:MAX_STARTS]
    ]
    return sorted(rough, key=_rank, reverse=True)


def _known_by_print(
    rough: Iterable[Fit], evidence: Evidence, taken: Sequence[Fit]
) -> list[Fit]:
    """Those of some guesses that the print says are right, and lie beside the forms found."""
    return [
        fit
        for fit in by_print(rough, evidence)
        if fit.is_known_by_print and all(_beside(fit, other) for other in taken)
    ]


def _laid_by_print(forms: Sequence[Form], evidence: Evidence, turns: int) -> Iterator[Fit]:
    """Ways in which the print of these forms fits that of a page, turned already."""
    seen = evidence.imprint
    for form in forms:
        if (printed := form[1].imprint) is not None and seen is not None:
            scales = print_scales(printed, seen, evidence.pixels_per_mm)
            for start in print_starts(printed, seen, scales):
                yield fitted(form, start, turns, evidence)


def _promising(rough: Sequence[Fit], evidence: Evidence) -> Iterator[Fit]:
    """The best of some guesses, improved."""
    promising = [fit for fit in rough if fit.agrees >= MIN_ROUGH][:MAX_REFINED]
    return (_improved(fit, evidence) for fit in promising)


def _improved(fit: Fit, evidence: Evidence) -> Fit:
    """The best of a fit and of those one cell or row beside it, and so on from there."""
    boxes = fit.features.boxes
    while True:
        closer = refined(fit.transform, boxes, evidence)
        fit = max(fit, fitted(form_of(fit), closer, fit.turns, evidence), key=_rank)
        beside = max(_shifted(fit, evidence), key=_rank, default=fit)
        if beside.agreement.net <= fit.agreement.net:
            return fit
        fit = beside


def _shifted(fit: Fit, evidence: Evidence) -> Iterator[Fit]:
    """The same form one cell, or one row, beside where it lies."""
    for step in grid_shifts(fit.features.boxes):
        yield fitted(form_of(fit), moved_by(fit.transform, step), fit.turns, evidence)


def _judged(best: Fit, tried: Iterable[Fit], evidence: Evidence) -> Fit:
    """The best fit, `certain` only where no rival comes near."""
    others = [fit for fit in tried if fit.turns == best.turns]
    certain = all(
        best.agreement.lead(other.agreement) >= _clear_lead(best)
        for other in (*others, *_shifted(best, evidence))
        if are_rivals(best, other)
    )
    return replace(best, certain=certain)


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
    turned = left.turned(fit.turns)
    boxes = turned.boxes[_on_sheet(fit, left)]
    if fit.agrees >= NEARLY_ALL:
        # What the template has as one box may be seen as its cells, and writing in it as boxes.
        boxes = boxes[~lie_within(boxes, fit.placed())]
    return bool(comb_runs(boxes[~fit.explains(boxes, turned)]))


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
