"""Find out which way up a page lies: by the characters read, or by letters read all four ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from hcr_batch.alphabet import CHARACTERS
from hcr_batch.preprocess.binarize import Ink, outlines
from hcr_batch.probabilities import fold_cases, shape_confidence
from hcr_batch.types import MM_PER_INCH, Page

__all__ = ["Classify", "reads_upright", "turned", "turns_by_cells", "turns_by_letters"]

Classify: TypeAlias = Callable[[Sequence[np.ndarray]], np.ndarray]
"""From N inks, uint8 (rows, columns), to their probabilities of characters, float32 (N, 62)."""

UPRIGHT_ONLY = "4ABDFGKRT"
"""Digits and capitals like which hardly any looks that stands on its head,"""
UPSIDE_DOWN_ONLY = "bdehnt"
"""and small letters like which many do: 9, P, Y, U, 7."""
KNOWN = 1e-6
"""A recognizer that never thinks any of them as likely as this does not know small letters."""
SURE = 0.9
"""Sureness from which a character counts for or against."""
READABLE = 0.8
"""Mean confidence of the characters of a page that does not lie on its side; those of 310 that did
came to 0.66."""
MORE = 4
MORE_SHARE = 0.05
"""So many more, and so many of all, must speak for upright; of 310 pages of all kinds upside down
one more was the most."""
LETTER_MM = (1.3, 9.0)
"""Lowest and highest ink that is looked at: print and writing, no specks and no boxes."""
MAX_ASPECT = 2.2
"""Longer by shorter side of a letter; lines and words are longer."""
GLANCE = 48
LOOK = 160
"""Letters that are read at a glance, and where that leaves doubt."""
FEWEST = 12
"""Fewer letters say nothing."""
UPRIGHT = 0.87
"""Mean confidence from which a page is upright without a look at the other ways."""
NOT_SIDEWAYS = 0.76
"""From which it does not lie on its side: 620 pages that did came to 0.70 at most."""
DOUBT = 0.02
"""Mean confidence by which it must read better than the ways that remain, at a glance."""
MARGIN = 0.05
"""Mean confidence by which another way must read better,"""
LEAST_READ = 0.5
"""and that it must reach: who reads letters worse whichever way they lie, such as a classifier that
has hardly learned anything, cannot tell. Letters on their side come to 0.66."""
LOOK_DPI = 150.0
"""Letters are looked for at about this resolution,"""
STRIPS = (2, 5, 1, 4, 0, 3, 6)
"""in strips of the page in this order, until there are enough."""


def turns_by_cells(
    inks: list[np.ndarray], characters: np.ndarray, classify: Classify
) -> int | None:
    """How often a page must be turned by 90 degrees to be upright, by what stands in its cells.

    Parameters
    ----------
    inks : list of ndarray of uint8, shape (rows, columns)
    characters : ndarray of float32, shape (N, 62)
        Their probabilities as they lie.
    classify : Classify

    Returns
    -------
    int or None
        0 or 2; None where they do not tell: too few, or such as look alike upside down.
    """
    if reads_upright(characters):
        return 0
    if _evidence(characters) < 0 and reads_upright(_characters(inks, 2, classify)):
        return 2
    return None


def reads_upright(characters: np.ndarray) -> bool:
    """Whether characters (N, 62) tell that the page they were read on lies upright."""
    enough = max(MORE, MORE_SHARE * len(characters))
    return _evidence(characters) >= enough and bool(shape_confidence(characters).mean() >= READABLE)


def _evidence(characters: np.ndarray) -> int:
    """How many more of the characters are such as stand upright than such as stand on the head."""
    upright, upside_down = _numbers(UPRIGHT_ONLY), _numbers(UPSIDE_DOWN_ONLY)
    if not (characters[:, upside_down] > KNOWN).any():
        return 0
    read = fold_cases(characters[shape_confidence(characters) >= SURE]).argmax(axis=1)
    return int(np.isin(read, upright).sum() - np.isin(read, upside_down).sum())


def _numbers(names: str) -> list[int]:
    return [CHARACTERS.index(name) for name in names]


def turns_by_letters(
    ink: Ink, pixels_per_mm: float, classify: Classify, text: np.ndarray | None = None
) -> int:
    """How often a page must be turned by 90 degrees, counter-clockwise, by some of its letters.

    Parameters
    ----------
    ink : Ink
        Of the page, levelled to the nearest quarter.
    pixels_per_mm : float
    classify : Classify
    text : ndarray of bool, shape (rows, columns), optional
        What of the page is print or writing; specks of a coarse scan are not.

    Returns
    -------
    int
        0 to 3; 0 where the letters do not tell.
    """
    if text is not None:
        ink = dataclasses.replace(ink, darkness=ink.darkness * text)
    letters = _letters(ink, pixels_per_mm, GLANCE)
    if len(letters) < FEWEST:
        return 0
    (upright,) = _mean_confidence(letters, (0,), classify)
    if upright >= UPRIGHT:
        return 0
    rivals = (2,) if upright >= NOT_SIDEWAYS else (1, 2, 3)
    if upright >= max(_mean_confidence(letters, rivals, classify)) + DOUBT:
        return 0
    letters = _letters(ink, pixels_per_mm, LOOK)
    ways = _mean_confidence(letters, (0, 1, 2, 3), classify)
    best = int(np.argmax(ways))
    return best if ways[best] >= max(ways[0] + MARGIN, LEAST_READ) else 0


def turned(page: Page, turns: int) -> Page:
    """Turn a page by quarters, counter-clockwise; `to_source` follows."""
    if turns % 4 == 0:
        return page
    rows, columns = page.gray.shape
    last_x, last_y = columns - 1, rows - 1
    back = {
        1: [[0, -1, last_x], [1, 0, 0], [0, 0, 1]],
        2: [[-1, 0, last_x], [0, -1, last_y], [0, 0, 1]],
        3: [[0, 1, 0], [-1, 0, last_y], [0, 0, 1]],
    }[turns % 4]
    gray = np.ascontiguousarray(np.rot90(page.gray, turns))
    return dataclasses.replace(page, gray=gray, to_source=page.to_source @ np.array(back, float))


def _mean_confidence(
    letters: list[np.ndarray], ways: Sequence[int], classify: Classify
) -> list[float]:
    """Mean confidence of the letters turned so often by 90 degrees."""
    return [float(shape_confidence(_characters(letters, way, classify)).mean()) for way in ways]


def _characters(inks: list[np.ndarray], turns: int, classify: Classify) -> np.ndarray:
    return classify([np.ascontiguousarray(np.rot90(ink, turns)) for ink in inks])


def _letters(ink: Ink, pixels_per_mm: float, wanted: int) -> list[np.ndarray]:
    """Soft ink of some letters from all over the page."""
    step = max(1, round(pixels_per_mm * MM_PER_INCH / LOOK_DPI))
    least, most = (mm * pixels_per_mm / step for mm in LETTER_MM)
    strips = np.array_split(np.arange(len(ink.mask)), len(STRIPS))
    boxes: list[tuple[int, int, int, int]] = []
    for strip in (strips[number] for number in STRIPS):
        if len(boxes) >= wanted or not len(strip):
            break
        mask = np.ascontiguousarray(ink.mask[strip[0] : strip[-1] + 1 : step, ::step])
        boxes += [
            (x * step, int(strip[0]) + y * step, width * step, height * step)
            for x, y, width, height in outlines(mask)
            if least <= max(width, height) <= most
            and max(width, height) <= MAX_ASPECT * min(width, height)
        ]
    return [_soft(ink, box) for box in boxes[:: max(1, len(boxes) // wanted)][:wanted]]


def _soft(ink: Ink, box: tuple[int, int, int, int]) -> np.ndarray:
    x, y, width, height = box
    part = ink.darkness[y : y + height, x : x + width]
    return cv2.convertScaleAbs(part, alpha=255 / max(1, int(part.max())))
