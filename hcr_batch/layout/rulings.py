"""Printed straight lines: the walls of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from hcr_batch.config import LayoutSettings
from hcr_batch.layout.binarize import Ink, quartered
from hcr_batch.layout.runs import Runs

__all__ = ["Rulings", "find_rulings", "odd", "outlines"]

MAX_WORKING_DPI = 240.0
"""Lines are looked for at this resolution or below: nothing is lost, much time saved."""
NOISE_FACTOR = 2.0
"""A faint line stands this many standard deviations above the paper's noise."""
TEXTURE_FACTOR = 1.7
"""In a shaded or dithered area a line stands this many times above the area's texture."""

CROSSING_MM = 1.4
"""A pen stroke across a light line hides this much of it at most."""
LIGHT_LINE_MM = 15.0
"""A form with light lines has at least one as long as this."""
_NEAR = np.ones((5, 5), np.uint8)
"""Scanners blur by a pixel or two, whatever the resolution."""


@dataclass(frozen=True)
class Rulings:
    """The lines of a page at a reduced scale.

    Attributes
    ----------
    faint : ndarray of uint8, shape (rows, columns)
        1 where a thin structure is darker than what is around it, however
        light, and on all ink.
    covered : ndarray of uint8, shape (rows, columns)
        1 also on the blurred rims of ink, where a lighter line would not be seen.
    level, upright : Runs
        The lines in that direction.
    scale : float
        Pixels here for one pixel of the page, 1, 1/2 or 1/4.
    pixels_per_mm : float
        At this scale.
    """

    faint: np.ndarray
    covered: np.ndarray
    level: Runs
    upright: Runs
    scale: float
    pixels_per_mm: float

    @cached_property
    def horizontal(self) -> np.ndarray:
        """1 on the pixels of level lines, uint8 (rows, columns)."""
        return self.level.mask()

    @cached_property
    def vertical(self) -> np.ndarray:
        """1 on the pixels of upright lines, uint8 (rows, columns)."""
        return self.upright.mask()

    @cached_property
    def _sums(self) -> np.ndarray:
        return cv2.integral(self.faint)

    def dark_share(
        self, left: np.ndarray, top: np.ndarray, right: np.ndarray, bottom: np.ndarray
    ) -> np.ndarray:
        """Share of `faint` in rectangles, by its integral image (Crow, 1984).

        Parameters
        ----------
        left, top, right, bottom : ndarray of int, shapes that broadcast
            Pixels at the scale of the rulings, the last two not included; what
            lies beyond the page does not count.

        Returns
        -------
        ndarray of float64
            NaN where nothing of a rectangle lies on the page.
        """
        rows, columns = self.faint.shape
        left, right = np.clip(left, 0, columns), np.clip(right, 0, columns)
        top, bottom = np.clip(top, 0, rows), np.clip(bottom, 0, rows)
        sums = self._sums
        dark = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        area = (bottom - top) * (right - left)
        return np.where((bottom > top) & (right > left), dark / np.where(area, area, 1), np.nan)


def find_rulings(ink: Ink, pixels_per_mm: float, settings: LayoutSettings) -> tuple[Rulings, ...]:
    """Find the straight lines of a deskewed page.

    A line is a run of dark pixels longer than any stroke of usual print; short
    breaks are bridged. Solid black areas count as well: their edges can be
    walls. Shaded areas do not: a line must be darker than what is beside it.

    Parameters
    ----------
    ink : Ink
    pixels_per_mm : float
        Of the page.
    settings : LayoutSettings
        `min_ruling_mm`, `ruling_gap_mm`, `max_ruling_mm` and `faint_darkness`.

    Returns
    -------
    tuple of Rulings
        Where a page has lines lighter than its writing: the dark lines by
        themselves, which nothing that shines through from the back disturbs;
        then the light ones, for which no pen stroke can be taken. Last, or
        alone, everything that is dark.
    """
    scale = _working_scale(pixels_per_mm)
    per_mm = pixels_per_mm * scale
    thin, written, bare, core = _thin_and_written(_reduced(ink, scale), per_mm, settings)
    # The blurred rim of a pen stroke is as light as a light line.
    apart = thin & bare
    every = (thin | written) & core | apart
    covered = (thin | written).mask()
    everything = _rulings(every, covered, settings.ruling_gap_mm, scale, per_mm, settings)
    if not _has_light_lines(apart, per_mm):
        return (everything,)
    light = _rulings(apart, covered, CROSSING_MM, scale, per_mm, settings)
    dark = _rulings(written, covered, settings.ruling_gap_mm, scale, per_mm, settings)
    return dark, light, everything


