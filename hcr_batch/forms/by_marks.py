"""Forms found by their corner marks, where their boxes are not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from hcr_batch.forms.agreement import agreement
from hcr_batch.forms.candidates import given_scale, likely_scales, rough_fits
from hcr_batch.forms.comb_runs import comb_runs
from hcr_batch.forms.evidence import Evidence, corners_of, middles, sizes
from hcr_batch.forms.features import Features, is_anchor
from hcr_batch.forms.form_fit import MIN_ANCHORS, MIN_QUALITY
from hcr_batch.forms.robust_fit import settled
from hcr_batch.forms.template_parts import Template, TemplatePage

__all__ = ["have_marks", "known_by_marks", "lie_on", "only_combs", "standing_marks", "with_marks"]

FEWEST = 2
"""One mark does not tell how a form lies."""
SPREAD = 0.5
"""Share of a page's width and height that its marks span; closer ones would say too little of
what is far from them."""


def have_marks(templates: Iterable[Template]) -> bool:
    """Whether some of the templates have anchors that could be corner marks."""
    return any(len(_marks(page)) for template in templates for page in template.pages)


def known_by_marks(templates: Iterable[Template]) -> list[Template]:
    """The templates that have corner marks, with these alone as their anchors."""
    marked = []
    for template in templates:
        pages = [(page, _marks(page)) for page in template.pages]
        if kept := tuple(_of_marks(page, marks) for page, marks in pages if len(marks)):
            marked.append(replace(template, pages=kept))
    return marked


def _of_marks(page: TemplatePage, marks: np.ndarray) -> TemplatePage:
    anchors = [box for box in page.anchors if is_anchor(corners_of([box]), marks)[0]]
    return replace(page, anchors=tuple(anchors))


def _marks(page: TemplatePage) -> np.ndarray:
    """Anchors of a page that are no cells and lie around them all, (N, 4) in millimetres."""
    anchors = corners_of(page.anchors)
    cells = corners_of(cell for field in page.fields for cell in field.cells)
    marks = anchors[~is_anchor(anchors, cells)]
    if len(marks) < FEWEST:
        return marks[:0]
    spread = marks[:, 2:].max(axis=0) - marks[:, :2].min(axis=0)
    wide = (spread >= SPREAD * np.array([page.width_mm, page.height_mm])).all()
    return marks if wide else marks[:0]


def standing_marks(
    templates: Iterable[Template], evidence: Evidence, found: np.ndarray
) -> np.ndarray:
    """The marks on a page that stand there as those of a form do.

    Parameters
    ----------
    templates : iterable of Template
    evidence : Evidence
    found : ndarray of float64, shape (N, 4)
        All that may be marks, in pixels of the page.

    Returns
    -------
    ndarray of float64, shape (M, 4)
    """
    taken = np.zeros(len(found), bool)
    alone = replace(evidence, boxes=found)
    for page in (page for template in templates for page in template.pages):
        marks = _marks(page)
        if FEWEST <= min(len(marks), MIN_ANCHORS) <= len(found):
            taken[_standing(marks, alone)] = True
    return found[taken]


def with_marks(evidence: Evidence, marks: np.ndarray) -> Evidence:
    """What is known of a page, with marks (N, 4) in place of what was taken for boxes there."""
    boxes = evidence.boxes[~lie_on(evidence.boxes, marks)]
    return replace(evidence, boxes=np.concatenate([boxes, marks]))


def only_combs(evidence: Evidence) -> Evidence:
    """The same without boxes that stand alone: few marks cannot outweigh writing taken for boxes.

    Combs stay: one that the form does not have is another form's.
    """
    return replace(evidence, boxes=np.concatenate([np.empty((0, 4)), *comb_runs(evidence.boxes)]))


def lie_on(boxes: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Which boxes (N, 4) are marks (M, 4) that were taken for boxes; bool (N,)."""
    places = middles(boxes)[:, None]
    apart = np.abs(places - middles(marks)[None])
    return np.asarray((apart <= sizes(marks) / 2).all(axis=2).any(axis=1))


def _standing(marks: np.ndarray, alone: Evidence) -> list[int]:
    """Numbers of those found on a page that stand as the marks of a form."""
    features = Features(marks, np.ones(len(marks), bool))
    for turns in range(4):
        turned = alone.turned(turns)
        seen = [agreement(start, features, turned) for start in _starts(marks, turned)]
        enough = min(MIN_ANCHORS, len(marks))
        good = [one for one in seen if one.found >= enough and one.quality >= MIN_QUALITY]
        if good:
            return [number for one in good for number in one.taken]
    return []


def _starts(marks: np.ndarray, evidence: Evidence) -> Iterator[np.ndarray]:
    """Ways in which the marks of a form may lie on those found."""
    scales: Sequence[float] = [
        *given_scale(marks, evidence),
        *likely_scales(marks, evidence),
    ]
    for _, start in rough_fits(marks, evidence, scales):
        yield settled(start, marks, evidence)
