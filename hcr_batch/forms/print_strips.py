"""Strips of a form, as wide as it is, that a page has at another height, or twice, or beside."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.forms.imprint import PER_MM

__all__ = ["FAR_MM", "strips_beside", "strips_elsewhere"]

STRIP_MM, STEP_MM = 10, 5
"""Height of a strip, and how far one is below the one before: two lines of print, or a row."""
ROUGH_PER_MM, BLUR = 1.0, 0.8
"""Pixels a millimetre at which strips are compared, and by how many they are blurred."""
PLAIN = 12.0
"""Standard deviation, of 255, of a strip in which next to nothing is printed."""
BESIDE_MM = 2
"""A strip may lie this far further left or right."""
STRANGE = 0.6
"""Correlation below which a strip is not the form's: where all have more, and nothing is printed
beyond the form, no other place is looked for, for what is new on a page of another edition pushes
something away."""
HERE_MM, APART_MM, FAR_MM = 1, 3, 150
"""A strip is in its place within this distance, and elsewhere from the second one on to the third:
a block that is taller does not stand twice on a sheet."""
FOUND, LEAD = 0.93, 0.3
"""Correlation from which a strip is on the page at another place, and by how much more that must
be than the form's own with that place: on 7 pages with a block that stood twice three strips at
least had both, on 75 of the form itself none, and one in a thousand more than 0.88."""
LOW_MM, LOW_STEP_MM = 5, 2
"""Height of a strip that may have moved left or right, and how far one is below the one before:
one line of print."""
FOUND_BESIDE, LEAD_BESIDE = 0.75, 0.2
"""Correlation from which such a strip is on the page further left or right, and by how much more
that must be than in its place, and than the form's own with that place: of 98 strips that had
moved 71 had both, of 16,497 in their places none; six had half of that lead."""
AT_MM = 2.0
"""Print this near above or below an area without any of its own tells where that is."""
ALSO = 0.8
"""Correlation that is enough where others are as much lower or higher: a line of print may be cut
through where what stands twice ends, or less sharp."""
SHARED = 0.5
"""A field is on a strip that have this share of the lower one's height in common."""


def strips_elsewhere(
    fields: np.ndarray, own: np.ndarray, seen: np.ndarray, margin: int
) -> np.ndarray:
    """Which fields stand on strips whose print a page has at another place, in theirs or not.

    Where it has any, those count too that look unlike the form.

    Parameters
    ----------
    fields : ndarray of float64, shape (N, 4)
        In millimetres.
    own, seen : ndarray of uint8, shape (rows, columns)
        The print of the form, and that of a page laid on it, 0 to 255.
    margin : int
        Rows of pixels of both above and below the form: a strip there is elsewhere, too.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    form, page = _reduced(own), _reduced(seen)
    edge = round(margin / PER_MM * ROUGH_PER_MM)
    every = range(edge, len(form) - edge - STRIP_MM + 1, STEP_MM)
    tops = [top for top in every if form[top : top + STRIP_MM].std() >= PLAIN]
    here = np.array([_here(form, page, top) for top in tops])
    strange = here < STRANGE
    beyond = max(_liveliest(page[:edge]), _liveliest(page[-edge:])) >= PLAIN
    if not (strange.any() or beyond):
        return np.zeros(len(fields), bool)
    moved = _moves(np.array([_elsewhere(form, page, top) for top in tops]))
    spans = [
        (tops[n] - edge, tops[n] - edge + STRIP_MM)
        for n in np.flatnonzero((moved != 0) | strange & moved.any())
    ]
    spans += [
        _pushed(form, page, tops, n, int(moved[n]), edge)
        for n in np.flatnonzero((moved != 0) & (here < FOUND)).tolist()
    ]
    upper, lower = np.array(spans, float).reshape(-1, 2).T / ROUGH_PER_MM
    return _stand_on(fields, upper, lower, STRIP_MM)


def strips_beside(fields: np.ndarray, own: np.ndarray, seen: np.ndarray, reach: int) -> np.ndarray:
    """Which fields stand on strips whose print a page has further left or right.

    Parameters
    ----------
    fields, own, seen
        As for `strips_elsewhere`.
    reach : int
        Pixels of both around the form, and how far a strip is looked for.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    form, page = _reduced(own), _reduced(seen)
    edge = round(reach / PER_MM * ROUGH_PER_MM)
    every = range(edge, len(form) - edge - LOW_MM + 1, LOW_STEP_MM)
    tops = np.array([top for top in every if _is_beside(form, page, top, edge)], float)
    upper = (tops - edge) / ROUGH_PER_MM
    around = fields + AT_MM * np.array([0, -1, 0, 1])
    return _stand_on(around, upper, upper + LOW_MM, LOW_MM)


