"""Forms told by their print, where their boxes do not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from hcr_batch.forms.evidence import Evidence, corners_of
from hcr_batch.forms.form_fit import Fit, are_rivals, fitted, form_of, lie_apart
from hcr_batch.forms.likeness import Likeness, likeness, resemblance
from hcr_batch.forms.robust_fit import moved_by, refined, scale_of
from hcr_batch.geometry import projected

__all__ = ["by_print", "has_print", "is_very_like", "likest", "with_likeness"]

MIN_ALIKE, MAX_COMPARED = 0.25, 4
"""Resemblance from which a guess is compared closely with the page's print, and how many are,"""
NEARLY = 0.85
"""unless they have less than this share of the best one's: they are no rivals of it."""
PULL_MM, FEW_PULLS = 0.8, 0.1
"""A fit is moved that the print wants to be moved further than this, or more than this share of
its tiles."""
MAX_PULLS, BETTER = 4, 0.01
"""So often at most, and while likeness gains as much."""
MIN_PULLS, MIN_SPREAD, MOST_PULLS = 12, 0.5, 0.5
"""Tiles that must be seen, over this share of the form's width and height, and share of them that
must agree, for each part of the form to be moved in its own way: a page in perspective."""
VERY_LIKE = 0.85
"""Mean correlation from which no other place or scale is tried: forms half a row off have less."""
CLEARLY = 0.03
"""A form is told from another one by so much more likeness."""


def has_print(fit: Fit, evidence: Evidence) -> bool:
    """Whether there is print of the form and of the page to be compared."""
    return fit.page.imprint is not None and evidence.imprint is not None


def by_print(fits: Iterable[Fit], evidence: Evidence) -> Iterator[Fit]:
    """The likeliest of some fits, laid where the print says, with their likeness."""
    asked = [
        (resemblance(fit.transform, fit.page.imprint, evidence), number, fit)
        for number, fit in enumerate(fits)
        if fit.page.imprint is not None
    ]
    least = max(MIN_ALIKE, NEARLY * max((one[0] for one in asked), default=0.0))
    asked = sorted((one for one in asked if one[0] >= least), key=lambda one: -one[0])
    taken: list[Fit] = []
    for _, _, fit in asked:
        if len(taken) < MAX_COMPARED and not any(_is_same(fit, other) for other in taken):
            taken.append(fit)
            yield _laid(fit, evidence)


def _is_same(fit: Fit, other: Fit) -> bool:
    return fit.page is other.page and not lie_apart(fit, other)


def _laid(fit: Fit, evidence: Evidence) -> Fit:
    """A fit in the place, within a cell or so, where page and form look most alike."""
    refit = _moved(fit, refined(fit.transform, fit.features.boxes, evidence), evidence)
    fit, closer = with_likeness(fit, evidence), with_likeness(refit, evidence)
    if _mean(closer) >= _mean(fit) + BETTER:
        fit = closer
    for _ in range(MAX_PULLS):
        if fit.likeness is None or not _pulls_away(fit.likeness):
            break
        pulled = with_likeness(_moved(fit, _pulled(fit), evidence), evidence)
        if _mean(pulled) < _mean(fit) + BETTER:
            break
        fit = pulled
    return fit


def _pulls_away(told: Likeness) -> bool:
    """Whether the page looks more like the form a little further, in some of its parts."""
    apart = np.abs(told.pulls[np.isfinite(told.pulls[:, 0])]).max(axis=1, initial=0.0)
    away = int((apart > PULL_MM).sum())
    return max(map(abs, told.shift)) > PULL_MM or away > FEW_PULLS * len(apart)


def _pulled(fit: Fit) -> np.ndarray:
    """The transform that brings the tiles of a form to where the page looks most like them."""
    told = fit.likeness
    assert told is not None
    seen = np.isfinite(told.pulls[:, 0])
    places, pulls = told.places[seen], told.pulls[seen]
    spread = np.ptp(places, axis=0) if len(places) else np.zeros(2)
    size = np.array([fit.page.width_mm, fit.page.height_mm])
    if len(places) < MIN_PULLS or (spread < MIN_SPREAD * size).any():
        return moved_by(fit.transform, told.shift)
    target = projected(fit.transform, places + pulls)
    slack = PULL_MM * scale_of(fit.transform, fit.features.boxes)
    found, inliers = cv2.findHomography(places, target, cv2.RANSAC, slack)
    if found is None or inliers.mean() < MOST_PULLS:
        return moved_by(fit.transform, told.shift)
    return np.asarray(found)


def _mean(fit: Fit) -> float:
    return fit.likeness.mean if fit.likeness else -1.0


def _moved(fit: Fit, transform: np.ndarray, evidence: Evidence) -> Fit:
    return fitted(form_of(fit), transform, fit.turns, evidence)


def with_likeness(fit: Fit, evidence: Evidence) -> Fit:
    """The same with its likeness."""
    if fit.page.imprint is None:
        return fit
    cells = corners_of(
        cell for field in fit.page.fields if field.kind != "free" for cell in field.cells
    )
    told = likeness(fit.transform, fit.page.imprint, cells, evidence)
    return replace(fit, likeness=told)


def is_very_like(fit: Fit) -> bool:
    """Whether nothing better is to be hoped for."""
    return _mean(fit) >= VERY_LIKE


def likest(alike: Sequence[Fit]) -> Fit:
    """The one that is most like the page, `certain` where none is nearly so."""
    best = max(alike, key=_mean)
    rivals = (fit for fit in alike if fit is not best and are_rivals(best, fit))
    return replace(best, certain=all(_mean(fit) + CLEARLY <= _mean(best) for fit in rivals))
