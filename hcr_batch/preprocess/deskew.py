"""Find how far a page is turned, and turn it back."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hcr_batch.arrays.quantiles import quantile
from hcr_batch.preprocess.binarize import halved
from hcr_batch.types import Page

__all__ = [
    "COARSE_SIZE",
    "FINE_SIZE",
    "SMALLEST",
    "deskew",
    "estimate_skew",
    "paper_level",
    "profile_edges",
    "reduced",
    "strips_of",
]

COARSE_SIZE = 600
FINE_SIZE = 1200
"""Pixels; a page is halved until its longer side is no longer than this."""
STRIP = 8
"""Pixels; so many columns (or rows) are moved as one: at the angles of scans that blurs little."""
COARSE_STEP = 0.5
FINE_STEPS = (0.1, 0.04)
"""Degrees between the angles tried, first on a small picture, then on a larger one."""
SMALLEST = 16
"""Pixels; a picture with a shorter side has no lines to level."""
WORKING_DPI = 200.0
"""Pages are read at no much higher resolution: forms lose nothing, and much time is saved."""
MIN_REDUCTION = 0.9
"""A level page is reduced to no more than this share of its size, or not at all."""
ROUNDED_UP = 0.375
"""Of a gray level; with it a mean of four levels is rounded to the next whole one above."""
MIN_TURN = 0.12
"""Degrees; less than this is not worth a resampling of the page."""


def deskew(page: Page, angle: float) -> Page:
    """Turn a page by `angle` degrees (as `estimate_skew` gives it) about its centre.

    The page grows so that no corner is lost; one of more than `WORKING_DPI` is
    reduced in the same step; `to_source` follows.

    Parameters
    ----------
    page : Page
    angle : float
        Degrees, positive counter-clockwise.

    Returns
    -------
    Page
        The same object where neither is worth a resampling.
    """
    while page.dpi >= 2 * WORKING_DPI:
        page = _resampled(page, halved(page.gray), 0.5)
    factor = WORKING_DPI / page.dpi
    if factor > MIN_REDUCTION:
        return page if abs(angle) < MIN_TURN else _turned(page, angle, 1.0)
    return _turned(_softened(page), angle, factor)


def _turned(page: Page, angle: float, factor: float) -> Page:
    rows, columns = page.gray.shape
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), angle, factor)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = (
        int(np.ceil(columns * cosine + rows * sine)),
        int(np.ceil(rows * cosine + columns * sine)),
    )
    turn[:, 2] += (np.array(size) - (columns, rows)) / 2
    paper = paper_level(page.gray)
    gray = cv2.warpAffine(page.gray, turn, size, flags=cv2.INTER_LINEAR, borderValue=paper)
    return _moved(page, gray, cv2.invertAffineTransform(turn), factor)


def _softened(page: Page) -> Page:
    """Averages of 2 x 2 pixels, rounded up: without, a reduction would pass over some."""
    # As OpenCV 5 blurs, which takes twice as long.
    mean, edge = np.full((2, 2), 0.25, np.float32), cv2.BORDER_REPLICATE
    gray = cv2.filter2D(page.gray, -1, mean, anchor=(0, 0), delta=ROUNDED_UP, borderType=edge)
    return _moved(page, gray, np.array([[1, 0, 0.5], [0, 1, 0.5]]), 1.0)


def _resampled(page: Page, gray: np.ndarray, factor: float) -> Page:
    # Pixel centres have whole coordinates; the corners of both pictures are the same.
    shift = (1 / factor - 1) / 2
    return _moved(page, gray, np.array([[1 / factor, 0, shift], [0, 1 / factor, shift]]), factor)


def _moved(page: Page, gray: np.ndarray, back: np.ndarray, factor: float) -> Page:
    """The page with other pixels; `back` maps their places to those of the old ones."""
    to_source = page.to_source @ np.vstack([back, [0, 0, 1]])
    return dataclasses.replace(page, gray=gray, dpi=page.dpi * factor, to_source=to_source)


def paper_level(gray: np.ndarray) -> int:
    """Gray level of the paper, 0 to 255."""
    return int(quantile(gray[::8, ::8], 0.8))


def estimate_skew(gray: np.ndarray, limit: float) -> float:
    """Angle that makes the rulings and text lines of a page level.

    Sums the page along rows and columns at each angle and takes the one whose
    profiles have the steepest edges: a profile search after Postl (1986), on
    reduced pictures whose strips are moved, coarse to fine.

    Parameters
    ----------
    gray : ndarray of uint8, shape (rows, columns)
    limit : float
        Largest turn, in degrees either way, that is looked for.

    Returns
    -------
    float
        Degrees, positive where the page must be turned counter-clockwise.
    """
    if min(gray.shape) < SMALLEST:
        return 0.0
    angles = np.arange(-limit, limit + COARSE_STEP / 2, COARSE_STEP)
    fine = reduced(gray, FINE_SIZE)
    best = _steepest(strips_of(reduced(fine, COARSE_SIZE)), angles)
    strips = strips_of(fine)
    reach = COARSE_STEP
    for step in FINE_STEPS:
        best = _steepest(strips, best + np.arange(-reach, reach + step / 2, step))
        reach = step
    return float(np.clip(best, -limit, limit))


def _steepest(strips: tuple[np.ndarray, np.ndarray], angles: np.ndarray) -> float:
    # From the middle outwards: a page with nothing on it is not turned.
    angles = angles[np.argsort(abs(angles - np.mean(angles)), kind="stable")]
    ways = zip(strips, (-1, 1))
    steepness = sum(profile_edges(part, way, angles).sum(axis=1, dtype=float) for part, way in ways)
    return float(angles[np.argmax(steepness)])


def strips_of(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dark thin structures, averaged over strips: of columns, and of rows.

    Parameters
    ----------
    small : ndarray of uint8, shape (rows, columns)

    Returns
    -------
    tuple of ndarray of float32
        Shapes about (columns / STRIP, rows) and (rows / STRIP, columns).
    """
    edges = _edges(small)
    level, upright = (
        cv2.resize(
            picture.astype(np.float32),
            (picture.shape[1], max(1, picture.shape[0] // STRIP)),
            interpolation=cv2.INTER_AREA,
        )
        for picture in (cv2.transpose(edges), edges)
    )
    return level, upright


def profile_edges(strips: np.ndarray, way: int, angles: np.ndarray) -> np.ndarray:
    """How steep the profile along the strips is after some turns, place by place.

    Parameters
    ----------
    strips : ndarray of float32, shape (strips, length)
        As :func:`strips_of` gives them.
    way : int
        -1 for the first of them, 1 for the second.
    angles : ndarray of float, shape (N,)
        Degrees, positive counter-clockwise.

    Returns
    -------
    ndarray of float32, shape (N, length - 1)
        Squares of the profile's differences.
    """
    count, length = strips.shape
    slopes = way * STRIP * np.tan(np.radians(angles))
    shifts = np.outer(slopes, np.arange(count) - (count - 1) / 2)
    whole = np.floor(shifts).astype(int)
    parts = (shifts - whole).astype(np.float32)
    room = int(np.max(abs(whole))) + 1
    places = sliding_window_view(np.pad(strips, ((0, 0), (room, room))), length + 1, axis=1)
    every = np.arange(count)
    profiles = []
    for first, part in zip(room - 1 - whole, parts):
        moved = places[every, first]
        profiles.append((1 - part) @ moved[:, 1:] + part @ moved[:, :-1])
    return np.square(np.diff(profiles))


def reduced(gray: np.ndarray, longest: int) -> np.ndarray:
    """Halve a picture until its longer side is at most `longest`."""
    while max(gray.shape) > longest and min(gray.shape) > 1:
        gray = halved(gray)
    return gray


def _edges(small: np.ndarray) -> np.ndarray:
    """Dark thin structures of a picture; large dark areas vanish."""
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    dark = cv2.subtract(closed, small)
    # Away from the rim: the edge of the scan is not a line of the form.
    rim = max(2, min(dark.shape) // 50)
    return dark[rim:-rim, rim:-rim]