def _has_light_lines(apart: Runs, per_mm: float) -> bool:
    """Whether any of the lines among these runs is long: no need to find them all."""
    length = odd(LIGHT_LINE_MM * per_mm)
    inked = np.count_nonzero(apart.packed, axis=1)
    # In one row or the next, a line has ink in every other byte.
    if (inked[1:] + inked[:-1]).max(initial=0) < length // 16:
        return False
    return _middles(apart.turned(), length, CROSSING_MM * per_mm).thinned(before=0).any()


def _rulings(
    faint: Runs,
    covered: np.ndarray,
    gap_mm: float,
    scale: float,
    per_mm: float,
    settings: LayoutSettings,
) -> Rulings:
    length, gap = settings.min_ruling_mm * per_mm, gap_mm * per_mm
    return Rulings(
        faint=faint.mask(),
        covered=covered,
        level=_lines(faint.turned(), length, gap),
        upright=_lines(faint, length, gap),
        scale=scale,
        pixels_per_mm=per_mm,
    )


def _working_scale(pixels_per_mm: float) -> float:
    scale = 1.0
    while pixels_per_mm * scale * 25.4 > MAX_WORKING_DPI and scale > 0.25:
        scale /= 2
    return scale


def _reduced(ink: Ink, scale: float) -> Ink:
    if scale == 1.0:
        return ink
    darkness = cv2.resize(ink.darkness, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, mask = cv2.threshold(darkness, ink.threshold, 1, cv2.THRESH_BINARY)
    return Ink(darkness, ink.threshold, mask, ink.noise * scale)


def _thin_and_written(
    ink: Ink, per_mm: float, settings: LayoutSettings
) -> tuple[Runs, Runs, Runs, Runs]:
    """Thin dark structures by a top-hat, all ink, what is away from it, and what is no blurred rim.

    Upright runs.
    """
    side = odd(max(3, round(settings.max_ruling_mm * per_mm) + 2))
    shade = cv2.morphologyEx(ink.darkness, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    raised = cv2.subtract(ink.darkness, shade, dst=shade)
    written = Runs.of(ink.mask, horizontal=False)
    bare = ~written.thickened().dilated(3)
    level = int(max(settings.faint_darkness, NOISE_FACTOR * ink.noise))
    thin = Runs.of(raised > _limit(raised, bare.mask(), 3 * side, level), horizontal=False)
    # A blurred line ends where it is half as dark as its middle.
    around = cv2.dilate(ink.darkness, _NEAR)
    core = cv2.subtract(around, ink.darkness, dst=around) <= ink.darkness
    return thin, written, bare, Runs.of(core, horizontal=False)


def _limit(raised: np.ndarray, bare: np.ndarray, side: int, level: int) -> np.ndarray | int:
    """`level`, or where that is more `TEXTURE_FACTOR` times the texture away from ink; uint8."""
    # A few rows show whether there is any texture at all.
    if _texture(raised[::4] * bare[::4], side).max() <= level / 2:
        return level
    texture = _texture(raised * bare, side)
    return cv2.max(cv2.resize(texture, raised.shape[::-1], interpolation=cv2.INTER_LINEAR), level)


def _texture(raised: np.ndarray, side: int) -> np.ndarray:
    """What `TEXTURE_FACTOR` times the root mean square in a window comes to; uint8.

    It changes slowly: a quarter of the resolution shows it all.
    """
    small = quartered(np.multiply(raised, raised, dtype=np.uint16))
    window = (side // 4 | 1, side // 4 | 1)
    small = cv2.sqrt(cv2.blur(small.astype(np.float32), window))
    return cv2.convertScaleAbs(small, alpha=TEXTURE_FACTOR)


def _lines(runs: Runs, length: float, gap: float) -> Runs:
    whole = odd(max(7, round(length)))
    return _middles(runs, whole, gap).dilated(whole).thinned(before=0)


def _middles(runs: Runs, length: int, gap: float) -> Runs:
    """What an element of `length` leaves of runs, their gaps closed, before it restores them."""
    bridge = odd(max(1, round(gap)) + 1)
    # A line that climbs by a pixel within `length` is whole when it is thick.
    return runs.thickened(before=0).dilated(bridge).eroded(bridge + length - 1)


def odd(length: float) -> int:
    """Round the length of a structuring element: one of even length would move the lines."""
    return round(length) | 1


def outlines(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Bounding boxes (x, y, width, height) of the connected parts of a mask.

    Also of those inside the hole of another: a black scan border surrounds all.
    """
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0, :, 3].tolist() if contours else []
    outer = (c for c, parent in zip(contours, parents, strict=True) if parent < 0)
    return [cv2.boundingRect(contour) for contour in outer]
