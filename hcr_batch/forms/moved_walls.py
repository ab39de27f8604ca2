"""Fields whose walls, or ends of lines, a page has further left or right: a row that has moved."""

from __future__ import annotations

import cv2
import numpy as np

from hcr_batch.forms.imprint import PER_MM

__all__ = ["ends_beside", "walls_beside"]

LINE = 100
"""Of 255: a pixel of a page laid on the form is line from here on."""
INSET, MIN_ROWS = 0.1, 4
"""Share of a field's height above and below that is not looked at, for level lines are there; and
rows of pixels without which nothing is told."""
OWN, SEEN = 0.7, 0.5
"""Share of these rows along which there are lines, for them to be a wall of the form; and to be one
of the page, where they may be faint."""
BESIDE_MM = 25.0
"""The walls of the same row this near to a field move with it."""
FEWEST = 2
"""One line alone may be a streak, or a stroke of writing."""
NEAR_MM = 1.0
"""The page's walls are the form's where all are moved by no more than this; and elsewhere from
twice as much on."""
MOST = 0.75
"""Share of the walls that a page has further left or right, or any where it has none in their
places; and more than in their places, and than the form has itself there. Rows that had moved had
nine in ten, one fewer in their old place at least; of 5,316 cells in their places the page had at
most six in ten at other ones."""
LEVEL_MM, BREAK_MM = 5.0, 2.0
"""A level line is as long at least, and not ended by a shorter break: faint ones have such."""
UNDER_MM = 1.5
"""The line that a field is written on lies this near to its lower side."""
ENDS_LEFT = 0.5
"""Where ends of level lines have moved, the page has no more than this share of them in place."""


def walls_beside(fields: np.ndarray, own: np.ndarray, seen: np.ndarray, reach: int) -> np.ndarray:
    """Which fields have more of their upright walls, and of their row's, at another place.

    Level lines say nothing of how far right a row stands: they are longer than a row moves.

    Parameters
    ----------
    fields : ndarray of float64, shape (N, 4)
        In millimetres.
    own, seen : ndarray of uint8, shape (rows, columns)
        The lines of the form, and those of a page laid on it, 0 to 255.
    reach : int
        Margin of both around the form, and how far a row is looked for, in pixels.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    upright = np.ones((1, 3), np.uint8)
    form, page = (cv2.dilate((lines > LINE).astype(np.uint8), upright) for lines in (own, seen))
    bands = np.round(fields * PER_MM + reach).astype(int).tolist()
    return np.array([_is_beside(band, form, page, reach) for band in bands], bool)


def ends_beside(fields: np.ndarray, own: np.ndarray, seen: np.ndarray, reach: int) -> np.ndarray:
    """Which fields stand on level lines that begin and end at another place on a page.

    Parameters
    ----------
    fields, own, seen, reach
        As for `walls_beside`.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    form, page = (_level(lines > LINE) for lines in (own, seen))
    near, beside = round(UNDER_MM * PER_MM), round(BESIDE_MM * PER_MM)
    told = []
    for left, top, right, low in np.round(fields * PER_MM + reach).astype(int).tolist():
        span = slice(max(reach, left - beside), min(own.shape[1] - reach, right + beside))
        lower, upper = (
            np.array(_ends_found(form[rows], page[rows], span, reach))
            for rows in (slice(side - near, side + near + 1) for side in (low, top))
        )
        # The line above may be that of the row above, which has not moved.
        told.append(_ends_moved(*lower) or _ends_moved(*(lower + upper)))
    return np.array(told, bool)


def _level(lines: np.ndarray) -> np.ndarray:
    """The level lines among those of a form, 0 or 1, without their breaks."""
    mask = lines.astype(np.uint8)
    healed = np.ones((1, round(BREAK_MM * PER_MM)), np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, healed)
    long = np.ones((1, round(LEVEL_MM * PER_MM)), np.uint8)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, long)


def _ends_found(
    form: np.ndarray, page: np.ndarray, span: slice, reach: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many ends of level lines a page has at each step, the form itself, and there are."""
    steps = np.arange(-reach, reach + 1)
    found, own_found, count = np.zeros(len(steps), int), np.zeros(len(steps), int), 0
    for of_form, of_page in zip(_ends(form), _ends(page), strict=True):
        places = np.flatnonzero(of_form[span]) + span.start
        count += len(places)
        found += _near(of_page)[places + steps[:, None]].sum(axis=1)
        own_found += _near(of_form)[places + steps[:, None]].sum(axis=1)
    return found, own_found, np.full(len(steps), count)


def _ends_moved(found: np.ndarray, own_found: np.ndarray, count: np.ndarray) -> bool:
    here, more = _here_and_beside(found, own_found)
    enough = (count >= FEWEST) & (found >= MOST * count)
    return bool((more & enough & (here <= ENDS_LEFT * found)).any())


def _ends(band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where level lines of a row begin, and where they end; bool (columns,)."""
    change = np.diff(band.max(axis=0).astype(int), prepend=0)
    return change > 0, change < 0


def _near(places: np.ndarray) -> np.ndarray:
    near: np.ndarray = cv2.dilate(places.astype(np.uint8)[None], np.ones((1, 3), np.uint8))[0] > 0
    return near


def _is_beside(band: list[int], own: np.ndarray, seen: np.ndarray, reach: int) -> bool:
    left, top, right, bottom = band
    inset = max(1, round(INSET * (bottom - top)))
    rows = slice(top + inset, bottom - inset + 1)
    if rows.stop - rows.start < MIN_ROWS:
        return False
    beside = round(BESIDE_MM * PER_MM)
    start, end = max(reach, left - beside), min(own.shape[1] - reach, right + beside + 1)
    places = _walls(own[rows, start:end]) + start
    if len(places) < FEWEST:
        return False
    steps = np.arange(-reach, reach + 1)
    found, own_found = (
        _are_walls(lines[rows])[places + steps[:, None]].sum(axis=1) for lines in (seen, own)
    )
    here, more = _here_and_beside(found, own_found)
    return bool((more & ((found >= MOST * len(places)) | (here == 0))).any())


def _here_and_beside(found: np.ndarray, own_found: np.ndarray) -> tuple[int, np.ndarray]:
    """How many walls a page has in place, and at which steps more, also than the form itself."""
    steps = np.arange(len(found)) - len(found) // 2
    near = round(NEAR_MM * PER_MM)
    here = int(found[np.abs(steps) <= near].max())
    # Of a comb in its place, too, the walls are found one cell further, but for the last.
    alike = cv2.dilate(own_found.astype(np.float32)[:, None], np.ones((2 * near + 1, 1), np.uint8))
    return here, (np.abs(steps) > 2 * near) & (found > np.maximum(here, alike[:, 0]))


def _walls(band: np.ndarray) -> np.ndarray:
    """Columns in the middle of the walls of a form in a row of it."""
    change = np.diff(np.pad(band.mean(axis=0) >= OWN, 1).astype(int))
    return (np.flatnonzero(change > 0) + np.flatnonzero(change < 0) - 1) // 2


def _are_walls(band: np.ndarray) -> np.ndarray:
    """Which columns of a page are a wall or beside one; bool (columns,)."""
    walls = (band.mean(axis=0) >= SEEN).astype(np.uint8)
    near: np.ndarray = cv2.dilate(walls[None], np.ones((1, 3), np.uint8))[0] > 0
    return near