def _is_beside(form: np.ndarray, page: np.ndarray, top: int, edge: int) -> bool:
    strip = form[top : top + LOW_MM, edge:-edge]
    if strip.std() < PLAIN:
        return False
    near = page[top - HERE_MM : top + LOW_MM + HERE_MM]
    seen, own = (_scores(part, strip).max(axis=0) for part in (near, form[top : top + LOW_MM]))
    steps = np.abs(np.arange(len(seen)) - edge)
    alike = np.maximum(_around(own), seen[steps <= HERE_MM].max())
    found = (seen >= FOUND_BESIDE) & (seen >= alike + LEAD_BESIDE)
    return bool(found[steps >= APART_MM].any())


def _reduced(mask: np.ndarray) -> np.ndarray:
    scale = ROUGH_PER_MM / PER_MM
    small = cv2.resize(mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), BLUR)


def _liveliest(part: np.ndarray) -> float:
    """Standard deviation of the strip of a page in which most is printed."""
    tops = range(0, max(1, len(part) - STRIP_MM + 1), STEP_MM)
    return max(float(part[top : top + STRIP_MM].std()) for top in tops)


def _here(form: np.ndarray, page: np.ndarray, top: int) -> float:
    near = page[max(0, top - HERE_MM) : top + STRIP_MM + HERE_MM]
    return float(_alike(near, form, top).max())


def _elsewhere(form: np.ndarray, page: np.ndarray, top: int) -> np.ndarray:
    """How like a strip a page is so much higher or lower, float (2 `FAR_MM` + 1,).

    0 where it is not so much more like it than the form is itself.
    """
    seen = _alike(page, form, top)
    seen[seen < _around(_alike(form, form, top)) + LEAD] = 0.0
    around = np.pad(seen, FAR_MM)[top : top + 2 * FAR_MM + 1]
    around[FAR_MM - APART_MM + 1 : FAR_MM + APART_MM] = 0.0
    return around


def _moves(elsewhere: np.ndarray) -> np.ndarray:
    """How much lower, or higher, a page has each strip too, in pixels, int (strips,); 0 if not."""
    steps = np.arange(-FAR_MM, FAR_MM + 1)
    surely = elsewhere >= FOUND
    near = cv2.dilate(surely.any(axis=0, keepdims=True).astype(np.uint8), np.ones((1, 3), np.uint8))
    found = surely | (elsewhere >= ALSO) & (near > 0)
    nearest = np.where(found, np.abs(steps), len(steps)).argmin(axis=1)
    return np.where(found.any(axis=1), steps[nearest], 0)


def _pushed(
    form: np.ndarray, page: np.ndarray, tops: list[int], number: int, step: int, edge: int
) -> tuple[int, int]:
    """First and last row of what may have been pushed away with a strip, up or down from it.

    That is all between it and the first strip that is surely in its place: it looks unlike what the
    page has so much lower or higher. The rows of a table look all alike. What stands twice may
    reach into that strip.
    """
    twice = min(abs(step), STRIP_MM)
    away = tops[:number][::-1] if step > 0 else tops[number + 1 :]
    sure = (top for top in away if _here(form, page, top) >= _there(form, page, top, step) + LEAD)
    if step > 0:
        return next(sure, -STRIP_MM) + STRIP_MM - twice - edge, tops[number] - edge
    return tops[number] + STRIP_MM - edge, next(sure, len(form)) + twice - edge


def _there(form: np.ndarray, page: np.ndarray, top: int, step: int) -> float:
    near = page[max(0, top + step - HERE_MM) : max(0, top + step + STRIP_MM + HERE_MM)]
    return float(_alike(near, form, top).max()) if len(near) >= STRIP_MM else 0.0


def _alike(page: np.ndarray, form: np.ndarray, top: int) -> np.ndarray:
    """Correlation of a strip with what is at each height of a page; float32 (heights,)."""
    strip = form[top : top + STRIP_MM, BESIDE_MM:-BESIDE_MM]
    alike = np.zeros(len(page) - STRIP_MM + 1, np.float32)
    printed = np.flatnonzero(page.any(axis=1))
    if len(printed):
        # A page may be bare far above and below the form.
        first, end = max(0, printed[0] - STRIP_MM + 1), min(len(alike), printed[-1] + 1)
        scores = _scores(page[first : end + STRIP_MM - 1], strip)
        alike[first:end] = scores.max(axis=1)
    return alike


def _around(alike: np.ndarray) -> np.ndarray:
    """The best of each place and those beside it: print is never quite where it should be."""
    return cv2.dilate(alike[None], np.ones((1, 5), np.uint8))[0]


def _scores(part: np.ndarray, strip: np.ndarray) -> np.ndarray:
    scores = cv2.matchTemplate(part, strip, cv2.TM_CCOEFF_NORMED)
    return np.nan_to_num(scores, posinf=0.0, neginf=0.0)


def _stand_on(
    fields: np.ndarray, upper: np.ndarray, lower: np.ndarray, strip_mm: float
) -> np.ndarray:
    shared = np.minimum(fields[:, [3]], lower) - np.maximum(fields[:, [1]], upper)
    height = np.minimum(fields[:, [3]] - fields[:, [1]], strip_mm)
    on: np.ndarray = (shared >= SHARED * height).any(axis=1)
    return on
